//! The vault's file: opening, failing, and what is left of a key once it is destroyed.

use super::*;
use crate::{
    ambient::Ambient,
    vault::conformance::{self, known, sealing, subject},
};
use futures::future::join_all;
use rusqlite::{Connection, ffi};
use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};
use tempfile::TempDir;

fn options(folder: &TempDir) -> SqliteVaultOptions {
    SqliteVaultOptions {
        busy_timeout: Duration::from_millis(50),
        ..SqliteVaultOptions::new(folder.path().join("vault.db"))
    }
}

fn try_open(folder: &TempDir) -> Result<SqliteVault, OpenError> {
    SqliteVault::open(&options(folder), Ambient::system().randomness)
}

fn open(folder: &TempDir) -> SqliteVault {
    try_open(folder).unwrap()
}

/// A vault whose transactions are committed, or not, by `commit`.
fn open_with(folder: &TempDir, commit: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static) -> SqliteVault {
    drop(open(folder));
    let options = options(folder);
    let connection = file::connect(&options).unwrap();
    let table = Table::new(connection, &options.path, Ambient::system().randomness).with_commit(commit);
    SqliteVault::start(&options, table, false).unwrap()
}

fn contents(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
}

/// In how many places of all files some bytes stand.
fn places(folder: &TempDir, bytes: &[u8]) -> usize {
    contents(folder.path()).values().map(|file| memchr::memmem::find_iter(file, bytes).count()).sum()
}

async fn make(vault: &SqliteVault, number: u128) -> [u8; 32] {
    *sealing(vault.key_or_create("default", subject(number)).await.unwrap()).bytes()
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let folders = std::cell::RefCell::new(Vec::new());
    conformance::check(&|| {
        let folder = tempfile::tempdir().unwrap();
        let vault = Arc::new(open(&folder));
        folders.borrow_mut().push(folder);
        vault
    })
    .await;
}

#[tokio::test]
async fn it_keeps_the_contract_without_a_cache_to_speak_of() {
    let folders = std::cell::RefCell::new(Vec::new());
    conformance::check(&|| {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteVaultOptions { cached_max: 0, ..options(&folder) };
        folders.borrow_mut().push(folder);
        Arc::new(SqliteVault::open(&options, Ambient::system().randomness).unwrap())
    })
    .await;
}

#[tokio::test]
async fn keys_and_erasures_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    assert!(vault.was_created());
    let key = make(&vault, 1).await;
    make(&vault, 2).await;
    vault.erase("default", subject(2)).await.unwrap();
    drop(vault);
    let vault = open(&folder);
    assert!(!vault.was_created());
    assert_eq!(known(vault.key("default", subject(1)).await.unwrap()).bytes(), &key);
    assert!(matches!(vault.key("default", subject(2)).await.unwrap(), KeyState::Erased));
    assert!(matches!(vault.key_or_create("default", subject(2)).await.unwrap(), SealingKey::Erased));
    assert!(matches!(vault.key("default", subject(3)).await.unwrap(), KeyState::Missing));
}

#[tokio::test]
async fn a_new_key_is_in_the_file_before_it_is_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    for number in 0..20 {
        let key = make(&vault, number).await;
        // What a killed process leaves is what its files hold now.
        assert!(places(&folder, &key) > 0, "key {number}");
    }
}

#[tokio::test]
async fn a_destroyed_key_is_nowhere_in_the_folder_however_many_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Arc::new(open(&folder));
    let mut keys = Vec::new();
    // Many pages of the table and of its index, made in an order that splits the latter all over.
    for round in 0..20_u128 {
        let made = (0..100_u128).map(|number| {
            let (vault, number) = (vault.clone(), (number * 7_919 + round * 104_729) % 1_000_003);
            async move { (number, make(&vault, number).await) }
        });
        keys.extend(join_all(made).await);
    }
    vault.close();
    for (number, key) in &keys {
        assert_eq!(places(&folder, key), 1, "the key of subject {number} stands in its row and nowhere else");
    }
    drop(vault);

    let vault = Arc::new(open(&folder));
    let (erased, kept): (Vec<_>, Vec<_>) = keys.iter().enumerate().partition(|(number, _)| number % 3 == 0);
    let erasures = erased.iter().map(|(_, (number, _))| vault.erase("default", subject(*number)));
    for erasure in join_all(erasures).await {
        erasure.unwrap();
    }
    for (_, (number, key)) in &erased {
        assert_eq!(places(&folder, key), 0, "the key of subject {number} is destroyed, with the vault still open");
    }
    for (_, (number, key)) in &kept {
        assert_eq!(places(&folder, key), 1, "subject {number}");
        assert_eq!(known(vault.key("default", subject(*number)).await.unwrap()).bytes(), key);
    }
    drop(vault);
    for (_, (number, key)) in &erased {
        assert_eq!(places(&folder, key), 0, "the key of subject {number} is destroyed, with the vault closed");
    }
}

