//! The lock of a data folder: one process writes, everyone may read.
//!
//! The lock is the operating system's and ends with the process, however that ends. The file stays: removing it would let
//! two processes hold locks on two files of the same name.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    process,
};
use thiserror::Error;

/// The lock's file in the data folder. It holds the writer's process id, for people.
pub const LOCK_FILE: &str = "writer.lock";

/// The right to write in a data folder, until it is dropped.
#[derive(Debug)]
pub struct WriterLock {
    file: File,
    path: PathBuf,
}

/// Why a data folder was not locked.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process holds it, or another part of this one.
    #[error("{} is in use by {}; stop it first, or use a command that only reads", folder.display(), holder(*pid))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The process, if it has said so.
        pid: Option<u32>,
    },
    /// The lock file could not be opened or locked.
    #[error("{} cannot be locked", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl WriterLock {
    /// Locks an existing folder. Never waits.
    ///
    /// # Errors
    /// [`LockError::Held`] if someone else writes there.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(LOCK_FILE);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            Err(source) => return Err(LockError::Io { path, source }),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: folder.to_owned(), pid: written_pid(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(LockError::Io { path, source }),
        }
        // The process id is for people. On a full disk there may be no room for it, and reading must go on there.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", process::id()));
        Ok(Self { file, path })
    }

    /// The lock file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // A process id that stays behind would only mislead people; closing the file unlocks it in any case.
        let _ = self.file.set_len(0);
    }
}

fn written_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    // Another program's file may be of any size.
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = WriterLock::acquire(folder.path()).unwrap();
        let refused = WriterLock::acquire(folder.path()).unwrap_err();
        let LockError::Held { pid, .. } = &refused else { panic!("{refused}") };
        assert_eq!(*pid, Some(process::id()));
        assert!(refused.to_string().contains(&format!("process {}", process::id())), "{refused}");
        drop(lock);
        WriterLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn what_a_dead_writer_left_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOCK_FILE), "4294967295 and much more than a process id").unwrap();
        let lock = WriterLock::acquire(folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(lock.path()).unwrap(), format!("{}\n", process::id()));
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let refused = WriterLock::acquire(&folder.path().join("missing")).unwrap_err();
        assert!(matches!(refused, LockError::Io { .. }), "{refused}");
    }
}
