//! The end's patience: while what is owed is flushed, a reader that takes nothing holds nobody up.

use super::connection::{Connection, Phase};
use super::event_loop::{Observer, Running};
use crate::message::ConnectionId;
use std::collections::HashMap;
use std::time::Duration;

/// A reader that takes nothing for so long is cut.
const STUCK: Duration = Duration::from_secs(2);

/// How often the readers are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What was owed to clients, and never left the server.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Unwritten {
    /// How many connections it was owed to.
    pub connections: usize,
    /// How much it was, in bytes.
    pub bytes: usize,
    /// Whether it may have been less: of what TLS was writing, a part may have been read.
    pub at_most: bool,
}

/// What a connection was still owed.
#[derive(Debug, Default, Clone, Copy)]
struct Debt {
    bytes: usize,
    /// It may be less.
    at_most: bool,
}

impl Debt {
    fn of(connection: &Connection) -> Self {
        Self { bytes: connection.owed_bytes(), at_most: connection.stream.owes() }
    }
}

impl Unwritten {
    const fn add(&mut self, debt: Debt) {
        self.connections += 1;
        self.bytes += debt.bytes;
        self.at_most |= debt.at_most;
    }
}

/// What is known of the readers since the stop began.
#[derive(Debug, Default)]
pub(super) struct Drain {
    /// What those were still owed that are gone.
    gone: HashMap<ConnectionId, Debt>,
    /// The measure of what each was still owed, and since when it has been that.
    readers: HashMap<ConnectionId, (usize, Duration)>,
    due: Duration,
}

impl Drain {
    /// When the readers are looked at next.
    pub(super) const fn due(&self) -> Duration {
        self.due
    }

    /// A connection ends, or what waits for it is thrown away.
    pub(super) fn note_end(&mut self, connection: &Connection) {
        if !connection.owes_nothing() {
            let debt = Debt::of(connection);
            let noted = self.gone.entry(connection.id).or_default();
            *noted = if debt.bytes > noted.bytes { debt } else { *noted };
        }
    }

    /// What was not written, with what these are owed, who are still here.
    pub(super) fn unwritten<'a>(&self, here: impl Iterator<Item = &'a Connection>) -> Unwritten {
        let mut unwritten = Unwritten::default();
        self.gone.values().for_each(|debt| unwritten.add(*debt));
        here.filter(|one| one.phase != Phase::Gone && !one.owes_nothing())
            .for_each(|one| unwritten.add(Debt::of(one)));
        unwritten
    }

    /// Whether a reader whose measure of what it is owed is this has taken nothing for too long.
    fn is_stuck(&mut self, id: ConnectionId, owed: usize, uptime: Duration) -> bool {
        let (former, since) = self.readers.entry(id).or_insert((owed, uptime));
        if owed != *former {
            (*former, *since) = (owed, uptime);
        }
        uptime >= *since + STUCK
    }
}

impl<O: Observer> Running<O> {
    /// While the server stops: cuts those that read nothing. A write is tried at each look: the
    /// kernel says that it has room only once a third of what it holds is gone, and takes something
    /// as soon as a segment is.
    pub(super) fn cut_stuck(&mut self) {
        let uptime = self.now.uptime;
        let Some(drain) = self.drain.as_mut().filter(|drain| uptime >= drain.due) else { return };
        drain.due = uptime + LOOK;
        let mut stuck = Vec::new();
        let owing = self.connections.iter_mut();
        for one in owing.filter(|one| one.phase != Phase::Gone && !one.owes_nothing()) {
            if drain.is_stuck(one.id, one.measure_of_owed(), uptime) {
                stuck.push(one.id);
            } else if std::mem::take(&mut one.blocked) {
                one.mark_dirty(&mut self.dirty);
            }
        }
        for id in stuck {
            self.lose(id, "slow reader: it took nothing for 2 s while the server stopped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_something_now_and_then_is_waited_for() {
        let mut drain = Drain::default();
        let [slow, stuck] = [1, 2].map(|slot| ConnectionId { slot, generation: 0 });
        for tenth in 0..100 {
            let now = Duration::from_millis(tenth * 100);
            let owed = 1000 - usize::try_from(tenth / 19).unwrap();
            assert!(!drain.is_stuck(slow, owed, now), "{now:?}");
            assert_eq!(drain.is_stuck(stuck, 1000, now), now >= STUCK, "{now:?}");
        }
    }
}
