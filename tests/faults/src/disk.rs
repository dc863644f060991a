//! What a disk may hold after the power went, as a function of everything that was done to it.
//!
//! The rules: what was synced is there. Of what was not, each write is there, is missing, or is there in part (by sectors of
//! 512 bytes, some of them garbage), whatever happened to the writes beside it; the same goes for changes of size. Names of
//! files follow their own order, up to any point behind the last sync of the folder. After a sync that failed, what it was
//! to make durable is lost for good, also if the next sync succeeds: this is how Linux behaves (Rebello et al., "Can
//! applications recover from fsync failures?", 2020).
//!
//! The first sector of the database file is never garbage: the log knows its file by that header, before SQLite could have
//! found a better copy of it in the write-ahead log.
//!
//! This is harsher than real disks in one way: it may keep a later write to a sector without an earlier one to the same
//! sector. It never damages bytes next to those of a write, which SQLite relies upon ("powersafe overwrite").

use crate::rng::Rng;
use std::collections::BTreeMap;

/// A file, whatever its name is by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(pub usize);

/// One thing that was done to the files of a folder.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A name was given to a file: to the one that had it when the recording began, or to a new one.
    Name {
        /// The name.
        name: String,
        /// The file.
        file: FileId,
    },
    /// A file lost its name.
    Delete {
        /// The name.
        name: String,
    },
    /// The names are durable.
    SyncFolder,
    /// Bytes were written.
    Write {
        /// Where to.
        file: FileId,
        /// From which byte on.
        offset: u64,
        /// What.
        bytes: Box<[u8]>,
    },
    /// The size was changed.
    Truncate {
        /// Of which file.
        file: FileId,
        /// To how many bytes.
        size: u64,
    },
    /// The content is durable.
    Sync {
        /// Of which file.
        file: FileId,
    },
    /// A sync failed.
    FailedSync {
        /// Of which file.
        file: FileId,
    },
}

/// A promise that the disk itself breaks, so that tests of the tests can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Syncs of files whose names end so do nothing.
    Content(&'static str),
    /// Syncs of the folder do nothing.
    Names,
}

/// The files of a folder by name.
pub type Image = BTreeMap<String, Vec<u8>>;

const SECTOR: usize = 512;

/// A disk at one point of a recording.
#[derive(Debug, Clone)]
pub struct Disk<'a> {
    files: Vec<File<'a>>,
    /// The names that are durable.
    names: BTreeMap<String, FileId>,
    /// What happened to names since.
    pending_names: Vec<(&'a str, Option<FileId>)>,
    base: &'a Image,
    lie: Option<Lie>,
}

#[derive(Debug, Clone, Default)]
struct File<'a> {
    /// Its first sector is written whole or not at all.
    has_header: bool,
    durable: Vec<u8>,
    pending: Vec<&'a Operation>,
    ignores_syncs: bool,
}

/// How the power goes.
#[derive(Debug, Clone, Copy)]
struct Temper {
    /// Nothing that was done later than something lost is kept.
    keeps_order: bool,
    /// In how many of 100 cases an unsynced operation is there.
    kept: usize,
    /// In how many of 100 cases such a write is there in part only.
    torn: usize,
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn write_at(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

fn apply(content: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::Write { offset, bytes, .. } => write_at(content, index(*offset), bytes),
        Operation::Truncate { size, .. } => content.resize(index(*size), 0),
        _ => {}
    }
}

/// Each sector that the write touches is as it was, as it was to be, or (of what the write covers) garbage.
fn tear(content: &mut Vec<u8>, offset: usize, bytes: &[u8], has_header: bool, rng: &mut Rng) {
    let mut from = 0;
    while from < bytes.len() {
        let sector_end = ((offset + from) / SECTOR + 1) * SECTOR;
        let to = bytes.len().min(sector_end - offset);
        match rng.below(16) {
            0 if has_header && offset + from < SECTOR => {}
            0 => {
                let garbage: Vec<u8> = bytes[from..to].iter().map(|byte| byte ^ rng.draw().to_le_bytes()[0]).collect();
                write_at(content, offset + from, &garbage);
            }
            chance if chance % 2 == 1 => write_at(content, offset + from, &bytes[from..to]),
            _ => {}
        }
        from = to;
    }
}

impl<'a> Disk<'a> {
    /// A disk with these files, all durable.
    #[must_use]
    pub fn new(base: &'a Image, lie: Option<Lie>) -> Self {
        Self { files: Vec::new(), names: BTreeMap::new(), pending_names: Vec::new(), base, lie }
    }

