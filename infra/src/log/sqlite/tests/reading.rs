//! The cost of reads, and the view for people.

use super::{Place, appended, exact, order};
use crate::{
    event::NewEvent,
    log::{Append, EventFilter, EventLog, ExpectedRevision, SCAN_MAX, sqlite::pages},
    stream::{Position, StreamId},
};
use rusqlite::Connection;
use std::{sync::Arc, time::Duration};

#[tokio::test]
async fn a_rare_event_type_makes_no_page_scan_the_whole_log() {
    let place = Place::new();
    let log = place.open();
    let mut last = None;
    let rare = |expected| {
        let mut append = place.append("rare", expected, 1);
        append.events[0].event_type = "Rare".into();
        append
    };
    appended(&log, rare(ExpectedRevision::NoStream)).await;
    for _ in 0..=SCAN_MAX / 1_000 {
        let next = place.append_sized("common", last.map_or(ExpectedRevision::NoStream, exact), 1_000, 1);
        last = Some(appended(&log, next).await.last_revision.0);
    }
    let end = appended(&log, rare(exact(0))).await.last_position;
    let filter = EventFilter { event_types: vec!["Rare".to_owned()], ..EventFilter::default() };
    let first = log.read_all(Position::START, &filter, 10).await.unwrap();
    assert_eq!((first.events.len(), first.at_end), (1, false));
    assert_eq!(first.scanned_to, Position(u64::try_from(SCAN_MAX).unwrap()));
    let second = log.read_all(first.scanned_to, &filter, 10).await.unwrap();
    assert_eq!((second.events.len(), second.at_end, second.scanned_to), (1, true, end));
    // A type that no event has is known not to be there.
    let filter = EventFilter { event_types: vec!["Unknown".to_owned()], ..EventFilter::default() };
    let none = log.read_all(Position::START, &filter, 10).await.unwrap();
    assert_eq!((none.events.len(), none.at_end, none.scanned_to), (0, true, end));
}

#[test]
fn every_read_searches_by_key() {
    let place = Place::new();
    drop(place.open());
    let connection = Connection::open(place.path()).unwrap();
    for (sql, search) in [
        (pages::FORWARDS, "SEARCH events USING INDEX sqlite_autoindex_events_1 (stream=? AND revision>?)"),
        (pages::BACKWARDS, "SEARCH events USING INDEX sqlite_autoindex_events_1 (stream=? AND revision<?)"),
        (pages::ALL, "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (pages::ALL_OF_KINDS, "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (pages::ALL_OF_TENANT, "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (pages::ALL_OF_KINDS_AND_TENANT, "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    ] {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get::<_, String>(3).unwrap());
        }
        assert_eq!(plan.first().map(String::as_str), Some(search), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("SCAN events") || step.contains("B-TREE")), "{plan:?}");
    }
}

#[tokio::test]
async fn people_see_names_ids_and_times() {
    let place = Place::new();
    let log = place.open();
    let stream = StreamId::for_tenant("acme", "order", "1").unwrap();
    let event = NewEvent { data: "{\"b\":1, \"a\":2}".into(), ..place.append(1, exact(0), 1).events.remove(0) };
    place.clock.advance(chrono::TimeDelta::microseconds(1_000_001));
    let append = Append { stream, expected: ExpectedRevision::NoStream, events: vec![event.clone()] };
    appended(&log, append).await;
    appended(&log, place.append(2, ExpectedRevision::NoStream, 1)).await;
    let tool = Connection::open(place.path()).unwrap();
    let row: (i64, String, i64, String, String, String, String, String) = tool
        .query_row(
            "SELECT position, stream, revision, event_id, event_type, recorded_at, metadata, data
             FROM event_log WHERE stream = 'acme.order-1'",
            (),
            |row| row.try_into(),
        )
        .unwrap();
    let want = (1, "acme.order-1", 0, event.id.to_string(), "OrderPlaced", "1970-01-01T00:00:01.000001Z", "{}");
    assert_eq!((row.0, &*row.1, row.2, row.3, &*row.4, &*row.5, &*row.6), want);
    assert_eq!(row.7, &*event.data);
    let second: String =
        tool.query_row("SELECT stream FROM event_log WHERE position = 2", (), |row| row.get(0)).unwrap();
    assert_eq!(second, order(2).as_str());
}

#[tokio::test]
async fn a_person_who_holds_the_write_lock_for_a_moment_only_delays_appends() {
    let place = Place::new();
    let log = Arc::new(place.open());
    let tool = Connection::open(place.path()).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ticket = log.submit(place.append(1, ExpectedRevision::NoStream, 1)).await.unwrap();
    let mut ticket = Box::pin(ticket);
    let early = tokio::time::timeout(Duration::from_millis(50), &mut ticket).await;
    assert!(early.is_err(), "it was written beside a lock");
    tool.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ticket.await.unwrap().last_position, Position(1));
}
