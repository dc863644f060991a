//! The log's file: making a new one, and refusing what is not one without touching it.

use super::{super::lock::LockError, OpenError, SqliteLogOptions};
use rusqlite::{Connection, ErrorCode as SqliteCode, OpenFlags, config::DbConfig};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// "Till" in ASCII, in the file's header.
const APPLICATION_ID: u32 = 0x5469_6c6c;
/// The version of schema.sql.
const SCHEMA_VERSION: u32 = 2;
/// From version 1, whose rows have no checksum. Rows are never changed, so those that are there keep none.
const FROM_VERSION_1: &str = "ALTER TABLE events ADD COLUMN checksum INTEGER";
/// What every version has; a file whose tables are otherwise is refused before anything in it is changed.
const SHAPE: &str =
    "SELECT position, stream, revision, kind, schema_version, recorded_at, event_id, metadata, data, key,
     tenant, streams.category, id, event_type FROM events, streams JOIN event_kinds USING (key)";
/// How long to wait for someone who writes to the file beside us, which only a person with a tool can be.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks at a file with plain reads, so that whatever it is, it is left as it was: SQLite itself would roll journals back
/// and create files beside it. Answers whether there is a log.
pub(super) fn inspect(path: &Path) -> Result<bool, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // SQLite would replay a write-ahead log that outlived its database onto the new one.
            let left = with_suffix(path, "-wal");
            return match fs::metadata(&left) {
                Ok(metadata) if metadata.len() > 0 => Err(OpenError::Orphaned { path: path.to_owned(), left }),
                _ => Ok(false),
            };
        }
        Err(error) => return Err(io(error)),
    };
    let mut header = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut header).map_err(io)?;
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    // The offsets are of SQLite's file format, section 1.3. Both fields are in the file itself and not only in its
    // write-ahead log, because `create` finishes them before it turns the latter on.
    if !header.starts_with(b"SQLite format 3\0") || number(68) != Some(APPLICATION_ID) {
        return Err(OpenError::NotALog { path: path.to_owned() });
    }
    check_version(path, number(60).unwrap_or(0))?;
    Ok(true)
}

/// Accepts the versions that a writer can bring up to date.
fn check_version(path: &Path, found: u32) -> Result<(), OpenError> {
    match found {
        1 | SCHEMA_VERSION => Ok(()),
        0 => Err(OpenError::NotALog { path: path.to_owned() }),
        _ => Err(OpenError::OtherVersion { path: path.to_owned(), found, known: SCHEMA_VERSION }),
    }
}

/// Makes an empty log under another name and moves it into place, so that the path holds a whole log or nothing.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let draft = with_suffix(path, ".new");
    for left in
        [draft.clone(), with_suffix(&draft, "-journal"), with_suffix(&draft, "-wal"), with_suffix(&draft, "-shm")]
    {
        match fs::remove_file(left) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        // The log is for its owner; SQLite gives the files beside it the same mode.
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(&draft).map_err(io)?;
    let connection =
        Connection::open_with_flags(&draft, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(sqlite)?;
    (|| {
        connection.execute_batch("PRAGMA synchronous = FULL; BEGIN")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        connection.execute_batch("COMMIT")
    })()
    .map_err(sqlite)?;
    write_ahead(&connection, path)?;
    connection.close().map_err(|(_, source)| sqlite(source))?;
    File::open(&draft).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&draft, path).map_err(io)?;
    sync_folder(path).map_err(io)
}

/// Makes the names in the file's folder durable.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// The folder that holds a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn write_ahead(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    if mode == "wal" { Ok(()) } else { Err(OpenError::NoWriteAheadLog { path: path.to_owned(), mode }) }
}

/// Opens the connection of the one writer to a file that [`inspect`] accepted.
pub(super) fn connect_writer(options: &SqliteLogOptions) -> Result<Connection, OpenError> {
    let path = &options.path;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let left_behind = fs::metadata(with_suffix(path, "-wal")).is_ok_and(|metadata| metadata.len() > 0);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    // A file that is refused is left as it is, and so is its write-ahead log.
    checkpoint_on_close(&connection, !left_behind).map_err(sqlite)?;
    let found = verify(&connection, path)?;
    connection.prepare(SHAPE).map_err(sqlite)?;
    if found == 1 {
        bring_up_to_date(&connection).map_err(sqlite)?;
    }
    write_ahead(&connection, path)?;
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
        let page: u64 =
            connection.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0)).map_err(sqlite)?.into();
        let pages = u32::try_from(bytes / page).unwrap_or(u32::MAX - 1).max(1);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(sqlite)?;
    }
    Ok(connection)
}

/// Writes the write-ahead log that a dead writer left over itself, byte for byte, and syncs it.
///
/// If that writer died after a sync had failed, the system's cache may still show commits that will never reach the disk.
/// What is written behind them would be durable and yet lost, since recovery stops at the first gap (Rebello et al., "Can
/// applications recover from fsync failures?", 2020). Written anew, they reach it or the next sync fails too.
pub(super) fn renew_write_ahead_log(path: &Path) -> Result<(), OpenError> {
    let path = with_suffix(path, "-wal");
    let renew = || -> std::io::Result<()> {
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut piece = vec![0; 1 << 20];
        let mut at = 0;
        loop {
            file.seek(SeekFrom::Start(at))?;
            let read = file.read(&mut piece)?;
            if read == 0 {
                return file.sync_all();
            }
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&piece[..read])?;
            at += u64::try_from(read).unwrap_or(0);
        }
    };
    renew().map_err(|source| OpenError::Io { path: path.clone(), source })
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
    if found != SCHEMA_VERSION {
        return Err(OpenError::NotYetMigrated { path: path.to_owned(), found, known: SCHEMA_VERSION });
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
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    connection.execute_batch("COMMIT")
}

/// Asks the database itself, since its write-ahead log may know better than the header of the file. Answers its version.
fn verify(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let read = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, u32>(0))
            .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })
    };
    if read("application_id")? != APPLICATION_ID {
        return Err(OpenError::NotALog { path: path.to_owned() });
    }
    let found = read("user_version")?;
    check_version(path, found)?;
    Ok(found)
}

impl From<LockError> for OpenError {
    fn from(source: LockError) -> Self {
        Self::Locked(source)
    }
}
