//! The signals that end the server.

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use std::io;

/// SIGINT and SIGTERM, as events of the loop.
pub(super) struct Stops(Signals);

impl Stops {
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        registry.register(&mut signals, token, Interest::READABLE)?;
        Ok(Self(signals))
    }

    /// How many have come.
    pub(super) fn count(&mut self) -> usize {
        self.0.pending().count()
    }
}
