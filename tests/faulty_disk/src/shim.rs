//! SQLite's file operations, with a look at the watched ones before they are done.
//!
//! The shim is the default file system of the process's SQLite, in front of the former one. A file
//! that nobody watches is the former one's own. A watched one is a [`File`] with the former one's
//! file behind it in the same memory, which SQLite gives.

use crate::recording::Event;
use crate::state::{Error, Operation, Shared, lock, name_of, watcher};
use rusqlite::ffi;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The former default file system; null before [`install`].
static REAL: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// A watched file, as SQLite sees it. The former file system's own file is behind it.
#[repr(C)]
struct File {
    /// What SQLite looks at.
    base: ffi::sqlite3_file,
    about: *mut About,
}

/// What we know of a watched file.
struct About {
    name: String,
    state: Shared,
}

/// Puts the shim in front, once.
pub(crate) fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        // SAFETY: SQLite hands out its default file system, which lives as long as the process.
        let real = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
        assert!(!real.is_null(), "SQLite has no file system");
        REAL.store(real, Ordering::Release);
        // SAFETY: `real` is a whole, valid structure, which may be copied as its fields are plain.
        let mut own = Box::new(unsafe { ptr::read(real) });
        let size = c_int::try_from(size_of::<File>()).expect("a small number");
        own.szOsFile += size;
        own.pNext = ptr::null_mut();
        own.zName = c"faulty".as_ptr();
        own.xOpen = Some(open);
        own.xDelete = Some(delete);
        // SAFETY: the structure is never freed, and all that it points to lives as long.
        let code = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(own), 1) };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite refuses a file system");
    });
}

fn real() -> *mut ffi::sqlite3_vfs {
    REAL.load(Ordering::Acquire)
}

/// A path as SQLite gives it; none for a temporary file.
///
/// # Safety
/// `name` is null or a text with its end.
unsafe fn path(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: it is a text with its end.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    Some(Path::new(OsStr::from_bytes(bytes)).to_owned())
}

unsafe extern "C" fn open(
    _own: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let real = real();
    // SAFETY: SQLite gives a path or null; `real` is the former file system.
    let (path, xopen) = unsafe { (path(name), (*real).xOpen) };
    let xopen = xopen.expect("SQLite's file systems have it");
    let Some((path, state)) = path.and_then(|path| watcher(&path).map(|state| (path, state)))
    else {
        // SAFETY: as SQLite called us; the memory is larger than the former one needs.
        return unsafe { xopen(real, name, file, flags, out_flags) };
    };
    let own = file.cast::<File>();
    // SAFETY: the memory has room for our structure and the former one's behind it.
    let code = unsafe { xopen(real, name, behind(file), flags, out_flags) };
    let methods = if code == ffi::SQLITE_OK { &raw const METHODS } else { ptr::null() };
    let about = match code {
        ffi::SQLITE_OK => Box::into_raw(Box::new(About { name: name_of(&path), state })),
        _ => ptr::null_mut(),
    };
    // SAFETY: the memory is ours to fill; without methods SQLite does not close the file.
    unsafe { own.write(File { base: ffi::sqlite3_file { pMethods: methods }, about }) };
    code
}

unsafe extern "C" fn delete(
    _own: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let real = real();
    // SAFETY: as SQLite called us.
    let (path, xdelete) = unsafe { (path(name), (*real).xDelete) };
    let xdelete = xdelete.expect("SQLite's file systems have it");
    // SAFETY: as SQLite called us.
    let code = unsafe { xdelete(real, name, sync_folder) };
    if code == ffi::SQLITE_OK
        && let Some((path, state)) = path.and_then(|path| watcher(&path).map(|state| (path, state)))
    {
        let (file, is_lasting) = (name_of(&path), sync_folder != 0);
        lock(&state).record(|| Event::Delete { file, is_lasting });
    }
    code
}

/// The former file system's file.
fn behind(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    file.cast::<u8>().wrapping_add(size_of::<File>()).cast()
}

/// What we know of a file that [`open`] filled.
///
/// # Safety
/// `file` was opened by us and is not closed.
unsafe fn about<'a>(file: *mut ffi::sqlite3_file) -> &'a About {
    // SAFETY: `open` filled it, and `close` alone frees it.
    unsafe { &*(*file.cast::<File>()).about }
}

/// Calls the former file system's method of this name. SQLite's own file systems have all of them.
macro_rules! call {
    ($method:ident, $file:expr $(, $argument:expr)*) => {{
        let file = behind($file);
        // SAFETY: `open` opened the file behind ours, and SQLite called us with these arguments.
        unsafe {
            let method = (*(*file).pMethods).$method.expect("a method of SQLite's");
            method(file $(, $argument)*)
        }
    }};
}

/// A method that is only passed on.
macro_rules! pass {
    ($name:ident, $method:ident $(, $argument:ident: $kind:ty)* => $result:ty) => {
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) -> $result {
            call!($method, file $(, $argument)*)
        }
    };
}

