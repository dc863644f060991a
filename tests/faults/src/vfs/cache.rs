//! The cache of a disk that forgets: what was written to a file and not synced stays in this process's memory, and ends
//! with it.

use super::real::Real;
use rusqlite::ffi;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    ffi::c_int,
};

const BLOCK: u64 = 4_096;
const BLOCK_BYTES: usize = 4_096;

/// What one file was made to hold since its last sync.
#[derive(Debug, Default)]
pub(super) struct Cache {
    blocks: BTreeMap<u64, Box<[u8; BLOCK_BYTES]>>,
    /// `None` while nothing waits for a sync.
    dirty: Option<Extent>,
}

#[derive(Debug, Clone, Copy)]
struct Extent {
    /// How long the file seems to be.
    size: u64,
    /// How much of the real file still shows through; what stood behind was cut off.
    shown: u64,
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Turns SQLite's result codes into `?`.
fn done(code: c_int) -> Result<(), c_int> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
}

fn code_of(result: Result<(), c_int>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}

impl Cache {
    fn extent(&self, real: &Real) -> Result<Extent, c_int> {
        match self.dirty {
            Some(extent) => Ok(extent),
            None => real.size().map(|size| Extent { size, shown: size }),
        }
    }

    pub(super) fn size(&self, real: &Real) -> Result<u64, c_int> {
        self.extent(real).map(|extent| extent.size)
    }

    pub(super) fn read(&self, real: &Real, buffer: &mut [u8], offset: u64) -> c_int {
        let Some(extent) = self.dirty else { return real.read(buffer, offset) };
        buffer.fill(0);
        code_of(self.compose(real, extent, buffer, offset))
    }

    fn compose(&self, real: &Real, extent: Extent, buffer: &mut [u8], offset: u64) -> Result<(), c_int> {
        let end = offset + u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        if offset < extent.shown {
            let shown = index(end.min(extent.shown) - offset);
            done(real.read(&mut buffer[..shown], offset))?;
        }
        for (start, block) in self.blocks.range(offset / BLOCK * BLOCK..end) {
            let (from, to) = (offset.max(*start), end.min(start + BLOCK));
            buffer[index(from - offset)..index(to - offset)]
                .copy_from_slice(&block[index(from - start)..index(to - start)]);
        }
        if end > extent.size { Err(ffi::SQLITE_IOERR_SHORT_READ) } else { Ok(()) }
    }

    pub(super) fn write(&mut self, real: &Real, bytes: &[u8], offset: u64) -> c_int {
        code_of(self.try_write(real, bytes, offset))
    }

    fn try_write(&mut self, real: &Real, bytes: &[u8], offset: u64) -> Result<(), c_int> {
        let mut extent = self.extent(real)?;
        let end = offset + u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let mut start = offset / BLOCK * BLOCK;
        while start < end {
            let block = match self.blocks.entry(start) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let mut block = Box::new([0; BLOCK_BYTES]);
                    if start < extent.shown {
                        let shown = index((start + BLOCK).min(extent.shown) - start);
                        done(real.read(&mut block[..shown], start))?;
                    }
                    unknown.insert(block)
                }
            };
            let (from, to) = (offset.max(start), end.min(start + BLOCK));
            block[index(from - start)..index(to - start)]
                .copy_from_slice(&bytes[index(from - offset)..index(to - offset)]);
            start += BLOCK;
        }
        extent.size = extent.size.max(end);
        self.dirty = Some(extent);
        Ok(())
    }

    pub(super) fn truncate(&mut self, real: &Real, size: u64) -> c_int {
        let mut extent = match self.extent(real) {
            Ok(extent) => extent,
            Err(code) => return code,
        };
        self.blocks.retain(|start, _| *start < size);
        if let Some(block) = self.blocks.get_mut(&(size / BLOCK * BLOCK)) {
            block[index(size % BLOCK)..].fill(0);
        }
        extent.size = size;
        extent.shown = extent.shown.min(size);
        self.dirty = Some(extent);
        ffi::SQLITE_OK
    }

    /// Lets everything reach the real file. Dying in the middle leaves a part of it, as a power cut in a sync does.
    pub(super) fn sync(&mut self, real: &Real, flags: c_int) -> c_int {
        code_of(self.try_sync(real, flags))
    }

    fn try_sync(&mut self, real: &Real, flags: c_int) -> Result<(), c_int> {
        if let Some(extent) = self.dirty {
            if real.size()? > extent.shown {
                done(real.truncate(extent.shown))?;
            }
            for (start, block) in &self.blocks {
                let length = index(BLOCK.min(extent.size.saturating_sub(*start)));
                done(real.write(&block[..length], *start))?;
            }
            if real.size()? < extent.size {
                done(real.truncate(extent.size))?;
            }
        }
        done(real.sync(flags))?;
        *self = Self::default();
        Ok(())
    }
}
