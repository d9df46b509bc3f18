//! What waits for the password hasher, served in turn by address, so that one address cannot lock
//! the others out.

use crate::limits::{HASHES_WAITING, HASHES_WAITING_PER_ADDRESS};
use crate::message::{ConnectionId, Network};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// What one hash is taken to last: twice the 10 ms that were measured, for slower machines.
const HASH_MILLIS: usize = 20;

/// Too much is waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// When to come back, at least 1.
    pub seconds: u32,
}

/// A bounded queue that is emptied in turn by address, of IPv6 by its first 64 bits. In `turns`
/// stands each place with work, once.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    waiting: HashMap<Network, VecDeque<(ConnectionId, T)>>,
    turns: VecDeque<Network>,
    len: usize,
}

impl<T> FairQueue<T> {
    pub(super) fn new() -> Self {
        Self { waiting: HashMap::new(), turns: VecDeque::new(), len: 0 }
    }

    /// Puts work in line behind the same address's.
    pub(super) fn push(
        &mut self,
        address: IpAddr,
        connection: ConnectionId,
        work: T,
    ) -> Result<(), Busy> {
        let place = Network::place_of(address);
        let before = self.waiting.get(&place).map_or(0, VecDeque::len);
        if self.len >= HASHES_WAITING || before >= HASHES_WAITING_PER_ADDRESS {
            return Err(self.busy(before));
        }
        if before == 0 {
            self.turns.push_back(place);
        }
        self.waiting.entry(place).or_default().push_back((connection, work));
        self.len += 1;
        Ok(())
    }

    /// The next piece of work, of the address whose turn it is.
    pub(super) fn pop(&mut self) -> Option<(ConnectionId, T)> {
        let place = self.turns.pop_front()?;
        let line = self.waiting.get_mut(&place)?;
        let work = line.pop_front()?;
        if line.is_empty() {
            self.waiting.remove(&place);
        } else {
            self.turns.push_back(place);
        }
        self.len -= 1;
        Some(work)
    }

    /// Drops what a connection that is gone was waiting for.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        if self.len == 0 {
            return;
        }
        self.waiting.retain(|_, line| {
            line.retain(|(waiting, _)| *waiting != connection);
            !line.is_empty()
        });
        self.turns.retain(|place| self.waiting.contains_key(place));
        self.len = self.waiting.values().map(VecDeque::len).sum();
    }

    /// When this address's line will have become shorter.
    fn busy(&self, before: usize) -> Busy {
        let ahead = self.len.min(before.max(1) * self.turns.len().max(1));
        let seconds = (ahead * HASH_MILLIS).div_ceil(1000).max(1);
        Busy { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(slot: u32) -> ConnectionId {
        ConnectionId { slot, generation: 0 }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn drain(queue: &mut FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop().map(|(_, work)| work)).collect()
    }

    #[test]
    fn addresses_are_served_in_turn() {
        let mut queue = FairQueue::new();
        let rows = [
            ("10.0.0.1", "a1"),
            ("10.0.0.1", "a2"),
            ("10.0.0.1", "a3"),
            ("10.0.0.2", "b1"),
            ("2001:db8::1", "c1"),
            ("10.0.0.2", "b2"),
        ];
        for (slot, (from, work)) in (0..).zip(rows) {
            queue.push(address(from), connection(slot), work).unwrap();
        }
        assert_eq!(drain(&mut queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
        assert_eq!(queue.len, 0);
        assert!(queue.turns.is_empty() && queue.waiting.is_empty());
    }

    #[test]
    fn one_address_fills_only_its_own_line() {
        let mut queue = FairQueue::new();
        let limit = u32::try_from(HASHES_WAITING_PER_ADDRESS).unwrap();
        for slot in 0..limit {
            queue.push(address("10.0.0.1"), connection(slot), slot).unwrap();
        }
        let busy = queue.push(address("10.0.0.1"), connection(limit), limit);
        assert_eq!(busy, Err(Busy { seconds: 2 }));
        queue.push(address("10.0.0.2"), connection(limit), limit).unwrap();
        assert_eq!(queue.pop().unwrap().1, 0);
        assert_eq!(queue.pop().unwrap().1, limit);
    }

    #[test]
    fn all_addresses_together_are_bounded() {
        let mut queue = FairQueue::new();
        for n in 0..u32::try_from(HASHES_WAITING).unwrap() {
            queue.push(IpAddr::from(n.to_be_bytes()), connection(n), ()).unwrap();
        }
        let busy = queue.push(address("2001:db8::1"), connection(0), ()).unwrap_err();
        assert!((1..=30).contains(&busy.seconds), "{busy:?}");
        queue.pop().unwrap();
        queue.push(address("2001:db8::1"), connection(0), ()).unwrap();
    }

    #[test]
    fn the_gone_are_forgotten() {
        let mut queue = FairQueue::new();
        for (slot, from) in [(0, "10.0.0.1"), (1, "10.0.0.2"), (2, "10.0.0.1")] {
            queue.push(address(from), connection(slot), slot).unwrap();
        }
        queue.forget(connection(1));
        queue.forget(connection(7));
        queue.push(address("10.0.0.2"), connection(3), 3).unwrap();
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop()).map(|(_, work)| work).collect();
        assert_eq!(order, [0, 3, 2]);
    }
}
