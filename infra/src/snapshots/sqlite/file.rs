//! The snapshots' file: making a new one in place of what is left of an old one, and leaving alone what is not ours.

use super::{OpenSnapshotsError, SqliteSnapshotsOptions};
use rusqlite::{Connection, OpenFlags};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    time::Duration,
};

/// "TilS" in ASCII, in the file's header.
const APPLICATION_ID: u32 = 0x5469_6c53;
/// The version of schema.sql, of the digest, and of what the bus puts into a body beside the state. Whatever has another
/// one is thrown away.
const SCHEMA_VERSION: u32 = 1;
/// Readers with a tool of their own may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Ours,
    /// Of another version.
    Outdated,
}

/// Opens the file, and makes an empty one if there is none, or one that is of no use.
pub(super) fn open(options: &SqliteSnapshotsOptions) -> Result<Connection, OpenSnapshotsError> {
    match inspect(&options.path)? {
        Found::Ours => {
            if let Ok(connection) = connect(options).and_then(|connection| check(&connection).map(|()| connection)) {
                return Ok(connection);
            }
            tracing::warn!(
                "the snapshots are damaged and are begun anew; long streams are read from their beginning once"
            );
        }
        Found::Outdated => tracing::info!("the snapshots are of another version of the program and are begun anew"),
        Found::Nothing => {}
    }
    create(options)
}

/// Makes an empty file in place of ours, or of none: under another name at first, so that what stands at the path can
/// always be told to be ours.
pub(super) fn create(options: &SqliteSnapshotsOptions) -> Result<Connection, OpenSnapshotsError> {
    let path = &options.path;
    let io = |source| OpenSnapshotsError::Io { path: path.clone(), source };
    let sqlite = |source| OpenSnapshotsError::Sqlite { path: path.clone(), source };
    let draft = with_suffix(path, ".new");
    // SQLite would replay a write-ahead log that outlived its file onto the new one, so it goes before the file.
    for left in [with_suffix(&draft, "-journal"), draft.clone(), with_suffix(path, "-wal"), with_suffix(path, "-shm")] {
        remove(&left).map_err(io)?;
    }
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    {
        // SQLite gives the files beside it the same mode.
        use std::os::unix::fs::OpenOptionsExt;
        new.mode(0o600);
    }
    new.open(&draft).map_err(io)?;
    write_schema(&draft).map_err(sqlite)?;
    fs::rename(&draft, path).map_err(io)?;
    connect(options).map_err(sqlite)
}

/// With a rollback journal, so that all is in the file itself; and synced, as this once is cheap.
fn write_schema(draft: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(draft, flags)?;
    connection.execute_batch("PRAGMA synchronous = FULL; BEGIN")?;
    connection.execute_batch(include_str!("schema.sql"))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, error)| error)
}

/// Looks at a file with plain reads, so that one that is not ours is left as it was.
fn inspect(path: &Path) -> Result<Found, OpenSnapshotsError> {
    let io = |source| OpenSnapshotsError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(io(error)),
    };
    let mut header = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut header).map_err(io)?;
    // Ours, if the program ended before it had written anything into it.
    if header.is_empty() {
        return Ok(Found::Nothing);
    }
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    // The offsets are of SQLite's file format, section 1.3; both fields are in the file itself, see `create`.
    if !header.starts_with(b"SQLite format 3\0") || number(68) != Some(APPLICATION_ID) {
        return Err(OpenSnapshotsError::NotOurs { path: path.to_owned() });
    }
    Ok(if number(60) == Some(SCHEMA_VERSION) { Found::Ours } else { Found::Outdated })
}

/// No sync per save: after a loss of power the newest snapshots may be gone, and every row has a digest.
fn connect(options: &SqliteSnapshotsOptions) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&options.path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA cache_size = -4096;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
    let pages = u32::try_from(options.file_bytes_max / page).unwrap_or(u32::MAX - 1).max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

/// Fails if the file is not what its header says.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != SCHEMA_VERSION {
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection
        .prepare("SELECT saved, stream, state_version, revision, position, last_event, digest, body FROM snapshots")?;
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
