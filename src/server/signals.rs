//! The signals that end the server, and the one that has it read its configuration anew.

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;
use std::io;

/// SIGINT, SIGTERM and SIGHUP, as events of the loop.
pub(super) struct Wants(Signals);

/// Which have come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// How many that end it.
    pub(super) ends: usize,
    /// Whether the configuration is to be read anew.
    pub(super) reload: bool,
}

impl Wants {
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        registry.register(&mut signals, token, Interest::READABLE)?;
        Ok(Self(signals))
    }

    /// What has come since the last time.
    pub(super) fn take(&mut self) -> Wanted {
        self.0.pending().fold(Wanted::default(), |wanted, signal| match signal {
            SIGHUP => Wanted { reload: true, ..wanted },
            _ => Wanted { ends: wanted.ends + 1, ..wanted },
        })
    }
}