#[tokio::test]
async fn an_erasure_that_cannot_empty_the_write_ahead_log_says_so_and_can_be_finished() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    let key = make(&vault, 1).await;
    make(&vault, 2).await;
    let tool = Connection::open(options(&folder).path).unwrap();
    tool.execute_batch("BEGIN").unwrap();
    tool.query_row("SELECT count(*) FROM keys", (), |row| row.get::<_, i64>(0)).unwrap();

    let error = vault.erase("default", subject(1)).await.unwrap_err();
    assert!(matches!(error, VaultError::Lingering(_)), "{error}");
    assert!(places(&folder, &key) > 0);
    assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Erased), "it is not used any more");
    let error = vault.erase("default", subject(1)).await.unwrap_err();
    assert!(matches!(error, VaultError::Lingering(_)), "it is still there: {error}");

    tool.execute_batch("COMMIT").unwrap();
    vault.erase("default", subject(1)).await.unwrap();
    assert_eq!(places(&folder, &key), 0);
}

#[tokio::test]
async fn erasing_again_where_nothing_was_left_waits_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    make(&vault, 1).await;
    vault.erase("default", subject(1)).await.unwrap();
    make(&vault, 2).await;
    let tool = Connection::open(options(&folder).path).unwrap();
    tool.execute_batch("BEGIN").unwrap();
    tool.query_row("SELECT count(*) FROM keys", (), |row| row.get::<_, i64>(0)).unwrap();
    vault.erase("default", subject(1)).await.unwrap();
    let error = vault.erase("default", subject(2)).await.unwrap_err();
    assert!(matches!(error, VaultError::Lingering(_)), "{error}");
}

#[tokio::test]
async fn what_a_process_that_died_in_an_erasure_left_goes_when_the_vault_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    let key = make(&vault, 1).await;
    // The erasure is committed and nothing more.
    let dying = file::connect(&options(&folder)).unwrap();
    let mut table = Table::new(dying, &options(&folder).path, Ambient::system().randomness);
    table.fulfill([("default", subject(1), Wish::Erase)].into_iter()).unwrap();
    let dead = tempfile::tempdir().unwrap();
    for (name, bytes) in contents(folder.path()) {
        fs::write(dead.path().join(name), bytes).unwrap();
    }
    assert!(places(&dead, &key) > 0);
    let reopened = open(&dead);
    // The first thing that the thread does, so an answer comes after it.
    assert!(matches!(reopened.key("default", subject(1)).await.unwrap(), KeyState::Erased));
    assert_eq!(places(&dead, &key), 0);
}

#[tokio::test]
async fn a_key_that_could_not_be_committed_is_not_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let full = |code| move |_: &Connection| Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
    let vault = open_with(&folder, full(ffi::SQLITE_FULL));
    for _ in 0..2 {
        let error = vault.key_or_create("default", subject(1)).await.unwrap_err();
        assert!(matches!(error, VaultError::Full), "{error}");
        assert!(matches!(vault.key("default", subject(1)).await.unwrap(), KeyState::Missing));
    }
    drop(vault);

    // After a failed sync nothing of the file is believed until it is opened again.
    let vault = open_with(&folder, full(ffi::SQLITE_IOERR_FSYNC));
    for _ in 0..2 {
        let error = vault.key_or_create("default", subject(1)).await.unwrap_err();
        assert!(matches!(error, VaultError::Unavailable(_)), "{error}");
    }
    let error = vault.key("default", subject(1)).await.unwrap_err();
    assert!(error.to_string().contains("must be opened again"), "{error}");
    drop(vault);
    make(&open(&folder), 1).await;
}

