//! Patience with a server that has still to take what was sent last.

use super::bounds::FAREWELL_WAIT;
use super::mode::Turn;
use std::time::Duration;

/// How long a farewell may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Farewell {
    /// In uptime.
    until: Duration,
    /// How much was unsent at the last look, in bytes.
    unsent: usize,
}

impl Farewell {
    /// The last word was put in.
    pub(super) fn new(turn: &Turn<'_>) -> Self {
        Self { until: turn.now.uptime + FAREWELL_WAIT, unsent: turn.session.output().len() }
    }

    /// When, in uptime, to look again.
    pub(super) const fn poll_timeout(&self) -> Duration {
        self.until
    }

    /// Whether patience has ended. A server that takes anything is waited for.
    pub(super) fn is_over(&mut self, turn: &Turn<'_>) -> bool {
        let unsent = turn.session.output().len();
        if unsent < self.unsent {
            *self = Self::new(turn);
        }
        self.until <= turn.now.uptime
    }
}
