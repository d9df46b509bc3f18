//! Who gets what: audiences of connections, and one shared chunk an audience and turn.
//!
//! A delivery is appended once to its audience's output of the turn. At the turn's end that output
//! becomes a chunk which all members' queues point into; a sender's queue leaves out its own.

use super::connection::Connection;
use super::place::{Place, find};
use super::slots::Slots;
use crate::buffer::{Chunk, Gauge, OutputQueue, Pool};
use crate::message::{AudienceId, ConnectionId};
use std::ops::Range;

/// An audience this small gets copies: cheaper than a chunk.
const COPIED_MEMBERS: usize = 2;

/// How many emptied lists are kept, and of how many entries at most.
const SPARE: usize = 64;
const SPARE_ENTRIES: usize = 1024;

/// An output this large is shared at once, so that one turn's chunk stays bounded.
const CHUNK_BYTES: usize = 256 * 1024;

/// What a member does not get: its own.
#[derive(Debug)]
struct Skip {
    member: ConnectionId,
    range: Range<usize>,
}

/// What an audience gets in this turn, so far.
#[derive(Debug, Default)]
struct Turn {
    bytes: Vec<u8>,
    /// Where each object ends, for the members that are paced.
    ends: Vec<usize>,
    skips: Vec<Skip>,
}

#[derive(Debug, Default)]
struct Audience {
    members: Vec<ConnectionId>,
    turn: Turn,
}

/// All audiences, by number.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    list: Vec<Audience>,
    /// Those with output in this turn, and some whose output was shared already.
    dirty: Vec<AudienceId>,
    /// Emptied lists for the next audience with output: one that rests holds no memory.
    spare: Vec<Turn>,
    gauge: Gauge,
}

/// What fan-out works with besides the audiences.
pub(super) struct Targets<'a> {
    pub(super) connections: &'a mut Slots<Connection>,
    pub(super) pool: &'a mut Pool,
    /// Connections that have output to be flushed.
    pub(super) dirty: &'a mut Vec<ConnectionId>,
}

impl Audiences {
    /// The bytes that shared chunks hold now.
    pub(super) fn shared_bytes(&self) -> usize {
        self.gauge.bytes()
    }

