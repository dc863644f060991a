//! The vault's file: making a new one, and refusing what is not one without touching it.

use super::{OpenError, SqliteVaultOptions};
use crate::sqlite_file::{self, FileError, FileKind, Found};
use rusqlite::Connection;
use std::path::Path;

/// The vault's file. The application id is "TilK" in ASCII.
const VAULT: FileKind = FileKind {
    application_id: 0x5469_6c4b,
    version: 2,
    schema: concat!(include_str!("schema.sql"), include_str!("schema_2.sql")),
};

/// Looks at a file without touching it. Answers whether there is a vault.
pub(super) fn inspect(path: &Path) -> Result<bool, OpenError> {
    let found = VAULT.inspect(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    match (found, sqlite_file::left_write_ahead_log(path)) {
        (Found::Nothing, None) => Ok(false),
        (Found::Nothing, Some(left)) => Err(OpenError::Orphaned { path: path.to_owned(), left }),
        (Found::Empty | Found::NotOurs, _) => Err(OpenError::NotAVault { path: path.to_owned() }),
        (Found::Ours { version }, _) => check_version(path, version).map(|()| true),
    }
}

fn check_version(path: &Path, found: u32) -> Result<(), OpenError> {
    match found {
        // Older ones are brought up to date when they are opened.
        found if (1..=VAULT.version).contains(&found) => Ok(()),
        0 => Err(OpenError::NotAVault { path: path.to_owned() }),
        _ => Err(OpenError::OtherVersion { path: path.to_owned(), found, known: VAULT.version }),
    }
}

/// Makes an empty vault.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    VAULT.create(path).map_err(|error| OpenError::of(path, error))
}

/// Opens a file that [`inspect`] accepted.
pub(super) fn connect(options: &SqliteVaultOptions) -> Result<Connection, OpenError> {
    let path = &options.path;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let connection = sqlite_file::connect(path).map_err(sqlite)?;
    connection.busy_timeout(options.busy_timeout).map_err(sqlite)?;
    let version = verify(&connection, path)?;
    sqlite_file::write_ahead(&connection).map_err(|error| OpenError::of(path, error))?;
    // fullfsync: where the system's plain sync does not reach the disk (macOS), use the one that does.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -2048;
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(sqlite)?;
    let overwrites: i64 =
        connection.pragma_update_and_check(None, "secure_delete", "ON", |row| row.get(0)).map_err(sqlite)?;
    if overwrites != 1 {
        return Err(OpenError::NoSecureDelete { path: path.to_owned() });
    }
    if version == 1 {
        let migration = concat!("BEGIN IMMEDIATE;", include_str!("schema_2.sql"), "PRAGMA user_version = 2; COMMIT");
        connection.execute_batch(migration).map_err(sqlite)?;
    }
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// Asks the database itself, and answers its version.
fn verify(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let found = VAULT.version_of(connection).map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    let found = found.ok_or_else(|| OpenError::NotAVault { path: path.to_owned() })?;
    check_version(path, found).map(|()| found)
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
