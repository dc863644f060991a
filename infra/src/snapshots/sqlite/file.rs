//! The snapshots' file: making a new one in place of what is left of an old one, and leaving alone what is not ours.

use super::{OpenSnapshotsError, SqliteSnapshotsOptions};
use crate::sqlite_file::{self, FileError, FileKind, Found};
use rusqlite::Connection;
use std::time::Duration;

/// The snapshots' file. The application id is "TilS" in ASCII; the version is that of the schema, of the digest, and of what
/// the bus puts into a body beside the state. Whatever has another one is thrown away.
const SNAPSHOTS: FileKind = FileKind { application_id: 0x5469_6c53, version: 1, schema: include_str!("schema.sql") };
/// Readers with a tool of their own may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens the file, and makes an empty one if there is none, or one that is of no use.
pub(super) fn open(options: &SqliteSnapshotsOptions) -> Result<Connection, OpenSnapshotsError> {
    let path = &options.path;
    match SNAPSHOTS.inspect(path).map_err(|source| OpenSnapshotsError::Io { path: path.clone(), source })? {
        Found::Ours { version } if version == SNAPSHOTS.version => {
            if let Ok(connection) = connect(options).and_then(|connection| check(&connection).map(|()| connection)) {
                return Ok(connection);
            }
            tracing::warn!(
                "the snapshots are damaged and are begun anew; long streams are read from their beginning once"
            );
        }
        Found::Ours { .. } => {
            tracing::info!("the snapshots are of another version of the program and are begun anew");
        }
        // Without content it is ours, if the program ended before it had written anything into it.
        Found::Nothing | Found::Empty => {}
        Found::NotOurs => return Err(OpenSnapshotsError::NotOurs { path: path.clone() }),
    }
    create(options)
}

/// Makes an empty file in place of ours, or of none: what stands at the path can always be told to be ours.
pub(super) fn create(options: &SqliteSnapshotsOptions) -> Result<Connection, OpenSnapshotsError> {
    let path = &options.path;
    let failed = |error| match error {
        FileError::Io(source) => OpenSnapshotsError::Io { path: path.clone(), source },
        FileError::Sqlite(source) => OpenSnapshotsError::Sqlite { path: path.clone(), source },
        FileError::NoWriteAheadLog(_) => OpenSnapshotsError::NoWriteAheadLog { path: path.clone() },
    };
    // SQLite would replay a write-ahead log that outlived its file onto the new one, so it goes before the file.
    for left in [sqlite_file::wal(path), sqlite_file::shm(path)] {
        sqlite_file::remove(&left).map_err(|error| failed(error.into()))?;
    }
    SNAPSHOTS.create(path).and_then(|()| Ok(connect(options)?)).map_err(failed)
}

/// No sync per save: after a loss of power the newest snapshots may be gone, and every row has a digest.
fn connect(options: &SqliteSnapshotsOptions) -> rusqlite::Result<Connection> {
    let connection = sqlite_file::connect(&options.path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA cache_size = -4096;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    sqlite_file::limit_bytes(&connection, options.file_bytes_max)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// Fails if the file is not what its header says.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    if SNAPSHOTS.version_of(connection)? != Some(SNAPSHOTS.version) {
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection
        .prepare("SELECT saved, stream, state_version, revision, position, last_event, digest, body FROM snapshots")?;
    Ok(())
}
