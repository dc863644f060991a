//! The codec of payloads: seals personal data before it is stored and opens it before it is decoded.
//!
//! It works on JSON text. In a payload that a typed event or state serializes to, `{"$` begins a marker and nothing else:
//! within a text its quote would be escaped. So a byte search finds the markers, and text without one costs that search.
//!
//! A sealed value is bound to its place: tenant, stream, event, subject, field, and which of the payload's markers it is.
//! Wherever else it is put, it does not open.
//!
//! **Invariant:** no error and no log line shows a value, and nothing that is stored lets a value be guessed and confirmed
//! once its key is gone.

use crate::{
    ambient::{Ambient, Randomness},
    bus::Fingerprint,
    event::RecordedEvent,
    stream::StreamId,
    vault::{KeyState, KeyVault, NoVault, SealingKey, VaultError},
};
use cipher::{Nonce, associated_data};
use marker::Marker;
use serde::Serialize;
use std::{borrow::Cow, sync::Arc};
use thiserror::Error;
use tillroll_domain::ids::SubjectId;
use uuid::Uuid;

mod cipher;
mod field;
mod marker;
mod redact;

pub use field::StoredField;
pub use redact::redacted;

/// Seals and opens personal data with the keys of one vault. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Codec {
    vault: Arc<dyn KeyVault>,
    randomness: Arc<dyn Randomness>,
}

/// Where a payload is stored. A value that was sealed for one place opens in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The data of an event.
    Event {
        /// Its stream.
        stream: &'a StreamId,
        /// Its id.
        id: Uuid,
    },
    /// A snapshot of a state, which unlike an event may also hold what was erased before it was taken.
    Snapshot {
        /// The state's stream.
        stream: &'a StreamId,
        /// The id of the last event that was folded into it.
        last_event: Uuid,
    },
}

impl<'a> Place<'a> {
    /// Where a recorded event's data stands.
    #[must_use]
    pub fn of(event: &'a RecordedEvent) -> Self {
        Self::Event { stream: &event.stream, id: event.id }
    }

    fn tenant(&self) -> &str {
        match self {
            Self::Event { stream, .. } | Self::Snapshot { stream, .. } => stream.tenant(),
        }
    }
}

/// Why a payload could not be sealed or opened.
#[derive(Debug, Clone, Error)]
pub enum CodecError {
    /// Something is to be sealed for a person who was erased.
    #[error("{subject} was erased; nothing can be stored for it any more")]
    Erased {
        /// The person.
        subject: SubjectId,
    },
    /// The vault is not the one that belongs to the log, or an old copy of it.
    #[error("the key vault has no key for {subject}, for which the log holds data; restore the key vault")]
    KeyMissing {
        /// The person.
        subject: SubjectId,
    },
    /// A sealed value was changed or moved, or was sealed under another key.
    #[error("the field {field} of {subject} cannot be opened: it was changed, moved, or sealed under another key")]
    NotAuthentic {
        /// The person.
        subject: SubjectId,
        /// The field.
        field: Box<str>,
    },
    /// The payload holds markers where or as they must not be.
    #[error("the marker of personal data at byte {at} {reason}")]
    Malformed {
        /// Where in the payload it begins.
        at: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The vault did not answer.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl CodecError {
    /// Whether the same call may succeed later, without anybody repairing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Vault(VaultError::Unavailable(_) | VaultError::Full | VaultError::Lingering(_)) => true,
            Self::Erased { .. } | Self::KeyMissing { .. } | Self::NotAuthentic { .. } | Self::Malformed { .. } => false,
        }
    }
}

/// Whether a payload holds no marker, so that sealing and opening leave it as it is.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    marker::find(text, 0).is_none()
}

impl Codec {
    /// A codec with the keys of a vault.
    #[must_use]
    pub fn new(vault: Arc<dyn KeyVault>, randomness: Arc<dyn Randomness>) -> Self {
        Self { vault, randomness }
    }

    /// A codec for payloads without personal data. Of others it says that no vault was opened.
    #[must_use]
    pub fn without_vault() -> Self {
        Self::new(Arc::new(NoVault), Ambient::system().randomness)
    }

    /// The vault that the keys come from.
    #[must_use]
    pub fn vault(&self) -> &Arc<dyn KeyVault> {
        &self.vault
    }

    /// Seals all personal data of a payload. Keys of new subjects are durable when this returns.
    ///
    /// # Errors
    /// See [`CodecError`]; a payload that holds sealed data already, and an event that holds erased data, are malformed.
    pub async fn seal(&self, place: Place<'_>, text: String) -> Result<String, CodecError> {
        let Some(mut at) = marker::find(&text, 0) else { return Ok(text) };
        let mut sealed = String::with_capacity(text.len() * 2);
        let mut done = 0;
        for ordinal in 0_u32.. {
            let (found, end) = Marker::parse(&text, at)?;
            sealed.push_str(&text[done..at]);
            match found {
                Marker::Personal(personal) => {
                    let (subject, field) = (personal.subject, personal.field);
                    let key = match place {
                        Place::Event { .. } => self.vault.key_or_create(place.tenant(), subject).await?,
                        // What is in a state came out of an event, so its key exists.
                        Place::Snapshot { .. } => match self.vault.key(place.tenant(), subject).await? {
                            KeyState::Known(key) => SealingKey::Known(key),
                            KeyState::Erased => SealingKey::Erased,
                            KeyState::Missing => return Err(CodecError::KeyMissing { subject }),
                        },
                    };
                    let SealingKey::Known(key) = key else { return Err(CodecError::Erased { subject }) };
                    let mut nonce = Nonce::default();
                    self.randomness.fill(&mut nonce);
                    let bound = associated_data(&place, subject, field, ordinal);
                    let value = personal.value.get().as_bytes();
                    let sealed_value = cipher::seal(&key, nonce, &bound, value)
                        .ok_or(CodecError::Malformed { at, reason: "holds more than can be sealed" })?;
                    marker::write_sealed(&mut sealed, subject, field, &sealed_value);
                }
                Marker::Erased(gone) => match place {
                    Place::Event { .. } => return Err(CodecError::Erased { subject: gone.subject }),
                    Place::Snapshot { .. } => sealed.push_str(&text[at..end]),
                },
                Marker::Sealed(_) => return Err(CodecError::Malformed { at, reason: "is sealed already" }),
            }
            done = end;
            match marker::find(&text, end) {
                Some(next) => at = next,
                None => break,
            }
        }
        sealed.push_str(&text[done..]);
        Ok(sealed)
    }