pass!(read, xRead, into: *mut c_void, length: c_int, offset: i64 => c_int);
pass!(file_size, xFileSize, size: *mut i64 => c_int);
pass!(take_lock, xLock, level: c_int => c_int);
pass!(unlock, xUnlock, level: c_int => c_int);
pass!(check_lock, xCheckReservedLock, out: *mut c_int => c_int);
pass!(control, xFileControl, what: c_int, argument: *mut c_void => c_int);
pass!(sector_size, xSectorSize => c_int);
pass!(characteristics, xDeviceCharacteristics => c_int);
pass!(shm_map, xShmMap, page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void => c_int);
pass!(shm_lock, xShmLock, offset: c_int, count: c_int, flags: c_int => c_int);
pass!(shm_barrier, xShmBarrier => ());
pass!(shm_unmap, xShmUnmap, delete: c_int => c_int);

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = call!(xClose, file);
    // SAFETY: `open` made it, and SQLite closes a file once.
    drop(unsafe { Box::from_raw((*file.cast::<File>()).about) });
    code
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: the file is open.
    let about = unsafe { about(file) };
    let refusal = lock(&about.state).refusal(Operation::Write);
    let written = if refusal.is_some() { length / 2 } else { length };
    let code = match written {
        0 => ffi::SQLITE_OK,
        _ => call!(xWrite, file, from, written, offset),
    };
    if code == ffi::SQLITE_OK {
        let length = usize::try_from(written).unwrap_or(0);
        // SAFETY: SQLite gives so many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length) };
        let (name, offset) = (about.name.clone(), u64::try_from(offset).unwrap_or(0));
        let event = || Event::Write { file: name, offset, bytes: bytes.to_vec() };
        lock(&about.state).record(event);
    }
    refusal.map_or(code, |error| number(error, ffi::SQLITE_IOERR_WRITE))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: the file is open.
    let about = unsafe { about(file) };
    if let Some(error) = lock(&about.state).refusal(Operation::Truncate) {
        return number(error, ffi::SQLITE_IOERR_TRUNCATE);
    }
    let code = call!(xTruncate, file, length);
    if code == ffi::SQLITE_OK {
        let (file, length) = (about.name.clone(), u64::try_from(length).unwrap_or(0));
        lock(&about.state).record(|| Event::Truncate { file, length });
    }
    code
}

/// The real disk is not asked: no test cuts its power, and it is slow.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    let about = unsafe { about(file) };
    let mut state = lock(&about.state);
    if let Some(error) = state.refusal(Operation::Sync) {
        return number(error, ffi::SQLITE_IOERR_FSYNC);
    }
    state.record(|| Event::Sync { file: about.name.clone() });
    ffi::SQLITE_OK
}

const fn number(error: Error, io: c_int) -> c_int {
    match error {
        Error::Io => io,
        Error::Full => ffi::SQLITE_FULL,
    }
}

/// Version 2: with shared memory for the write-ahead log, and without mapped pages, whose writes
/// nobody could see.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

#[cfg(test)]
mod tests {
    use crate::{Error, Fault, Lost, Operation, Watch};
    use rusqlite::Connection;
    use std::path::Path;

    fn open(folder: &Path) -> Connection {
        let connection = Connection::open(folder.join("x.db")).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x);")
            .unwrap();
        connection
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_operation_that_is_named_fails_and_the_next_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::new(folder.path());
        let connection = open(folder.path());
        for (operation, error, code) in [
            (Operation::Write, Error::Io, rusqlite::ErrorCode::SystemIoFailure),
            (Operation::Write, Error::Full, rusqlite::ErrorCode::DiskFull),
            (Operation::Sync, Error::Io, rusqlite::ErrorCode::SystemIoFailure),
        ] {
            watch.inject(Fault { operation, number: 0, error, lasting: false });
            let refused = connection.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
            assert_eq!((refused.sqlite_error_code(), watch.fired()), (Some(code), 1));
            assert_eq!(count(&connection), 0);
        }
        watch.inject(Fault {
            operation: Operation::Write,
            number: 0,
            error: Error::Full,
            lasting: true,
        });
        for _ in 0..2 {
            connection.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
        }
        watch.heal();
        connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        drop(connection);
        drop(watch);
        assert_eq!(count(&open(folder.path())), 1);
    }

    #[test]
    fn a_power_cut_leaves_what_was_synced() {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::new(folder.path());
        drop(open(folder.path()));
        watch.record();
        let connection = open(folder.path());
        for mark in 1..=3 {
            connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
            watch.mark(mark);
        }
        let recording = watch.recording();
        for moment in recording.syncs() {
            let other = tempfile::tempdir().unwrap();
            recording.cut(moment, Lost::All, other.path()).unwrap();
            let rows = count(&open(other.path()));
            let promised = i64::try_from(recording.marks(moment).count()).unwrap();
            assert!((promised..=promised + 1).contains(&rows), "{rows} of {promised}");
        }
        assert_eq!(recording.marks(recording.end()).count(), 3);
    }
}