    /// Takes in what was done next.
    pub fn advance(&mut self, operation: &'a Operation) {
        match operation {
            Operation::Name { name, file } => {
                let ignores_syncs = matches!(self.lie, Some(Lie::Content(end)) if name.ends_with(end));
                self.files.resize_with(self.files.len().max(file.0 + 1), File::default);
                let is_known =
                    self.names.contains_key(name) || self.pending_names.iter().any(|(known, _)| known == name);
                match self.base.get(name).filter(|_| !is_known) {
                    Some(content) => {
                        self.names.insert(name.clone(), *file);
                        self.files[file.0].durable = content.clone();
                    }
                    None => self.pending_names.push((name, Some(*file))),
                }
                self.files[file.0].ignores_syncs = ignores_syncs;
                self.files[file.0].has_header = name.ends_with(".db");
            }
            Operation::Delete { name } => self.pending_names.push((name, None)),
            Operation::SyncFolder if self.lie == Some(Lie::Names) => {}
            Operation::SyncFolder => {
                let pending = std::mem::take(&mut self.pending_names);
                rename(&mut self.names, &pending);
            }
            Operation::Write { file, .. } | Operation::Truncate { file, .. } => {
                self.files[file.0].pending.push(operation);
            }
            Operation::Sync { file } => {
                let File { durable, pending, ignores_syncs, .. } = &mut self.files[file.0];
                if !*ignores_syncs {
                    pending.drain(..).for_each(|operation| apply(durable, operation));
                }
            }
            Operation::FailedSync { file } => self.files[file.0].pending.clear(),
        }
    }

    /// The files as they are found if the power goes now.
    #[must_use]
    pub fn lose_power(&self, rng: &mut Rng) -> Image {
        let temper = Temper {
            keeps_order: rng.is_within(30),
            kept: [0, 10, 50, 90, 100][rng.below(5)],
            torn: [0, 30, 100][rng.below(3)],
        };
        let mut names = self.names.clone();
        rename(&mut names, &self.pending_names[..rng.between(0, self.pending_names.len())]);
        names.into_iter().map(|(name, file)| (name, self.files[file.0].after(temper, rng))).collect()
    }
}

/// The files as they are found if only the process dies: everything that was written is there, also what a failed sync did
/// not make durable, since it stays in the system's cache.
#[must_use]
pub fn seen(base: &Image, operations: &[Operation]) -> Image {
    let mut disk = Disk::new(base, None);
    let kept = operations.iter().filter(|operation| !matches!(operation, Operation::FailedSync { .. }));
    kept.for_each(|operation| disk.advance(operation));
    rename(&mut disk.names, &disk.pending_names);
    disk.names.iter().map(|(name, file)| (name.clone(), disk.files[file.0].whole())).collect()
}

fn rename(names: &mut BTreeMap<String, FileId>, changes: &[(&str, Option<FileId>)]) {
    for (name, file) in changes {
        match file {
            Some(file) => names.insert((*name).to_owned(), *file),
            None => names.remove(*name),
        };
    }
}

impl File<'_> {
    fn whole(&self) -> Vec<u8> {
        let mut content = self.durable.clone();
        self.pending.iter().for_each(|operation| apply(&mut content, operation));
        content
    }

