//! The embedded log: one SQLite file, written by one process, read by any.
//!
//! Durable means that the write-ahead log was synced: `synchronous = FULL`. Events are plain rows with JSON text, so the
//! `sqlite3` tool can read them; `SELECT * FROM event_log` shows them with names instead of keys.

use super::{
    Append, AppendError, AppendTicket, EventFilter, EventLog, LogPage, ReadError, ReadFrom,
    lock::{LockError, WriterLock},
};
use crate::{
    ambient::Clock,
    event::RecordedEvent,
    sqlite_file,
    stream::{Position, StreamId},
};
use futures::future::{BoxFuture, FutureExt, ready};
use group::Tables;
use metrics::Metrics;
use pages::{PageError, Pages};
use readers::Readers;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tail::Tail;
use thiserror::Error;
use tokio::sync::watch;
use writer::{Announcements, DurableHead, Writer};

mod checksum;
mod group;
mod heads;
mod kinds;
mod metrics;
mod names;
mod pages;
mod readers;
mod schema;
mod tail;
mod writer;

pub use metrics::LogMetrics;

/// Where the log is and what it may use.
#[derive(Debug, Clone)]
pub struct SqliteLogOptions {
    /// The file. Its folder must exist; the writer lock is taken there.
    pub path: PathBuf,
    /// Threads that read, 1 to 16, each with a connection of about 16 MB at most. From 2 on, scans of the whole log leave
    /// one free for streams. Default 3.
    pub readers: usize,
    /// Refuse appends with [`AppendError::Full`] instead of letting the file grow beyond this. Default: no bound but the
    /// disk's.
    pub file_bytes_max: Option<u64>,
    /// How long the write-ahead log may get before it is copied into the file, in pages of 4 KiB. Default 4,000 (16 MB):
    /// pages that every group rewrites (the ends of the trees) are copied once per checkpoint, so rare checkpoints write
    /// less; and 4,000 is about what the first table of the write-ahead log's index covers, so readers still find a page in
    /// one step.
    pub checkpoint_pages: u32,
    /// What to do wrong. Default: nothing.
    #[cfg(feature = "testing")]
    pub sabotage: Option<Sabotage>,
}

/// Ways to break the log's promise on purpose, so that the tests of the promise can be seen to fail.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Commits are written and not synced: `synchronous = OFF`.
    NoSync,
    /// Appends are answered before their group is committed.
    AnswerBeforeCommit,
}

impl SqliteLogOptions {
    /// The defaults for a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 3,
            file_bytes_max: None,
            checkpoint_pages: 4_000,
            #[cfg(feature = "testing")]
            sabotage: None,
        }
    }
}

