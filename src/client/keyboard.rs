//! Standard input, be it a terminal, a pipe, a file or nothing at all.
//!
//! A terminal and a pipe are waited for by `poll`; a file and `/dev/null` cannot be, and never
//! block. The descriptor may be shared with other programs, so it is never made non-blocking: it
//! is read once each time that it is said to be readable.

use super::bounds::READ_BYTES;
use super::input::Lines;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody asked for input yet.
    Unused,
    /// `poll` will tell.
    Waiting,
    /// A read will not block.
    Ready,
    /// No read ever blocks.
    NeverBlocks,
    /// Nothing more comes.
    Ended,
}

/// Standard input.
#[derive(Debug)]
pub(super) struct Keyboard {
    stdin: io::Stdin,
    token: Token,
    state: State,
}

impl Keyboard {
    /// Standard input, which is left alone until it is asked for.
    pub(super) fn new(token: Token) -> Self {
        Self { stdin: io::stdin(), token, state: State::Unused }
    }

    /// Has it waited for from now on.
    pub(super) fn start(&mut self, registry: &Registry) -> io::Result<()> {
        if self.state == State::Unused {
            let fd = self.stdin.as_raw_fd();
            self.state = match registry.register(&mut SourceFd(&fd), self.token, Interest::READABLE)
            {
                Ok(()) => State::Waiting,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => State::NeverBlocks,
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    /// `poll` said that it is readable, or at its end.
    pub(super) fn handle_ready(&mut self) {
        if self.state == State::Waiting {
            self.state = State::Ready;
        }
    }

    /// Whether [`Self::fill`] may be called.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready | State::NeverBlocks)
    }

    /// Whether nothing can be read until `poll` tells.
    pub(super) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    /// Whether nothing more comes.
    pub(super) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Reads once.
    pub(super) fn fill(&mut self, registry: &Registry, lines: &mut Lines) -> io::Result<()> {
        let mut buffer = [0_u8; READ_BYTES];
        let got = match rustix::io::read(self.stdin.as_fd(), &mut buffer) {
            Ok(got) => got,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return self.wait(registry),
            // A terminal that was hung up, among others.
            Err(_) => 0,
        };
        if got == 0 {
            return self.end(registry);
        }
        lines.handle_bytes(buffer.get(..got).unwrap_or_default());
        self.wait(registry)
    }

    /// Asks `poll` anew, which tells at once where more is there already.
    fn wait(&mut self, registry: &Registry) -> io::Result<()> {
        if self.state == State::Ready {
            let fd = self.stdin.as_raw_fd();
            registry.reregister(&mut SourceFd(&fd), self.token, Interest::READABLE)?;
            self.state = State::Waiting;
        }
        Ok(())
    }

    fn end(&mut self, registry: &Registry) -> io::Result<()> {
        if self.state == State::Ready {
            let fd = self.stdin.as_raw_fd();
            registry.deregister(&mut SourceFd(&fd))?;
        }
        self.state = State::Ended;
        Ok(())
    }
}
