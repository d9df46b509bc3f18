//! When to look at which connection again: one table for every reason to wake.
//!
//! A connection has at most one entry that counts, the earliest; it is looked at then, and says
//! itself what is due and when to look again.

use crate::message::ConnectionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// So many entries that do not count are never worth tidying.
const IDLE_ENTRIES: usize = 1024;

/// Looks, earliest first, in the server's uptime.
#[derive(Debug, Default)]
pub(super) struct Timers {
    looks: BinaryHeap<Reverse<(Duration, ConnectionId)>>,
}

impl Timers {
    /// Looks at a connection at `due`, unless `armed` says that it will be looked at earlier.
    pub(super) fn arm(
        &mut self,
        connection: ConnectionId,
        armed: &mut Option<Duration>,
        due: Duration,
    ) {
        if armed.is_none_or(|armed| due < armed) {
            *armed = Some(due);
            self.looks.push(Reverse((due, connection)));
        }
    }

    /// Drops the entries that do not count, as `counts` tells, once they are more than those of
    /// `connections` that may.
    pub(super) fn tidy(
        &mut self,
        connections: usize,
        mut counts: impl FnMut(ConnectionId, Duration) -> bool,
    ) {
        if self.looks.len() > 2 * connections + IDLE_ENTRIES {
            self.looks.retain(|Reverse((due, connection))| counts(*connection, *due));
        }
    }

    /// The earliest look.
    pub(super) fn next(&self) -> Option<Duration> {
        self.looks.peek().map(|Reverse((due, _))| *due)
    }

    /// A connection whose look is due, and the entry's time: an entry that is not what the
    /// connection is armed for does not count.
    pub(super) fn pop_due(&mut self, uptime: Duration) -> Option<(Duration, ConnectionId)> {
        if self.next()? > uptime {
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
        let (mut timers, mut armed) = (Timers::default(), None);
        let id = ConnectionId { slot: 0, generation: 0 };
        for round in 0..100_000 {
            // A far deadline, then a near one that comes: the far one is put in again each time.
            let now = Duration::from_millis(round);
            armed = armed.filter(|due| *due > now);
            timers.arm(id, &mut armed, now + Duration::from_secs(300));
            timers.arm(id, &mut armed, now + Duration::from_millis(1));
            timers.tidy(1, |_, due| armed == Some(due));
            assert!(timers.looks.len() <= IDLE_ENTRIES + 4, "{}", timers.looks.len());
            assert_eq!(timers.looks.iter().filter(|r| Some(r.0.0) == armed).count(), 1);
            while timers.pop_due(now).is_some() {}
        }
    }
}
