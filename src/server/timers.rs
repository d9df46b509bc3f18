//! When to look at which connection again: one table for every reason to wake.
//!
//! A connection has at most one entry that counts, the earliest; it is looked at then, and says
//! itself what is due and when to look again.

use crate::message::ConnectionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A time of the server's uptime, or never, in microseconds: half as large as an optional
/// [`Duration`], of which each connection would have many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// Behind every time.
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// So long after the start.
    pub(super) fn at(uptime: Duration) -> Self {
        Self(u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX))
    }

    /// So much later; never stays never.
    pub(super) fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(Self::at(time).0))
    }

    /// Whether it has come by then.
    pub(super) fn has_come(self, uptime: Duration) -> bool {
        self <= Self::at(uptime)
    }

    /// Whether it is a time at all.
    pub(super) const fn is_ever(self) -> bool {
        self.0 != u64::MAX
    }

    /// The time, unless it never comes.
    pub(super) fn uptime(self) -> Option<Duration> {
        self.is_ever().then(|| Duration::from_micros(self.0))
    }
}

/// So many entries that do not count are never worth tidying.
const IDLE_ENTRIES: usize = 1024;

/// Looks, earliest first, in the server's uptime.
#[derive(Debug, Default)]
pub(super) struct Timers {
    looks: BinaryHeap<Reverse<(Moment, ConnectionId)>>,
}

impl Timers {
    /// Looks at a connection at `due`, unless `armed` says that it will be looked at earlier.
    pub(super) fn arm(&mut self, connection: ConnectionId, armed: &mut Moment, due: Moment) {
        if due < *armed {
            *armed = due;
            self.looks.push(Reverse((due, connection)));
        }
    }

    /// Drops the entries that do not count, as `counts` tells, once they are more than those of
    /// `connections` that may.
    pub(super) fn tidy(
        &mut self,
        connections: usize,
        mut counts: impl FnMut(ConnectionId, Moment) -> bool,
    ) {
        if self.looks.len() > 2 * connections + IDLE_ENTRIES {
            self.looks.retain(|Reverse((due, connection))| counts(*connection, *due));
        }
    }

    /// The earliest look.
    pub(super) fn next(&self) -> Option<Duration> {
        self.looks.peek().and_then(|Reverse((due, _))| due.uptime())
    }

    /// A connection whose look is due, and the entry's time: an entry that is not what the
    /// connection is armed for does not count.
    pub(super) fn pop_due(&mut self, uptime: Duration) -> Option<(Moment, ConnectionId)> {
        let Reverse((due, _)) = self.looks.peek()?;
        if !due.has_come(uptime) {
            return None;
        }
        self.looks.pop().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_do_not_count_are_bounded() {
        let (mut timers, mut armed) = (Timers::default(), Moment::NEVER);
        let id = ConnectionId { slot: 0, generation: 0 };
        for round in 0..100_000 {
            // A far deadline, then a near one that comes: the far one is put in again each time.
            let now = Duration::from_millis(round);
            if armed.has_come(now) {
                armed = Moment::NEVER;
            }
            timers.arm(id, &mut armed, Moment::at(now + Duration::from_secs(300)));
            timers.arm(id, &mut armed, Moment::at(now + Duration::from_millis(1)));
            timers.tidy(1, |_, due| armed == due);
            assert!(timers.looks.len() <= IDLE_ENTRIES + 4, "{}", timers.looks.len());
            assert_eq!(timers.looks.iter().filter(|r| r.0.0 == armed).count(), 1);
            while timers.pop_due(now).is_some() {}
        }
    }
}
