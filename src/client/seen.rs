//! Which messages were shown already.

use super::bounds::SEEN_MESSAGES;
use crate::message::MessageId;
use std::collections::BTreeSet;

/// The numbers of the messages that were shown. Of many, only the latest are known one by one; all
/// before them count as shown.
#[derive(Debug)]
pub(super) struct Seen {
    known: BTreeSet<MessageId>,
    floor: Option<MessageId>,
    most: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self::of(SEEN_MESSAGES)
    }
}

impl Seen {
    /// Knows so many messages one by one.
    pub(super) const fn of(most: usize) -> Self {
        Self { known: BTreeSet::new(), floor: None, most }
    }

    /// Notes a message; false where it was noted before.
    pub(super) fn insert(&mut self, id: MessageId) -> bool {
        if self.floor.is_some_and(|floor| id <= floor) || !self.known.insert(id) {
            return false;
        }
        if self.known.len() > self.most {
            self.floor = self.known.pop_first();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_once() {
        let mut seen = Seen::default();
        let results = [7, 5, 7, 5, 6].map(|id| seen.insert(MessageId(id)));
        assert_eq!(results, [true, true, false, false, true]);
    }

    #[test]
    fn many_need_little_room() {
        let mut seen = Seen::default();
        let last = SEEN_MESSAGES as i64 * 3;
        assert!((1..=last).all(|id| seen.insert(MessageId(id))));
        assert_eq!(seen.known.len(), SEEN_MESSAGES);
        assert!((1..=last).all(|id| !seen.insert(MessageId(id))));
        assert!(seen.insert(MessageId(last + 1)));
    }
}
