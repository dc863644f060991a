//! Snapshots in a SQLite file of their own, beside the log.
//!
//! The file may be deleted at any time, also while it is in use. It is not synced: after a loss of power the newest
//! snapshots may be missing, and a damaged row is recognized by its digest. A file of ours that is damaged or of another
//! version is begun anew; a file that is not ours is left alone.

use super::{SNAPSHOT_BYTES_MAX, Snapshot, SnapshotStore};
use crate::stream::StreamId;
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use queue::Queue;
use std::{io, path::PathBuf, sync::Arc, thread::JoinHandle};
use thiserror::Error;
use worker::Worker;

mod file;
mod index;
mod queue;
mod rows;
mod worker;

#[cfg(test)]
mod tests;

use index::Index;

/// Where the snapshots are and how much room they may take.
#[derive(Debug, Clone)]
pub struct SqliteSnapshotsOptions {
    /// The file. Its folder must exist, and only one process may use it at a time; the log's lock on the folder sees to
    /// that.
    pub path: PathBuf,
    /// The most bytes of the file; when it is full, the snapshots that were saved longest ago go. Default 1 GiB.
    pub file_bytes_max: u64,
    /// The most streams with a snapshot, likewise. Default 65,536.
    pub streams_max: usize,
}

impl SqliteSnapshotsOptions {
    /// The defaults for a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file_bytes_max: 1 << 30, streams_max: 65_536 }
    }
}

/// Why there are no snapshots. The engine works without them.
#[derive(Debug, Error)]
pub enum OpenSnapshotsError {
    /// The file is something else; it was left as it is.
    #[error("{} does not hold snapshots; it was left as it is, and there are none", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file system cannot hold a write-ahead log, as some network file systems cannot.
    #[error("{} cannot have a write-ahead log; use a local disk", path.display())]
    NoWriteAheadLog {
        /// The file.
        path: PathBuf,
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

/// Snapshots in a SQLite file.
///
/// Dropping it closes it, see [`SqliteSnapshots::close`].
#[derive(Debug)]
pub struct SqliteSnapshots {
    queue: Arc<Queue>,
    index: Arc<Index>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteSnapshots {
    /// Opens a file of snapshots, and makes an empty one if there is none or if it is of no use. Blocks for some file
    /// operations.
    ///
    /// # Errors
    /// See [`OpenSnapshotsError`].
    pub fn open(options: SqliteSnapshotsOptions) -> Result<Self, OpenSnapshotsError> {
        let path = options.path.clone();
        let connection = file::open(&options)?;
        let queue = Arc::new(Queue::default());
        let index = Arc::new(Index::default());
        // Filled before anybody asks.
        let worker = Worker::new(options, connection, index.clone());
        let thread = {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name("snapshots".to_owned())
                .spawn(move || worker.run(&queue))
                .map_err(|source| OpenSnapshotsError::Io { path, source })?
        };
        Ok(Self { queue, index, thread: Mutex::new(Some(thread)) })
    }

    /// Writes what was saved and closes the file. Later loads answer none and later saves keep nothing. Blocks until that
    /// is done; closing again does nothing.
    pub fn close(&self) {
        self.queue.close();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps snapshots panicked");
        }
    }
}

impl Drop for SqliteSnapshots {
    fn drop(&mut self) {
        self.close();
    }
}

impl SnapshotStore for SqliteSnapshots {
    fn load<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Option<Snapshot>> {
        // Most streams are short and have none; they need not wait for the thread.
        if !self.index.may_hold(stream.as_str()) {
            return ready(None).boxed();
        }
        self.queue.load(stream.clone()).map(|answer| answer.ok().flatten()).boxed()
    }

    fn save(&self, snapshot: Snapshot) {
        if snapshot.body.len() <= SNAPSHOT_BYTES_MAX {
            self.queue.save(snapshot);
        }
    }
}
