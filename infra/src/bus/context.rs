//! What accompanies a command into the bus, and what comes back.

use super::{TIMED_COMMANDS_MAX, window::Cause};
use crate::{
    codec::CodecError,
    event::ORIGIN_LIVE,
    log::{AppendError, ReadError},
    stream::{DEFAULT_TENANT, Position, Revision, StreamId},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt};
use thiserror::Error;
use tillroll_domain::ids::{CommandId, SubjectId};
use uuid::Uuid;

/// A digest of a command's content: the first 16 bytes of SHA-256, in text 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of any bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let mut kept = [0; 16];
        kept.copy_from_slice(&digest[..16]);
        Self(kept)
    }

    /// Of a value's JSON.
    ///
    /// # Panics
    /// If the value cannot be JSON, which commands always can.
    #[must_use]
    pub fn of<T: Serialize>(value: &T) -> Self {
        Self::of_bytes(&serde_json::to_vec(value).expect("commands serialize to JSON"))
    }
}

/// A text that is not 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a fingerprint is 32 hex digits")]
pub struct ParseFingerprintError;

impl std::str::FromStr for Fingerprint {
    type Err = ParseFingerprintError;
    fn from_str(text: &str) -> Result<Self, ParseFingerprintError> {
        let number = (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten();
        number.map(|number| Self(number.to_be_bytes())).ok_or(ParseFingerprintError)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who sends a command, under which id, and what is known about its time.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// The tenant whose stream is meant.
    pub tenant: String,
    /// The command; the same id with the same fingerprint is answered once.
    pub command_id: CommandId,
    /// What the sender's content digests to; `None` digests the command itself. The edge passes the request's digest, so
    /// that facts gathered for the command (prices, times) do not make a retry look different. It is stored in the log in
    /// the clear and stays when a person is erased: whoever takes personal data from a request must not pass a digest of
    /// the request's bytes, but leave this `None` or digest a form of the request that holds the data as
    /// [`Personal`](tillroll_domain::personal::Personal) with [`Codec::fingerprint`](crate::codec::Codec::fingerprint).
    pub fingerprint: Option<Fingerprint>,
    /// Who: a role or process; nothing personal.
    pub actor: String,
    /// `live`, or `import:` and a name.
    pub origin: String,
    /// What it belongs to.
    pub correlation_id: Option<String>,
    /// The event or command it follows from.
    pub causation_id: Option<String>,
    /// When the fact took effect, for imports; it then also is the `now` of the decision.
    pub effective_at: Option<DateTime<Utc>>,
    /// The date on which it is booked, for imports; otherwise the store's date now.
    pub business_date: Option<NaiveDate>,
    /// Refuse the command later than this, at most [`NOT_AFTER_AHEAD_MAX`] from now. A stream that carried it out
    /// remembers it until then, however many commands follow; whoever sends it again must not move the time.
    ///
    /// [`NOT_AFTER_AHEAD_MAX`]: super::NOT_AFTER_AHEAD_MAX
    pub not_after: Option<DateTime<Utc>>,
    /// Refuse the command unless the stream's last event stands here.
    pub if_revision: Option<Revision>,
    /// The W3C trace context of the request.
    pub traceparent: Option<String>,
}

impl CommandContext {
    /// A live command of the default tenant.
    #[must_use]
    pub fn live(command_id: CommandId, actor: impl Into<String>) -> Self {
        Self {
            tenant: DEFAULT_TENANT.to_owned(),
            command_id,
            fingerprint: None,
            actor: actor.into(),
            origin: ORIGIN_LIVE.to_owned(),
            correlation_id: None,
            causation_id: None,
            effective_at: None,
            business_date: None,
            not_after: None,
            if_revision: None,
            traceparent: None,
        }
    }

    /// What its events will say of it.
    pub(super) fn cause(&self, fingerprint: Fingerprint) -> Cause {
        Cause { command_id: self.command_id.uuid(), fingerprint: Some(fingerprint), not_after: self.not_after }
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its events were appended by this call.
    Appended,
    /// Its events had been appended before; the receipt is the original one.
    AlreadyAnswered,
    /// There was nothing to do.
    NothingToDo,
}

/// The answer to a command that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// The stream.
    pub stream: StreamId,
    /// What it came to.
    pub outcome: Outcome,
    /// How many events it appended, now or then.
    pub events: usize,
    /// The revision of its last event; for [`Outcome::NothingToDo`] the stream's last, `None` if there is none.
    pub revision: Option<Revision>,
    /// The position of its last event; for [`Outcome::NothingToDo`] a position that covers all that was decided on.
    pub position: Position,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Error)]
pub enum ExecuteError<E: std::error::Error + 'static> {
    /// A rule of the aggregate refuses it. Not remembered: a retry is decided afresh.
    #[error("the command was refused")]
    Refused(#[source] E),
    /// The command id was used before with other content.
    #[error("command {command_id} was sent before with other content")]
    CommandIdReused {
        /// The id.
        command_id: CommandId,
    },
    /// The stream does not stand where the sender requires it.
    #[error("the stream {stream} stands at {actual:?}")]
    RevisionMismatch {
        /// The stream.
        stream: StreamId,
        /// Where it stands.
        actual: Option<Revision>,
    },
    /// It came later than the sender allowed.
    #[error("the command is too late; it was valid until {not_after}")]
    TooLate {
        /// The end of its validity.
        not_after: DateTime<Utc>,
    },
    /// Its `not_after` is further ahead than a command is remembered for.
    #[error("the command's not_after {not_after} is too far ahead; now it may be at most {latest}")]
    NotAfterTooFar {
        /// What the sender asked for.
        not_after: DateTime<Utc>,
        /// The latest that is allowed.
        latest: DateTime<Utc>,
    },
    /// The stream remembers as many commands with a `not_after` as it can; each is forgotten some minutes after its own.
    #[error(
        "{stream} remembers {TIMED_COMMANDS_MAX} commands for their not_after and can take no more; try again later"
    )]
    TooManyTimed {
        /// The stream.
        stream: StreamId,
    },
    /// The stream's queue is full.
    #[error("too many commands wait for {stream}; try again in a moment")]
    Busy {
        /// The stream.
        stream: StreamId,
    },
    /// Other writers were faster too many times in a row.
    #[error("{stream} changes too quickly; try again in a moment")]
    Contended {
        /// The stream.
        stream: StreamId,
    },
    /// The stream holds an event that cannot be read.
    #[error("the event at revision {revision} of {stream} cannot be decoded")]
    Undecodable {
        /// The stream.
        stream: StreamId,
        /// Where.
        revision: Revision,
        /// Why.
        #[source]
        source: std::sync::Arc<serde_json::Error>,
    },
    /// The command brings data of a person who was erased, for whom nothing can be stored any more. A retry is refused too.
    #[error("{subject} was erased; nothing can be stored for it any more")]
    SubjectErased {
        /// The person.
        subject: SubjectId,
    },
    /// Personal data could not be sealed or opened. Nothing was appended.
    #[error("the personal data in {stream} could not be sealed or opened")]
    PersonalData {
        /// The stream.
        stream: StreamId,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// The log refused or failed for another reason than a conflict.
    #[error("the command's events could not be appended")]
    Append(#[source] AppendError),
    /// The log could not be read.
    #[error("the stream could not be read")]
    Read(#[source] ReadError),
    /// The id does not name a stream.
    #[error("{id:?} does not name a stream")]
    StreamName {
        /// The id.
        id: String,
        /// Why.
        #[source]
        source: crate::stream::StreamIdError,
    },
}

impl<E: std::error::Error + 'static> ExecuteError<E> {
    /// What the codec's refusal comes to.
    pub(super) fn personal_data(stream: &StreamId, error: CodecError) -> Self {
        match error {
            CodecError::Erased { subject } => Self::SubjectErased { subject },
            source => Self::PersonalData { stream: stream.clone(), source },
        }
    }
}

/// Derives a command id from names, so that the same cause always yields the same id.
#[must_use]
pub fn derived_uuid(namespace: &str, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, namespace.as_bytes()), name.as_bytes())
}
