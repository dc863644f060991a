//! The vault's file: making a new one, and refusing what is not one without touching it.

use super::{OpenError, SqliteVaultOptions};
use rusqlite::{Connection, OpenFlags};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

/// "TilK" in ASCII, in the file's header.
const APPLICATION_ID: u32 = 0x5469_6c4b;
/// The version of schema.sql.
const SCHEMA_VERSION: u32 = 1;

/// Looks at a file with plain reads, so that whatever it is, it is left as it was. Answers whether there is a vault.
pub(super) fn inspect(path: &Path) -> Result<bool, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // SQLite would replay a write-ahead log that outlived its database onto the new one.
            let left = wal(path);
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
    // The offsets are of SQLite's file format, section 1.3. `create` finishes both fields before it turns the
    // write-ahead log on, so they are in the file itself.
    if !header.starts_with(b"SQLite format 3\0") || number(68) != Some(APPLICATION_ID) {
        return Err(OpenError::NotAVault { path: path.to_owned() });
    }
    check_version(path, number(60).unwrap_or(0))?;
    Ok(true)
}

fn check_version(path: &Path, found: u32) -> Result<(), OpenError> {
    match found {
        SCHEMA_VERSION => Ok(()),
        0 => Err(OpenError::NotAVault { path: path.to_owned() }),
        _ => Err(OpenError::OtherVersion { path: path.to_owned(), found, known: SCHEMA_VERSION }),
    }
}

/// Makes an empty vault under another name and moves it into place, so that the path holds a whole vault or nothing.
pub(super) fn create(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let draft = with_suffix(path, ".new");
    for left in [draft.clone(), with_suffix(&draft, "-journal"), wal(&draft), with_suffix(&draft, "-shm")] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        // Keys are for their owner; SQLite gives the files beside it the same mode.
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(&draft).map_err(io)?;
    let connection = open(&draft).map_err(sqlite)?;
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

/// Opens a file that [`inspect`] accepted.
pub(super) fn connect(options: &SqliteVaultOptions) -> Result<Connection, OpenError> {
    let path = &options.path;
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let connection = open(path).map_err(sqlite)?;
    connection.busy_timeout(options.busy_timeout).map_err(sqlite)?;
    verify(&connection, path)?;
    write_ahead(&connection, path)?;
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
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Asks the database itself, since its write-ahead log may know better than the header of the file.
fn verify(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let read = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, u32>(0))
            .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })
    };
    if read("application_id")? != APPLICATION_ID {
        return Err(OpenError::NotAVault { path: path.to_owned() });
    }
    check_version(path, read("user_version")?)
}

fn write_ahead(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|source| OpenError::Sqlite { path: path.to_owned(), source })?;
    if mode == "wal" { Ok(()) } else { Err(OpenError::NoWriteAheadLog { path: path.to_owned(), mode }) }
}

/// The write-ahead log of a file.
pub(super) fn wal(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Makes the names in the file's folder durable.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
