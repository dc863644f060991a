//! What accompanies a command into the bus, and what comes back.

use crate::{
    event::ORIGIN_LIVE,
    log::{AppendError, ReadError},
    stream::{DEFAULT_TENANT, Position, Revision, StreamId},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use thiserror::Error;
use tillroll_domain::ids::CommandId;
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
    /// that facts gathered for the command (prices, times) do not make a retry look different.
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
    /// Refuse the command later than this.
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

/// Derives a command id from names, so that the same cause always yields the same id.
#[must_use]
pub fn derived_uuid(namespace: &str, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, namespace.as_bytes()), name.as_bytes())
}
