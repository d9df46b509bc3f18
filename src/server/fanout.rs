//! Who gets what: audiences of connections, and one shared chunk an audience and turn.
//!
//! A delivery is appended once to its audience's output of the turn. At the turn's end that output
//! becomes a chunk which all members' queues point into; a sender's queue leaves out its own.

use super::connection::Connection;
use super::slots::Slots;
use crate::buffer::{Chunk, Gauge, Pool};
use crate::message::{AudienceId, ConnectionId};
use std::ops::Range;

/// An audience this small gets copies: cheaper than a chunk.
const COPIED_MEMBERS: usize = 2;

/// An output this large is shared at once, so that one turn's chunk stays bounded.
const CHUNK_BYTES: usize = 256 * 1024;

/// A connection's place in an audience.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    audience: AudienceId,
    index: usize,
}

/// What a member does not get: its own.
#[derive(Debug)]
struct Skip {
    member: ConnectionId,
    range: Range<usize>,
}

#[derive(Debug, Default)]
struct Audience {
    members: Vec<ConnectionId>,
    /// This turn's output so far.
    turn: Vec<u8>,
    /// Where each object in it ends, for the members that are paced.
    ends: Vec<usize>,
    skips: Vec<Skip>,
}

/// All audiences, by number.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    list: Vec<Audience>,
    /// Those with output in this turn.
    dirty: Vec<AudienceId>,
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
        debug_assert!(connection.places.iter().all(|place| place.audience != audience));
        connection.places.push(Place { audience, index: list.members.len() });
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
        let held = connection.places.iter().position(|place| place.audience == audience);
        if let Some(held) = held {
            let place = connection.places.swap_remove(held);
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
        if let Some(held) = moved.places.iter_mut().find(|held| held.audience == place.audience) {
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
        if list.turn.is_empty() {
            self.dirty.push(audience);
            if list.turn.capacity() == 0 {
                list.turn = targets.pool.take_owned();
            }
        }
        let start = list.turn.len();
        write(&mut list.turn);
        let end = list.turn.len();
        list.ends.push(end);
        if let Some(sender) = except {
            list.skip(sender, start..end, targets);
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
        if list.turn.is_empty() {
            return;
        }
        self.dirty.retain(|other| *other != audience);
        if list.members.len() <= COPIED_MEMBERS {
            list.copy(targets);
        } else {
            list.point(&self.gauge, targets);
        }
        list.ends.clear();
        for skip in list.skips.drain(..) {
            if let Some(sender) = targets.connections.get_mut(skip.member) {
                sender.skips = sender.skips.saturating_sub(1);
            }
        }
    }
}

impl Audience {
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

    /// Copies the turn's output into each member's own buffer.
    fn copy(&mut self, targets: &mut Targets<'_>) {
        for member in &self.members {
            let Some(connection) = targets.connections.get_mut(*member) else { continue };
            let paced = connection.is_paced();
            for range in parts_for(connection, &self.skips, self.turn.len()) {
                for object in objects(&self.ends, range, paced) {
                    let data = self.turn.get(object).unwrap_or_default();
                    connection.output.push_copy(targets.pool, !paced, data);
                }
            }
            connection.mark_dirty(targets.dirty);
        }
        self.turn.clear();
    }

    /// Makes the turn's output a chunk and lets each member's queue point into it.
    fn point(&mut self, gauge: &Gauge, targets: &mut Targets<'_>) {
        let length = self.turn.len();
        let chunk = Chunk::share(std::mem::take(&mut self.turn), gauge);
        for member in &self.members {
            let Some(connection) = targets.connections.get_mut(*member) else { continue };
            let paced = connection.is_paced();
            if !paced && connection.skips == 0 {
                connection.output.push_shared(targets.pool, &chunk, 0..length);
            } else {
                for range in parts_for(connection, &self.skips, length) {
                    for object in objects(&self.ends, range, paced) {
                        connection.output.push_shared(targets.pool, &chunk, object);
                    }
                }
            }
            connection.mark_dirty(targets.dirty);
        }
    }
}

/// The parts of `0..length` that a connection gets: all but its own.
fn parts_for(connection: &Connection, skips: &[Skip], length: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut from = 0;
    if connection.skips > 0 {
        for skip in skips.iter().filter(|skip| skip.member == connection.id) {
            parts.push(from..skip.range.start);
            from = skip.range.end;
        }
    }
    parts.push(from..length);
    parts.retain(|part| !part.is_empty());
    parts
}

/// The objects in a range one by one for a paced connection, all at once for others.
fn objects(ends: &[usize], range: Range<usize>, apart: bool) -> Vec<Range<usize>> {
    if !apart {
        return vec![range];
    }
    let mut from = range.start;
    let inside = ends.iter().copied().filter(|end| range.start < *end && *end <= range.end);
    inside.map(|end| std::mem::replace(&mut from, end)..end).collect()
}
