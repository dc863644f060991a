//! What every store checks before it takes an append: the shape of the append, and its expectation against the stream.

use super::{
    APPEND_BYTES_MAX, Append, AppendError, EVENT_BYTES_MAX, EVENT_TYPE_BYTES_MAX, EVENTS_PER_APPEND_MAX,
    ExpectedRevision,
};
use crate::{event::NewEvent, stream::Revision};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// Checks count, sizes and JSON, and returns the bytes of all data and metadata.
///
/// The JSON is parsed without building a value. The typed path cannot produce anything else, but the log is the only
/// source of truth and nothing is ever corrected in it, so one linear pass in the caller's own task is cheap against one
/// event that stops every reader for good.
pub(super) fn validate(append: &Append) -> Result<usize, AppendError> {
    if append.events.is_empty() {
        return Err(AppendError::Invalid("it holds no events"));
    }
    if append.events.len() > EVENTS_PER_APPEND_MAX {
        return Err(AppendError::Invalid("it holds more than 1,000 events"));
    }
    let mut bytes = 0;
    let mut checked_metadata: Option<&Arc<str>> = None;
    for event in &append.events {
        bytes += validate_event(event, checked_metadata)?;
        checked_metadata = Some(&event.metadata);
    }
    if bytes > APPEND_BYTES_MAX {
        return Err(AppendError::Invalid("its events hold more than 8 MiB together"));
    }
    Ok(bytes)
}

fn validate_event(event: &NewEvent, checked_metadata: Option<&Arc<str>>) -> Result<usize, AppendError> {
    let name = &event.event_type;
    if name.is_empty() || name.len() > EVENT_TYPE_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(AppendError::Invalid("an event's name has 1 to 100 bytes and no control characters"));
    }
    if event.schema_version == 0 {
        return Err(AppendError::Invalid("schema versions count from 1"));
    }
    let bytes = event.data.len() + event.metadata.len();
    if bytes > EVENT_BYTES_MAX {
        return Err(AppendError::Invalid("an event holds more than 1 MiB of data and metadata"));
    }
    // The events of one command share their metadata.
    if checked_metadata.is_none_or(|checked| !Arc::ptr_eq(checked, &event.metadata))
        && serde_json::from_str::<FlatStrings>(&event.metadata).is_err()
    {
        return Err(AppendError::Invalid("metadata is a flat JSON object of strings"));
    }
    if serde_json::from_str::<IgnoredAny>(&event.data).is_err() {
        return Err(AppendError::Invalid("data is a JSON value"));
    }
    Ok(bytes)
}

/// Accepts an object whose values are all strings, and keeps nothing.
struct FlatStrings;

impl<'de> Deserialize<'de> for FlatStrings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = FlatStrings;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flat object of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FlatStrings, A::Error> {
                while map.next_entry::<IgnoredAny, AnyString>()?.is_some() {}
                Ok(FlatStrings)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

struct AnyString;

impl<'de> Deserialize<'de> for AnyString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = AnyString;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, _: &str) -> Result<AnyString, E> {
                Ok(AnyString)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// What an expectation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It holds: the first event goes to this revision.
    Append(Revision),
    /// It does not, but events stand at all the revisions that were asked for, from this one on; if they have the same
    /// ids, the append happened before.
    Compare(Revision),
    /// It does not.
    Conflict,
}

/// The last event of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Last {
    /// Where it stands.
    pub(super) revision: Revision,
    /// Which event it is.
    pub(super) event_id: Uuid,
}

