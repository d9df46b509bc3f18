//! What the members of an audience get in one turn, in one form: one output, and what of it is not
//! for whom.

use super::connection::Connection;
use super::place::Form;
use super::slots::Slots;
use crate::buffer::{Gauge, OutputQueue, Pool};
use crate::message::ConnectionId;
use std::ops::Range;

/// So few members get copies: cheaper than a chunk.
pub(super) const COPIED_MEMBERS: usize = 2;

/// What fan-out works with besides the audiences.
pub(super) struct Targets<'a> {
    pub(super) connections: &'a mut Slots<Connection>,
    pub(super) pool: &'a mut Pool,
    /// Connections that have output to be flushed.
    pub(super) dirty: &'a mut Vec<ConnectionId>,
}

/// What a member does not get: its own.
#[derive(Debug)]
struct Skip {
    member: ConnectionId,
    range: Range<usize>,
}

/// The output of a turn, so far.
#[derive(Debug, Default)]
pub(super) struct Turn {
    bytes: Vec<u8>,
    /// Where each object ends, for the members that are paced.
    ends: Vec<usize>,
    skips: Vec<Skip>,
}

impl Turn {
    /// The memory that it keeps beside its bytes, in entries of its longest list.
    pub(super) fn entries(&self) -> usize {
        self.ends.capacity().max(self.skips.capacity())
    }

    /// Begins an output.
    pub(super) fn begin(&mut self, pool: &mut Pool) {
        self.bytes = pool.take_growing();
    }

    /// Appends what `write` writes, objects whose ends it tells; says where they are now.
    pub(super) fn append(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>, &mut Vec<usize>),
    ) -> Range<usize> {
        let start = self.bytes.len();
        write(&mut self.bytes, &mut self.ends);
        start..self.bytes.len()
    }

    /// Leaves a part out for its sender, if that gets messages in this form at all: says whether.
    pub(super) fn skip(
        &mut self,
        sender: ConnectionId,
        form: Form,
        range: Range<usize>,
        targets: &mut Targets<'_>,
    ) -> bool {
        if let Some(last) = self.skips.last_mut()
            && last.member == sender
            && last.range.end == range.start
        {
            last.range.end = range.end;
            return true;
        }
        if let Some(connection) = targets.connections.get_mut(sender)
            && connection.form() == form
        {
            connection.skips += 1;
            self.skips.push(Skip { member: sender, range });
            return true;
        }
        false
    }

    /// Hands the output to the members' queues; what is left can be begun again.
    pub(super) fn share(
        &mut self,
        members: &[ConnectionId],
        gauge: &Gauge,
        targets: &mut Targets<'_>,
    ) {
        self.skips.sort_unstable_by_key(|skip| (skip.member, skip.range.start));
        if members.len() <= COPIED_MEMBERS {
            self.copy(members, targets);
        } else {
            self.point(members, gauge, targets);
        }
        for skip in self.skips.drain(..) {
            if let Some(sender) = targets.connections.get_mut(skip.member) {
                sender.skips = sender.skips.saturating_sub(1);
            }
        }
        self.ends.clear();
    }

    /// Copies the output into each member's own buffer.
    fn copy(&mut self, members: &[ConnectionId], targets: &mut Targets<'_>) {
        let bytes = std::mem::take(&mut self.bytes);
        self.hand_out(members, targets, |output, pool, join, range| {
            output.push_copy(pool, join, bytes.get(range).unwrap_or_default());
        });
        targets.pool.give_growing(bytes);
    }

    /// Makes the output a chunk and lets each member's queue point into it.
    fn point(&mut self, members: &[ConnectionId], gauge: &Gauge, targets: &mut Targets<'_>) {
        let bytes = std::mem::take(&mut self.bytes);
        let bytes = targets.pool.fitting(bytes);
        let chunk = targets.pool.share(bytes, gauge);
        self.hand_out(members, targets, |output, pool, _, range| {
            output.push_shared(pool, &chunk, range);
        });
    }

    /// Gives each member its parts of the output: for a paced one every object is a part.
    fn hand_out(
        &self,
        members: &[ConnectionId],
        targets: &mut Targets<'_>,
        mut give: impl FnMut(&mut OutputQueue, &mut Pool, bool, Range<usize>),
    ) {
        for member in members {
            let Some(connection) = targets.connections.get_mut(*member) else { continue };
            let own = if connection.skips == 0 { &[][..] } else { self.skips_of(*member) };
            let join = !connection.is_paced();
            let mut give = |range| give(&mut connection.output, targets.pool, join, range);
            if join {
                parts(own, self.ends.last().copied().unwrap_or_default()).for_each(&mut give);
            } else {
                objects(own, &self.ends).for_each(&mut give);
            }
            connection.mark_dirty(targets.dirty);
        }
    }

    /// What a member does not get. The skips are sorted.
    fn skips_of(&self, member: ConnectionId) -> &[Skip] {
        let from = self.skips.partition_point(|skip| skip.member < member);
        let rest = self.skips.get(from..).unwrap_or_default();
        let count = rest.partition_point(|skip| skip.member == member);
        rest.get(..count).unwrap_or_default()
    }
}