#[tokio::test]
async fn an_erasure_that_could_not_be_committed_is_not_answered_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let key = make(&open(&folder), 1).await;
    let vault = open_with(&folder, |_| Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None)));
    assert!(matches!(vault.erase("default", subject(1)).await.unwrap_err(), VaultError::Full));
    assert_eq!(known(vault.key("default", subject(1)).await.unwrap()).bytes(), &key);
}

#[tokio::test]
async fn a_closed_vault_answers_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    vault.close();
    vault.close();
    assert!(matches!(vault.key("default", subject(1)).await, Err(VaultError::Unavailable(_))));
    assert!(matches!(vault.key_or_create("default", subject(1)).await, Err(VaultError::Unavailable(_))));
    assert!(matches!(vault.erase("default", subject(1)).await, Err(VaultError::Unavailable(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    make(&vault, 1).await;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let mode = entry.as_ref().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
    }
}

#[track_caller]
fn assert_refused_untouched(folder: &TempDir, is_as_expected: impl Fn(&OpenError) -> bool) {
    let before = contents(folder.path());
    let error = try_open(folder).map(drop).expect_err("the file is refused");
    assert!(is_as_expected(&error), "{error}");
    assert!(error.to_string().contains("vault.db"), "{error}");
    assert!(contents(folder.path()) == before, "the folder was changed");
}

#[test]
fn a_foreign_file_is_refused_and_left_untouched() {
    for foreign in [&b""[..], b"not a vault\n", &[0; 8_192], b"SQLite format 3\0"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(options(&folder).path, foreign).unwrap();
        assert_refused_untouched(&folder, |error| matches!(error, OpenError::NotAVault { .. }));
    }
    let folder = tempfile::tempdir().unwrap();
    let foreign = Connection::open(options(&folder).path).unwrap();
    foreign.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE keys (number INTEGER)").unwrap();
    foreign.pragma_update(None, "user_version", 1).unwrap();
    foreign.close().unwrap();
    assert_refused_untouched(&folder, |error| matches!(error, OpenError::NotAVault { .. }));
}

#[test]
fn another_schema_version_is_refused_and_left_untouched() {
    for (version, is_newer) in [(3_u32, true), (0, false)] {
        let folder = tempfile::tempdir().unwrap();
        drop(open(&folder));
        let mut file = fs::read(options(&folder).path).unwrap();
        file[60..64].copy_from_slice(&version.to_be_bytes());
        fs::write(options(&folder).path, file).unwrap();
        assert_refused_untouched(&folder, |error| match error {
            OpenError::OtherVersion { found, known, .. } => is_newer && (*found, *known) == (version, 2),
            error => !is_newer && matches!(error, OpenError::NotAVault { .. }),
        });
    }
}

#[tokio::test]
async fn a_vault_of_the_first_version_keeps_its_keys_and_erasures_and_gets_marks() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    let key = make(&vault, 1).await;
    vault.erase("default", subject(2)).await.unwrap();
    drop(vault);
    let connection = Connection::open(options(&folder).path).unwrap();
    connection.execute_batch("DROP TABLE marks; PRAGMA user_version = 1").unwrap();
    connection.close().unwrap();
    let mark = Mark { position: crate::stream::Position(9), event: uuid::Uuid::from_u128(9) };
    for known_mark in [None, Some(mark)] {
        let vault = open(&folder);
        assert_eq!(known(vault.key("default", subject(1)).await.unwrap()).bytes(), &key);
        assert!(matches!(vault.key("default", subject(2)).await.unwrap(), KeyState::Erased));
        assert_eq!(vault.mark("work").await.unwrap(), known_mark);
        vault.set_mark("work", mark).await.unwrap();
    }
}

#[test]
fn a_write_ahead_log_without_its_file_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(crate::sqlite_file::wal(&options(&folder).path), b"keys").unwrap();
    assert_refused_untouched(&folder, |error| matches!(error, OpenError::Orphaned { .. }));
}
