//! Who gets what: audiences of connections, and one shared chunk an audience, form and turn.
//!
//! A delivery is appended once a form to its audience's output of the turn. At the turn's end that
//! output becomes a chunk which the queues of all members with that form point into; a sender's
//! queue leaves out its own. What only some get, an event say, goes into their queues at once.

use super::connection::{Connection, Phase};
use super::handed::Message;
use super::place::{Form, Place, Taste, find};
use super::turn::{COPIED_MEMBERS, Targets, Turn};
use crate::buffer::{Gauge, Pool};
use crate::few::Few;
use crate::message::{AudienceId, ConnectionId, Features};
use crate::wire::attachment::{FileWords, is_attachment};
use std::time::Duration;

/// How many emptied lists are kept, and of how many entries at most.
const SPARE: usize = 512;
const SPARE_ENTRIES: usize = 512;

/// An output this large is shared at once, so that one turn's chunk stays bounded.
const CHUNK_BYTES: usize = 256 * 1024;

/// The members of an audience that get messages in one form, and what they get in this turn.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) members: Few<ConnectionId>,
    /// What they get, if anything was delivered: a list at rest is small.
    turn: Option<Box<Turn>>,
    /// It is on the list of those with output.
    listed: bool,
    /// Its output was kept back at the end of the last turn.
    held: bool,
    /// Until then it was served lately enough, in microseconds of the server's uptime.
    served_until: u64,
}

impl List {
    /// Whether its output stays for another turn: that of a room that was served a moment ago.
    fn is_held(&mut self, hold: Hold) -> bool {
        let held = self.members.len() > COPIED_MEMBERS
            && !hold.time.is_zero()
            && micros(hold.uptime) < self.served_until;
        if !held {
            self.served_until = micros(hold.uptime + hold.time);
        }
        held
    }
}

/// How long a turn's end may hold back what a room gets, while the loop has input left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    /// When the turn began.
    pub(super) uptime: Duration,
    /// Zero: nothing is held, and what was is let go.
    pub(super) time: Duration,
}

/// The members from other wires.
#[derive(Debug, Default)]
struct Elsewhere {
    console: List,
    exchange: List,
}

/// The list of those who asked for nothing begins where a line of the processor's cache does: where
/// there are thousands of audiences, each of its lines is fetched for the one message.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Audience {
    plain: List,
    marked: List,
    /// Of console chat and of the exchange, once somebody there is a member.
    elsewhere: Option<Box<Elsewhere>>,
    /// How many of the members are told of events.
    hearers: usize,
}

impl Audience {
    /// The list of those with a form, if there may be any.
    fn list(&mut self, form: Form) -> Option<&mut List> {
        match form {
            Form::Plain => Some(&mut self.plain),
            Form::Marked => Some(&mut self.marked),
            Form::Console => self.elsewhere.as_mut().map(|lists| &mut lists.console),
            Form::Exchange => self.elsewhere.as_mut().map(|lists| &mut lists.exchange),
        }
    }

    /// The same, where somebody with that form enters.
    fn list_for(&mut self, form: Form) -> Option<&mut List> {
        if matches!(form, Form::Console | Form::Exchange) {
            self.elsewhere.get_or_insert_default();
        }
        self.list(form)
    }
}

// One for each name that is connected.
const _: () = assert!(size_of::<Audience>() <= 128 && size_of::<List>() <= 64);

/// All audiences, by number.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    list: Vec<Audience>,
    /// Those with output, and some whose output was shared already.
    dirty: Vec<(AudienceId, Form)>,
    /// When the first of those that are held back is due, in microseconds of the server's uptime.
    held_until: u64,
    /// How many of them hold back output of earlier turns.
    held: usize,
    /// Emptied lists for the next audience with output: one that rests holds no memory.
    #[allow(clippy::vec_box, reason = "a list takes the box, so that it is small without one")]
    spare: Vec<Box<Turn>>,
    gauge: Gauge,
    /// The number of the last event that was told.
    event: u64,
    /// How many objects members were given.
    delivered: u64,
}

impl Audiences {
    /// The bytes that shared chunks hold now.
    pub(super) fn shared_bytes(&self) -> usize {
        self.gauge.bytes()
    }

    /// How many objects members were given since the start.
    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Behind a turn's end: when the first of what is held back is due; `None` if nothing is.
    pub(super) fn held_until(&self) -> Option<Duration> {
        (!self.dirty.is_empty()).then(|| Duration::from_micros(self.held_until))
    }

    /// So many connections more get a message.
    pub(super) const fn count_deliveries(&mut self, receivers: usize) {
        self.delivered += receivers as u64;
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
        let taste = connection.taste();
        let index = self.admit(audience, member, taste, targets);
        if let Some(connection) = targets.connections.get_mut(member) {
            connection.places.insert(at, Place { audience, index });
        }
    }

