//! What one turn of the floor's loop has to write and to close.

use super::connection::Flushed;
use std::ops::Range;
use std::rc::Rc;

/// What is gathered in one turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    unix_seconds: u64,
    said: Said,
    marked: Vec<usize>,
    /// Whose answers wait for the next turn.
    waiting: Vec<usize>,
    closing: Vec<usize>,
}

/// What was said to all in one turn, as one chunk that all connections share.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Objects, each with its line end.
    pub(super) chunk: Rc<Vec<u8>>,
    /// Who said what: stretches of the chunk, in order. Neighbours of one sender are joined.
    stretches: Vec<(usize, Range<usize>)>,
}

impl Turn {
    /// A new turn begins at this time; what waited for it is part of it.
    pub(super) fn begin(&mut self, unix_seconds: u64) {
        self.unix_seconds = unix_seconds;
        self.marked.append(&mut self.waiting);
    }

    /// When the turn began.
    pub(super) const fn unix_seconds(&self) -> u64 {
        self.unix_seconds
    }

    /// An object to everyone but its sender.
    pub(super) fn say(&mut self, sender: usize, object: &[u8]) {
        self.said.push(sender, object);
    }

    /// A connection has output of its own.
    pub(super) fn mark(&mut self, slot: usize) {
        self.marked.push(slot);
    }

    /// What became of a connection's output.
    pub(super) fn note(&mut self, slot: usize, flushed: Flushed) {
        match flushed {
            Flushed::Open => {}
            Flushed::Waits => self.waiting.push(slot),
            Flushed::Lost => self.close(slot),
        }
    }

    /// Whether somebody's answers wait for the next turn.
    pub(super) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A connection ends with the turn.
    pub(super) fn close(&mut self, slot: usize) {
        self.closing.push(slot);
    }

    /// What was said in this turn.
    pub(super) fn finish(&mut self) -> Said {
        if self.said.is_empty() {
            return Said::default();
        }
        self.marked.clear();
        std::mem::take(&mut self.said)
    }

    /// Takes the chunk's memory back, if no slow reader still holds it.
    pub(super) fn reuse(&mut self, mut said: Said) {
        if let Some(chunk) = Rc::get_mut(&mut said.chunk) {
            chunk.clear();
            said.stretches.clear();
            self.said = said;
        }
    }

    /// Who has output of their own.
    pub(super) fn take_marked(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.marked)
    }

    /// Who ends; a connection may be named twice.
    pub(super) fn take_closing(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.closing)
    }
}

impl Said {
    fn push(&mut self, sender: usize, object: &[u8]) {
        // Between turns nobody else holds the chunk, or `Turn::reuse` would have left it.
        let Some(chunk) = Rc::get_mut(&mut self.chunk) else { return };
        let start = chunk.len();
        chunk.extend_from_slice(object);
        chunk.push(b'\n');
        let end = chunk.len();
        match self.stretches.last_mut() {
            Some((last, range)) if *last == sender => range.end = end,
            _ => self.stretches.push((sender, start..end)),
        }
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// The stretches of the chunk that are for this connection: all that others said, joined.
    pub(super) fn ranges_for(&self, slot: usize) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        let own = self.stretches.iter().filter(move |(sender, _)| *sender == slot);
        let ends = own.map(|(_, range)| range.clone());
        let all = self.chunk.len();
        ends.chain(std::iter::once(all..all)).filter_map(move |range| {
            let others = start..range.start;
            start = range.end;
            (!others.is_empty()).then_some(others)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(said: &Said, slot: usize) -> (String, usize) {
        let parts: Vec<_> = said.ranges_for(slot).map(|range| said.chunk[range].to_vec()).collect();
        (String::from_utf8(parts.concat()).unwrap(), parts.len())
    }

    #[test]
    fn everyone_gets_all_but_their_own() {
        let mut turn = Turn::default();
        for (sender, object) in [(1, "a"), (2, "b"), (2, "c"), (3, "d"), (2, "e")] {
            turn.say(sender, object.as_bytes());
        }
        let said = turn.finish();
        assert_eq!(heard(&said, 9), ("a\nb\nc\nd\ne\n".to_owned(), 1));
        assert_eq!(heard(&said, 1), ("b\nc\nd\ne\n".to_owned(), 1));
        assert_eq!(heard(&said, 2), ("a\nd\n".to_owned(), 2));
        assert_eq!(heard(&said, 3), ("a\nb\nc\ne\n".to_owned(), 2));
    }

    #[test]
    fn the_chunk_is_used_again_unless_somebody_holds_it() {
        let mut turn = Turn::default();
        for held in [false, true, false] {
            turn.say(1, b"a");
            let said = turn.finish();
            let holder = held.then(|| Rc::clone(&said.chunk));
            turn.reuse(said);
            assert!(turn.finish().is_empty());
            turn.say(1, b"b");
            let said = turn.finish();
            assert_eq!(said.chunk.as_slice(), b"b\n");
            assert!(holder.is_none_or(|chunk| chunk.as_slice() == b"a\n"));
        }
    }
}
