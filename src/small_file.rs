//! Reading a small file whole, such as settings or keys: never more of it than a bound, and nothing
//! that would be waited for without end.

use rustix::fs::OFlags;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread::Builder;
use std::time::Duration;

/// How long what comes through a pipe may take to its end.
const PIPE_TIME: Duration = Duration::from_secs(5);

/// The content of a regular file of at most `most` bytes.
///
/// # Errors
/// As the system's; [`ErrorKind::InvalidInput`] where it is no regular file, and
/// [`ErrorKind::FileTooLarge`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A pipe that nobody writes to would be waited for already when it is opened.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() {
        return Err(not_regular(kind));
    }
    read_to_end(&file, most)
}

/// The same of a file that is read once and never again, which may be a pipe: what comes through it
/// is waited for at most 5 s.
///
/// # Errors
/// As [`read`], and [`ErrorKind::TimedOut`].
pub fn read_once(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    if is_pipe(path) { read_pipe(path, most, PIPE_TIME) } else { read(path, most) }
}

/// Whether it is a pipe, which gives what it has but once.
#[must_use]
pub fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// On a thread of its own, which waits on where the time is over: nothing ends a wait for a pipe.
fn read_pipe(path: &Path, most: u64, within: Duration) -> io::Result<Vec<u8>> {
    let (sender, receiver) = sync_channel(1);
    let path = path.to_owned();
    let run = move || {
        // Nobody may be there any more to hear of it.
        let _ = sender.send(File::open(path).and_then(|file| read_to_end(&file, most)));
    };
    Builder::new().name("pipe".to_owned()).spawn(run)?;
    receiver.recv_timeout(within).unwrap_or_else(|_| {
        let text = format!("the pipe did not come to its end within {} s", within.as_secs());
        Err(io::Error::new(ErrorKind::TimedOut, text))
    })
}

fn read_to_end(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let text = format!("it is longer than {most} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The refusal of what is no regular file.
pub(crate) fn not_regular(kind: FileType) -> io::Error {
    let text = format!("it is {}, and no regular file", name(kind));
    io::Error::new(ErrorKind::InvalidInput, text)
}

fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, mkfifoat};

    fn refusal(path: &Path) -> String {
        read(path, 10).unwrap_err().to_string()
    }

    #[test]
    fn only_a_small_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(read(&path, 10).unwrap_err().kind(), ErrorKind::NotFound);
        fs::write(&path, "0123456789").unwrap();
        assert_eq!(read(&path, 10).unwrap(), b"0123456789");
        assert_eq!(read_once(&path, 10).unwrap(), b"0123456789");
        fs::write(&path, "0123456789a").unwrap();
        assert_eq!(refusal(&path), "it is longer than 10 bytes");
        assert_eq!(refusal(folder.path()), "it is a folder, and no regular file");
        assert_eq!(refusal(Path::new("/dev/zero")), "it is a device, and no regular file");
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, 0o600.into()).unwrap();
        assert_eq!(refusal(&pipe), "it is a pipe, and no regular file");
    }

    #[test]
    fn a_pipe_is_read_to_its_end_within_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, 0o600.into()).unwrap();
        let error = read_pipe(&pipe, 10, Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        for (text, read) in
            [("", Some("")), ("0123456789", Some("0123456789")), ("0123456789a", None)]
        {
            let fresh = folder.path().join(text.len().to_string());
            mkfifoat(CWD, &fresh, 0o600.into()).unwrap();
            let path = fresh.clone();
            let writer = std::thread::spawn(move || fs::write(path, text).unwrap());
            let got = read_once(&fresh, 10);
            writer.join().unwrap();
            assert_eq!(got.ok().as_deref(), read.map(str::as_bytes), "{text:?}");
        }
    }
}
