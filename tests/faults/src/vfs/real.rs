//! A file of the real file layer, behind methods that take slices.

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods};
use std::ffi::{c_int, c_void};

/// The real file behind one of ours. Lives inside the memory that SQLite gave for ours, and no longer.
#[derive(Debug)]
pub(super) struct Real(*mut sqlite3_file);

fn amount(bytes: usize) -> c_int {
    // SQLite itself never asks for more than a page and a header.
    c_int::try_from(bytes).unwrap_or(c_int::MAX)
}

fn place(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

impl Real {
    /// # Safety
    /// `file` was opened by the real file layer, and stays open and in its place for as long as this value is used.
    pub(super) unsafe fn new(file: *mut sqlite3_file) -> Self {
        Self(file)
    }

    pub(super) fn pointer(&self) -> *mut sqlite3_file {
        self.0
    }

    pub(super) fn methods(&self) -> &sqlite3_io_methods {
        // SAFETY: an open file has methods, which are static (see `new`).
        unsafe { &*(*self.0).pMethods }
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> c_int {
        let Some(read) = self.methods().xRead else { return ffi::SQLITE_IOERR_READ };
        // SAFETY: the file is open (see `new`) and the buffer has as many bytes as are asked for.
        unsafe { read(self.0, buffer.as_mut_ptr().cast::<c_void>(), amount(buffer.len()), place(offset)) }
    }

    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> c_int {
        let Some(write) = self.methods().xWrite else { return ffi::SQLITE_IOERR_WRITE };
        // SAFETY: the file is open (see `new`) and the slice has as many bytes as are written.
        unsafe { write(self.0, bytes.as_ptr().cast::<c_void>(), amount(bytes.len()), place(offset)) }
    }

    pub(super) fn truncate(&self, size: u64) -> c_int {
        let Some(truncate) = self.methods().xTruncate else { return ffi::SQLITE_IOERR_TRUNCATE };
        // SAFETY: the file is open (see `new`).
        unsafe { truncate(self.0, place(size)) }
    }

    pub(super) fn sync(&self, flags: c_int) -> c_int {
        let Some(sync) = self.methods().xSync else { return ffi::SQLITE_IOERR_FSYNC };
        // SAFETY: the file is open (see `new`).
        unsafe { sync(self.0, flags) }
    }

    pub(super) fn size(&self) -> Result<u64, c_int> {
        let Some(file_size) = self.methods().xFileSize else { return Err(ffi::SQLITE_IOERR_FSTAT) };
        let mut size = 0;
        // SAFETY: the file is open (see `new`) and `size` outlives the call.
        match unsafe { file_size(self.0, &raw mut size) } {
            ffi::SQLITE_OK => Ok(u64::try_from(size).unwrap_or(0)),
            code => Err(code),
        }
    }

    /// Closes it; nothing else may be called afterwards.
    pub(super) fn close(&self) -> c_int {
        let Some(close) = self.methods().xClose else { return ffi::SQLITE_IOERR_CLOSE };
        // SAFETY: the file is open (see `new`) and is closed once, by `x_close`.
        unsafe { close(self.0) }
    }
}