    fn after(&self, temper: Temper, rng: &mut Rng) -> Vec<u8> {
        let mut content = self.durable.clone();
        let reached = if temper.keeps_order { rng.between(0, self.pending.len()) } else { self.pending.len() };
        for (number, operation) in self.pending[..reached].iter().enumerate() {
            let is_last = number + 1 == reached;
            if !temper.keeps_order && !rng.is_within(temper.kept) {
                continue;
            }
            match operation {
                Operation::Write { offset, bytes, .. }
                    if (is_last || !temper.keeps_order) && rng.is_within(temper.torn) =>
                {
                    tear(&mut content, index(*offset), bytes, self.has_header, rng);
                }
                _ => apply(&mut content, operation),
            }
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const FILE: FileId = FileId(0);

    fn name(name: &str, file: FileId) -> Operation {
        Operation::Name { name: name.to_owned(), file }
    }

    fn write(offset: u64, bytes: &[u8]) -> Operation {
        Operation::Write { file: FILE, offset, bytes: bytes.into() }
    }

    fn images(base: &Image, operations: &[Operation]) -> BTreeSet<Image> {
        let mut disk = Disk::new(base, None);
        operations.iter().for_each(|operation| disk.advance(operation));
        (0..500).map(|seed| disk.lose_power(&mut Rng::new(seed, 0))).collect()
    }

    fn base() -> Image {
        Image::from([("a".to_owned(), vec![0; 1_024])])
    }

    #[test]
    fn what_was_synced_is_there() {
        let found = images(&base(), &[name("a", FILE), write(0, &[1; 1_024]), Operation::Sync { file: FILE }]);
        assert_eq!(found, BTreeSet::from([Image::from([("a".to_owned(), vec![1; 1_024])])]));
    }

    #[test]
    fn what_was_not_synced_may_be_there_in_any_part() {
        let found = images(&base(), &[name("a", FILE), write(0, &[1; 512]), write(512, &[1; 512])]);
        for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let content = [[first; 512], [second; 512]].concat();
            assert!(found.contains(&Image::from([("a".to_owned(), content)])), "{first} {second}");
        }
    }

    #[test]
    fn bytes_beside_a_write_stay_as_they_were() {
        let before = Image::from([("a".to_owned(), vec![7; 1_024])]);
        for image in images(&before, &[name("a", FILE), write(100, &[1; 600])]) {
            assert!(image["a"][..100].iter().chain(&image["a"][700..]).all(|byte| *byte == 7));
        }
    }

    #[test]
    fn what_a_failed_sync_was_to_keep_is_lost() {
        let sync = Operation::Sync { file: FILE };
        let failed = Operation::FailedSync { file: FILE };
        let operations = [name("a", FILE), write(0, &[1; 512]), failed, write(512, &[1; 512]), sync];
        let content = [[0; 512], [1; 512]].concat();
        assert_eq!(images(&base(), &operations), BTreeSet::from([Image::from([("a".to_owned(), content)])]));
    }

    #[test]
    fn a_process_that_dies_takes_nothing_along() {
        let operations =
            [name("a", FILE), write(0, &[1; 512]), Operation::FailedSync { file: FILE }, write(512, &[2; 512])];
        let content = [[1; 512], [2; 512]].concat();
        assert_eq!(seen(&base(), &operations), Image::from([("a".to_owned(), content)]));
    }

    #[test]
    fn a_new_file_may_be_missing_until_its_folder_is_synced() {
        let new = [name("b", FILE), write(0, b"b"), Operation::Sync { file: FILE }];
        let found: BTreeSet<_> = images(&Image::new(), &new).into_iter().map(|image| image.contains_key("b")).collect();
        assert_eq!(found, BTreeSet::from([false, true]));
        let synced = [&new[..], &[Operation::SyncFolder]].concat();
        assert!(images(&Image::new(), &synced).iter().all(|image| image["b"] == b"b"));
    }
}
