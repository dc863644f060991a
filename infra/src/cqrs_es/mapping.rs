//! Events as `cqrs-es` serializes them, and as the log records them.
//!
//! The payload is the event's data. The metadata map is the event's metadata, and the version, a free text such as
//! `1.0`, stands beside it as `cqrs_es.event_version`. Keys that mean something to the engine, and keys that begin with
//! `cqrs_es.`, are stored with `cqrs_es.` in front, so that a foreign application neither loses an entry nor passes for
//! the engine. The schema version of the log is the version's first number where it is one from 1 to 65,535, else 1.

use super::{RequestError, unknown};
use crate::{
    ambient::IdSource,
    codec,
    event::{NewEvent, ORIGIN_LIVE, RecordedEvent},
};
use ::cqrs_es::persist::{PersistenceError, SerializedEvent};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// What stands in front of keys that are not stored under their own name.
const PREFIX: &str = "cqrs_es.";
/// Where the version stands.
const EVENT_VERSION: &str = "cqrs_es.event_version";
const ORIGIN: &str = "origin";
/// Keys by which the engine decides something: what was answered and until when, what time is meant, what is imported.
const ENGINE_KEYS: [&str; 5] = ["command_id", "command_fingerprint", "effective_at", "not_after", ORIGIN];

/// As the log takes them. Sorted keys, so that the same event always gives the same text.
pub(super) fn to_new(events: &[SerializedEvent], ids: &dyn IdSource) -> Result<Vec<NewEvent>, PersistenceError> {
    let mut new: Vec<NewEvent> = Vec::with_capacity(events.len());
    for event in events {
        let metadata = metadata_of(event)?;
        // The events of one command share their metadata; the log checks a shared text once.
        let data = serde_json::to_string(&event.payload)?;
        if !codec::is_plain(&data) {
            return Err(unknown(RequestError::Reserved));
        }
        let shared = new.last().filter(|last| *last.metadata == *metadata).map(|last| last.metadata.clone());
        new.push(NewEvent {
            id: ids.next(),
            event_type: event.event_type.as_str().into(),
            schema_version: schema_version_of(&event.event_version),
            metadata: shared.unwrap_or_else(|| Arc::from(metadata)),
            data: data.into(),
        });
    }
    Ok(new)
}

fn metadata_of(event: &SerializedEvent) -> Result<String, PersistenceError> {
    let Value::Object(entries) = &event.metadata else { return Err(unknown(RequestError::Metadata)) };
    let mut stored: BTreeMap<Cow<'_, str>, &str> = BTreeMap::new();
    stored.insert(ORIGIN.into(), ORIGIN_LIVE);
    stored.insert(EVENT_VERSION.into(), &event.event_version);
    for (key, value) in entries {
        let value = value.as_str().ok_or_else(|| unknown(RequestError::Metadata))?;
        stored.insert(stored_key(key), value);
    }
    Ok(serde_json::to_string(&stored)?)
}

fn stored_key(key: &str) -> Cow<'_, str> {
    // The version's own place cannot be taken: `event_version` is no key of the engine and stands as it is.
    if ENGINE_KEYS.contains(&key) || key.starts_with(PREFIX) { format!("{PREFIX}{key}").into() } else { key.into() }
}

fn schema_version_of(event_version: &str) -> u16 {
    let first = event_version.split('.').next().unwrap_or_default();
    first.parse().ok().filter(|version| *version > 0).unwrap_or(1)
}

/// As `cqrs-es` takes them. An event that the engine itself wrote has its schema version for a version, and the entries by
/// which the engine decides are not shown.
pub(super) fn to_serialized(
    event: &RecordedEvent,
    aggregate_type: &str,
    aggregate_id: &str,
) -> Result<SerializedEvent, PersistenceError> {
    let stored: BTreeMap<String, String> = serde_json::from_str(&event.metadata).map_err(undecodable)?;
    let mut event_version = event.schema_version.to_string();
    let mut metadata = serde_json::Map::new();
    for (key, value) in stored {
        if key == EVENT_VERSION {
            event_version = value;
        } else if let Some(key) = key.strip_prefix(PREFIX) {
            metadata.insert(key.to_owned(), value.into());
        } else if !ENGINE_KEYS.contains(&key.as_str()) {
            metadata.insert(key, value.into());
        }
    }
    Ok(SerializedEvent {
        aggregate_id: aggregate_id.to_owned(),
        sequence: usize::try_from(event.revision.next().0).map_err(unknown)?,
        aggregate_type: aggregate_type.to_owned(),
        event_type: event.event_type.as_ref().to_owned(),
        event_version,
        payload: serde_json::from_str(&event.data).map_err(undecodable)?,
        metadata: Value::Object(metadata),
    })
}

/// Not by `From`, which takes a text that ends too early for a failure to read it.
fn undecodable(error: serde_json::Error) -> PersistenceError {
    PersistenceError::DeserializationError(Box::new(error))
}

#[cfg(test)]
mod tests;
