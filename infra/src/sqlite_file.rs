//! SQLite files of our own: how each is told from any other, made whole or not at all, taken over from a dead process, and
//! what a failed write means.

use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A kind of file that we write.
pub(crate) struct FileKind {
    /// In the file's header, so that it is told from what others write.
    pub(crate) application_id: u32,
    /// The version of the schema, from 1.
    pub(crate) version: u32,
    /// What makes an empty file of that version.
    pub(crate) schema: &'static str,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// A file without content.
    Empty,
    NotOurs,
    /// A file of the kind that is asked for, of whatever version.
    Ours {
        version: u32,
    },
}

/// Why a file was not made, or cannot be used as it must be.
#[derive(Debug)]
pub(crate) enum FileError {
    Io(io::Error),
    Sqlite(rusqlite::Error),
    /// The file system cannot hold a write-ahead log; the journal mode stays as it is told.
    NoWriteAheadLog(String),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl FileKind {
    /// Looks at a file with plain reads, so that whatever it is, it is left as it was: SQLite itself would roll journals
    /// back and create files beside it.
    pub(crate) fn inspect(&self, path: &Path) -> io::Result<Found> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        let mut header = Vec::with_capacity(100);
        file.take(100).read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(Found::Empty);
        }
        let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        // The offsets are of SQLite's file format, section 1.3. Both fields are in the file itself and not only in its
        // write-ahead log, because `create` finishes them before it turns the latter on.
        if !header.starts_with(b"SQLite format 3\0") || number(68) != Some(self.application_id) {
            return Ok(Found::NotOurs);
        }
        Ok(Found::Ours { version: number(60).unwrap_or(0) })
    }

    /// Makes an empty file under another name and moves it into place, so that the path holds a whole one or what it held
    /// before. The file is for its owner, and SQLite gives the files beside it the same mode. Durable when it returns.
    pub(crate) fn create(&self, path: &Path) -> Result<(), FileError> {
        let draft = with_suffix(path, ".new");
        for left in [draft.clone(), with_suffix(&draft, "-journal"), wal(&draft), shm(&draft)] {
            remove(&left)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options.open(&draft)?;
        let connection = connect(&draft)?;
        connection.execute_batch("PRAGMA synchronous = FULL; BEGIN")?;
        connection.execute_batch(self.schema)?;
        connection.pragma_update(None, "application_id", self.application_id)?;
        connection.pragma_update(None, "user_version", self.version)?;
        connection.execute_batch("COMMIT")?;
        write_ahead(&connection)?;
        connection.close().map_err(|(_, error)| error)?;
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, path)?;
        sync_folder(path)?;
        Ok(())
    }

    /// The version that the database itself tells, since its write-ahead log may know better than the header of the file;
    /// `None` if it is not of this kind.
    pub(crate) fn version_of(&self, connection: &Connection) -> rusqlite::Result<Option<u32>> {
        let read = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
        if read("application_id")? != self.application_id {
            return Ok(None);
        }
        read("user_version").map(Some)
    }
}

/// Opens an existing file for reading and writing, for one thread at a time.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Turns the write-ahead log on.
pub(crate) fn write_ahead(connection: &Connection) -> Result<(), FileError> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { Err(FileError::NoWriteAheadLog(mode)) }
}

/// Bounds the file's length, in whole pages.
pub(crate) fn limit_bytes(connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
    let pages = u32::try_from(bytes / page).unwrap_or(u32::MAX - 1).max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

/// The write-ahead log that is left of a file, if it holds anything. SQLite would replay one that outlived its file onto a
/// new one.
pub(crate) fn left_write_ahead_log(path: &Path) -> Option<PathBuf> {
    let left = wal(path);
    fs::metadata(&left).is_ok_and(|metadata| metadata.len() > 0).then_some(left)
}

/// Writes the write-ahead log that a dead writer left over itself, byte for byte, and syncs it.
///
/// If that writer died after a sync had failed, the system's cache may still show commits that will never reach the disk.
/// What is written behind them would be durable and yet lost, since recovery stops at the first gap (Rebello et al., "Can
/// applications recover from fsync failures?", 2020). Written anew, they reach it or the next sync fails too.
pub(crate) fn renew_write_ahead_log(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().read(true).write(true).open(wal(path)) {
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
}

/// The write-ahead log of a file.
pub(crate) fn wal(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

/// What the connections to a file share in memory.
pub(crate) fn shm(path: &Path) -> PathBuf {
    with_suffix(path, "-shm")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Removes a file, if there is one.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The folder that holds a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// Makes the names in the file's folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// Why nothing of a transaction was written.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// No room; the next one may find some.
    Full,
    /// Something that may pass, such as a person's tool that holds the write lock.
    Passing(rusqlite::Error),
    /// Whether the transaction is durable is unknown, or the file can no longer be trusted. Nothing more may be written
    /// before the file was opened, and thereby recovered, again: a system that failed to sync once may answer the next sync
    /// with success although the pages are gone.
    Final(rusqlite::Error),
}

impl WriteError {
    /// Nothing was committed and nothing will be.
    pub(crate) fn before_commit(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Final(error)
            }
            _ => Self::Passing(error),
        }
    }

    /// A full disk and a held lock are found before the commit record is written; after any other error it may be there.
    pub(crate) fn in_commit(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Passing(error),
            _ => Self::Final(error),
        }
    }
}
