//! The table of connections: a slab, and a generation for each of its slots, so that a reused slot
//! never takes an old event.

use crate::message::ConnectionId;
use mio::Token;
use slab::Slab;

/// Tokens from here up are not connections': a generation never gets that high.
pub(super) const RESERVED_TOKENS: usize = usize::MAX - 0xFFFF;

/// The last generation; the next is 0 again.
const LAST_GENERATION: u32 = 0x7FFF_FFFF;

/// Things by slot and generation.
#[derive(Debug)]
pub(super) struct Slots<T> {
    slab: Slab<T>,
    generations: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slab: Slab::new(), generations: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Puts in what `make` makes of its identity.
    pub(super) fn insert(&mut self, make: impl FnOnce(ConnectionId) -> T) -> ConnectionId {
        let entry = self.slab.vacant_entry();
        let index = entry.key();
        if self.generations.len() <= index {
            self.generations.resize(index + 1, 0);
        }
        let generation = self.generations.get(index).copied().unwrap_or_default();
        let slot = u32::try_from(index).unwrap_or(u32::MAX);
        let id = ConnectionId { slot, generation };
        entry.insert(make(id));
        id
    }

    /// What is there, if it is not a later one in the same slot.
    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut T> {
        self.is_current(id).then(|| self.slab.get_mut(id.index())).flatten()
    }

    /// Takes it out; its identity is never used again (until the generations wrap around).
    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<T> {
        if !self.is_current(id) {
            return None;
        }
        let gone = self.slab.try_remove(id.index())?;
        if let Some(generation) = self.generations.get_mut(id.index()) {
            *generation = if *generation >= LAST_GENERATION { 0 } else { *generation + 1 };
        }
        Some(gone)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slab.iter().map(|(_, item)| item)
    }

    /// All of them, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slab.iter_mut().map(|(_, item)| item)
    }

    fn is_current(&self, id: ConnectionId) -> bool {
        self.generations.get(id.index()) == Some(&id.generation)
    }
}

/// The token that a connection's events carry.
pub(super) const fn token(id: ConnectionId) -> Token {
    Token(((id.generation as usize) << 32) | id.slot as usize)
}

/// Whose event this is. Only for tokens below [`RESERVED_TOKENS`].
#[allow(clippy::cast_possible_truncation, reason = "the halves are what was put together")]
pub(super) const fn connection(token: Token) -> ConnectionId {
    ConnectionId { slot: token.0 as u32, generation: (token.0 >> 32) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_slot_is_another_connection() {
        let mut slots = Slots::default();
        let first = slots.insert(|id| id);
        assert_eq!(slots.remove(first), Some(first));
        let second = slots.insert(|id| id);
        assert_eq!(first.slot, second.slot);
        assert!(slots.get_mut(first).is_none());
        assert!(slots.remove(first).is_none());
        assert_eq!(slots.get_mut(second).copied(), Some(second));
    }

    #[test]
    fn a_token_is_a_connection_and_back() {
        let id = ConnectionId { slot: u32::MAX - 1, generation: LAST_GENERATION };
        assert_eq!(connection(token(id)), id);
        assert!(token(id).0 < RESERVED_TOKENS);
    }
}
