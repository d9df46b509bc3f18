//! The open log file: whole lines are appended, and it is noticed when the file was moved or
//! deleted by someone else.

use crate::small_file;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl, fstat};
use rustix::stdio::{stderr, stdout};
use std::fs::{File, Metadata, OpenOptions, create_dir_all};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Others than the owner and the group have no business in a log.
const MODE: u32 = 0o640;

/// A file that is open for appending.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    identity: Identity,
    /// Half a line stands at the end and could not be cut off.
    torn: bool,
}

/// What makes a file that file, whatever its name is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Why not everything was appended.
#[derive(Debug)]
pub(super) struct AppendError {
    /// How many bytes, all of them whole lines, are in the file nevertheless.
    pub(super) kept_bytes: usize,
    pub(super) source: io::Error,
}

impl LogFile {
    /// Opens the file, which is made where there is none, and its folder too.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            create_dir_all(folder)?;
        }
        let file = open_to_append(path, true)?;
        let identity = Identity::of(&file.metadata()?);
        Ok(Self { file, identity, torn: false })
    }

    /// Whether the path leads to another file by now, or to none.
    pub(super) fn is_gone_from(&self, path: &Path) -> bool {
        match path.metadata() {
            Ok(metadata) => Identity::of(&metadata) != self.identity,
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }

    /// Appends lines. Where that ends half-way (a full disk), a line that was cut is taken back.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), AppendError> {
        if self.torn {
            let ended = write_counted(&mut self.file, b"\n").1;
            ended.map_err(|source| AppendError { kept_bytes: 0, source })?;
            self.torn = false;
        }
        let (written, result) = write_counted(&mut self.file, lines);
        result.map_err(|source| {
            let kept_bytes = whole_lines(lines, written);
            self.torn = self.take_back(written - kept_bytes).is_err();
            AppendError { kept_bytes, source }
        })
    }

    fn take_back(&self, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        self.file.set_len(self.file.metadata()?.len().saturating_sub(bytes as u64))
    }
}

/// Opens a file for appending. Nothing that would be waited for without end is opened: a pipe that
/// nobody reads would be already when it is opened.
///
/// # Errors
/// As the system's; [`ErrorKind::InvalidInput`] where it is neither a regular file nor a character
/// device such as `/dev/null`, nor what this process writes to anyway (`/dev/stdout`).
pub(super) fn open_to_append(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .append(true)
        .create(create)
        .mode(MODE)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path).map_err(|error| match path.metadata() {
        // What the system says of a pipe that nobody reads is that there is no such device.
        Ok(found) if found.file_type().is_fifo() => small_file::not_regular(found.file_type()),
        _ => error,
    })?;
    let found = file.metadata()?;
    let kind = found.file_type();
    if !(kind.is_file() || kind.is_char_device() || is_own_output(&found)) {
        return Err(small_file::not_regular(kind));
    }
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

/// Whether standard output or standard error is that too.
fn is_own_output(found: &Metadata) -> bool {
    [fstat(stdout()), fstat(stderr())]
        .iter()
        .flatten()
        .any(|own| (own.st_dev, own.st_ino) == (found.dev(), found.ino()))
}

/// Writes all, and says how many bytes went out before an error.
fn write_counted(to: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut rest = bytes;
    let result = loop {
        match to.write(rest) {
            _ if rest.is_empty() => break Ok(()),
            Ok(0) => break Err(ErrorKind::WriteZero.into()),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    (bytes.len() - rest.len(), result)
}

/// How many of the first `written` bytes are whole lines.
fn whole_lines(lines: &[u8], written: usize) -> usize {
    let written = lines.get(..written).unwrap_or(lines);
    memchr::memrchr(b'\n', written).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Takes so many bytes, three at a time, then is full.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(3).min(self.0);
            self.0 -= count;
            if count == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(count) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_went_out_is_counted() {
        assert_eq!(write_counted(&mut Full(20), b"one\ntwo\n").0, 8);
        assert!(write_counted(&mut Full(20), b"one\ntwo\n").1.is_ok());
        let (written, result) = write_counted(&mut Full(5), b"one\ntwo\n");
        assert_eq!((written, result.unwrap_err().kind()), (5, ErrorKind::StorageFull));
        assert_eq!(whole_lines(b"one\ntwo\n", 5), 4);
        assert_eq!(whole_lines(b"one\ntwo\n", 8), 8);
        assert_eq!(whole_lines(b"one\ntwo\n", 2), 0);
    }

    #[test]
    fn half_a_line_is_taken_back_or_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.log");
        let mut log = LogFile::open(&path).unwrap();
        log.append(b"one\ntw").unwrap();
        log.take_back(2).unwrap();
        log.append(b"three\nfo").unwrap();
        log.torn = true;
        log.append(b"five\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\nthree\nfo\nfive\n");
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut log = LogFile::open(Path::new("/dev/full")).unwrap();
        let error = log.append(b"one\n").unwrap_err();
        assert_eq!((error.kept_bytes, error.source.kind()), (0, ErrorKind::StorageFull));
    }

    /// What is done within a time; else it hangs.
    fn soon<T: Send + 'static>(done: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(done()));
        receiver.recv_timeout(std::time::Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn a_pipe_is_refused_whether_or_not_somebody_reads_it() {
        use rustix::fs::{CWD, mkfifoat};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.log");
        mkfifoat(CWD, &path, 0o600.into()).unwrap();
        let open = |path: &Path| {
            let path = path.to_owned();
            soon(move || LogFile::open(&path).map(drop).map_err(|error| error.to_string()))
        };
        let refusal = Err("it is a pipe, and no regular file".to_owned());
        assert_eq!(open(&path), refusal);
        let reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert_eq!(open(&path), refusal);
        drop(reader);
        assert_eq!(open(Path::new("/dev/null")), Ok(()));
    }

    #[test]
    fn a_moved_or_deleted_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.log");
        let log = LogFile::open(&path).unwrap();
        assert!(!log.is_gone_from(&path));
        fs::rename(&path, folder.path().join("other")).unwrap();
        assert!(log.is_gone_from(&path));
        fs::write(&path, "another").unwrap();
        assert!(log.is_gone_from(&path));
    }
}
