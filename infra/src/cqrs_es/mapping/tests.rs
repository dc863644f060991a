//! Nothing of an event is lost on its way into the log and back, and nothing of it passes for the engine's.

use super::*;
use crate::{
    ambient::Ambient,
    event::Metadata,
    stream::{Position, Revision, StreamId},
};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;

fn event(event_version: &str, metadata: Value) -> SerializedEvent {
    SerializedEvent {
        aggregate_id: "7".into(),
        sequence: 3,
        aggregate_type: "Order".into(),
        event_type: "Placed".into(),
        event_version: event_version.into(),
        payload: json!({"Placed": {"lines": [1, 2]}}),
        metadata,
    }
}

fn new(events: &[SerializedEvent]) -> Vec<NewEvent> {
    let (ambient, _) = Ambient::seeded(DateTime::<Utc>::UNIX_EPOCH, 1);
    to_new(events, &*ambient.ids).unwrap()
}

fn recorded(new: &NewEvent) -> RecordedEvent {
    RecordedEvent {
        position: Position(9),
        stream: StreamId::new("cqrs__order", "7").unwrap(),
        revision: Revision(2),
        id: new.id,
        event_type: new.event_type.clone(),
        schema_version: new.schema_version,
        recorded_at: DateTime::<Utc>::UNIX_EPOCH,
        metadata: new.metadata.clone(),
        data: new.data.clone(),
    }
}

fn there_and_back(event: &SerializedEvent) -> SerializedEvent {
    to_serialized(&recorded(&new(std::slice::from_ref(event))[0]), &event.aggregate_type, &event.aggregate_id).unwrap()
}

#[test]
fn an_event_stands_in_the_log_in_words_that_can_be_read() {
    let new = &new(&[event("2.1", json!({"actor": "till 3", "uri": "/orders"}))])[0];
    assert_eq!((&*new.event_type, new.schema_version), ("Placed", 2));
    assert_eq!(&*new.data, r#"{"Placed":{"lines":[1,2]}}"#);
    assert_eq!(&*new.metadata, r#"{"actor":"till 3","cqrs_es.event_version":"2.1","origin":"live","uri":"/orders"}"#);
    let metadata = recorded(new).metadata().unwrap();
    assert_eq!((metadata.actor.as_str(), metadata.origin.as_str()), ("till 3", ORIGIN_LIVE));
}

#[test]
fn entries_by_which_the_engine_decides_survive_and_decide_nothing() {
    let entries = json!({
        "origin": "import:forged", "command_id": "x", "command_fingerprint": "y", "effective_at": "yesterday",
        "not_after": "tomorrow", "event_version": "a", "cqrs_es.event_version": "b", "cqrs_es.cqrs_es.x": "c", "cqrs_es.": "d", "": "e",
    });
    let event = event("1.0", entries);
    assert_eq!(there_and_back(&event), event);
    let metadata = recorded(&new(&[event])[0]).metadata().unwrap();
    assert_eq!(metadata.origin, ORIGIN_LIVE);
    assert_eq!((metadata.command_id, metadata.command_fingerprint), (None, None));
    assert_eq!((metadata.effective_at, metadata.not_after), (None, None));
}

#[test]
fn no_entry_of_any_name_that_the_engine_knows_makes_its_metadata_unreadable() {
    // Without `..`, so that a new field comes to be thought of here.
    let known = Metadata {
        actor: "a".into(),
        command_id: Some("b".into()),
        command_fingerprint: Some("c".into()),
        correlation_id: Some("d".into()),
        causation_id: Some("e".into()),
        origin: "f".into(),
        effective_at: Some(DateTime::<Utc>::UNIX_EPOCH),
        not_after: Some(DateTime::<Utc>::UNIX_EPOCH),
        traceparent: Some("g".into()),
    };
    let Value::Object(known) = serde_json::to_value(known).unwrap() else { panic!("an object") };
    let entries: BTreeMap<_, _> = known.keys().map(|key| (key, "not what it means to the engine")).collect();
    let event = event("1.0", json!(entries));
    assert_eq!(there_and_back(&event), event);
    assert!(recorded(&new(&[event])[0]).metadata().is_ok());
}

#[test]
fn the_schema_version_is_the_first_number_where_it_can_be() {
    for (version, want) in [("1.0", 1), ("12", 12), ("0.1.0", 1), ("65535.1", 65_535), ("65536", 1), ("", 1), ("v2", 1)]
    {
        assert_eq!(schema_version_of(version), want, "{version}");
    }
}

#[test]
fn events_of_one_command_share_their_metadata() {
    let events = [event("1.0", json!({"a": "b"})), event("1.0", json!({"a": "b"})), event("2.0", json!({"a": "b"}))];
    let new = new(&events);
    assert!(Arc::ptr_eq(&new[0].metadata, &new[1].metadata));
    assert_ne!(new[1].metadata, new[2].metadata);
}

#[test]
fn metadata_that_is_no_flat_object_of_strings_is_refused() {
    let (ambient, _) = Ambient::seeded(DateTime::<Utc>::UNIX_EPOCH, 1);
    for metadata in [Value::Null, json!([]), json!({"a": 1}), json!({"a": {}})] {
        let refused = to_new(&[event("1.0", metadata)], &*ambient.ids);
        let Err(PersistenceError::UnknownError(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.downcast_ref(), Some(&RequestError::Metadata));
    }
}

/// They would be taken for personal data by whoever opens the event.
#[test]
fn a_payload_with_names_that_are_reserved_is_refused() {
    let (ambient, _) = Ambient::seeded(DateTime::<Utc>::UNIX_EPOCH, 1);
    for payload in [json!({"$sealed": {"subject": "x"}}), json!({"a": [{"$other": 1}]})] {
        let refused = to_new(&[SerializedEvent { payload, ..event("1.0", json!({})) }], &*ambient.ids);
        let Err(PersistenceError::UnknownError(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.downcast_ref(), Some(&RequestError::Reserved));
    }
    let harmless = json!({"text": "{\"$sealed\":{}}", "a": {"price": "$"}});
    to_new(&[SerializedEvent { payload: harmless, ..event("1.0", json!({})) }], &*ambient.ids).unwrap();
}

#[test]
fn an_event_of_the_engine_reads_as_a_foreign_one_without_what_the_engine_keeps_for_itself() {
    let mut written = recorded(&new(&[event("1.0", json!({}))])[0]);
    written.schema_version = 4;
    written.metadata = r#"{"actor":"admin","command_id":"c","origin":"import:x","correlation_id":"k"}"#.into();
    let read = to_serialized(&written, "order", "7").unwrap();
    assert_eq!((read.event_version.as_str(), read.sequence), ("4", 3));
    assert_eq!(read.metadata, json!({"actor": "admin", "correlation_id": "k"}));
}

#[test]
fn what_is_no_json_is_a_failure_to_decode() {
    let mut written = recorded(&new(&[event("1.0", json!({}))])[0]);
    written.data = "{".into();
    let read = to_serialized(&written, "order", "7");
    assert!(matches!(read, Err(PersistenceError::DeserializationError(_))), "{read:?}");
}

proptest! {
    #[test]
    fn every_version_and_every_map_comes_back(
        version in "\\PC{0,12}",
        entries in proptest::collection::btree_map("(cqrs_es\\.){0,2}(origin|event_version|effective_at|\\PC{0,8})", "\\PC{0,12}", 0..6),
    ) {
        let event = event(&version, json!(entries));
        prop_assert_eq!(there_and_back(&event), event);
    }
}
