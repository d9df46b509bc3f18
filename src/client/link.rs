//! The socket to the server.

use super::bounds::{READ_BYTES, READS_PER_TURN};
use super::fault::Fault;
use super::session::Session;
use crate::limits::{KEEPALIVE_IDLE, TCP_USER_TIMEOUT};
use crate::transport::{ClientTls, Stream};
use mio::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Link {
    stream: Stream,
    /// Whether a read may bring something.
    readable: bool,
    /// How many of the session's bytes were taken, and perhaps not written yet.
    taken: usize,
}

impl Link {
    /// Takes a connected stream, registered with `poll`. With TLS, [`Self::shake`] is called until
    /// the handshake is done.
    ///
    /// # Errors
    /// No TLS can be begun.
    pub(super) fn new(stream: TcpStream, tls: Option<&ClientTls>) -> io::Result<Self> {
        // None of these is needed for correctness, so a system that refuses them is put up with.
        let socket = SockRef::from(&stream);
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_IDLE));
        let _ = socket.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT));
        let mut stream = Stream::plain(stream);
        if let Some(tls) = tls {
            stream.begin_tls(tls)?;
        }
        Ok(Self { stream, readable: true, taken: 0 })
    }

    /// Goes on with the handshake; whether it is done.
    ///
    /// # Errors
    /// It failed, or the connection broke.
    pub(super) fn shake(&mut self) -> io::Result<bool> {
        self.stream.shake()
    }

    /// `poll` said that something happened to the socket.
    pub(super) const fn handle_ready(&mut self) {
        self.readable = true;
    }

    /// Whether the last turn left bytes behind, so that `poll` must not sleep.
    pub(super) const fn is_readable(&self) -> bool {
        self.readable
    }

    /// Reads once; false where nothing is there now.
    ///
    /// # Errors
    /// The stream has ended or broken.
    pub(super) fn fill(&mut self, session: &mut Session) -> Result<bool, Fault> {
        let mut buffer = [0_u8; READ_BYTES];
        match self.stream.receive(&mut buffer) {
            Ok(received) if received.ended && self.stream.was_cut() => Err(Fault::CutOff),
            Ok(received) if received.ended => Err(session.handle_end()),
            Ok(received) => {
                session.handle_bytes(buffer.get(..received.count).unwrap_or_default());
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(false)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(session.handle_break(error.to_string())),
        }
    }

    /// How many reads one turn may make.
    pub(super) const fn budget(&self) -> usize {
        if self.readable { READS_PER_TURN } else { 0 }
    }

    /// Writes what the socket takes; the rest waits for the next event. A broken connection is
    /// found by the next read, which first brings what the server still said.
    pub(super) fn flush(&mut self, session: &mut Session) {
        loop {
            match self.write(session) {
                Ok(true) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(false) => return,
                Err(_) => {
                    session.wrote(usize::MAX);
                    self.taken = 0;
                    self.readable = true;
                    return;
                }
            }
        }
    }

    /// Writes once; false where nothing is left. The session hears of what was taken when it is
    /// written, too.
    fn write(&mut self, session: &mut Session) -> io::Result<bool> {
        self.stream.write_owed()?;
        session.wrote(std::mem::take(&mut self.taken));
        if session.output().is_empty() {
            return Ok(false);
        }
        self.taken = self.stream.write_parts(&[IoSlice::new(session.output())])?;
        if self.taken == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(true) }
    }

    /// Tells the server that nothing more comes.
    pub(super) fn finish(&mut self) {
        // It may be broken already.
        let _ = self.stream.shut_sending();
    }

    /// Ends the connection.
    pub(super) fn close(mut self) {
        self.finish();
    }
}

/// Whether a connection that was begun stands now.
///
/// # Errors
/// Why it does not and never will.
pub(super) fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// Every address of a host, in the system's order, except that 127.0.0.1 comes before ::1: that is
/// what `localhost` has always meant to the clients of this protocol. This blocks.
///
/// # Errors
/// The system's.
pub(super) fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    addresses.dedup();
    addresses.sort_by_key(|address| match address.ip() {
        IpAddr::V6(ip) => ip.is_loopback(),
        IpAddr::V4(_) => false,
    });
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_ipv4_first() {
        let addresses = resolve("localhost", 7777).unwrap();
        assert_eq!(addresses.first(), Some(&([127, 0, 0, 1], 7777).into()));
        assert_eq!(resolve("::1", 1).unwrap(), [SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 1))]);
    }
}
