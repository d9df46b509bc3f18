//! Standard output. Whoever reads it may be slow, or not read at all: that must not keep the client
//! from a signal or from its time limit.

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// The most that one `write` takes: what a pipe that has room takes without blocking.
const WRITE_BYTES: usize = 4096;

/// The longest wait for the reader before the caller is asked again. A signal cuts it short, unless
/// it comes just before.
const READER_WAIT: Duration = Duration::from_secs(1);

/// Writes everything, unless `patience` has ended: it says how long may be waited for the reader
/// now, with `None` for no longer.
///
/// # Errors
/// The system's; `BrokenPipe` where nobody reads any more.
pub(super) fn write(
    output: impl AsFd,
    mut bytes: &[u8],
    patience: impl Fn() -> Option<Duration>,
) -> io::Result<()> {
    while let Some((piece, _)) = bytes.split_at_checked(bytes.len().min(WRITE_BYTES))
        && !piece.is_empty()
    {
        if !has_room(&output, Duration::ZERO)? {
            let Some(wait) = patience() else { return Ok(()) };
            has_room(&output, wait.min(READER_WAIT))?;
            continue;
        }
        match rustix::io::write(&output, piece) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whether a write will not block, or will fail.
fn has_room(output: &impl AsFd, wait: Duration) -> io::Result<bool> {
    let mut polled = [PollFd::new(output, PollFlags::OUT)];
    let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
    match rustix::event::poll(&mut polled, Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::io::{Read, pipe};
    use std::thread;

    #[test]
    fn all_is_written_to_a_slow_reader() {
        let (mut reader, writer) = pipe().unwrap();
        let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let expected = bytes.clone();
        let reading = thread::spawn(move || {
            let mut got = Vec::new();
            reader.read_to_end(&mut got).unwrap();
            got
        });
        write(&writer, &bytes, || Some(READER_WAIT)).unwrap();
        drop(writer);
        assert!(reading.join().unwrap() == expected);
    }

    #[test]
    fn patience_with_a_reader_ends() {
        let (reader, writer) = pipe().unwrap();
        let asked = Cell::new(0);
        let patience = || {
            asked.set(asked.get() + 1);
            (asked.get() < 3).then_some(Duration::from_millis(1))
        };
        write(&writer, &vec![0; 1 << 20], patience).unwrap();
        assert_eq!(asked.get(), 3);
        drop(reader);
        let error = write(&writer, b"x", || None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