/// Why a log was not opened. Whatever stands at the path was not changed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process writes in the folder.
    #[error(transparent)]
    Locked(LockError),
    /// Only for reading: there is no file.
    #[error("there is no event log at {}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or damaged at its very beginning.
    #[error("{} is not an event log, or is damaged; it was left as it is", path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a version of the program with another schema.
    #[error(
        "{} has schema version {found}, and this program knows version {known}; use the program that wrote it",
        path.display()
    )]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Only for reading: the file was written by an older version of the program. Opening it for writing once brings it up
    /// to date.
    #[error(
        "{} has schema version {found}, and this program reads version {known}; start the engine on it once, which brings it \
         up to date",
        path.display()
    )]
    NotYetMigrated {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The file is gone but its write-ahead log is there, which may hold the newest events.
    #[error("{} is missing, but {} is there; restore the file, or move the other one away", path.display(), left.display())]
    Orphaned {
        /// The missing file.
        path: PathBuf,
        /// What is left of it.
        left: PathBuf,
    },
    /// The file system cannot hold a write-ahead log, as some network file systems cannot.
    #[error("{} cannot have a write-ahead log (its journal mode stays {mode}); use a local disk", path.display())]
    NoWriteAheadLog {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        mode: String,
    },
    /// The file system refused.
    #[error("{} cannot be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{} cannot be opened", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

/// A log in a SQLite file.
///
/// Dropping it closes it, see [`SqliteLog::close`].
#[derive(Debug)]
pub struct SqliteLog {
    access: Access,
    readers: Readers,
    hint: watch::Receiver<Position>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
enum Access {
    Write { writer: Writer, head: Arc<DurableHead> },
    Read { tail: Tail },
}

impl SqliteLog {
    /// Opens a log for reading and writing, and makes an empty one if there is none. Takes the writer lock of its folder
    /// and holds it until the log is closed. Blocks for some file operations.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: &SqliteLogOptions, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let path = &options.path;
        let lock = WriterLock::acquire(sqlite_file::folder_of(path))?;
        if !schema::inspect(path)? {
            schema::create(path)?;
        }
        sqlite_file::renew_write_ahead_log(path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        let connection = schema::connect_writer(options)?;
        Self::start(options, connection, clock, lock, |tables| tables)
    }

    fn start(
        options: &SqliteLogOptions,
        connection: rusqlite::Connection,
        clock: Arc<dyn Clock>,
        lock: WriterLock,
        prepare: impl FnOnce(Tables) -> Tables,
    ) -> Result<Self, OpenError> {
        let path = &options.path;
        let sqlite = |source| OpenError::Sqlite { path: path.clone(), source };
        let io = |source| OpenError::Io { path: path.clone(), source };
        #[cfg(feature = "testing")]
        let answers_early = options.sabotage == Some(Sabotage::AnswerBeforeCommit);
        #[cfg(not(feature = "testing"))]
        let answers_early = false;
        let mut tables = Tables::new(connection, options.checkpoint_pages).map_err(sqlite)?;
        let position = tables.tail().map_err(sqlite)?.position;
        let head = Arc::new(DurableHead::default());
        head.raise(position);
        let (sender, hint) = watch::channel(position);
        let metrics = Arc::new(Metrics::default());
        let readers = start_readers(options, Some(&head))?;
        let announcements = Announcements { head: head.clone(), hint: sender, metrics: metrics.clone() };
        let writer = Writer::start(prepare(tables), clock, announcements, answers_early, lock).map_err(io)?;
        Ok(Self { access: Access::Write { writer, head }, readers, hint, metrics })
    }

    /// Opens a log for reading, also while another process writes to it; new events are found within a tenth of a second.
    /// Appends are refused. Blocks for some file operations.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_read_only(options: &SqliteLogOptions) -> Result<Self, OpenError> {
        let path = &options.path;
        if !schema::inspect(path)? {
            return Err(OpenError::Missing { path: path.clone() });
        }
        let pages = Pages::new(schema::connect_reader(path)?, None);
        let position = pages.head().map_err(|error| OpenError::unreadable(path, error))?;
        let (sender, hint) = watch::channel(position);
        let readers = start_readers(options, None)?;
        let tail = Tail::start(pages, sender).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        Ok(Self { access: Access::Read { tail }, readers, hint, metrics: Arc::default() })
    }

    /// Counts since it was opened.
    #[must_use]
    pub fn metrics(&self) -> LogMetrics {
        self.metrics.get()
    }

    /// Closes it: everything that was taken in is made durable and answered, the write-ahead log is copied into the file,
    /// the threads end and the folder is unlocked. Later calls are answered with an error. Blocks until all that is done;
    /// closing again does nothing.
    pub fn close(&self) {
        // Readers first: SQLite tidies up when its last connection closes, which must be one that can write.
        match &self.access {
            Access::Write { writer, .. } => {
                writer.refuse();
                self.readers.close_and_join();
                writer.close_and_join();
            }
            Access::Read { tail } => {
                self.readers.close_and_join();
                tail.stop_and_join();
            }
        }
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.close();
    }
}

fn start_readers(options: &SqliteLogOptions, head: Option<&Arc<DurableHead>>) -> Result<Readers, OpenError> {
    let path = &options.path;
    let pages = (0..options.readers.clamp(1, 16))
        .map(|_| Ok(Pages::new(schema::connect_reader(path)?, head.cloned())))
        .collect::<Result<_, OpenError>>()?;
    Readers::start(pages).map_err(|source| OpenError::Io { path: path.clone(), source })
}

impl OpenError {
    fn unreadable(path: &Path, error: PageError) -> Self {
        match error {
            PageError::Sqlite(source) => Self::Sqlite { path: path.to_owned(), source },
            PageError::Corrupt { .. } => Self::NotALog { path: path.to_owned() },
        }
    }
}

impl EventLog for SqliteLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        match &self.access {
            Access::Write { writer, .. } => writer.submit(append).boxed(),
            Access::Read { .. } => {
                ready(Err(AppendError::Unavailable("it was opened for reading only".into()))).boxed()
            }
        }
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        self.readers.read_stream(stream, from, limit).boxed()
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        self.readers.read_all(after, filter, limit).boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        match &self.access {
            Access::Write { head, .. } => ready(Ok(head.get())).boxed(),
            Access::Read { .. } => self.readers.head().boxed(),
        }
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.hint.clone()
    }
}

#[cfg(test)]
mod tests;
