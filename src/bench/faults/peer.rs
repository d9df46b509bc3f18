//! One client of an attack: a socket that blocks, with a time-out.

use super::attack::Missed;
use crate::bench::message::{answer_code, shown};
use memchr::memchr;
use socket2::{Domain, SockRef, Socket, Type};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may take to connect, to take something or to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// One read.
const READ_BYTES: usize = 16 * 1024;
/// A window so small that the kernel takes little for whoever does not read.
const SMALL_WINDOW_BYTES: usize = 4096;

/// A connection of an attacker.
#[derive(Debug)]
pub(super) struct Peer {
    stream: TcpStream,
    held: Vec<u8>,
}

/// What is special about its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Plain,
    /// It takes little before it is read.
    SmallWindow,
    /// It comes from this address.
    From(Ipv4Addr),
}

impl Peer {
    pub(super) fn connect(address: SocketAddr, kind: Kind) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        match kind {
            Kind::Plain => {}
            Kind::SmallWindow => socket.set_recv_buffer_size(SMALL_WINDOW_BYTES)?,
            Kind::From(own) => socket.bind(&SocketAddr::from((own, 0)).into())?,
        }
        socket.connect_timeout(&address.into(), PATIENCE)?;
        let stream: TcpStream = socket.into();
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, held: Vec::new() })
    }

    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// From now on [`Self::offer`] and [`Self::take`] do not wait.
    pub(super) fn never_wait(&self) -> io::Result<()> {
        self.stream.set_nonblocking(true)
    }

    /// Writes what is taken at once; how much that was.
    pub(super) fn offer(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            written => written,
        }
    }

    /// Reads what is there and gives how many lines ended in it; `None` at the end.
    pub(super) fn take(&mut self, mut line: impl FnMut(&[u8])) -> io::Result<Option<usize>> {
        match self.fill() {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Some(0)),
            Err(error) => return Err(error),
        }
        let (mut lines, mut from) = (0, 0);
        while let Some(rest) = self.held.get(from..)
            && let Some(end) = memchr(b'\n', rest)
        {
            line(rest.get(..end).unwrap_or_default());
            (lines, from) = (lines + 1, from + end + 1);
        }
        self.held.drain(..from);
        Ok(Some(lines))
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut buffer = [0; READ_BYTES];
        loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(read) => {
                    self.held.extend_from_slice(buffer.get(..read).unwrap_or_default());
                    return Ok(read);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = memchr(b'\n', &self.held) {
                let mut line: Vec<u8> = self.held.drain(..=end).collect();
                line.pop();
                return Ok(Some(line));
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        }
    }

    /// The first byte that comes; `None` at the end.
    pub(super) fn first_byte(&mut self) -> io::Result<Option<u8>> {
        if self.held.is_empty() {
            self.fill()?;
        }
        Ok(self.held.first().copied())
    }

    /// The next answer: its code, and what it says. Messages before it are passed over.
    pub(super) fn answer(&mut self) -> Result<(u16, Vec<u8>), Missed> {
        while let Some(line) = self.line()? {
            if let Some(code) = answer_code(&line) {
                return Ok((code, line));
            }
        }
        Err(Missed("the server closed a connection instead of answering".to_owned()))
    }

    /// The code of the answer to a request.
    pub(super) fn ask(&mut self, request: impl AsRef<[u8]>) -> Result<u16, Missed> {
        self.send(request)?;
        Ok(self.answer()?.0)
    }

    /// That a request is answered with this code.
    pub(super) fn ask_expecting(
        &mut self,
        request: impl AsRef<[u8]>,
        code: u16,
    ) -> Result<(), Missed> {
        self.send(request)?;
        match self.answer()? {
            (got, _) if got == code => Ok(()),
            (_, line) => Err(Missed(format!("not {code} but {}", shown(&line)))),
        }
    }

    /// Says that nothing more is sent.
    pub(super) fn end_writing(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Reads to the end, which a reset is too; how many lines there were.
    pub(super) fn lines_to_the_end(&mut self) -> Result<usize, Missed> {
        let mut lines = 0;
        loop {
            match self.line() {
                Ok(Some(_)) => lines += 1,
                Ok(None) => return Ok(lines),
                Err(error) if is_reset(&error) => return Ok(lines),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let seconds = PATIENCE.as_secs();
                    return Err(Missed(format!("a connection is still open after {seconds} s")));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the connection by a reset, as who vanishes with unread data does.
    pub(super) fn reset(self) -> io::Result<()> {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }
}

/// Whether the other side is gone.
pub(super) fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
