//! One file of a watched folder, as SQLite sees it.

use super::{real::Real, watch::Watch};
use crate::disk::FileId;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods};
use std::{
    ffi::{c_int, c_void},
    slice,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// What SQLite holds; the real file follows it in memory.
#[repr(C)]
pub(super) struct File {
    base: sqlite3_file,
    open: *mut Open,
}

/// What we know of an open file.
struct Open {
    watch: Arc<Watch>,
    id: FileId,
    real: Real,
    /// SQLite's unix layer syncs the folder when it syncs a journal for the first time that it may have made.
    syncs_folder: AtomicBool,
}

/// No `xFetch`: without memory maps every byte passes through `xRead` and `xWrite`.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(x_close),
    xRead: Some(x_read),
    xWrite: Some(x_write),
    xTruncate: Some(x_truncate),
    xSync: Some(x_sync),
    xFileSize: Some(x_file_size),
    xLock: Some(x_lock),
    xUnlock: Some(x_unlock),
    xCheckReservedLock: Some(x_check_reserved_lock),
    xFileControl: Some(x_file_control),
    xSectorSize: Some(x_sector_size),
    xDeviceCharacteristics: Some(x_device_characteristics),
    xShmMap: Some(x_shm_map),
    xShmLock: Some(x_shm_lock),
    xShmBarrier: Some(x_shm_barrier),
    xShmUnmap: Some(x_shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Where the real file stands in the memory of ours.
///
/// # Safety
/// `file` has room for a [`File`] and a real file behind it.
pub(super) unsafe fn real_place(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the caller's promise. Both begin with a pointer and are aligned alike.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// Makes the file that SQLite asked for out of the real one behind it.
///
/// # Safety
/// `file` has room for a [`File`], and the real file behind it was opened.
pub(super) unsafe fn attach(file: *mut sqlite3_file, watch: Arc<Watch>, id: FileId, may_be_new_journal: bool) {
    // SAFETY: the caller's promise; SQLite keeps the memory in place until it has closed the file.
    unsafe {
        let real = Real::new(real_place(file));
        let open = Box::new(Open { watch, id, real, syncs_folder: AtomicBool::new(may_be_new_journal) });
        file.cast::<File>()
            .write(File { base: sqlite3_file { pMethods: &raw const METHODS }, open: Box::into_raw(open) });
    }
}

/// # Safety
/// `file` was made by [`attach`] and not closed.
unsafe fn open_of<'a>(file: *mut sqlite3_file) -> &'a Open {
    // SAFETY: the caller's promise; the box lives until `x_close`.
    unsafe { &*(*file.cast::<File>()).open }
}

fn place(offset: sqlite3_int64) -> u64 {
    u64::try_from(offset).unwrap_or(0)
}

fn length(amount: c_int) -> usize {
    usize::try_from(amount).unwrap_or(0)
}

// SAFETY, for all that follow: SQLite calls them with a file that `attach` made and that is open, and with pointers that are
// good for the call, as its interface says.

unsafe extern "C" fn x_close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see above. SQLite closes a file once.
    unsafe {
        let open = Box::from_raw((*file.cast::<File>()).open);
        (*file).pMethods = std::ptr::null();
        open.real.close()
    }
}

unsafe extern "C" fn x_read(file: *mut sqlite3_file, to: *mut c_void, amount: c_int, offset: sqlite3_int64) -> c_int {
    // SAFETY: see above. The buffer may be uninitialized, so it is filled before it becomes a slice.
    let (open, buffer) = unsafe {
        std::ptr::write_bytes(to.cast::<u8>(), 0, length(amount));
        (open_of(file), slice::from_raw_parts_mut(to.cast::<u8>(), length(amount)))
    };
    open.watch.read(open.id, &open.real, buffer, place(offset))
}

unsafe extern "C" fn x_write(
    file: *mut sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: see above.
    let (open, bytes) = unsafe { (open_of(file), slice::from_raw_parts(from.cast::<u8>(), length(amount))) };
    open.watch.write(open.id, &open.real, bytes, place(offset))
}

unsafe extern "C" fn x_truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: see above.
    let open = unsafe { open_of(file) };
    open.watch.truncate(open.id, &open.real, place(size))
}

unsafe extern "C" fn x_sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: see above.
    let open = unsafe { open_of(file) };
    let syncs_folder = open.syncs_folder.load(Ordering::Relaxed);
    let code = open.watch.sync(open.id, &open.real, flags, syncs_folder);
    if code == ffi::SQLITE_OK {
        open.syncs_folder.store(false, Ordering::Relaxed);
    }
    code
}

unsafe extern "C" fn x_file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: see above.
    let open = unsafe { open_of(file) };
    match open.watch.size(open.id, &open.real) {
        Ok(found) => {
            // SAFETY: see above.
            unsafe { *size = i64::try_from(found).unwrap_or(i64::MAX) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn x_file_control(file: *mut sqlite3_file, what: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: see above.
    let open = unsafe { open_of(file) };
    // A hint may be ignored; heeding it would change the real file's size beside us.
    match (what, open.real.methods().xFileControl) {
        (ffi::SQLITE_FCNTL_SIZE_HINT, _) => ffi::SQLITE_OK,
        (_, None) => ffi::SQLITE_NOTFOUND,
        // SAFETY: see above.
        (_, Some(control)) => unsafe { control(open.real.pointer(), what, argument) },
    }
}

unsafe extern "C" fn x_shm_map(
    file: *mut sqlite3_file,
    part: c_int,
    bytes: c_int,
    extends: c_int,
    memory: *mut *mut c_void,
) -> c_int {
    // SAFETY: see above.
    let open = unsafe { open_of(file) };
    if extends != 0
        && let Some(code) = open.watch.index()
    {
        return code;
    }
    match open.real.methods().xShmMap {
        // SAFETY: see above.
        Some(map) => unsafe { map(open.real.pointer(), part, bytes, extends, memory) },
        None => ffi::SQLITE_IOERR_SHMMAP,
    }
}

/// Calls that need nothing but the real file.
macro_rules! pass_through {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $method:ident or $missing:expr;)+) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) -> $result {
            // SAFETY: see above.
            let open = unsafe { open_of(file) };
            match open.real.methods().$method {
                // SAFETY: see above.
                Some(method) => unsafe { method(open.real.pointer() $(, $argument)*) },
                None => $missing,
            }
        }
    )+};
}

pass_through! {
    x_lock(level: c_int) -> c_int = xLock or ffi::SQLITE_IOERR_LOCK;
    x_unlock(level: c_int) -> c_int = xUnlock or ffi::SQLITE_IOERR_UNLOCK;
    x_check_reserved_lock(is_held: *mut c_int) -> c_int = xCheckReservedLock or ffi::SQLITE_IOERR_CHECKRESERVEDLOCK;
    x_sector_size() -> c_int = xSectorSize or 0;
    x_device_characteristics() -> c_int = xDeviceCharacteristics or 0;
    x_shm_lock(offset: c_int, count: c_int, flags: c_int) -> c_int = xShmLock or ffi::SQLITE_IOERR_SHMLOCK;
    x_shm_barrier() -> () = xShmBarrier or ();
    x_shm_unmap(deletes: c_int) -> c_int = xShmUnmap or ffi::SQLITE_OK;
}
