//! How events look in a live stream.

use axum::response::sse::Event;
use serde::Serialize;
use serde_json::value::RawValue;
use tillroll_infra::{codec::redacted, event::RecordedEvent, stream::Position};

/// An event of one cart or order: that something happened, and where to read what.
#[derive(Debug, Serialize)]
struct Change<'a> {
    position: u64,
    revision: u64,
    r#type: &'a str,
    recorded_at: String,
}

/// An event of the log.
#[derive(Debug, Serialize)]
struct Whole<'a> {
    position: u64,
    stream: &'a str,
    revision: u64,
    id: String,
    r#type: &'a str,
    schema_version: u16,
    recorded_at: String,
    /// `None` where the log holds what nobody writes there.
    metadata: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct CaughtUp {
    position: Position,
}

pub(super) fn change(event: &RecordedEvent) -> Event {
    let shown = Change {
        position: event.position.0,
        revision: event.revision.0,
        r#type: &event.event_type,
        recorded_at: recorded_at(event),
    };
    at(event.position, &shown)
}

pub(super) fn whole(event: &RecordedEvent) -> Event {
    let data = match redacted(&event.data) {
        Ok(data) => RawValue::from_string(data.into_owned()).ok(),
        Err(error) => {
            // It does not hold up the stream for ever: everything behind it can be shown.
            tracing::error!(position = %event.position, %error, "the data of an event cannot be shown");
            None
        }
    };
    let shown = Whole {
        position: event.position.0,
        stream: event.stream.as_str(),
        revision: event.revision.0,
        id: event.id.hyphenated().to_string(),
        r#type: &event.event_type,
        schema_version: event.schema_version,
        recorded_at: recorded_at(event),
        metadata: RawValue::from_string(event.metadata.to_string()).ok(),
        data,
    };
    at(event.position, &shown)
}

/// Everything up to this position has been sent.
pub(super) fn caught_up(position: Position) -> Event {
    at(position, &CaughtUp { position }).event("caught_up")
}

fn at(position: Position, shown: &impl Serialize) -> Event {
    // None of these types can fail to serialize.
    let data = serde_json::to_string(shown).unwrap_or_default();
    Event::default().id(position.to_string()).data(data)
}

fn recorded_at(event: &RecordedEvent) -> String {
    event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
