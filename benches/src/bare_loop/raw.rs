//! The floor under every log: the bytes of each group, written to a plain file and synced.

use super::recording::Recording;
use crate::Failure;
use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

/// The file is made once, as long as a write-ahead log may stay, and written from its beginning again when its end is
/// reached; so no sync has to make room, which is the least that a disk can do.
const FILE_BYTES: usize = 64 << 20;
static BLOCK: [u8; 1 << 20] = [0; 1 << 20];

/// A file that has its full length.
#[derive(Debug)]
pub(super) struct Raw {
    file: File,
    at: usize,
}

impl Raw {
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
        for _ in 0..FILE_BYTES / BLOCK.len() {
            file.write_all(&BLOCK)?;
        }
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    /// Writes each group's data and metadata and syncs, and answers how long that took. What is written is put together
    /// before the clock starts.
    pub(super) fn write(&mut self, recording: &Recording) -> Result<Duration, Failure> {
        let groups: Vec<Vec<u8>> = recording
            .groups
            .iter()
            .map(|group| group.iter().flat_map(|row| [&*row.metadata, &*row.data]).collect::<String>().into_bytes())
            .collect();
        let start = Instant::now();
        for group in &groups {
            if self.at + group.len() > FILE_BYTES {
                self.at = 0;
            }
            self.file.seek(SeekFrom::Start(u64::try_from(self.at)?))?;
            self.file.write_all(group)?;
            self.file.sync_data()?;
            self.at += group.len();
        }
        Ok(start.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recording::EventRow, *};
    use std::fs;

    fn group(texts: &[&str]) -> Vec<EventRow> {
        let row = |text: &&str| EventRow {
            new_stream: None,
            position: 1,
            stream: 1,
            revision: 0,
            kind: 1,
            schema_version: 1,
            recorded_at: 0,
            event_id: [0; 16],
            checksum: None,
            metadata: "m".into(),
            data: (*text).into(),
        };
        texts.iter().map(row).collect()
    }

    #[test]
    fn groups_follow_each_other_and_begin_again_at_the_end_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        let mut raw = Raw::create(&path).unwrap();
        let write = |raw: &mut Raw, groups: Vec<_>| raw.write(&Recording { kinds: vec![], groups }).unwrap();
        write(&mut raw, vec![group(&["a", "bc"]), group(&["d"])]);
        assert_eq!(fs::read(&path).unwrap()[..8], *b"mambcmd\0");
        raw.at = FILE_BYTES - 3;
        write(&mut raw, vec![group(&["xyz"])]);
        let bytes = fs::read(&path).unwrap();
        assert_eq!((&bytes[..8], bytes.len()), (&b"mxyzcmd\0"[..], FILE_BYTES));
    }
}
