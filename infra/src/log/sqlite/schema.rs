//! The log's file: making a new one, and refusing what is not one without touching it.

use super::{super::lock::LockError, OpenError, SqliteLogOptions};
use crate::sqlite_file::{self, FileError, FileKind, Found};
use rusqlite::{Connection, ErrorCode as SqliteCode, OpenFlags, config::DbConfig};
use std::{path::Path, time::Duration};

/// The log's file. The application id is "Till" in ASCII.
const LOG: FileKind = FileKind { application_id: 0x5469_6c6c, version: 2, schema: include_str!("schema.sql") };
/// From version 1, whose rows have no checksum. Rows are never changed, so those that are there keep none.
const FROM_VERSION_1: &str = "ALTER TABLE events ADD COLUMN checksum INTEGER";
/// What every version has; a file whose tables are otherwise is refused before anything in it is changed.
const SHAPE: &str =
    "SELECT position, stream, revision, kind, schema_version, recorded_at, event_id, metadata, data, key,
     tenant, streams.category, id, event_type FROM events, streams JOIN event_kinds USING (key)";
/// How long to wait for someone who writes to the file beside us, which only a person with a tool can be.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks at a file without touching it. Answers whether there is a log.
pub(super) fn inspect(path: &Path) -> Result<bool, OpenError> {
    let found = LOG.inspect(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    match (found, sqlite_file::left_write_ahead_log(path)) {
        (Found::Nothing, None) => Ok(false),
        (Found::Nothing, Some(left)) => Err(OpenError::Orphaned { path: path.to_owned(), left }),
        (Found::Empty | Found::NotOurs, _) => Err(OpenError::NotALog { path: path.to_owned() }),
        (Found::Ours { version }, _) => check_version(path, version).map(|()| true),
    }
}

/// Accepts the versions that a writer can bring up to date.
fn check_version(path: &Path, found: u32) -> Result<(), OpenError> {
    match found {
        1 => Ok(()),
        found if found == LOG.version => Ok(()),
        0 => Err(OpenError::NotALog { path: path.to_owned() }),
        _ => Err(OpenError::OtherVersion { path: path.to_owned(), found, known: LOG.version }),
    }
}

/// Makes an empty log.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    LOG.create(path).map_err(|error| OpenError::of(path, error))
}

/// Opens the connection of the one writer to a file that [`inspect`] accepted.
pub(super) fn connect_writer(options: &SqliteLogOptions) -> Result<Connection, OpenError> {
    let path = &options.path;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let left_behind = sqlite_file::left_write_ahead_log(path).is_some();
    let connection = sqlite_file::connect(path).map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    // A file that is refused is left as it is, and so is its write-ahead log.
    checkpoint_on_close(&connection, !left_behind).map_err(sqlite)?;
    let found = verify(&connection, path)?;
    connection.prepare(SHAPE).map_err(sqlite)?;
    if found == 1 {
        bring_up_to_date(&connection).map_err(sqlite)?;
    }
    sqlite_file::write_ahead(&connection).map_err(|error| OpenError::of(path, error))?;
    // journal_size_limit: after a long reader has kept the WAL from starting over, it shrinks back to 64 MB.
    // fullfsync: where the system's plain sync does not reach the disk (macOS), use the one that does.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;
             PRAGMA foreign_keys = OFF;
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(sqlite)?;
    // The writer checkpoints by itself, since what goes wrong in SQLite's own checkpoints is told to nobody.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(sqlite)?;
    #[cfg(feature = "testing")]
    if options.sabotage == Some(super::Sabotage::NoSync) {
        connection.pragma_update(None, "synchronous", "OFF").map_err(sqlite)?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    if let Some(bytes) = options.file_bytes_max {
        sqlite_file::limit_bytes(&connection, bytes).map_err(sqlite)?;
    }
    Ok(connection)
}

/// Copies what a dead writer left in the write-ahead log into the file, and empties the former. Until this was called,
/// closing the connection leaves both as they are.
pub(super) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    // Where a reader of another process stays in the way, SQLite answers so in the row; the log works nevertheless.
    match connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())) {
        // A full disk must not keep the log from being read.
        Err(error) if error.sqlite_error_code() == Some(SqliteCode::DiskFull) => {
            tracing::warn!("the event log was opened on a full disk; its write-ahead log stays as it was found");
        }
        settled => settled?,
    }
    checkpoint_on_close(connection, true)
}

/// Whether the last connection that closes copies the write-ahead log into the file and removes it.
pub(super) fn checkpoint_on_close(connection: &Connection, is_wanted: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !is_wanted).map(drop)
}

/// Opens a connection that cannot write, to a file that [`inspect`] accepted.
pub(super) fn connect_reader(path: &Path) -> Result<Connection, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    let found = verify(&connection, path)?;
    if found != LOG.version {
        return Err(OpenError::NotYetMigrated { path: path.to_owned(), found, known: LOG.version });
    }
    connection
        .execute_batch("PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")
        .map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// In one transaction, durable before anything is appended.
fn bring_up_to_date(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE")?;
    connection.execute_batch(FROM_VERSION_1)?;
    connection.pragma_update(None, "user_version", LOG.version)?;
    connection.execute_batch("COMMIT")
}

/// The version that the database itself tells.
fn verify(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let found = LOG.version_of(connection).map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    let found = found.ok_or_else(|| OpenError::NotALog { path: path.to_owned() })?;
    check_version(path, found)?;
    Ok(found)
}

impl OpenError {
    fn of(path: &Path, error: FileError) -> Self {
        let path = path.to_owned();
        match error {
            FileError::Io(source) => Self::Io { path, source },
            FileError::Sqlite(source) => Self::Sqlite { path, source },
            FileError::NoWriteAheadLog(mode) => Self::NoWriteAheadLog { path, mode },
        }
    }
}

impl From<LockError> for OpenError {
    fn from(source: LockError) -> Self {
        Self::Locked(source)
    }
}
