//! A non-blocking stream of bytes and its socket options.

use crate::limits::{KEEPALIVE_IDLE, TCP_USER_TIMEOUT};
use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
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
pub enum Stream {
    /// Plain TCP.
    Tcp(TcpStream),
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
        Ok(Self::Tcp(socket))
    }

    /// Finds out within seconds whether the peer is dead.
    ///
    /// # Errors
    /// Where the system refuses the option.
    pub fn hasten(&self) -> io::Result<()> {
        let Self::Tcp(socket) = self;
        let keepalive = TcpKeepalive::new()
            .with_time(HASTY_INTERVAL)
            .with_interval(HASTY_INTERVAL)
            .with_retries(HASTY_RETRIES);
        let options = SockRef::from(socket);
        options.set_tcp_keepalive(&keepalive)?;
        // Linux counts this time and not the probes, where it is set.
        give_up_after(&options, HASTY_INTERVAL * HASTY_RETRIES)
    }

    /// Writes several parts in one call.
    ///
    /// # Errors
    /// As `writev` does; `WouldBlock` when the socket has no room.
    pub fn write_parts(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let Self::Tcp(socket) = self;
        match parts {
            [part] => socket.write(part),
            parts => socket.write_vectored(parts),
        }
    }

    /// Says that nothing more will be sent.
    ///
    /// # Errors
    /// Where the peer is gone already.
    pub fn shut_sending(&self) -> io::Result<()> {
        let Self::Tcp(socket) = self;
        socket.shutdown(Shutdown::Write)
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

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self::Tcp(socket) = self;
        socket.read(buffer)
    }
}

impl Source for Stream {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let Self::Tcp(socket) = self;
        socket.register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let Self::Tcp(socket) = self;
        socket.reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        let Self::Tcp(socket) = self;
        socket.deregister(registry)
    }
}
