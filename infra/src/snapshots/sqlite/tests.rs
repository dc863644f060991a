//! The file of snapshots: what it keeps, what it survives, and what it leaves alone.

use super::*;
use crate::stream::{Position, Revision};
use rusqlite::Connection;
use std::{fs, path::Path};
use tempfile::TempDir;
use uuid::Uuid;

fn stream(number: usize) -> StreamId {
    StreamId::new("counter", &number.to_string()).unwrap()
}

fn snapshot(number: usize, revision: u64, body: &str) -> Snapshot {
    Snapshot {
        stream: stream(number),
        state_version: 3,
        revision: Revision(revision),
        position: Position(revision * 10 + 1),
        last_event: Uuid::from_u128(u128::from(revision) + 1),
        body: body.into(),
    }
}

fn options(folder: &TempDir) -> SqliteSnapshotsOptions {
    SqliteSnapshotsOptions::new(folder.path().join("snapshots.db"))
}

fn open(options: &SqliteSnapshotsOptions) -> SqliteSnapshots {
    SqliteSnapshots::open(options.clone()).unwrap()
}

/// A file with some snapshots, closed again.
fn filled(folder: &TempDir) -> SqliteSnapshotsOptions {
    let options = options(folder);
    let store = open(&options);
    (0..5).for_each(|number| store.save(snapshot(number, 300, "{}")));
    store.close();
    options
}

/// Waits until a stream's snapshot is there, which a save promises only in good time.
async fn loaded(store: &SqliteSnapshots, number: usize) -> Snapshot {
    loop {
        if let Some(snapshot) = store.load(&stream(number)).await {
            return snapshot;
        }
        tokio::task::yield_now().await;
    }
}

