//! A watched folder: what happens to its files is recorded, held back, or made to fail.

use super::{cache::Cache, real::Real};
use crate::disk::{FileId, Operation};
use parking_lot::Mutex;
use rusqlite::ffi;
use std::{collections::HashMap, ffi::c_int, path::PathBuf};

/// What to do with a folder. By default its files are as they would be without us.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchOptions {
    /// Keep a list of all that changes a file.
    pub records: bool,
    /// Hold writes in this process's memory until their file is synced, so that killing the process is a power cut for
    /// it. Without this, what a killed process has written is safe in the system's cache, synced or not.
    pub is_volatile: bool,
    /// Leave out the real syncs. For folders that nobody will look at after a power cut, such as the images of disks: it
    /// takes the speed of the machine's disk out of the tests.
    pub skips_syncs: bool,
}

/// What a file can be asked for, as far as it can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A write.
    Write,
    /// A change of size.
    Truncate,
    /// A sync.
    Sync,
    /// A new part of the write-ahead log's index, which is shared memory in a file.
    Index,
}

/// One operation that is going to fail, once.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// Of which kind.
    pub kind: Kind,
    /// How many of that kind go well before.
    pub after: u64,
    /// What SQLite is told, one of its extended result codes.
    pub code: c_int,
}

/// A watched folder, see [`super::watch`].
#[derive(Debug)]
pub struct Watch {
    pub(super) folder: PathBuf,
    options: WatchOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Cache>,
    names: HashMap<String, FileId>,
    operations: Vec<Operation>,
    failure: Option<Failure>,
    counts: HashMap<Kind, u64>,
}

impl Watch {
    pub(super) fn new(folder: PathBuf, options: WatchOptions) -> Self {
        Self { folder, options, state: Mutex::default() }
    }

    /// How many operations were recorded until now.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.state.lock().operations.len()
    }

    /// All that was recorded, in the order in which it happened.
    #[must_use]
    pub fn take(&self) -> Vec<Operation> {
        std::mem::take(&mut self.state.lock().operations)
    }

    /// Gives the files the identities that files of the same names have in another folder, for a folder that goes on where a
    /// copy was taken from the other one.
    pub fn continues(&self, other: &Self) {
        let (mut state, other) = (self.state.lock(), other.state.lock());
        state.files.resize_with(other.files.len(), Cache::default);
        state.names.clone_from(&other.names);
    }

    /// Counts operations from 0 again, and lets one of them fail.
    pub fn fail(&self, failure: Option<Failure>) {
        let mut state = self.state.lock();
        state.counts.clear();
        state.failure = failure;
    }

    /// How many operations of a kind were asked for since [`Self::fail`] was called last.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.state.lock().counts.get(&kind).copied().unwrap_or(0)
    }

    /// True if the failure that was asked for has happened.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.state.lock().failure.is_none()
    }

    pub(super) fn opened(&self, name: &str) -> FileId {
        let mut state = self.state.lock();
        if let Some(file) = state.names.get(name) {
            return *file;
        }
        let file = FileId(state.files.len());
        state.files.push(Cache::default());
        state.names.insert(name.to_owned(), file);
        self.note(&mut state, || Operation::Name { name: name.to_owned(), file });
        file
    }

    pub(super) fn deleted(&self, name: &str, syncs_folder: bool) {
        let mut state = self.state.lock();
        if state.names.remove(name).is_some() {
            self.note(&mut state, || Operation::Delete { name: name.to_owned() });
        }
        if syncs_folder {
            self.note(&mut state, || Operation::SyncFolder);
        }
    }

    pub(super) fn size(&self, file: FileId, real: &Real) -> Result<u64, c_int> {
        if self.options.is_volatile { self.state.lock().files[file.0].size(real) } else { real.size() }
    }

    pub(super) fn read(&self, file: FileId, real: &Real, buffer: &mut [u8], offset: u64) -> c_int {
        if self.options.is_volatile {
            self.state.lock().files[file.0].read(real, buffer, offset)
        } else {
            real.read(buffer, offset)
        }
    }

    pub(super) fn write(&self, file: FileId, real: &Real, bytes: &[u8], offset: u64) -> c_int {
        let mut state = self.state.lock();
        if let Some(code) = state.failing(Kind::Write) {
            return code;
        }
        let code = match self.options.is_volatile {
            true => state.files[file.0].write(real, bytes, offset),
            false => real.write(bytes, offset),
        };
        if code == ffi::SQLITE_OK {
            self.note(&mut state, || Operation::Write { file, offset, bytes: bytes.into() });
        }
        code
    }

    pub(super) fn truncate(&self, file: FileId, real: &Real, size: u64) -> c_int {
        let mut state = self.state.lock();
        if let Some(code) = state.failing(Kind::Truncate) {
            return code;
        }
        let code = match self.options.is_volatile {
            true => state.files[file.0].truncate(real, size),
            false => real.truncate(size),
        };
        if code == ffi::SQLITE_OK {
            self.note(&mut state, || Operation::Truncate { file, size });
        }
        code
    }

    /// `syncs_folder` says that SQLite syncs the names of the folder, too, because the file may be new.
    pub(super) fn sync(&self, file: FileId, real: &Real, flags: c_int, syncs_folder: bool) -> c_int {
        let mut state = self.state.lock();
        if let Some(code) = state.failing(Kind::Sync) {
            self.note(&mut state, || Operation::FailedSync { file });
            return code;
        }
        let code = match (self.options.is_volatile, self.options.skips_syncs) {
            (true, _) => state.files[file.0].sync(real, flags),
            (false, true) => ffi::SQLITE_OK,
            (false, false) => real.sync(flags),
        };
        if code == ffi::SQLITE_OK {
            self.note(&mut state, || Operation::Sync { file });
            if syncs_folder {
                self.note(&mut state, || Operation::SyncFolder);
            }
        }
        code
    }

    /// The result code with which a part of the index is refused, if it is this one's turn.
    pub(super) fn index(&self) -> Option<c_int> {
        self.state.lock().failing(Kind::Index)
    }

    fn note(&self, state: &mut State, operation: impl FnOnce() -> Operation) {
        if self.options.records {
            state.operations.push(operation());
        }
    }
}

impl State {
    fn failing(&mut self, kind: Kind) -> Option<c_int> {
        let count = self.counts.entry(kind).or_default();
        let before = *count;
        *count += 1;
        self.failure.take_if(|failure| failure.kind == kind && failure.after == before).map(|failure| failure.code)
    }
}
