//! Opening: what is refused, and what a dead writer leaves.

use super::{
    super::{OpenError, SqliteLog, SqliteLogOptions},
    Place, appended, exact, order, positions,
};
use crate::{
    log::{
        AppendError, EventFilter, EventLog, ExpectedRevision, ReadFrom, Subscription, SubscriptionMessage, append,
        lock::{LOCK_FILE, LockError},
    },
    stream::{Position, Revision},
};
use rusqlite::Connection;
use std::{collections::BTreeMap, ffi::OsString, fs, path::Path, sync::Arc};

/// Every file of a folder but the lock.
fn contents(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_name() != LOCK_FILE);
    files.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
}

#[track_caller]
fn assert_refused_untouched(place: &Place, is_as_expected: impl Fn(&OpenError) -> bool) {
    let before = contents(place.folder.path());
    for refused in [place.try_open().map(drop), SqliteLog::open_read_only(&place.options()).map(drop)] {
        let error = refused.expect_err("the file is refused");
        assert!(is_as_expected(&error), "{error}");
        assert!(error.to_string().contains("events.sqlite"), "{error}");
    }
    assert!(contents(place.folder.path()) == before, "the folder was changed");
}

#[test]
fn a_foreign_file_is_refused_and_left_untouched() {
    for foreign in [&b""[..], b"not a log\n", &[0; 8_192], b"SQLite format 3\0"] {
        let place = Place::new();
        fs::write(place.path(), foreign).unwrap();
        assert_refused_untouched(&place, |error| matches!(error, OpenError::NotALog { .. }));
    }
}

#[test]
fn a_foreign_database_is_refused_and_left_untouched() {
    let place = Place::new();
    let foreign = Connection::open(place.path()).unwrap();
    foreign.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE events (position INTEGER)").unwrap();
    foreign.pragma_update(None, "user_version", 1).unwrap();
    foreign.close().unwrap();
    assert_refused_untouched(&place, |error| matches!(error, OpenError::NotALog { .. }));
}

#[test]
fn another_schema_version_is_refused_and_left_untouched() {
    for (version, is_newer) in [(3_u32, true), (u32::MAX, true), (0, false)] {
        let place = Place::new();
        drop(place.open());
        let mut file = fs::read(place.path()).unwrap();
        file[60..64].copy_from_slice(&version.to_be_bytes());
        fs::write(place.path(), file).unwrap();
        assert_refused_untouched(&place, |error| match error {
            OpenError::OtherVersion { found, known, .. } => is_newer && (*found, *known) == (version, 2),
            error => !is_newer && matches!(error, OpenError::NotALog { .. }),
        });
    }
}

/// What version 1 left: the same table without checksums.
async fn log_of_version_1() -> Place {
    let place = Place::new();
    appended(&place.open(), place.append(1, ExpectedRevision::NoStream, 2)).await;
    let tool = Connection::open(place.path()).unwrap();
    tool.execute_batch("ALTER TABLE events DROP COLUMN checksum; PRAGMA user_version = 1").unwrap();
    place
}

#[tokio::test]
async fn a_log_of_version_1_is_brought_up_to_date_by_its_first_writer() {
    let place = log_of_version_1().await;
    let refused = SqliteLog::open_read_only(&place.options()).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::NotYetMigrated { found: 1, .. }), "{refused}");
    for _ in 0..2 {
        let log = place.open();
        let next = u64::try_from(positions(&log).await.len()).unwrap();
        appended(&log, place.append(1, exact(next - 1), 1)).await;
    }
    assert_eq!(positions(&SqliteLog::open_read_only(&place.options()).unwrap()).await, [1, 2, 3, 4]);
    let tool = Connection::open(place.path()).unwrap();
    let sums: Vec<bool> = tool
        .prepare("SELECT checksum IS NOT NULL FROM events ORDER BY position")
        .and_then(|mut statement| statement.query_map((), |row| row.get(0))?.collect())
        .unwrap();
    assert_eq!(sums, [false, false, true, true], "rows are never changed");
}

#[tokio::test]
async fn a_log_that_was_cut_off_is_refused_and_left_untouched() {
    let place = Place::new();
    let log = place.open();
    appended(&log, place.append(1, ExpectedRevision::NoStream, 500)).await;
    drop(log);
    let whole = fs::read(place.path()).unwrap();
    fs::write(place.path(), &whole[..whole.len() / 2]).unwrap();
    let refused = place.try_open().unwrap_err();
    assert!(matches!(refused, OpenError::Sqlite { .. }), "{refused}");
    assert_eq!(fs::read(place.path()).unwrap(), whole[..whole.len() / 2]);
}