fn edit(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn what_is_saved_is_there_after_closing_and_the_newer_one_replaces_the_older() {
    let folder = tempfile::tempdir().unwrap();
    let options = filled(&folder);
    let store = open(&options);
    assert_eq!(store.load(&stream(4)).await, Some(snapshot(4, 300, "{}")));
    assert_eq!(store.load(&stream(5)).await, None);
    store.save(snapshot(4, 200, r#"{"lower":1}"#));
    store.close();
    assert_eq!(store.load(&stream(4)).await, None, "a closed store has nothing");
    assert_eq!(open(&options).load(&stream(4)).await, Some(snapshot(4, 200, r#"{"lower":1}"#)));
}

#[tokio::test]
async fn a_row_with_any_other_content_than_was_written_is_none() {
    for column in [
        "state_version = 4",
        "revision = 299",
        "position = 9",
        "last_event = zeroblob(16)",
        "digest = zeroblob(32)",
        "body = '{ }'",
        "revision = -1",
        "state_version = 70000",
        "last_event = x'00'",
        "stream = 'counter-77'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let options = filled(&folder);
        edit(&options.path, &format!("UPDATE snapshots SET {column} WHERE stream = 'counter-2'"));
        let store = open(&options);
        assert_eq!(store.load(&stream(2)).await, None, "{column}");
        assert_eq!(store.load(&stream(77)).await, None, "{column}");
        assert!(store.load(&stream(3)).await.is_some(), "its neighbor is whole: {column}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_replaced_by_the_next_save() {
    let folder = tempfile::tempdir().unwrap();
    let options = filled(&folder);
    edit(&options.path, "UPDATE snapshots SET body = 'x'");
    let store = open(&options);
    assert_eq!(store.load(&stream(1)).await, None);
    store.save(snapshot(1, 900, "{}"));
    assert_eq!(loaded(&store, 1).await, snapshot(1, 900, "{}"));
}

#[tokio::test]
async fn whatever_byte_of_the_file_flips_no_wrong_snapshot_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    // Large bodies, so that many of the bytes are theirs.
    let body = "x".repeat(3_000);
    let options = options(&folder);
    let store = open(&options);
    (0..5).for_each(|number| store.save(snapshot(number, 300, &body)));
    store.close();
    let whole = fs::read(&options.path).unwrap();
    let mut outcomes = [0, 0];
    // The header's first hundred bytes tell what the file is; a flip there makes it somebody else's.
    for at in (100..whole.len()).step_by(whole.len() / 60) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&options.path, &flipped).unwrap();
        let store = open(&options);
        for number in 0..5 {
            let found = store.load(&stream(number)).await;
            outcomes[usize::from(found.is_some())] += 1;
            assert!(found.is_none_or(|found| found == snapshot(number, 300, &body)), "byte {at}, stream {number}");
        }
        // Whatever it was, the store works on.
        store.save(snapshot(9, 1, "{}"));
        assert_eq!(loaded(&store, 9).await.revision, Revision(1), "byte {at}");
    }
    assert!(outcomes.iter().all(|count| *count > 0), "both came up: {outcomes:?}");
}

#[tokio::test]
async fn a_truncated_file_and_one_of_another_version_are_begun_anew() {
    let spoil: [fn(&Path); 3] = [
        |path| fs::write(path, &fs::read(path).unwrap()[..5_000]).unwrap(),
        |path| edit(path, "PRAGMA user_version = 2"),
        |path| edit(path, "DROP TABLE snapshots"),
    ];
    for spoil in spoil {
        let folder = tempfile::tempdir().unwrap();
        let options = filled(&folder);
        spoil(&options.path);
        let store = open(&options);
        assert_eq!(store.load(&stream(2)).await, None);
        store.save(snapshot(2, 301, "{}"));
        assert_eq!(loaded(&store, 2).await.revision, Revision(301));
    }
}

#[tokio::test]
async fn an_empty_file_is_taken_and_one_that_is_not_ours_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    fs::write(&options.path, "").unwrap();
    open(&options).close();
    let foreign = folder.path().join("foreign.db");
    edit(&foreign, "CREATE TABLE theirs (x); PRAGMA application_id = 7");
    for content in [b"a letter to a friend".to_vec(), fs::read(&foreign).unwrap()] {
        fs::write(&options.path, &content).unwrap();
        let error = SqliteSnapshots::open(options.clone()).unwrap_err();
        assert!(matches!(error, OpenSnapshotsError::NotOurs { .. }), "{error:?}");
        assert_eq!(fs::read(&options.path).unwrap(), content);
    }
}

#[tokio::test]
async fn the_file_may_be_deleted_while_it_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let options = filled(&folder);
    let store = open(&options);
    assert!(store.load(&stream(0)).await.is_some());
    fs::remove_file(&options.path).unwrap();
    store.save(snapshot(7, 300, "{}"));
    assert_eq!(loaded(&store, 7).await.revision, Revision(300));
    store.close();
    assert_eq!(open(&options).load(&stream(7)).await, Some(snapshot(7, 300, "{}")), "it is in the new file");
}

#[tokio::test]
async fn a_folder_that_vanishes_costs_the_snapshots_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let options = filled(&folder);
    let store = open(&options);
    fs::remove_dir_all(folder.path()).unwrap();
    store.save(snapshot(7, 300, "{}"));
    store.close();
    assert_eq!(store.load(&stream(7)).await, None);
}

#[tokio::test]
async fn when_there_are_too_many_the_ones_saved_longest_ago_go() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteSnapshotsOptions { streams_max: 10, ..options(&folder) };
    let store = open(&options);
    for number in 0..30 {
        store.save(snapshot(number, 300, "{}"));
        loaded(&store, number).await;
    }
    store.close();
    let store = open(&options);
    let mut kept = Vec::new();
    for number in 0..30 {
        kept.extend(store.load(&stream(number)).await.map(|_| number));
    }
    assert!((8..=10).contains(&kept.len()) && kept.iter().all(|number| *number >= 20), "{kept:?}");
}

#[tokio::test]
async fn when_the_file_is_full_the_ones_saved_longest_ago_go() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteSnapshotsOptions { file_bytes_max: 1 << 20, ..options(&folder) };
    let store = open(&options);
    let body = "x".repeat(50_000);
    for number in 0..60 {
        store.save(snapshot(number, 300, &body));
        loaded(&store, number).await;
    }
    assert_eq!(store.load(&stream(0)).await, None);
    store.close();
    assert!(fs::metadata(&options.path).unwrap().len() <= 1 << 20);
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&options(&folder));
    store.save(snapshot(1, 1, &"x".repeat(SNAPSHOT_BYTES_MAX + 1)));
    store.save(snapshot(2, 1, &"x".repeat(SNAPSHOT_BYTES_MAX)));
    loaded(&store, 2).await;
    assert_eq!(store.load(&stream(1)).await, None);
}
