//! The embedded vault: one SQLite file of its own beside the log, used by one process.
//!
//! Destroying a key overwrites it in the file with zeros (`secure_delete`) and empties the write-ahead log. What a disk or
//! a file system keeps of overwritten blocks, and what backups hold, is beyond a program's reach.

use super::{KeyState, KeyVault, Mark, SealingKey, VaultError};
use crate::{ambient::Randomness, sqlite_file};
use cache::KeyCache;
use futures::future::{BoxFuture, FutureExt, ready};
use parking_lot::Mutex;
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use table::{Table, Wish};
use thiserror::Error;
use tillroll_domain::ids::SubjectId;
use worker::Worker;

mod cache;
mod file;
mod table;
mod worker;

/// Where the vault is and what it may use.
#[derive(Debug, Clone)]
pub struct SqliteVaultOptions {
    /// The file. Its folder must exist.
    pub path: PathBuf,
    /// The most keys and erasures that are kept in memory. Default 20,000, about 3 MB.
    pub cached_max: usize,
    /// How long to wait for somebody who uses the file beside us, which only a person with a tool can be. Default 5 s.
    pub busy_timeout: Duration,
}

impl SqliteVaultOptions {
    /// The defaults for a file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), cached_max: 20_000, busy_timeout: Duration::from_secs(5) }
    }
}

/// Why a vault was not opened. Whatever stands at the path was not changed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file is something else, or damaged at its very beginning.
    #[error("{} is not a key vault, or is damaged; it was left as it is", path.display())]
    NotAVault {
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
    /// The file is gone but its write-ahead log is there, which may hold the newest keys.
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
    /// This SQLite was built without overwriting what it deletes.
    #[error("{} cannot be opened: SQLite does not overwrite what it deletes", path.display())]
    NoSecureDelete {
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

/// A vault in a SQLite file.
///
/// One process uses it at a time: the lock of the data folder, which the log's writer takes, sees to that. Dropping it
/// closes it, see [`SqliteVault::close`].
#[derive(Debug)]
pub struct SqliteVault {
    worker: Worker,
    cache: Arc<Mutex<KeyCache>>,
    created: bool,
}

impl SqliteVault {
    /// Opens a vault, and makes an empty one if there is none. Blocks for some file operations.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: &SqliteVaultOptions, randomness: Arc<dyn Randomness>) -> Result<Self, OpenError> {
        let created = !file::inspect(&options.path)?;
        if created {
            file::create(&options.path)?;
        }
        let renewed = sqlite_file::renew_write_ahead_log(&options.path);
        renewed.map_err(|source| OpenError::Io { path: options.path.clone(), source })?;
        let table = Table::new(file::connect(options)?, &options.path, randomness);
        Self::start(options, table, created)
    }

    fn start(options: &SqliteVaultOptions, table: Table, created: bool) -> Result<Self, OpenError> {
        let cache = Arc::new(Mutex::new(KeyCache::new(options.cached_max)));
        let worker = Worker::start(table, cache.clone())
            .map_err(|source| OpenError::Io { path: options.path.clone(), source })?;
        Ok(Self { worker, cache, created })
    }

    /// Whether opening it made a new, empty vault.
    #[must_use]
    pub fn was_created(&self) -> bool {
        self.created
    }

    /// Closes it: everything that was asked is answered, the write-ahead log is copied into the file, and the thread ends.
    /// Keys in memory stay readable until it is dropped; whatever needs the file is answered with an error. Blocks until
    /// all that is done; closing again does nothing.
    pub fn close(&self) {
        self.worker.close_and_join();
    }

    fn cached(&self, tenant: &str, subject: SubjectId) -> Option<KeyState> {
        self.cache.lock().get(tenant, subject)
    }
}

impl Drop for SqliteVault {
    fn drop(&mut self) {
        self.close();
    }
}

impl KeyVault for SqliteVault {
    fn key<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<KeyState, VaultError>> {
        match self.cached(tenant, subject) {
            Some(state) => ready(Ok(state)).boxed(),
            None => self.worker.ask(tenant, subject, Wish::Find).boxed(),
        }
    }

    fn key_or_create<'a>(
        &'a self,
        tenant: &'a str,
        subject: SubjectId,
    ) -> BoxFuture<'a, Result<SealingKey, VaultError>> {
        let cached = self.cached(tenant, subject);
        async move {
            let state = match cached {
                Some(state) => state,
                None => self.worker.ask(tenant, subject, Wish::Make).await?,
            };
            match state {
                KeyState::Known(key) => Ok(SealingKey::Known(key)),
                KeyState::Erased => Ok(SealingKey::Erased),
                KeyState::Missing => Err(VaultError::Unavailable("it made no key".into())),
            }
        }
        .boxed()
    }

    fn erase<'a>(&'a self, tenant: &'a str, subject: SubjectId) -> BoxFuture<'a, Result<(), VaultError>> {
        // Also where it is known to be erased: the write-ahead log may be left to be emptied.
        self.worker.ask(tenant, subject, Wish::Erase).map(|answer| answer.map(drop)).boxed()
    }

    fn mark<'a>(&'a self, work: &'a str) -> BoxFuture<'a, Result<Option<Mark>, VaultError>> {
        self.worker.mark(work, None).boxed()
    }

    fn set_mark<'a>(&'a self, work: &'a str, mark: Mark) -> BoxFuture<'a, Result<(), VaultError>> {
        self.worker.mark(work, Some(mark)).map(|answer| answer.map(drop)).boxed()
    }
}

#[cfg(test)]
mod tests;