/// Compares an expectation for `count` events with the stream's last event.
pub(super) fn judge(expected: ExpectedRevision, actual: Option<Last>, count: usize) -> Verdict {
    let next = actual.map_or(Revision(0), |last| last.revision.next());
    let (first, follows) = match expected {
        ExpectedRevision::Any => return Verdict::Append(next),
        ExpectedRevision::NoStream => (Revision(0), None),
        // A revision so high that nothing can follow it was never handed out.
        ExpectedRevision::Exact(Revision(u64::MAX)) | ExpectedRevision::After { revision: Revision(u64::MAX), .. } => {
            return Verdict::Conflict;
        }
        ExpectedRevision::Exact(last) => (last.next(), None),
        ExpectedRevision::After { revision, event_id } => (revision.next(), Some(event_id)),
    };
    if first == next {
        let other = follows.is_some_and(|event_id| actual.is_some_and(|last| last.event_id != event_id));
        if other { Verdict::Conflict } else { Verdict::Append(first) }
    } else if u64::try_from(count).is_ok_and(|count| first.0.checked_add(count).is_some_and(|end| end <= next.0)) {
        Verdict::Compare(first)
    } else {
        Verdict::Conflict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::StreamId;

    fn event(metadata: &str, data: &str) -> NewEvent {
        NewEvent {
            id: uuid::Uuid::nil(),
            event_type: "OrderPlaced".into(),
            schema_version: 1,
            metadata: metadata.into(),
            data: data.into(),
        }
    }

    fn verdict(event: NewEvent) -> Result<usize, AppendError> {
        let stream = StreamId::new("order", "1").unwrap();
        validate(&Append { stream, expected: ExpectedRevision::NoStream, events: vec![event] })
    }

    #[test]
    fn metadata_is_a_flat_object_of_strings() {
        for good in ["{}", r#"{"actor":"admin","traceparent":"\u00e4"}"#, " { \"a\" : \"\" } "] {
            assert!(verdict(event(good, "null")).is_ok(), "{good}");
        }
        for bad in ["", "null", "[]", r#"{"a":1}"#, r#"{"a":{}}"#, r#"{"a":null}"#, r#"{"a":"b"} x"#] {
            assert!(verdict(event(bad, "null")).is_err(), "{bad}");
        }
    }

    #[test]
    fn data_is_any_one_json_value() {
        for good in ["1", r#""""#, r#"{"b":1e400,"a":[1.00]}"#, r#""\ud800""#] {
            assert!(verdict(event("{}", good)).is_ok(), "{good}");
        }
        for bad in ["", "{", "nul", "1 2", "{'a':1}", "\"\n\""] {
            assert!(verdict(event("{}", bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_expectation_holds_conflicts_or_asks_for_a_comparison() {
        let id = |revision: u64| Uuid::from_u128(u128::from(revision));
        let at = |revision| Some(Last { revision: Revision(revision), event_id: id(revision) });
        let exact = |revision| ExpectedRevision::Exact(Revision(revision));
        let after = |revision, event| ExpectedRevision::After { revision: Revision(revision), event_id: id(event) };
        for (expected, actual, count, want) in [
            (ExpectedRevision::NoStream, None, 2, Verdict::Append(Revision(0))),
            (ExpectedRevision::NoStream, at(1), 2, Verdict::Compare(Revision(0))),
            (ExpectedRevision::NoStream, at(0), 2, Verdict::Conflict),
            (exact(0), None, 1, Verdict::Conflict),
            (exact(4), at(4), 1, Verdict::Append(Revision(5))),
            (exact(4), at(6), 2, Verdict::Compare(Revision(5))),
            (exact(4), at(5), 2, Verdict::Conflict),
            (exact(9), at(5), 1, Verdict::Conflict),
            (exact(u64::MAX), at(5), 1, Verdict::Conflict),
            (exact(u64::MAX - 1), at(5), 1_000, Verdict::Conflict),
            (after(0, 0), None, 1, Verdict::Conflict),
            (after(4, 4), at(4), 1, Verdict::Append(Revision(5))),
            (after(4, 9), at(4), 1, Verdict::Conflict),
            (after(4, 4), at(6), 2, Verdict::Compare(Revision(5))),
            (after(u64::MAX, 5), at(5), 1, Verdict::Conflict),
            (ExpectedRevision::Any, None, 3, Verdict::Append(Revision(0))),
            (ExpectedRevision::Any, at(7), 3, Verdict::Append(Revision(8))),
        ] {
            assert_eq!(judge(expected, actual, count), want, "{expected:?} {actual:?} {count}");
        }
    }
}
