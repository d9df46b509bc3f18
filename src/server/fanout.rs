//! Who gets what: audiences of connections, and one shared chunk an audience, form and turn.
//!
//! A delivery is appended once a form to its audience's output of the turn. At the turn's end that
//! output becomes a chunk which the queues of all members with that form point into; a sender's
//! queue leaves out its own. What only some get, an event say, goes into their queues at once.

use super::connection::{Connection, Phase};
use super::place::{Form, Place, find};
use super::turn::{Targets, Turn};
use crate::buffer::{Gauge, Pool};
use crate::message::{AudienceId, ConnectionId, Features, Mark};
use crate::wire::encode;

/// How many emptied lists are kept, and of how many entries at most.
const SPARE: usize = 64;
const SPARE_ENTRIES: usize = 1024;

/// An output this large is shared at once, so that one turn's chunk stays bounded.
const CHUNK_BYTES: usize = 256 * 1024;

/// A message that is handed on: the object without its line end, and what some get besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) object: &'a [u8],
    pub(super) mark: Mark,
}

impl Message<'_> {
    fn write(&self, form: Form, out: &mut Vec<u8>) {
        match form {
            Form::Plain => out.extend_from_slice(self.object),
            Form::Marked => encode::marked(out, self.object, self.mark),
        }
    }
}

/// The members of an audience that get messages in one form, and what they get in this turn.
#[derive(Debug, Default)]
struct List {
    members: Vec<ConnectionId>,
    turn: Turn,
}

#[derive(Debug, Default)]
struct Audience {
    plain: List,
    marked: List,
    /// How many of the members are told of events.
    hearers: usize,
}

impl Audience {
    const fn list(&mut self, form: Form) -> &mut List {
        match form {
            Form::Plain => &mut self.plain,
            Form::Marked => &mut self.marked,
        }
    }
}

