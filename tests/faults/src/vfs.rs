//! A file layer (VFS) under SQLite that passes everything through to the real one, and sees what happens in watched folders.
//!
//! The log opens its files with SQLite's default layer, so it needs no change to be watched: ours is made the default of the
//! process. Files outside of watched folders are not touched.

use parking_lot::Mutex;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_vfs};
use std::{
    ffi::{CStr, OsStr, c_char, c_int},
    io,
    ops::Deref,
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicPtr, Ordering},
    },
};

mod cache;
mod file;
mod real;
mod watch;

pub use watch::{Failure, Kind, Watch, WatchOptions};

static REAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());
static WATCHES: Mutex<Vec<Arc<Watch>>> = Mutex::new(Vec::new());

/// Watches a folder until it is dropped. Files that are open then stay watched until they are closed.
#[derive(Debug)]
pub struct Watching(Arc<Watch>);

impl Deref for Watching {
    type Target = Watch;
    fn deref(&self) -> &Watch {
        &self.0
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        WATCHES.lock().retain(|watch| !Arc::ptr_eq(watch, &self.0));
    }
}

/// Watches the files that SQLite opens directly in an existing folder from now on.
///
/// # Errors
/// The folder cannot be found, or SQLite takes no other file layer.
pub fn watch(folder: &Path, options: WatchOptions) -> io::Result<Watching> {
    install()?;
    // SQLite resolves links before it opens a file.
    let watch = Arc::new(Watch::new(folder.canonicalize()?, options));
    WATCHES.lock().push(watch.clone());
    Ok(Watching(watch))
}

fn install() -> io::Result<()> {
    static RESULT: OnceLock<c_int> = OnceLock::new();
    match *RESULT.get_or_init(register) {
        ffi::SQLITE_OK => Ok(()),
        code => Err(io::Error::other(format!("SQLite takes no other file layer: error {code}"))),
    }
}

fn register() -> c_int {
    // SAFETY: finding and registering a file layer initializes SQLite first. What is registered is never freed.
    unsafe {
        let real = ffi::sqlite3_vfs_find(ptr::null());
        if real.is_null() {
            return ffi::SQLITE_NOTFOUND;
        }
        REAL.store(real, Ordering::Release);
        // All other methods are the real layer's own; none of them looks at the layer it is called with, but for fields
        // that are the same in both.
        let ours = Box::leak(Box::new(sqlite3_vfs {
            szOsFile: c_int::try_from(size_of::<file::File>()).unwrap_or(c_int::MAX) + (*real).szOsFile,
            pNext: ptr::null_mut(),
            zName: c"tillroll-faults".as_ptr(),
            xOpen: Some(x_open),
            xDelete: Some(x_delete),
            ..*real
        }));
        ffi::sqlite3_vfs_register(ours, 1)
    }
}

/// The watch of a file's folder, and the file's name in it.
///
/// # Safety
/// `name` is null or a C string.
unsafe fn watch_of<'a>(name: *const c_char) -> Option<(Arc<Watch>, &'a str)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    let watch = WATCHES.lock().iter().find(|watch| path.parent() == Some(watch.folder.as_path()))?.clone();
    Some((watch, path.file_name()?.to_str()?))
}

unsafe extern "C" fn x_open(
    _ours: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: SQLite gives a name that lives as long as the file, and `szOsFile` bytes for the file, which hold ours and the
    // real one. A file that is not watched is the real layer's alone.
    unsafe {
        let Some(open) = (*real).xOpen else { return ffi::SQLITE_CANTOPEN };
        let Some((watch, name_in_folder)) = watch_of(name) else { return open(real, name, file, flags, flags_out) };
        // A file without methods is one that SQLite will not close.
        (*file).pMethods = ptr::null();
        let code = open(real, name, file::real_place(file), flags, flags_out);
        if code == ffi::SQLITE_OK {
            let journals = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
            let may_be_new_journal = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journals != 0;
            let id = watch.opened(name_in_folder);
            file::attach(file, watch, id, may_be_new_journal);
        }
        code
    }
}

unsafe extern "C" fn x_delete(_ours: *mut sqlite3_vfs, name: *const c_char, syncs_folder: c_int) -> c_int {
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: SQLite gives a C string.
    unsafe {
        let Some(delete) = (*real).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        let code = delete(real, name, syncs_folder);
        if code == ffi::SQLITE_OK
            && let Some((watch, name_in_folder)) = watch_of(name)
        {
            watch.deleted(name_in_folder, syncs_folder != 0);
        }
        code
    }
}
