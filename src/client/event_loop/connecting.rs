//! Connecting: one address after the other, and a keyboard and signals that are heeded meanwhile.

use super::{Client, SOCKET, exit_of};
use crate::client::bounds::CONNECT_WAIT;
use crate::client::exit::Exit;
use crate::client::link::{Link, is_connected};
use crate::client::mode::Mode;
use crate::client::words::Notice;
use mio::Interest;
use mio::net::TcpStream;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;

impl Client {
    /// Tries one address after the other.
    pub(super) fn connect(
        &mut self,
        addresses: &[SocketAddr],
        mode: &dyn Mode,
    ) -> io::Result<ControlFlow<Exit, (Link, SocketAddr)>> {
        let mut tried = Vec::new();
        for &address in addresses {
            let begun = self.begin_to_connect(address);
            let why = match begun {
                Ok(stream) => match self.await_connection(&stream, mode)? {
                    ControlFlow::Continue(Ok(())) => {
                        return Ok(ControlFlow::Continue((Link::new(stream), address)));
                    }
                    ControlFlow::Continue(Err(error)) => error,
                    ControlFlow::Break(exit) => return Ok(ControlFlow::Break(exit)),
                },
                Err(error) => error,
            };
            tried.push((address.to_string(), why.to_string()));
        }
        self.screen.notice(&Notice::CannotConnect { tried });
        Ok(ControlFlow::Break(Exit::CannotConnect))
    }

    fn begin_to_connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, SOCKET, interest)?;
        Ok(stream)
    }

    /// Waits until a connection stands (`Ok`) or never will (`Err`).
    fn await_connection(
        &mut self,
        stream: &TcpStream,
        mode: &dyn Mode,
    ) -> io::Result<ControlFlow<Exit, io::Result<()>>> {
        let until = self.now().uptime + CONNECT_WAIT;
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
            match is_connected(stream) {
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