/// All audiences, by number.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    list: Vec<Audience>,
    /// Those with output in this turn, and some whose output was shared already.
    dirty: Vec<(AudienceId, Form)>,
    /// Emptied lists for the next audience with output: one that rests holds no memory.
    spare: Vec<Turn>,
    gauge: Gauge,
    /// The number of the last event that was told.
    event: u64,
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
        if self.list.len() <= audience.index() {
            self.list.resize_with(audience.index() + 1, Audience::default);
        }
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let Err(at) = find(&connection.places, audience) else {
            debug_assert!(false, "a connection enters an audience once");
            return;
        };
        let features = connection.features;
        let index = self.admit(audience, member, features, targets);
        if let Some(connection) = targets.connections.get_mut(member) {
            connection.places.insert(at, Place { audience, index });
        }
    }

    /// Puts a connection among the audience's members; says which it is now.
    fn admit(
        &mut self,
        audience: AudienceId,
        member: ConnectionId,
        features: Features,
        targets: &mut Targets<'_>,
    ) -> usize {
        let form = Form::of(features);
        // What was delivered before is not for the newcomer.
        self.share(audience, form, targets);
        let Some(entered) = self.list.get_mut(audience.index()) else { return 0 };
        entered.hearers += usize::from(features.has(Features::NOTICES));
        let members = &mut entered.list(form).members;
        members.push(member);
        members.len() - 1
    }

    /// From now on it does not.
    pub(super) fn leave(
        &mut self,
        audience: AudienceId,
        member: ConnectionId,
        targets: &mut Targets<'_>,
    ) {
        let Some(connection) = targets.connections.get_mut(member) else { return };
        if let Ok(held) = find(&connection.places, audience) {
            let place = connection.places.remove(held);
            let features = connection.features;
            self.vacate(place, features, targets);
        }
    }

    /// Takes a connection that ends out of all its audiences.
    pub(super) fn leave_all(&mut self, member: ConnectionId, targets: &mut Targets<'_>) {
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let features = connection.features;
        for place in std::mem::take(&mut connection.places) {
            self.vacate(place, features, targets);
        }
    }

    /// Closes the gap that a member leaves with the last one. What was delivered before it gets
    /// still.
    fn vacate(&mut self, place: Place, features: Features, targets: &mut Targets<'_>) {
        let form = Form::of(features);
        self.share(place.audience, form, targets);
        let Some(left) = self.list.get_mut(place.audience.index()) else { return };
        let hears = usize::from(features.has(Features::NOTICES));
        left.hearers = left.hearers.saturating_sub(hears);
        let members = &mut left.list(form).members;
        if place.index >= members.len() {
            return;
        }
        members.swap_remove(place.index);
        let moved = members.get(place.index);
        let Some(moved) = moved.and_then(|id| targets.connections.get_mut(*id)) else { return };
        let held = find(&moved.places, place.audience).ok();
        if let Some(held) = held.and_then(|held| moved.places.get_mut(held)) {
            held.index = place.index;
        }
    }

    /// From now on the connection has these features: it may get messages in the other form.
    pub(super) fn set_features(
        &mut self,
        member: ConnectionId,
        features: Features,
        targets: &mut Targets<'_>,
    ) {
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let former = connection.features;
        connection.grant(features);
        if former == features {
            return;
        }
        let mut places = std::mem::take(&mut connection.places);
        for place in &mut places {
            self.vacate(*place, former, targets);
            place.index = self.admit(place.audience, member, features, targets);
        }
        if let Some(connection) = targets.connections.get_mut(member) {
            connection.places = places;
        }
    }

    /// Appends a message to what the audience gets in this turn.
    pub(super) fn deliver(
        &mut self,
        audience: AudienceId,
        except: Option<ConnectionId>,
        message: Message<'_>,
        targets: &mut Targets<'_>,
    ) {
        for form in Form::ALL {
            self.append(audience, form, except, message, targets);
        }
    }

    fn append(
        &mut self,
        audience: AudienceId,
        form: Form,
        except: Option<ConnectionId>,
        message: Message<'_>,
        targets: &mut Targets<'_>,
    ) {
        let Some(list) = self.list.get_mut(audience.index()).map(|found| found.list(form)) else {
            return;
        };
        if list.members.is_empty() {
            return;
        }
        if list.turn.is_empty() {
            self.dirty.push((audience, form));
            list.turn = self.spare.pop().unwrap_or_default();
            list.turn.begin(targets.pool);
        }
        let range = list.turn.append(|out| message.write(form, out));
        let end = range.end;
        if let Some(sender) = except {
            list.turn.skip(sender, form, range, targets);
        }
        if end >= CHUNK_BYTES {
            self.share(audience, form, targets);
        }
    }

    /// The turn's end: hands every audience's output to its members' queues.
    pub(super) fn share_all(&mut self, targets: &mut Targets<'_>) {
        while let Some((audience, form)) = self.dirty.pop() {
            self.share(audience, form, targets);
        }
    }

    /// Hands the audience's output so far to its members' queues.
    fn share(&mut self, audience: AudienceId, form: Form, targets: &mut Targets<'_>) {
        let Some(list) = self.list.get_mut(audience.index()).map(|found| found.list(form)) else {
            return;
        };
        if list.turn.is_empty() {
            return;
        }
        let mut turn = std::mem::take(&mut list.turn);
        turn.share(&list.members, &self.gauge, targets);
        if self.spare.len() < SPARE && turn.entries() <= SPARE_ENTRIES {
            self.spare.push(turn);
        }
    }

    /// Hands a message to one connection alone, behind what its audiences were delivered before.
    pub(super) fn hand(
        &mut self,
        to: ConnectionId,
        message: Message<'_>,
        targets: &mut Targets<'_>,
    ) {
        self.share_with(to, targets);
        let Some(connection) = targets.connections.get_mut(to) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        let mut copy = targets.pool.take_owned();
        message.write(connection.form(), &mut copy);
        copy.push(b'\n');
        give(connection, &copy, targets.pool, targets.dirty);
        targets.pool.give_owned(copy);
    }

    /// Hands the output so far of all audiences that a connection is in to their members.
    fn share_with(&mut self, member: ConnectionId, targets: &mut Targets<'_>) {
        if self.dirty.is_empty() {
            return;
        }
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let (form, places) = (connection.form(), std::mem::take(&mut connection.places));
        for place in &places {
            self.share(place.audience, form, targets);
        }
        if let Some(connection) = targets.connections.get_mut(member) {
            connection.places = places;
        }
    }

    /// Whether anyone in these audiences is told of events.
    pub(super) fn has_hearers(&self, audiences: &[AudienceId]) -> bool {
        let hearers = |id: &AudienceId| self.list.get(id.index()).map_or(0, |found| found.hearers);
        audiences.iter().any(|id| hearers(id) > 0)
    }

    /// Tells an event, an object with its line end, to those in these audiences that opted in, each
    /// once, behind what the audience was delivered before.
    pub(super) fn tell(
        &mut self,
        audiences: &[AudienceId],
        except: Option<ConnectionId>,
        object: &[u8],
        targets: &mut Targets<'_>,
    ) {
        self.event += 1;
        for id in audiences {
            if !self.has_hearers(std::slice::from_ref(id)) {
                continue;
            }
            for form in Form::ALL {
                self.share(*id, form, targets);
                let found = self.list.get_mut(id.index()).map(|found| found.list(form));
                let members = found.map(|list| list.members.as_slice()).unwrap_or_default();
                for member in members.iter().filter(|member| Some(**member) != except) {
                    tell_member(*member, self.event, object, targets);
                }
            }
        }
    }

    /// Tells an event to all connections that opted in.
    pub(super) fn tell_all(
        &mut self,
        except: Option<ConnectionId>,
        object: &[u8],
        targets: &mut Targets<'_>,
    ) {
        self.share_all(targets);
        for connection in targets.connections.iter_mut() {
            let hears = connection.features.has(Features::NOTICES);
            if hears && connection.phase == Phase::Open && Some(connection.id) != except {
                give(connection, object, targets.pool, targets.dirty);
            }
        }
    }
}

/// Tells an event to a member, unless it opted in to none or was told of this one already.
fn tell_member(member: ConnectionId, event: u64, object: &[u8], targets: &mut Targets<'_>) {
    let Some(connection) = targets.connections.get_mut(member) else { return };
    if connection.features.has(Features::NOTICES)
        && std::mem::replace(&mut connection.told, event) != event
    {
        give(connection, object, targets.pool, targets.dirty);
    }
}

/// Appends a copy of an object with its line end to a connection's queue.
fn give(
    connection: &mut Connection,
    object: &[u8],
    pool: &mut Pool,
    dirty: &mut Vec<ConnectionId>,
) {
    let join = !connection.is_paced();
    connection.output.push_copy(pool, join, object);
    connection.mark_dirty(dirty);
}

#[cfg(test)]
#[path = "fanout_tests.rs"]
mod tests;