    /// Opens all sealed data of a stored payload; of a person who was erased, a marker that says so takes its place.
    ///
    /// # Errors
    /// See [`CodecError`]; a stored payload that holds personal data which is not sealed is malformed.
    pub async fn open<'t>(&self, place: Place<'_>, text: &'t str) -> Result<Cow<'t, str>, CodecError> {
        self.open_from(place, 0, text).await
    }

    /// Opens the sealed data of one field that was taken out of a stored payload; otherwise as [`Self::open`].
    ///
    /// # Errors
    /// See [`Self::open`].
    pub async fn open_field<'t>(&self, place: Place<'_>, field: StoredField<'t>) -> Result<Cow<'t, str>, CodecError> {
        self.open_from(place, field.markers_before, field.text).await
    }

    async fn open_from<'t>(
        &self,
        place: Place<'_>,
        first_ordinal: u32,
        text: &'t str,
    ) -> Result<Cow<'t, str>, CodecError> {
        let Some(mut at) = marker::find(text, 0) else { return Ok(Cow::Borrowed(text)) };
        let mut opened = String::with_capacity(text.len());
        let mut done = 0;
        for ordinal in first_ordinal.. {
            let (found, end) = Marker::parse(text, at)?;
            opened.push_str(&text[done..at]);
            match found {
                Marker::Sealed(sealed) => {
                    let (subject, field) = (sealed.subject, sealed.field);
                    match self.vault.key(place.tenant(), subject).await? {
                        KeyState::Known(key) => {
                            let bound = associated_data(&place, subject, field, ordinal);
                            let value = cipher::open(&key, &bound, sealed.sealed)
                                .ok_or_else(|| CodecError::NotAuthentic { subject, field: field.into() })?;
                            marker::write_personal(&mut opened, subject, field, &value);
                        }
                        KeyState::Erased => marker::write_erased(&mut opened, subject, field),
                        KeyState::Missing => return Err(CodecError::KeyMissing { subject }),
                    }
                }
                Marker::Erased(_) if matches!(place, Place::Snapshot { .. }) => opened.push_str(&text[at..end]),
                Marker::Erased(_) => return Err(CodecError::Malformed { at, reason: "was stored as erased" }),
                Marker::Personal(_) => {
                    return Err(CodecError::Malformed { at, reason: "was stored without being sealed" });
                }
            }
            done = end;
            match marker::find(text, end) {
                Some(next) => at = next,
                None => break,
            }
        }
        opened.push_str(&text[done..]);
        Ok(Cow::Owned(opened))
    }

    /// The digest of a command's content, or of what a command was made from. Personal values are replaced by digests that
    /// are keyed with their subjects' keys, so that what the log keeps lets nobody confirm a guess once the key is gone.
    /// Content without personal data has the digest [`Fingerprint::of`]. Keys of new subjects are made.
    ///
    /// # Errors
    /// See [`CodecError`].
    ///
    /// # Panics
    /// If the content cannot be JSON, which commands always can.
    pub fn fingerprint<'c, T: Serialize>(
        &'c self,
        tenant: &'c str,
        content: &T,
    ) -> impl Future<Output = Result<Fingerprint, CodecError>> + Send + 'c {
        let text = serde_json::to_string(content).expect("commands serialize to JSON");
        async move {
            let Some(mut at) = marker::find(&text, 0) else { return Ok(Fingerprint::of_bytes(text.as_bytes())) };
            let mut digested = String::with_capacity(text.len());
            let mut done = 0;
            loop {
                let (found, end) = Marker::parse(&text, at)?;
                digested.push_str(&text[done..at]);
                match found {
                    Marker::Personal(personal) => {
                        let (subject, field) = (personal.subject, personal.field);
                        let SealingKey::Known(key) = self.vault.key_or_create(tenant, subject).await? else {
                            return Err(CodecError::Erased { subject });
                        };
                        let digest = cipher::digest(&key, tenant, subject, field, personal.value.get());
                        marker::write_digest(&mut digested, subject, field, &digest);
                    }
                    Marker::Erased(_) => digested.push_str(&text[at..end]),
                    Marker::Sealed(_) => return Err(CodecError::Malformed { at, reason: "is sealed in a command" }),
                }
                done = end;
                match marker::find(&text, end) {
                    Some(next) => at = next,
                    None => break,
                }
            }
            digested.push_str(&text[done..]);
            Ok(Fingerprint::of_bytes(digested.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests;
