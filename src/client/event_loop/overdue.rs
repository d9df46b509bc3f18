//! Patience with an answer that is overdue, for a client that was itself stopped or starved: what
//! it did not read meanwhile may still be on its way, since a server that cannot send waits too.

use crate::client::bounds::{OVERDUE_LATE, OVERDUE_QUIET, OVERDUE_WAIT};
use std::time::Duration;

/// What is known of an answer that is overdue, in uptime.
#[derive(Debug, Default)]
pub(in crate::client) struct Overdue {
    since: Option<Duration>,
    /// When something was read last.
    read: Duration,
}

impl Overdue {
    /// Something was read.
    pub(in crate::client) const fn handle_read(&mut self, uptime: Duration) {
        self.read = uptime;
    }

    /// Nothing is overdue any more.
    pub(in crate::client) const fn reset(&mut self) {
        self.since = None;
    }

    /// Whether an answer that was due then may still come: only where this client looks late, while
    /// the server is still sending, and not for ever.
    pub(in crate::client) fn is_tolerated(&mut self, uptime: Duration, due: Duration) -> bool {
        let since = *self.since.get_or_insert(uptime);
        let quiet = uptime.saturating_sub(since.max(self.read));
        since.saturating_sub(due) >= OVERDUE_LATE
            && quiet < OVERDUE_QUIET
            && uptime.saturating_sub(since) < OVERDUE_WAIT
    }

    /// When to look again, if something is overdue.
    pub(in crate::client) fn poll_timeout(&self) -> Option<Duration> {
        Some(self.since?.max(self.read) + OVERDUE_QUIET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_is_on_its_way_is_waited_for() {
        let mut overdue = Overdue::default();
        overdue.handle_read(at(500));
        assert_eq!(overdue.poll_timeout(), None);
        assert!(overdue.is_tolerated(at(20_000), at(10_000)));
        assert_eq!(overdue.poll_timeout(), Some(at(22_000)));
        assert!(overdue.is_tolerated(at(21_999), at(10_000)));
        overdue.handle_read(at(21_999));
        assert!(overdue.is_tolerated(at(22_500), at(10_000)));
        assert!(!overdue.is_tolerated(at(23_999), at(10_000)));
        overdue.reset();
        assert_eq!(overdue.poll_timeout(), None);
    }

    #[test]
    fn a_flood_is_no_answer() {
        let mut overdue = Overdue::default();
        let tolerated = (10_000..).step_by(10).take_while(|millis| {
            overdue.handle_read(at(*millis));
            overdue.is_tolerated(at(*millis), at(9_000))
        });
        assert_eq!(tolerated.last(), Some(19_990));
    }

    #[test]
    fn who_looks_in_time_need_not_wait() {
        let mut overdue = Overdue::default();
        overdue.handle_read(at(9_999));
        assert!(!overdue.is_tolerated(at(10_010), at(10_000)));
    }
}
