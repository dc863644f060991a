//! The file when there is no room, and when it is not what it should be.

use super::*;
use uuid::Uuid;

fn payment(number: u128) -> PaymentId {
    PaymentId::new(Uuid::from_u128(number))
}

fn change(number: u128, bytes: usize) -> Change {
    Change { charges: vec![(payment(number), "x".repeat(bytes))], ..Change::default() }
}

fn writer(path: &Path) -> Writer {
    BOOKS.create(path).map_err(|error| failed(path, error)).unwrap();
    let connection = connect(path).map_err(|error| failed(path, error)).unwrap();
    Writer { connection, backlog: Vec::new(), given_up: None }
}

fn rows(writer: &Writer) -> usize {
    bodies(&writer.connection, "SELECT body FROM charges").unwrap().len()
}

/// Case F6: no operator is needed once there is room again, and nothing is forgotten meanwhile.
#[test]
fn what_had_no_room_is_written_with_what_follows() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder.path().join("payments.db"));
    writer.backlog.push(change(1, 10));
    assert_eq!(writer.write(), Ok(()));
    assert_eq!((rows(&writer), writer.backlog.len()), (1, 0));
    sqlite_file::limit_bytes(&writer.connection, 64 << 10).unwrap();
    writer.backlog.push(change(2, 200_000));
    assert_eq!(writer.write(), Err("the disk is full".into()));
    writer.backlog.push(change(3, 10));
    assert_eq!(writer.write(), Err("the disk is full".into()), "it waits behind what waits");
    assert_eq!(rows(&writer), 1, "all or nothing");
    sqlite_file::limit_bytes(&writer.connection, 1 << 30).unwrap();
    assert_eq!(writer.write(), Ok(()));
    assert_eq!((rows(&writer), writer.backlog.len()), (3, 0));
}

#[test]
fn more_than_can_wait_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder.path().join("payments.db"));
    sqlite_file::limit_bytes(&writer.connection, 64 << 10).unwrap();
    writer.backlog.push(change(1, 200_000));
    writer.backlog.extend((0..BACKLOG_MAX).map(|_| Change::default()));
    for _ in 0..2 {
        let refused = writer.write().unwrap_err();
        assert!(refused.contains("must be opened again"), "{refused}");
    }
    assert!(writer.backlog.is_empty());
}

fn refused(path: &Path) -> OpenSimulatorError {
    Storage::open(path, [1; 16]).map(drop).unwrap_err()
}

#[test]
fn a_file_of_another_version_or_with_a_spoiled_row_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.db");
    let spoiled = writer(&path);
    note(&spoiled.connection, NAMED, "many").unwrap();
    assert!(matches!(refused(&path), OpenSimulatorError::Damaged { .. }));
    note(&spoiled.connection, NAMED, "7").unwrap();
    put(&spoiled.connection, &change(1, 3)).unwrap();
    assert!(matches!(refused(&path), OpenSimulatorError::Damaged { .. }));
    spoiled.connection.execute_batch("DELETE FROM charges").unwrap();
    let (storage, kept) = Storage::open(&path, [2; 16]).unwrap();
    // The first one who opens it gives it its salt.
    assert_eq!((kept.salt, kept.named), ([1; 16], 7));
    storage.close();
    spoiled.connection.pragma_update(None, "user_version", 2).unwrap();
    drop(spoiled);
    assert!(matches!(refused(&path), OpenSimulatorError::OtherVersion { found: 2, known: 1, .. }));
}

#[test]
fn a_write_ahead_log_without_its_file_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.db");
    let left = sqlite_file::wal(&path);
    std::fs::write(&left, "what is left").unwrap();
    assert!(matches!(refused(&path), OpenSimulatorError::Orphaned { .. }));
    assert_eq!(std::fs::read(&left).unwrap(), b"what is left");
    assert!(!path.exists());
}