/// The parts of `0..length` between a connection's own.
fn parts(own: &[Skip], length: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = std::iter::once(0).chain(own.iter().map(|skip| skip.range.end));
    let ends = own.iter().map(|skip| skip.range.start).chain(std::iter::once(length));
    starts.zip(ends).map(|(start, end)| start..end).filter(|part| !part.is_empty())
}

/// The objects one by one, but a connection's own.
fn objects<'a>(mut own: &'a [Skip], ends: &'a [usize]) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    ends.iter().filter_map(move |end| {
        let object = std::mem::replace(&mut from, *end)..*end;
        while let [skip, rest @ ..] = own
            && skip.range.end <= object.start
        {
            own = rest;
        }
        let is_own = own.first().is_some_and(|skip| skip.range.start <= object.start);
        (!is_own).then_some(object)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(range: Range<usize>) -> Skip {
        Skip { member: ConnectionId { slot: 1, generation: 0 }, range }
    }

    fn whole(own: &[Skip], length: usize) -> Vec<Range<usize>> {
        parts(own, length).collect()
    }

    fn apart(own: &[Skip], ends: &[usize]) -> Vec<Range<usize>> {
        objects(own, ends).collect()
    }

    #[test]
    fn a_sender_gets_what_lies_between_its_own() {
        let ends = [2, 5, 6, 9];
        assert_eq!(whole(&[], 9), vec![0..9; 1]);
        assert_eq!(apart(&[], &ends), [0..2, 2..5, 5..6, 6..9]);
        let rows = [
            (vec![skip(0..2)], vec![2..9; 1], vec![2..5, 5..6, 6..9]),
            (vec![skip(2..6)], vec![0..2, 6..9], vec![0..2, 6..9]),
            (vec![skip(0..2), skip(5..9)], vec![2..5; 1], vec![2..5; 1]),
            (vec![skip(0..9)], vec![], vec![]),
        ];
        for (own, together, one_by_one) in rows {
            assert_eq!(whole(&own, 9), together, "{own:?}");
            assert_eq!(apart(&own, &ends), one_by_one, "{own:?}");
        }
    }

    #[test]
    fn skips_are_found_by_member() {
        let member = |slot| ConnectionId { slot, generation: 3 };
        let skips = [1, 1, 4, 9].map(|slot| Skip { member: member(slot), range: 0..1 });
        let turn = Turn { skips: skips.into(), ..Turn::default() };
        let found = [0, 1, 4, 5, 9, 10].map(|slot| turn.skips_of(member(slot)).len());
        assert_eq!(found, [0, 2, 1, 0, 1, 0]);
    }
}