#[test]
fn a_write_ahead_log_without_its_file_is_refused() {
    let place = Place::new();
    fs::write(place.folder.path().join("events.sqlite-wal"), "the newest events").unwrap();
    assert_refused_untouched(&place, |error| matches!(error, OpenError::Orphaned { .. }));
}

#[test]
fn reading_makes_no_log() {
    let place = Place::new();
    let refused = SqliteLog::open_read_only(&place.options()).unwrap_err();
    assert!(matches!(refused, OpenError::Missing { .. }), "{refused}");
    assert!(contents(place.folder.path()).is_empty());
}

#[test]
fn a_log_that_was_half_made_is_made_again() {
    let place = Place::new();
    fs::write(place.folder.path().join("events.sqlite.new"), "half").unwrap();
    fs::write(place.folder.path().join("events.sqlite.new-journal"), "half").unwrap();
    drop(place.open());
    assert_eq!(contents(place.folder.path()).len(), 1);
    drop(place.open());
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let _log = place.open();
    for name in ["events.sqlite", "events.sqlite-wal"] {
        let mode = fs::metadata(place.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_second_writer_is_refused_until_the_first_has_closed() {
    let place = Place::new();
    let first = place.open();
    let refused = place.try_open().unwrap_err();
    assert!(matches!(refused, OpenError::Locked(LockError::Held { .. })), "{refused}");
    first.close();
    drop(place.open());
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_new_events_and_cannot_append() {
    let place = Place::new();
    let writer = place.open();
    appended(&writer, place.append(1, ExpectedRevision::NoStream, 2)).await;
    let reader = Arc::new(SqliteLog::open_read_only(&place.options()).unwrap());
    assert_eq!(reader.head().await.unwrap(), Position(2));
    let refused = append(reader.as_ref(), place.append(1, exact(1), 1)).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unavailable(_)), "{refused}");

    let mut subscription = Subscription::new(reader.clone(), Position(2), EventFilter::default(), 10);
    assert_eq!(subscription.next().await.unwrap(), SubscriptionMessage::CaughtUp(Position(2)));
    appended(&writer, place.append(1, exact(1), 3)).await;
    let SubscriptionMessage::Events { events, scanned_to } = subscription.next().await.unwrap() else {
        panic!("new events")
    };
    assert_eq!((events.len(), scanned_to), (3, Position(5)));
    assert_eq!(reader.read_stream(&order(1), ReadFrom::Forwards(Revision(0)), 10).await.unwrap().len(), 5);
    // The reader also outlives the writer.
    drop(writer);
    assert_eq!(positions(&reader).await, [1, 2, 3, 4, 5]);
}

/// The folder as it would be found if the writer died now.
fn copy_of(place: &Place) -> Place {
    let copy = Place::new();
    for name in ["events.sqlite", "events.sqlite-wal"] {
        fs::copy(place.folder.path().join(name), copy.folder.path().join(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_writer_died() {
    let place = Place::new();
    let log = place.open();
    let mut answered = Vec::new();
    for number in 0..10 {
        let receipt = appended(&log, place.append(number, ExpectedRevision::NoStream, 2)).await;
        answered.extend([receipt.last_position.0 - 1, receipt.last_position.0]);
        let copy = copy_of(&place);
        let reader = SqliteLog::open_read_only(&SqliteLogOptions::new(copy.path())).unwrap();
        assert_eq!(positions(&reader).await, answered);
        drop(reader);
        let writer = copy.open();
        assert_eq!(positions(&writer).await, answered);
        let next = appended(&writer, copy.append(number, exact(1), 1)).await;
        assert_eq!(next.last_position.0, receipt.last_position.0 + 1);
    }
}

#[tokio::test]
async fn a_torn_write_ahead_log_yields_whole_appends_from_the_beginning() {
    let place = Place::new();
    let log = place.open();
    for number in 0..8 {
        appended(&log, place.append(number, ExpectedRevision::NoStream, 3)).await;
    }
    let whole = fs::read(place.folder.path().join("events.sqlite-wal")).unwrap();
    let mut lengths = Vec::new();
    for part in 0..=40 {
        let copy = copy_of(&place);
        let torn = &whole[..whole.len() * part / 40];
        fs::write(copy.folder.path().join("events.sqlite-wal"), torn).unwrap();
        let log = copy.open();
        let found = positions(&log).await;
        assert!(found.iter().copied().eq(1..=u64::try_from(found.len()).unwrap()));
        assert_eq!(found.len() % 3, 0, "a part of an append");
        appended(&log, copy.append("new", ExpectedRevision::NoStream, 1)).await;
        lengths.push(found.len());
    }
    assert!(lengths.is_sorted());
    assert_eq!((lengths.first(), lengths.last()), (Some(&0), Some(&24)));
}
