//! Full disks, failed commits and damaged files.

use super::{Place, append, appended, exact, order, positions, sqlite_error};
use crate::{
    log::{AppendError, EventFilter, EventLog, ExpectedRevision, ReadError, ReadFrom, SqliteLog},
    stream::{Position, Revision},
};
use rusqlite::{Connection, ffi};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test]
async fn a_full_disk_refuses_appends_and_nothing_else() {
    let place = Place::new();
    let mut options = place.options();
    options.file_bytes_max = Some(1 << 20);
    let log = SqliteLog::open(&options, place.ambient.clock.clone()).unwrap();
    let mut last = None;
    let refused = loop {
        let next = place.append_sized(1, last.map_or(ExpectedRevision::NoStream, exact), 1, 50_000);
        match append(&log, next).await {
            Ok(receipt) => last = Some(receipt.last_revision.0),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Full), "{refused}");
    let last = last.unwrap();
    let all: Vec<u64> = (1..=last + 1).collect();
    assert_eq!(positions(&log).await, all);
    // Still full for this one; the next small one finds room in a page that is there.
    let large = place.append_sized(1, exact(last), 1, 500_000);
    assert!(matches!(append(&log, large.clone()).await, Err(AppendError::Full)));
    let small = appended(&log, place.append_sized(1, exact(last), 1, 1)).await;
    assert_eq!(small.last_position, Position(last + 2));
    drop(log);
    // Room again: nothing has to be repaired.
    let log = place.open();
    let large = appended(&log, crate::log::Append { expected: exact(last + 1), ..large }).await;
    assert_eq!(large.last_position, Position(last + 3));
    assert_eq!(positions(&log).await, (1..=last + 3).collect::<Vec<u64>>());
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_appended_until_it_is_opened_again() {
    for is_durable_after_all in [false, true] {
        let place = Place::new();
        let log = place.open();
        appended(&log, place.append(1, ExpectedRevision::NoStream, 2)).await;
        drop(log);
        let commits = Arc::new(AtomicUsize::new(0));
        let log = place.open_with_commit({
            let commits = commits.clone();
            move |connection| {
                commits.fetch_add(1, Ordering::Relaxed);
                if is_durable_after_all {
                    connection.execute_batch("COMMIT")?;
                }
                Err(sqlite_error(ffi::SQLITE_IOERR_FSYNC))
            }
        });
        let unknown = place.append(1, exact(1), 1);
        for attempt in [unknown.clone(), unknown.clone(), place.append(2, ExpectedRevision::NoStream, 1)] {
            let refused = append(&log, attempt).await.unwrap_err();
            assert!(matches!(refused, AppendError::Unavailable(_)), "{refused}");
        }
        assert_eq!(commits.load(Ordering::Relaxed), 1, "the failed sync was tried again");
        // Reads go on.
        assert_eq!(log.head().await.unwrap(), Position(2));
        assert_eq!(positions(&log).await, [1, 2]);
        drop(log);
        // Whichever way it went, the caller sends it again and learns where it stands.
        let log = place.open();
        assert_eq!(appended(&log, unknown).await.last_position, Position(3));
        assert_eq!(positions(&log).await, [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_failure_that_passes_costs_its_group_alone() {
    for (code, is_full) in [(ffi::SQLITE_BUSY, false), (ffi::SQLITE_FULL, true)] {
        let place = Place::new();
        let commits = AtomicUsize::new(0);
        let log = place.open_with_commit(move |connection| match commits.fetch_add(1, Ordering::Relaxed) {
            1 => Err(sqlite_error(code)),
            _ => connection.execute_batch("COMMIT"),
        });
        appended(&log, place.append(1, ExpectedRevision::NoStream, 1)).await;
        let lost = append(&log, place.append(1, exact(0), 5)).await.unwrap_err();
        assert_eq!(matches!(lost, AppendError::Full), is_full, "{lost}");
        // What the lost group had changed in memory is forgotten: heads, keys of streams and of event types.
        let receipt = appended(&log, place.append(1, exact(0), 1)).await;
        assert_eq!((receipt.first_revision, receipt.last_position), (Revision(1), Position(2)));
        appended(&log, place.append(2, ExpectedRevision::NoStream, 1)).await;
        assert_eq!(positions(&log).await, [1, 2, 3]);
        assert_eq!(log.read_stream(&order(2), ReadFrom::BackwardsFromEnd, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_group_may_have_held_new_streams_and_event_types() {
    let place = Place::new();
    let commits = AtomicUsize::new(0);
    let log = place.open_with_commit(move |connection| match commits.fetch_add(1, Ordering::Relaxed) {
        0 => Err(sqlite_error(ffi::SQLITE_FULL)),
        _ => connection.execute_batch("COMMIT"),
    });
    let lost = place.append(1, ExpectedRevision::NoStream, 1);
    append(&log, lost.clone()).await.unwrap_err();
    let other = place.append(2, ExpectedRevision::NoStream, 1);
    assert_eq!(appended(&log, other).await.last_position, Position(1));
    assert_eq!(appended(&log, lost).await.last_position, Position(2));
    let filter = EventFilter { event_types: vec!["OrderPlaced".to_owned()], ..EventFilter::default() };
    let page = log.read_all(Position::START, &filter, 10).await.unwrap();
    assert!(page.events.iter().map(|event| &event.stream).eq([&order(2), &order(1)]));
}

#[tokio::test]
async fn a_missing_event_is_never_skipped() {
    let place = Place::new();
    let log = place.open();
    appended(&log, place.append(1, ExpectedRevision::NoStream, 5)).await;
    drop(log);
    let tool = Connection::open(place.path()).unwrap();
    assert!(tool.execute("DELETE FROM events WHERE position = 3", ()).is_err(), "the log is append-only");
    assert!(tool.execute("UPDATE events SET data = '1' WHERE position = 3", ()).is_err(), "the log is append-only");
    tool.execute_batch("DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE position = 3").unwrap();
    drop(tool);
    let log = place.open();
    let all = log.read_all(Position::START, &EventFilter::default(), 10).await;
    assert!(matches!(all, Err(ReadError::Corrupt { position: Position(3), .. })), "{all:?}");
    for from in [ReadFrom::Forwards(Revision(0)), ReadFrom::Forwards(Revision(2)), ReadFrom::BackwardsFromEnd] {
        let stream = log.read_stream(&order(1), from, 10).await;
        assert!(matches!(stream, Err(ReadError::Corrupt { .. })), "{from:?}: {stream:?}");
    }
}

#[tokio::test]
async fn a_row_that_is_another_event_than_was_written_is_never_read() {
    for damage in [
        "UPDATE events SET data = replace(data, 'xxx', 'xyx') WHERE position = 2",
        "UPDATE events SET metadata = '{\"actor\":\"admin\"}' WHERE position = 2",
        "UPDATE events SET event_id = randomblob(16) WHERE position = 2",
        "UPDATE events SET schema_version = 2 WHERE position = 2",
        "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2",
        "UPDATE events SET checksum = checksum + 1 WHERE position = 2",
        "UPDATE streams SET id = '7' WHERE key = 2",
        "UPDATE event_kinds SET event_type = 'OrderLost' WHERE key = 1",
    ] {
        let place = Place::new();
        let log = place.open();
        appended(&log, place.append(1, ExpectedRevision::NoStream, 1)).await;
        appended(&log, place.append(2, ExpectedRevision::NoStream, 1)).await;
        drop(log);
        let tool = Connection::open(place.path()).unwrap();
        tool.execute_batch(
            "DROP TRIGGER events_are_never_updated; DROP TRIGGER streams_are_never_updated;
             DROP TRIGGER event_kinds_are_never_updated",
        )
        .unwrap();
        tool.execute_batch(damage).unwrap();
        drop(tool);
        let log = place.open();
        let all = log.read_all(Position(1), &EventFilter::default(), 10).await;
        assert!(matches!(all, Err(ReadError::Corrupt { position: Position(2), .. })), "{damage}: {all:?}");
        // Under its old name the stream is gone, or its event is seen to be damaged; it is never another one.
        let stream = log.read_stream(&order(2), ReadFrom::BackwardsFromEnd, 10).await;
        assert!(stream.as_ref().map_or(true, Vec::is_empty), "{damage}: {stream:?}");
        let moved = log.read_stream(&order(7), ReadFrom::BackwardsFromEnd, 10).await;
        assert!(moved.as_ref().map_or(true, Vec::is_empty), "{damage}: {moved:?}");
    }
}

#[tokio::test]
async fn a_row_that_is_no_event_is_reported_with_its_place() {
    for damage in [
        "event_id = x'00'",
        "data = cast(x'ff' AS TEXT)",
        "kind = 99",
        "schema_version = -1",
        "recorded_at = 9223372036854775807",
        "stream = 99",
        "revision = -1",
    ] {
        let place = Place::new();
        let log = place.open();
        appended(&log, place.append(1, ExpectedRevision::NoStream, 3)).await;
        drop(log);
        let tool = Connection::open(place.path()).unwrap();
        tool.execute_batch("DROP TRIGGER events_are_never_updated").unwrap();
        tool.execute_batch(&format!("UPDATE events SET {damage} WHERE position = 2")).unwrap();
        drop(tool);
        let log = place.open();
        let all = log.read_all(Position::START, &EventFilter::default(), 10).await;
        assert!(matches!(all, Err(ReadError::Corrupt { position: Position(2), .. })), "{damage}: {all:?}");
        assert_eq!(log.read_all(Position::START, &EventFilter::default(), 1).await.unwrap().events.len(), 1);
    }
}
