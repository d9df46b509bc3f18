//! Connecting: one address after the other, and a keyboard and signals that are heeded meanwhile.

use super::{Client, SOCKET, exit_of};
use crate::client::bounds::{CONNECT_WAIT, HANDSHAKE_WAIT};
use crate::client::exit::Exit;
use crate::client::link::{Link, is_connected};
use crate::client::mode::Mode;
use crate::client::words::Notice;
use crate::client::words_tls;
use crate::transport::Handshake;
use mio::Interest;
use mio::net::TcpStream;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

impl Client {
    /// Tries one address after the other.
    pub(super) fn connect(
        &mut self,
        addresses: &[SocketAddr],
        mode: &dyn Mode,
    ) -> io::Result<ControlFlow<Exit, (Link, SocketAddr)>> {
        let mut tried = Vec::new();
        for &address in addresses {
            let link = match self.connect_to(address, mode)? {
                ControlFlow::Continue(link) => link,
                ControlFlow::Break(exit) => return Ok(ControlFlow::Break(exit)),
            };
            let stands = match link {
                Ok(link) => self.shake(link, mode)?,
                Err(error) => ControlFlow::Continue(Err(error.to_string())),
            };
            match stands {
                ControlFlow::Continue(Ok(link)) => {
                    return Ok(ControlFlow::Continue((link, address)));
                }
                ControlFlow::Continue(Err(why)) => tried.push((address.to_string(), why)),
                ControlFlow::Break(exit) => return Ok(ControlFlow::Break(exit)),
            }
        }
        self.screen.notice(&Notice::CannotConnect { tried });
        Ok(ControlFlow::Break(Exit::CannotConnect))
    }

    /// Connects by TCP, or says why not.
    fn connect_to(
        &mut self,
        address: SocketAddr,
        mode: &dyn Mode,
    ) -> io::Result<ControlFlow<Exit, io::Result<Link>>> {
        let stream = match self.begin_to_connect(address) {
            Ok(stream) => stream,
            Err(error) => return Ok(ControlFlow::Continue(Err(error))),
        };
        let stands = self.await_step(CONNECT_WAIT, mode, || is_connected(&stream))?;
        let tls = self.tls.as_ref();
        Ok(stands.map_continue(|stands| stands.and_then(|()| Link::new(stream, tls))))
    }

    fn begin_to_connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, SOCKET, interest)?;
        Ok(stream)
    }

    /// Does the handshake of TLS, where that is spoken, or says what was wrong with it.
    fn shake(
        &mut self,
        mut link: Link,
        mode: &dyn Mode,
    ) -> io::Result<ControlFlow<Exit, Result<Link, String>>> {
        let shaken = match link.shake() {
            Ok(true) => ControlFlow::Continue(Ok(())),
            Ok(false) => self.await_step(HANDSHAKE_WAIT, mode, || link.shake())?,
            Err(error) => ControlFlow::Continue(Err(error)),
        };
        let (host, language) = (self.host.as_str(), self.screen.language());
        Ok(shaken.map_continue(|shaken| match shaken {
            Ok(()) => Ok(link),
            Err(error) => Err(words_tls::describe(&Handshake::from(&error), host, language)),
        }))
    }

    /// Waits until a step on the way to a connection is done (`Ok`) or never will be (`Err`).
    fn await_step(
        &mut self,
        patience: Duration,
        mode: &dyn Mode,
        mut is_done: impl FnMut() -> io::Result<bool>,
    ) -> io::Result<ControlFlow<Exit, io::Result<()>>> {
        let until = self.now().uptime + patience;
        loop {
            let woken = self.wait(Some(until))?;
            let mut flow = self.check_ends(&woken);
            if flow.is_continue() {
                flow = self.heed_leaving(&woken, mode)?;
            }
            if let ControlFlow::Break(ending) = flow
                && let Some(exit) = exit_of(ending)
            {
                return Ok(ControlFlow::Break(exit));
            }
            match is_done() {
                Ok(true) => return Ok(ControlFlow::Continue(Ok(()))),
                Ok(false) if self.now().uptime < until => {}
                Ok(false) => {
                    return Ok(ControlFlow::Continue(Err(io::ErrorKind::TimedOut.into())));
                }
                Err(error) => return Ok(ControlFlow::Continue(Err(error))),
            }
        }
    }
}