    /// Whether something was delivered that no queue has yet.
    pub(super) fn has_output(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// From now on the connection gets what is delivered to the audience.
    pub(super) fn enter(
        &mut self,
        audience: AudienceId,
        member: ConnectionId,
        targets: &mut Targets<'_>,
    ) {
        // What was delivered before is not for the newcomer.
        self.share(audience, targets);
        if self.list.len() <= audience.index() {
            self.list.resize_with(audience.index() + 1, Audience::default);
        }
        let Some(list) = self.list.get_mut(audience.index()) else { return };
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let Err(at) = find(&connection.places, audience) else {
            debug_assert!(false, "a connection enters an audience once");
            return;
        };
        connection.places.insert(at, Place { audience, index: list.members.len() });
        list.members.push(member);
    }

    /// From now on it does not.
    pub(super) fn leave(
        &mut self,
        audience: AudienceId,
        member: ConnectionId,
        targets: &mut Targets<'_>,
    ) {
        self.share(audience, targets);
        let Some(connection) = targets.connections.get_mut(member) else { return };
        if let Ok(held) = find(&connection.places, audience) {
            let place = connection.places.remove(held);
            self.vacate(place, targets);
        }
    }

    /// Takes a connection that ends out of all its audiences.
    pub(super) fn leave_all(&mut self, member: ConnectionId, targets: &mut Targets<'_>) {
        let Some(connection) = targets.connections.get_mut(member) else { return };
        for place in std::mem::take(&mut connection.places) {
            self.share(place.audience, targets);
            self.vacate(place, targets);
        }
    }

    /// Closes the gap that a member leaves with the last one.
    fn vacate(&mut self, place: Place, targets: &mut Targets<'_>) {
        let Some(list) = self.list.get_mut(place.audience.index()) else { return };
        if place.index >= list.members.len() {
            return;
        }
        list.members.swap_remove(place.index);
        let moved = list.members.get(place.index);
        let Some(moved) = moved.and_then(|id| targets.connections.get_mut(*id)) else { return };
        let held = find(&moved.places, place.audience).ok();
        if let Some(held) = held.and_then(|held| moved.places.get_mut(held)) {
            held.index = place.index;
        }
    }

    /// Appends an object, which `write` writes, to what the audience gets in this turn.
    pub(super) fn deliver(
        &mut self,
        audience: AudienceId,
        except: Option<ConnectionId>,
        targets: &mut Targets<'_>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let Some(list) = self.list.get_mut(audience.index()) else { return };
        if list.members.is_empty() {
            return;
        }
        if list.turn.bytes.is_empty() {
            self.dirty.push(audience);
            list.turn = self.spare.pop().unwrap_or_default();
            list.turn.bytes = targets.pool.take_owned();
        }
        let start = list.turn.bytes.len();
        write(&mut list.turn.bytes);
        let end = list.turn.bytes.len();
        list.turn.ends.push(end);
        if let Some(sender) = except {
            list.turn.skip(sender, start..end, targets);
        }
        if end >= CHUNK_BYTES {
            self.share(audience, targets);
        }
    }

    /// The turn's end: hands every audience's output to its members' queues.
    pub(super) fn share_all(&mut self, targets: &mut Targets<'_>) {
        while let Some(audience) = self.dirty.pop() {
            self.share(audience, targets);
        }
    }

    /// Hands the audience's output so far to its members' queues.
    fn share(&mut self, audience: AudienceId, targets: &mut Targets<'_>) {
        let Some(list) = self.list.get_mut(audience.index()) else { return };
        if list.turn.bytes.is_empty() {
            return;
        }
        let mut turn = std::mem::take(&mut list.turn);
        turn.skips.sort_unstable_by_key(|skip| (skip.member, skip.range.start));
        if list.members.len() <= COPIED_MEMBERS {
            turn.copy(&list.members, targets);
        } else {
            turn.point(&list.members, &self.gauge, targets);
        }
        for skip in turn.skips.drain(..) {
            if let Some(sender) = targets.connections.get_mut(skip.member) {
                sender.skips = sender.skips.saturating_sub(1);
            }
        }
        turn.ends.clear();
        if self.spare.len() < SPARE
            && turn.ends.capacity().max(turn.skips.capacity()) <= SPARE_ENTRIES
        {
            self.spare.push(turn);
        }
    }
}

impl Turn {
    fn skip(&mut self, sender: ConnectionId, range: Range<usize>, targets: &mut Targets<'_>) {
        if let Some(last) = self.skips.last_mut()
            && last.member == sender
            && last.range.end == range.start
        {
            last.range.end = range.end;
            return;
        }
        if let Some(connection) = targets.connections.get_mut(sender) {
            connection.skips += 1;
            self.skips.push(Skip { member: sender, range });
        }
    }

    /// Copies the output into each member's own buffer.
    fn copy(&mut self, members: &[ConnectionId], targets: &mut Targets<'_>) {
        let bytes = std::mem::take(&mut self.bytes);
        self.hand_out(members, targets, |output, pool, join, range| {
            output.push_copy(pool, join, bytes.get(range).unwrap_or_default());
        });
        targets.pool.give_owned(bytes);
    }

    /// Makes the output a chunk and lets each member's queue point into it.
    fn point(&mut self, members: &[ConnectionId], gauge: &Gauge, targets: &mut Targets<'_>) {
        let bytes = std::mem::take(&mut self.bytes);
        let chunk = Chunk::share(targets.pool.fitting(bytes), gauge);
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
    fn an_audience_that_rests_holds_no_memory() {
        let (mut connections, mut pool, mut dirty) =
            (Slots::default(), Pool::default(), Vec::new());
        let mut targets =
            Targets { connections: &mut connections, pool: &mut pool, dirty: &mut dirty };
        let mut audiences = Audiences::default();
        for members in 1..4 {
            let members = vec![ConnectionId { slot: 0, generation: 0 }; members];
            audiences.list.push(Audience { members, ..Audience::default() });
        }
        for _ in 0..1000 {
            for audience in 0..3 {
                let object = |out: &mut Vec<u8>| out.extend_from_slice(&[b'x'; 100]);
                audiences.deliver(AudienceId(audience), None, &mut targets, object);
            }
        }
        assert!(audiences.has_output());
        audiences.share_all(&mut targets);
        assert!(!audiences.has_output());
        assert_eq!(audiences.shared_bytes(), 0);
        for audience in &audiences.list {
            let turn = &audience.turn;
            assert_eq!(
                (turn.bytes.capacity(), turn.ends.capacity(), turn.skips.capacity()),
                (0, 0, 0)
            );
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
