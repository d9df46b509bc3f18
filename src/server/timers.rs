//! When to look at which connection again: one table for every reason to wake.
//!
//! A connection has at most one entry that counts, the earliest; it is looked at then, and says
//! itself what is due and when to look again.

use crate::message::ConnectionId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

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