    /// Puts a connection among the audience's members; says which it is now.
    fn admit(
        &mut self,
        audience: AudienceId,
        member: ConnectionId,
        taste: Taste,
        targets: &mut Targets<'_>,
    ) -> u32 {
        // What was delivered before is not for the newcomer.
        self.share(audience, taste.form, targets);
        let Some(entered) = self.list.get_mut(audience.index()) else { return 0 };
        entered.hearers += usize::from(taste.hears);
        let Some(list) = entered.list_for(taste.form) else { return 0 };
        list.members.push(member);
        u32::try_from(list.members.len() - 1).unwrap_or(u32::MAX)
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
            let taste = connection.taste();
            if let Some(place) = connection.places.remove(held) {
                self.vacate(place, taste, targets);
            }
        }
    }

    /// Takes a connection that ends out of all its audiences.
    pub(super) fn leave_all(&mut self, member: ConnectionId, targets: &mut Targets<'_>) {
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let taste = connection.taste();
        for place in std::mem::take(&mut connection.places) {
            self.vacate(place, taste, targets);
        }
    }

    /// Closes the gap that a member leaves with the last one. What was delivered before it gets
    /// still.
    fn vacate(&mut self, place: Place, taste: Taste, targets: &mut Targets<'_>) {
        self.share(place.audience, taste.form, targets);
        let Some(left) = self.list.get_mut(place.audience.index()) else { return };
        left.hearers = left.hearers.saturating_sub(usize::from(taste.hears));
        let Some(list) = left.list(taste.form) else { return };
        let members = &mut list.members;
        let index = place.index as usize;
        if members.swap_remove(index).is_none() {
            return;
        }
        let moved = members.get(index);
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
        let former = connection.taste();
        connection.grant(features);
        let taste = connection.taste();
        if former == taste {
            return;
        }
        let mut places = std::mem::take(&mut connection.places);
        for place in places.iter_mut() {
            self.vacate(*place, former, targets);
            place.index = self.admit(place.audience, member, taste, targets);
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
        self.note_speaker(audience, except, targets);
        for form in Form::ALL {
            self.append(audience, form, except, message, targets);
        }
    }

    /// Notes to which audience a sender writes, and lets go what must come before that.
    pub(super) fn note_speaker(
        &mut self,
        audience: AudienceId,
        except: Option<ConnectionId>,
        targets: &mut Targets<'_>,
    ) {
        let sender = except.and_then(|id| targets.connections.get_mut(id));
        let former = sender.map(|sender| std::mem::replace(&mut sender.said_in, audience));
        if self.held > 0 {
            self.let_go_before(audience, former, targets);
        }
    }

    /// What is held back comes before what is sent now: what the same sender wrote to its `former`
    /// and, before something to one receiver alone, all that its rooms were sent.
    fn let_go_before(
        &mut self,
        audience: AudienceId,
        former: Option<AudienceId>,
        targets: &mut Targets<'_>,
    ) {
        if let Some(former) = former.filter(|former| *former != audience) {
            Form::ALL.into_iter().for_each(|form| self.let_go(former, form, targets));
        }
        for form in Form::ALL {
            let members = self.list(audience, form).map(|list| list.members.as_slice());
            let members = members.filter(|members| members.len() <= COPIED_MEMBERS);
            let mut few = [ConnectionId::NONE; COPIED_MEMBERS];
            for (place, member) in few.iter_mut().zip(members.unwrap_or_default()) {
                *place = *member;
            }
            few.into_iter().for_each(|member| self.let_go_for(member, targets));
        }
    }

    /// Lets go what is held back for a connection.
    fn let_go_for(&mut self, member: ConnectionId, targets: &mut Targets<'_>) {
        for at in 0..self.held {
            let Some((audience, form)) = self.dirty.get(at).copied() else { return };
            let connection = targets.connections.get_mut(member);
            if connection.is_some_and(|member| find(&member.places, audience).is_ok()) {
                self.let_go(audience, form, targets);
            }
        }
    }

    /// Shares an output that was held back at the end of the last turn.
    fn let_go(&mut self, audience: AudienceId, form: Form, targets: &mut Targets<'_>) {
        if self.list(audience, form).is_some_and(|list| list.held) {
            self.share(audience, form, targets);
        }
    }

    pub(super) fn list(&mut self, audience: AudienceId, form: Form) -> Option<&mut List> {
        self.list.get_mut(audience.index()).and_then(|found| found.list(form))
    }

    fn append(
        &mut self,
        audience: AudienceId,
        form: Form,
        except: Option<ConnectionId>,
        message: Message<'_>,
        targets: &mut Targets<'_>,
    ) {
        let write = |out: &mut Vec<u8>, ends: &mut Vec<usize>| {
            message.write(form, out, |end| ends.push(end))
        };
        self.put(audience, form, except, write, targets);
    }

    /// Appends an object as it is to what the members with one form get in this turn.
    pub(super) fn say(
        &mut self,
        audience: AudienceId,
        form: Form,
        except: Option<ConnectionId>,
        object: &[u8],
        targets: &mut Targets<'_>,
    ) {
        let write = |out: &mut Vec<u8>, ends: &mut Vec<usize>| {
            out.extend_from_slice(object);
            ends.push(out.len());
        };
        self.put(audience, form, except, write, targets);
    }

    fn put(
        &mut self,
        audience: AudienceId,
        form: Form,
        except: Option<ConnectionId>,
        write: impl FnOnce(&mut Vec<u8>, &mut Vec<usize>),
        targets: &mut Targets<'_>,
    ) {
        let Some(list) = self.list.get_mut(audience.index()).and_then(|found| found.list(form))
        else {
            return;
        };
        if list.members.is_empty() {
            return;
        }
        let turn = list.turn.get_or_insert_with(|| {
            if !std::mem::replace(&mut list.listed, true) {
                self.dirty.push((audience, form));
            }
            let mut turn = self.spare.pop().unwrap_or_default();
            turn.begin(targets.pool);
            turn
        });
        let range = turn.append(write);
        let end = range.end;
        let mut receivers = list.members.len();
        if let Some(sender) = except
            && turn.skip(sender, form, range, targets)
        {
            receivers = receivers.saturating_sub(1);
        }
        self.count_deliveries(receivers);
        if end >= CHUNK_BYTES {
            self.share(audience, form, targets);
        }
    }

    /// The turn's end: hands every audience's output to its members' queues, but what is held back.
    pub(super) fn share_due(&mut self, hold: Hold, targets: &mut Targets<'_>) {
        let mut dirty = std::mem::take(&mut self.dirty);
        let mut first = u64::MAX;
        dirty.retain(|(audience, form)| {
            let Some(list) = self.list(*audience, *form) else { return false };
            // It may have been shared already, by what had to come behind it.
            let held = list.turn.is_some() && list.is_held(hold);
            (list.listed, list.held) = (held, held);
            if held {
                first = first.min(list.served_until);
            } else {
                self.share(*audience, *form, targets);
            }
            held
        });
        self.held_until = first;
        self.held = dirty.len();
        self.dirty = dirty;
    }

    /// Hands all output so far to the members' queues.
    fn share_all(&mut self, targets: &mut Targets<'_>) {
        for at in 0..self.dirty.len() {
            if let Some((audience, form)) = self.dirty.get(at).copied() {
                self.share(audience, form, targets);
            }
        }
    }

    /// Hands the audience's output so far to its members' queues.
    pub(super) fn share(&mut self, audience: AudienceId, form: Form, targets: &mut Targets<'_>) {
        let Some(list) = self.list.get_mut(audience.index()).and_then(|found| found.list(form))
        else {
            return;
        };
        list.held = false;
        let Some(mut turn) = list.turn.take() else { return };
        turn.share(&list.members, &self.gauge, targets);
        self.give_spare(turn);
    }

    fn give_spare(&mut self, turn: Box<Turn>) {
        if self.spare.len() < SPARE && turn.entries() <= SPARE_ENTRIES {
            self.spare.push(turn);
        }
    }

    /// Hands one output to these connections' queues at once.
    pub(super) fn share_now(
        &mut self,
        members: &[ConnectionId],
        write: impl FnOnce(&mut Vec<u8>, &mut Vec<usize>),
        targets: &mut Targets<'_>,
    ) {
        let mut turn = self.spare.pop().unwrap_or_default();
        turn.begin(targets.pool);
        turn.append(write);
        turn.share(members, &self.gauge, targets);
        self.give_spare(turn);
    }

    /// Hands a message to one connection alone, behind what its audiences were delivered before.
    pub(super) fn hand(
        &mut self,
        to: ConnectionId,
        message: Message<'_>,
        words: FileWords,
        targets: &mut Targets<'_>,
    ) {
        self.share_with(to, targets);
        let Some(connection) = targets.connections.get_mut(to) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        let mut copy = targets.pool.take_owned();
        let mut start = 0;
        let mut ends = Vec::new();
        let form = connection.form();
        if is_attachment(message.object) {
            let words = (!connection.knows_files()).then_some(words);
            message.write_file(form, words, &mut copy, |end| ends.push(end));
        } else {
            message.write(form, &mut copy, |end| ends.push(end));
        }
        self.count_deliveries(usize::from(!ends.is_empty()));
        for end in ends {
            let object = copy.get(std::mem::replace(&mut start, end)..end).unwrap_or_default();
            give(connection, object, targets.pool, targets.dirty);
        }
        targets.pool.give_owned(copy);
    }

    /// Hands the output so far of all audiences that a connection is in to their members.
    fn share_with(&mut self, member: ConnectionId, targets: &mut Targets<'_>) {
        if self.dirty.is_empty() {
            return;
        }
        let Some(connection) = targets.connections.get_mut(member) else { return };
        let (form, places) = (connection.form(), std::mem::take(&mut connection.places));
        for place in places.iter() {
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
                let found = self.list.get_mut(id.index()).and_then(|found| found.list(form));
                let members = found.map(|list| list.members.as_slice()).unwrap_or_default();
                for member in members.iter().filter(|member| Some(**member) != except) {
                    tell_member(*member, self.event, object, targets);
                }
            }
        }
    }

    /// Tells an event to one connection, if it opted in, behind what it was delivered.
    pub(super) fn tell_one(
        &mut self,
        connection: ConnectionId,
        object: &[u8],
        targets: &mut Targets<'_>,
    ) {
        self.event += 1;
        self.share_all(targets);
        tell_member(connection, self.event, object, targets);
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

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
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
