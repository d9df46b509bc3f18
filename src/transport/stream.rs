//! A non-blocking stream of bytes, plain or in TLS, and its socket options.

use super::tls::Tls;
use super::{ClientTls, ServerTls};
use crate::limits::{KEEPALIVE_IDLE, TCP_USER_TIMEOUT};
use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::ServerConnection;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

/// How often a connection whose peer does not answer is probed by TCP.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// How often a hastened connection is probed by TCP, and how many unanswered probes end it.
const HASTY_INTERVAL: Duration = Duration::from_secs(1);
const HASTY_RETRIES: u32 = 5;

/// What a connection reads and writes.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    tls: Option<Box<Tls>>,
}

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// So many bytes of the peer's; in TLS perhaps none, with more to come.
    pub count: usize,
    /// What they cost of a budget, in bytes: TLS has some of its own.
    pub cost: usize,
    /// Whether the next read may bring something before an event says so.
    pub more: bool,
    /// Whether the peer has sent all that it will.
    pub ended: bool,
}

impl Stream {
    /// A freshly accepted or connected socket, with the options that a chat needs: no delay, and
    /// a dead peer found out.
    ///
    /// # Errors
    /// Where the system refuses an option; the socket is of no use then.
    pub fn tcp(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let options = SockRef::from(&socket);
        let keepalive =
            TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
        options.set_tcp_keepalive(&keepalive)?;
        give_up_after(&options, TCP_USER_TIMEOUT)?;
        Ok(Self::plain(socket))
    }

    /// A socket as it is.
    #[must_use]
    pub const fn plain(socket: TcpStream) -> Self {
        Self { socket, tls: None }
    }

    /// The peer speaks TLS, whose first bytes these are.
    ///
    /// # Errors
    /// Where no session can be begun.
    pub fn serve_tls(&mut self, tls: &ServerTls, first_bytes: &[u8]) -> io::Result<()> {
        let session = ServerConnection::new(tls.config()).map_err(io::Error::other)?;
        self.tls = Some(Box::new(Tls::new(session.into(), first_bytes.to_vec())));
        Ok(())
    }

    /// We speak TLS from now on; [`Self::shake`] is called until the handshake is done.
    ///
    /// # Errors
    /// Where no session can be begun.
    pub fn begin_tls(&mut self, tls: &ClientTls) -> io::Result<()> {
        let session = tls.connect().map_err(io::Error::other)?;
        self.tls = Some(Box::new(Tls::new(session.into(), Vec::new())));
        Ok(())
    }

    /// Goes on with the handshake; whether it is done, as it always is without TLS.
    ///
    /// # Errors
    /// As the socket's, and [`io::ErrorKind::InvalidData`] where a check failed.
    pub fn shake(&mut self) -> io::Result<bool> {
        self.tls.as_mut().map_or(Ok(true), |tls| tls.shake(&mut self.socket))
    }

    /// Whether a handshake is under way.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Whether this is TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The version of TLS, once its handshake has ended.
    #[must_use]
    pub fn version(&self) -> Option<&'static str> {
        self.tls.as_ref().and_then(|tls| tls.version())
    }

    /// The version of TLS, once: when its handshake has ended.
    pub fn take_version(&mut self) -> Option<&'static str> {
        self.tls.as_mut().and_then(|tls| tls.take_version())
    }

    /// Whether the peer has begun a record of TLS that it has not ended, behind the handshake.
    #[must_use]
    pub fn is_inside_record(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_inside_record())
    }

    /// Whether the peer broke the rules of TLS, and was told so: nothing more can be sent.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_broken())
    }

    /// Whether the end of the stream came without the word that TLS has for it.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.was_cut())
    }

    /// Reads what the peer sent.
    ///
    /// # Errors
    /// As `read` does; `WouldBlock` when nothing is there, and [`io::ErrorKind::InvalidData`] where
    /// the rules of TLS were broken.
    pub fn receive(&mut self, room: &mut [u8]) -> io::Result<Received> {
        if let Some(tls) = &mut self.tls {
            return tls.receive(&mut self.socket, room);
        }
        let count = self.socket.read(room)?;
        // Less than asked for: the socket is empty, and what comes later is a new event. Only the
        // peer's end may be there already, and then the event has said so.
        Ok(Received { count, cost: count, more: count == room.len(), ended: count == 0 })
    }

    /// Reads what is of no interest any more, as it comes: TLS is not undone.
    ///
    /// # Errors
    /// As `read` does.
    pub fn discard(&mut self, scratch: &mut [u8]) -> io::Result<usize> {
        self.socket.read(scratch)
    }

    /// Finds out within seconds whether the peer is dead.
    ///
    /// # Errors
    /// Where the system refuses the option.
    pub fn hasten(&self) -> io::Result<()> {
        let keepalive = TcpKeepalive::new()
            .with_time(HASTY_INTERVAL)
            .with_interval(HASTY_INTERVAL)
            .with_retries(HASTY_RETRIES);
        let options = SockRef::from(&self.socket);
        options.set_tcp_keepalive(&keepalive)?;
        // Linux counts this time and not the probes, where it is set.
        give_up_after(&options, HASTY_INTERVAL * HASTY_RETRIES)
    }

    /// Looks at what has come, as it comes, without taking it.
    ///
    /// # Errors
    /// As `recv` does; `WouldBlock` when nothing has come.
    pub fn peek(&self, seen: &mut [u8]) -> io::Result<usize> {
        self.socket.peek(seen)
    }

    /// Takes what was seen so: TLS, which may begin behind it, is not undone.
    ///
    /// # Errors
    /// As `read_exact` does.
    pub fn take_seen(&mut self, seen: &mut [u8]) -> io::Result<()> {
        self.socket.read_exact(seen)
    }

    /// Writes several parts in one call. TLS may take all of them and still owe what the socket
    /// has no room for.
    ///
    /// # Errors
    /// As `writev` does; `WouldBlock` when the socket has no room.
    pub fn write_parts(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Some(tls) = &mut self.tls {
            return tls.send(&mut self.socket, parts);
        }
        match parts {
            [part] => self.socket.write(part),
            parts => self.socket.write_vectored(parts),
        }
    }

    /// Whether something that was taken is still to be written.
    #[must_use]
    pub fn owes(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.owes())
    }

    /// At most how many bytes were taken and are still to be written; without TLS none are.
    #[must_use]
    pub fn owed_bytes(&self) -> usize {
        self.tls.as_ref().map_or(0, |tls| tls.owed_bytes())
    }

    /// How many bytes of TLS the socket took so far; 0 without TLS.
    #[must_use]
    pub fn tls_written(&self) -> usize {
        self.tls.as_ref().map_or(0, |tls| tls.written())
    }

    /// Writes what is owed.
    ///
    /// # Errors
    /// As `write` does; `WouldBlock` when the socket has no room.
    pub fn write_owed(&mut self) -> io::Result<()> {
        self.tls.as_mut().map_or(Ok(()), |tls| tls.write_out(&mut self.socket))
    }

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// Where the peer is gone already.
    pub fn shut_sending(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.say_end(&mut self.socket);
        }
        self.socket.shutdown(Shutdown::Write)
    }
}

/// How long the peer may leave what was sent unacknowledged, where the system can be told.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
fn give_up_after(options: &SockRef<'_>, time: Duration) -> io::Result<()> {
    options.set_tcp_user_timeout(Some(time))
}

#[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
fn give_up_after(_: &SockRef<'_>, _: Duration) -> io::Result<()> {
    Ok(())
}

impl Source for Stream {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.socket.register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.socket.reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.socket.deregister(registry)
    }
}
