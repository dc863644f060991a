//! Events as the log takes and gives them, and the metadata that every one carries.

use crate::stream::{Position, Revision, StreamId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_domain::aggregate::DomainEvent;
use uuid::Uuid;

/// An event that wants to be appended. Data and metadata are JSON text that every store keeps byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// UUIDv7; appending the same ids at the same revisions again is answered with the first receipt.
    pub id: Uuid,
    /// The event's name, at most 100 bytes.
    pub event_type: Arc<str>,
    /// The version of its shape, from 1.
    pub schema_version: u16,
    /// A flat JSON object of strings; see [`Metadata`].
    pub metadata: Arc<str>,
    /// The payload, a JSON value.
    pub data: Box<str>,
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the whole log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub revision: Revision,
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub event_type: Arc<str>,
    /// The version of its shape.
    pub schema_version: u16,
    /// When the log took it, by the engine's clock, in whole microseconds; never decreases along positions.
    pub recorded_at: DateTime<Utc>,
    /// A flat JSON object of strings.
    pub metadata: Arc<str>,
    /// The payload, a JSON value.
    pub data: Box<str>,
}

/// Where an event came from, who caused it, and by which command. Serializes as a flat object of strings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// Who caused it: a role or process, such as `admin` or `import`; nothing personal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// The command that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
    /// A digest of that command's content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_fingerprint: Option<String>,
    /// What it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The event or command it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// `live`, or `import:` and the import's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// When the fact took effect, where that is not when it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<DateTime<Utc>>,
    /// The end of that command's validity, if it had one: until then the stream remembers the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<DateTime<Utc>>,
    /// The W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// The [`Metadata::origin`] of events that happened in this engine.
pub const ORIGIN_LIVE: &str = "live";

/// When an event was given its id, by the clock of the node that did it, in whole milliseconds; `None` unless it is a
/// UUIDv7.
pub(crate) fn time_of_id(id: Uuid) -> Option<DateTime<Utc>> {
    if id.get_version_num() != 7 {
        return None;
    }
    // The first 48 bits of the 128.
    DateTime::from_timestamp_millis(i64::try_from(id.as_u128() >> 80).ok()?)
}

impl RecordedEvent {
    /// When it was decided, as its id tells; for an id that tells nothing, when it was recorded.
    pub(crate) fn decided_at(&self) -> DateTime<Utc> {
        time_of_id(self.id).unwrap_or(self.recorded_at)
    }

    /// The bytes of its data and metadata, by which pages are bounded.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.data.len() + self.metadata.len()
    }

    /// Reads the payload of an event without personal data as one of a family, upcasting old shapes.
    ///
    /// # Errors
    /// Payloads that are not JSON, unknown names and versions, and shapes that do not fit. Personal data does not fit,
    /// since it is sealed: see [`Self::decode_opened`].
    pub fn decode<E: DomainEvent>(&self) -> Result<E, serde_json::Error> {
        self.decode_opened(&self.data)
    }

    /// Like [`Self::decode`], of the payload after [`Codec::open`](crate::codec::Codec::open) has opened it.
    ///
    /// # Errors
    /// Payloads that are not JSON, unknown names and versions, and shapes that do not fit.
    pub fn decode_opened<E: DomainEvent>(&self, data: &str) -> Result<E, serde_json::Error> {
        E::decode(&self.event_type, self.schema_version, &mut serde_json::Deserializer::from_str(data))
    }

    /// Reads the metadata.
    ///
    /// # Errors
    /// Text that is not a flat JSON object of strings.
    pub fn metadata(&self) -> Result<Metadata, serde_json::Error> {
        serde_json::from_str(&self.metadata)
    }
}
