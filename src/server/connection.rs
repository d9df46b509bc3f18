//! One connection: a socket, its two buffers, and where it stands in its life.

use super::incoming_file::Frames;
use super::patience::Patience;
use super::place::{Form, Place, Taste};
use super::settings::{OutputBounds, Pacing, Settings};
use super::timers::Moment;
use crate::buffer::{OutputQueue, Parked, Pool, ReadBuffer};
use crate::few::Few;
use crate::limits::{
    BEGINNER_REQUESTS, CONSOLE_GAP, LINGER, LINGER_BYTES, OBJECT_HELD_BYTES, PACE_BACKLOG,
    PACE_GAP, PUT_BUFFER_BYTES, TLS_OUTPUT_BYTES, UNREAD_ANSWER_BYTES, WRITE_PARTS,
    WRITE_TURN_BYTES,
};
use crate::message::{AudienceId, ConnectionId, Dialect, Features, Name};
use crate::transport::Stream;
use crate::wire::detect::Wire;
use crate::wire::jim::{Bounds, Decoder};
use crate::wire::proxy::{self, Header};
use mio::Interest;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

/// The most objects that a paced connection is given at one look, when it has fallen behind.
const PACED_BURST: usize = 32;

/// Most queues have no more pieces than this: the many places for a long one are made only for it.
const FEW_PARTS: usize = 4;

/// Where a connection stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Requests are read and answered.
    Open,
    /// Nothing is read any more; what waits is written, by then at the latest.
    Flushing { until: Moment },
    /// Our side is shut; what still comes is dropped, else a reset would eat the last answer.
    Draining { until: Moment, bytes_left: u32 },
    /// To be reaped at the end of the turn.
    Gone,
}

/// How far a connection was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is counted nowhere: a balancer is to say first whom it connects for.
    Unannounced,
    /// It was over a limit, and is only told so.
    Refused,
    /// It has not said who it is.
    Stranger,
    /// It has.
    Known,
}

/// What one `fill` brought.
#[derive(Debug)]
pub(super) enum Filled {
    /// So much of the budget, in bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The peer will send no more.
    End,
    /// The connection broke.
    Broken(io::Error),
}

/// What a flush left.
#[derive(Debug)]
pub(super) enum Flushed {
    /// Nothing waits.
    All,
    /// A piece of a file is needed first.
    Dry,
    /// The kernel refused bytes: it will say when it has room.
    Blocked,
    /// The budget of the turn is used up.
    Budget,
    /// The next object is not due yet.
    Paced,
    /// The connection broke.
    Broken(io::Error),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) stream: Stream,
    pub(super) peer: SocketAddr,
    pub(super) phase: Phase,
    pub(super) input: Parked,
    pub(super) decoder: Decoder,
    /// Where its frames stand, if it sends such.
    pub(super) frames: Option<Box<Frames>>,
    /// Whose form its messages have.
    pub(super) dialect: Dialect,
    /// What it speaks, once its first bytes have said so.
    pub(super) wire: Option<Wire>,
    pub(super) output: OutputQueue,
    /// What of the output may wait for the next write.
    pub(super) patience: Patience,
    /// Its places in its audiences, in the audiences' order.
    pub(super) places: Few<Place>,
    /// The audience that it wrote to last, of those that leave it out.
    pub(super) said_in: AudienceId,
    /// How many parts of this turn's shared output are its own, and not for it.
    pub(super) skips: u32,
    /// The socket may have bytes: no read has said otherwise since the last event.
    pub(super) readable: bool,
    /// The peer has shut its side: reading goes on to the end.
    pub(super) hung_up: bool,
    /// The end was read.
    pub(super) ended: bool,
    /// How far it was let in.
    pub(super) entry: Entry,
    /// Its user sent more than it may: it is not read for a while.
    pub(super) paused: bool,
    /// The chat says that its next request has to wait.
    pub(super) waiting: bool,
    /// A job of its own found the worker's queue full; it is read no further meanwhile.
    pub(super) backlogged: bool,
    /// Jobs of its own that are not done yet: it is not ended in peace before.
    pub(super) jobs_owed: u32,
    /// What it opted into. Only [`Audiences::set_features`](super::fanout::Audiences::set_features)
    /// changes it, since the form that it gets messages in hangs on it.
    pub(super) features: Features,
    /// The number of the last event that it was told.
    pub(super) told: u64,
    /// It is on the list of those to be served.
    pub(super) ready: bool,
    /// It is on the list of those to be flushed.
    pub(super) dirty: bool,
    /// The kernel refused bytes.
    pub(super) blocked: bool,
    /// What we asked the kernel to tell us.
    pub(super) registered: Interest,
    /// What it did shows that it copes with more than one object a read.
    ordinary: bool,
    pacing: Pacing,
    /// When the next object may be written to a paced connection.
    next_object: Moment,
    /// By when its first whole object must have come; never once it has.
    pub(super) first_object_due: Moment,
    /// Since when half an object has been held.
    pub(super) half_since: Moment,
    /// Since when more than the soft bound has waited.
    over_soft_since: Moment,
    /// When it will be looked at by the timers.
    pub(super) armed: Moment,
    /// The memory of its queue, as the server's sum has it.
    pub(super) counted_memory: usize,
    /// Requests so far, for the log.
    pub(super) requests: u64,
    /// Who it is, for the log.
    pub(super) name: Option<Name>,
}

// Each of many idle connections has one, and little else: what few need at a time is boxed.
// In debug builds mio's sockets know whose they are.
const _: () = assert!(size_of::<Connection>() <= if cfg!(debug_assertions) { 280 } else { 272 });

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        stream: Stream,
        peer: SocketAddr,
        pacing: Pacing,
        first_object_due: Duration,
    ) -> Self {
        Self {
            id,
            stream,
            peer,
            phase: Phase::Open,
            input: Parked::default(),
            decoder: Decoder::default(),
            frames: None,
            dialect: Dialect::Jim,
            wire: None,
            output: OutputQueue::default(),
            patience: Patience::default(),
            places: Few::None,
            said_in: AudienceId::COMMON,
            skips: 0,
            // Bytes may have come before the socket was registered.
            readable: true,
            hung_up: false,
            ended: false,
            entry: Entry::Unannounced,
            paused: false,
            waiting: false,
            backlogged: false,
            jobs_owed: 0,
            features: Features::NONE,
            told: 0,
            ready: false,
            dirty: false,
            blocked: false,
            registered: Interest::READABLE,
            ordinary: false,
            pacing,
            next_object: Moment::at(Duration::ZERO),
            first_object_due: Moment::at(first_object_due),
            half_since: Moment::NEVER,
            over_soft_since: Moment::NEVER,
            armed: Moment::NEVER,
            counted_memory: 0,
            requests: 0,
            name: None,
        }
    }

    /// Takes a PROXY header that has come whole: the address that it names. Nothing behind it is
    /// read.
    pub(super) fn take_header(
        &mut self,
        scratch: &mut [u8],
    ) -> io::Result<Option<Option<SocketAddr>>> {
        let seen = match self.stream.peek(scratch) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => scratch.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        match proxy::header(seen) {
            Header::Incomplete if self.hung_up => Err(ErrorKind::UnexpectedEof.into()),
            Header::Incomplete => Ok(None),
            Header::Wrong => Err(io::Error::new(ErrorKind::InvalidData, "something else came")),
            Header::Whole { length, source } => {
                let whole = scratch.get_mut(..length).unwrap_or_default();
                self.stream.take_seen(whole)?;
                Ok(Some(source))
            }
        }
    }

    /// Reads once into `input`, which is this connection's own, taken out while it is served.
    pub(super) fn fill(&mut self, input: &mut ReadBuffer, pool: &mut Pool) -> Filled {
        if self.ended {
            return Filled::End;
        }
        if !self.readable && !self.hung_up {
            return Filled::Nothing;
        }
        let space = if self.knows_files() {
            input.space_up_to(pool, OBJECT_HELD_BYTES, PUT_BUFFER_BYTES)
        } else {
            input.space(pool)
        };
        let room = space.len();
        if room == 0 {
            return Filled::Nothing;
        }
        match self.stream.receive(space) {
            Ok(received) if received.ended => {
                self.ended = true;
                Filled::End
            }
            Ok(received) => {
                self.readable = received.more;
                input.filled(received.count);
                Filled::Bytes(received.cost)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                self.hung_up = false;
                Filled::Nothing
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Filled::Bytes(0),
            Err(error) => Filled::Broken(error),
        }
    }

    /// Whether files are announced to it as such.
    pub(super) const fn knows_files(&self) -> bool {
        self.features.has(Features::FILES)
    }

    /// How long its objects may be.
    pub(super) const fn bounds(&self) -> Bounds {
        if self.knows_files() { Bounds::FILES } else { Bounds::PLAIN }
    }

    /// Whether the next request may be handled.
    pub(super) fn may_decode(&self) -> bool {
        self.phase == Phase::Open
            && !self.paused
            && !self.is_held()
            && self.output.answer_bytes() < UNREAD_ANSWER_BYTES
    }

    /// Whether its next request waits for a job.
    pub(super) const fn is_held(&self) -> bool {
        self.waiting || self.backlogged
    }

    /// Whether nothing is read although jobs are under way, so that no read says how it broke.
    pub(super) const fn only_waits(&self) -> bool {
        self.is_held() || (self.ended && self.jobs_owed > 0)
    }

    /// It is being ended: what became of its jobs is no answer to it any more.
    pub(super) const fn forget_jobs(&mut self) {
        self.waiting = false;
        self.jobs_owed = 0;
    }

    /// Whether it speaks something that is served.
    pub(super) const fn is_served(&self) -> bool {
        matches!(self.wire, Some(Wire::Jim | Wire::LengthPrefixed))
    }

    /// A whole request came.
    pub(super) const fn note_request(&mut self) {
        self.requests += 1;
        self.first_object_due = Moment::NEVER;
        self.half_since = Moment::NEVER;
    }

    /// Whether it has begun something that it has not ended; its input is in its place.
    pub(super) fn is_halfway(&self) -> bool {
        match self.dialect {
            Dialect::Exchange => {
                let awaits_more = || self.frames.as_deref().is_some_and(Frames::awaits_more);
                !self.is_held() && (!self.input.is_empty() || awaits_more())
            }
            Dialect::Jim | Dialect::Console => self.decoder.is_inside_object(),
        }
    }

    /// Whether it has begun a record of TLS that it has not ended, while it is read.
    fn holds_half_record(&self) -> bool {
        self.stream.is_inside_record()
            && !self.is_held()
            && self.output.answer_bytes() < UNREAD_ANSWER_BYTES
    }

    /// What it gets as a member of an audience.
    pub(super) const fn taste(&self) -> Taste {
        Taste::of(self.dialect, self.features)
    }

    /// In which form it gets messages.
    pub(super) const fn form(&self) -> Form {
        Form::of(self.dialect, self.features)
    }

    /// Notes what was granted to it: a client that knows of features is no beginner's.
    pub(super) const fn grant(&mut self, features: Features) {
        self.features = features;
        self.ordinary = true;
    }

    /// What the decoder and the queue show ends the beginner, for good.
    pub(super) fn note_traits(&mut self, asked_features: bool) {
        self.ordinary = self.ordinary
            || asked_features
            || self.decoder.saw_spacing()
            || self.output.answers() > BEGINNER_REQUESTS;
    }

    /// Notes since when it has been halfway, if it is; its input is in its place.
    pub(super) fn note_half(&mut self, uptime: Duration) {
        if !self.is_halfway() && !self.holds_half_record() {
            self.half_since = Moment::NEVER;
        } else if !self.half_since.is_ever() {
            self.half_since = Moment::at(uptime);
        }
    }

    /// So much more time for what it has begun: that long it is not read.
    pub(super) fn postpone(&mut self, time: Duration) {
        self.first_object_due = self.first_object_due.plus(time);
        self.half_since = self.half_since.plus(time);
    }

    /// From now on its objects are kept apart in time by this setting.
    pub(super) const fn set_pacing(&mut self, pacing: Pacing) {
        self.pacing = pacing;
    }

    /// Whether its objects are kept apart in time.
    pub(super) const fn is_paced(&self) -> bool {
        match (self.pacing, self.dialect) {
            (Pacing::Off, _) | (_, Dialect::Exchange) => false,
            (Pacing::On, _) | (_, Dialect::Console) => true,
            (Pacing::Auto, Dialect::Jim) => !self.ordinary,
        }
    }

    /// Puts it on the list of those to be flushed, once.
    pub(super) fn mark_dirty(&mut self, dirty: &mut Vec<ConnectionId>) {
        if !std::mem::replace(&mut self.dirty, true) {
            dirty.push(self.id);
        }
    }

    /// Appends an answer.
    pub(super) fn answer(&mut self, pool: &mut Pool, encode: impl FnOnce(&mut Vec<u8>)) {
        let join = !self.is_paced();
        self.output.push_answer(pool, join, encode);
    }

    /// Appends an answer that may wait for the next write, unless every object is one of its own.
    pub(super) fn answer_patiently(&mut self, pool: &mut Pool, encode: impl FnOnce(&mut Vec<u8>)) {
        let before = self.output.bytes();
        self.answer(pool, encode);
        if !self.is_paced() {
            self.patience.note(self.output.bytes() - before);
        }
    }

    /// At a turn's end: whether what is queued waits for the next one.
    pub(super) fn keeps_waiting(&mut self, input_left: bool) -> bool {
        self.phase == Phase::Open
            && !self.ended
            && self.patience.lasts(self.output.bytes(), input_left)
    }

    /// Writes what waits: as much as the kernel takes, the turn's budget and the pacing allow.
    pub(super) fn flush(&mut self, pool: &mut Pool, uptime: Duration) -> Flushed {
        self.patience.end();
        let mut budget = WRITE_TURN_BYTES;
        let mut burst = PACED_BURST;
        loop {
            if self.owes_nothing() {
                return Flushed::All;
            }
            if self.blocked {
                return Flushed::Blocked;
            }
            if self.stream.owes() {
                match self.stream.write_owed() {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.blocked = true,
                    Err(error) => return Flushed::Broken(error),
                }
                continue;
            }
            if self.output.is_dry() {
                return Flushed::Dry;
            }
            if budget == 0 || burst == 0 {
                return Flushed::Budget;
            }
            let paced = self.is_paced();
            if paced && !self.next_object.has_come(uptime) {
                return Flushed::Paced;
            }
            let pieces = self.output.pieces();
            let written = match if paced { 1 } else { pieces } {
                ..2 => self.write_once::<1>(pool),
                2..=FEW_PARTS => self.write_once::<FEW_PARTS>(pool),
                _ => self.write_once::<WRITE_PARTS>(pool),
            };
            match written {
                Ok(count) => budget = budget.saturating_sub(count),
                Err(error) => return Flushed::Broken(error),
            }
            if paced && self.output.pieces() < pieces {
                burst -= 1;
                self.next_object = match self.dialect {
                    Dialect::Console => Moment::at(uptime + CONSOLE_GAP),
                    _ => next_object(self.next_object, uptime, pieces - 1),
                };
            }
        }
    }

    /// How the client ended it, for the log.
    pub(super) fn how_it_ended(&self) -> &'static str {
        if self.stream.is_handshaking() {
            "the client closed the connection during the TLS handshake"
        } else if self.stream.was_cut() {
            "the client closed the connection without TLS's word for its end"
        } else {
            "the client closed the connection"
        }
    }

    /// Whether nothing waits to be written.
    pub(super) fn owes_nothing(&self) -> bool {
        self.output.is_empty() && !self.stream.owes()
    }

    /// How much waits to be written, in bytes before they are encrypted.
    pub(super) fn owed_bytes(&self) -> usize {
        self.output.bytes() + self.stream.owed_bytes()
    }

    /// A number that another takes the place of when the kernel takes something; in TLS what is
    /// encrypted has left the queue before that.
    pub(super) fn measure_of_owed(&self) -> usize {
        self.output.bytes().wrapping_sub(self.stream.tls_written())
    }

    /// The memory that what waits keeps for this connection alone.
    pub(super) fn own_memory(&self) -> usize {
        self.output.own_memory() + self.held_by_tls()
    }

    /// How many bytes its peer has not taken.
    pub(super) fn unread_bytes(&self) -> usize {
        self.output.bytes() + self.held_by_tls()
    }

    /// What TLS holds that the socket had no room for: the most that this may be, if it is anything.
    fn held_by_tls(&self) -> usize {
        if self.stream.owes() { TLS_OUTPUT_BYTES } else { 0 }
    }

    /// One write of at most so many parts; a short one means that the kernel has no more room.
    fn write_once<const PARTS: usize>(&mut self, pool: &mut Pool) -> io::Result<usize> {
        let mut parts = [IoSlice::new(&[]); PARTS];
        let front = self.output.front(&mut parts);
        let parts = parts.get(..front.parts).unwrap_or_default();
        match self.stream.write_parts(parts) {
            Ok(count) => {
                self.blocked = self.stream.owes() || (count < front.bytes && !self.stream.is_tls());
                self.output.written(pool, count);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.blocked = true;
                Ok(0)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Whether its queue is too long, or has been for too long.
    pub(super) fn is_slow(&mut self, bounds: &OutputBounds, uptime: Duration) -> bool {
        let waiting = self.output.bytes();
        if waiting <= bounds.soft_bytes {
            self.over_soft_since = Moment::NEVER;
            return false;
        }
        if !self.over_soft_since.is_ever() {
            self.over_soft_since = Moment::at(uptime);
        }
        waiting > bounds.hard_bytes || self.over_soft_since.plus(bounds.soft_for).has_come(uptime)
    }

    /// What we want the kernel to tell us, computed from the buffers.
    pub(super) const fn interest(&self) -> Interest {
        if self.blocked { Interest::READABLE.add(Interest::WRITABLE) } else { Interest::READABLE }
    }

    /// When it must be looked at, whatever happens on the socket.
    pub(super) fn deadline(&self, settings: &Settings) -> Moment {
        let phase = match self.phase {
            Phase::Open => self.first_object_due.min(self.half_due(settings)).min(self.file_due()),
            Phase::Flushing { until } | Phase::Draining { until, .. } => until,
            Phase::Gone => return Moment::NEVER,
        };
        // One that is dirty is flushed in this turn anyway.
        let held = !self.dirty && !self.blocked && !self.output.is_empty();
        let next_object = if held && self.is_paced() { self.next_object } else { Moment::NEVER };
        phase.min(self.over_soft_since.plus(settings.output.soft_for)).min(next_object)
    }

    /// When half an object has been held for too long.
    fn half_due(&self, settings: &Settings) -> Moment {
        self.half_since.plus(settings.half_object)
    }

    /// When a file that it sends has been coming for too long.
    fn file_due(&self) -> Moment {
        let frames = self.frames.as_deref().filter(|_| !self.is_held());
        frames.map_or(Moment::NEVER, Frames::due)
    }

    /// Why the client's time is over, if it is.
    pub(super) fn overdue(&self, settings: &Settings, uptime: Duration) -> Option<&'static str> {
        if self.phase != Phase::Open {
            return None;
        }
        if self.first_object_due.has_come(uptime) {
            return Some(if self.stream.is_handshaking() {
                "the TLS handshake did not end in time"
            } else {
                "no whole object came in time"
            });
        }
        if self.half_due(settings).has_come(uptime) {
            return Some("half an object stayed half");
        }
        self.file_due().has_come(uptime).then_some("a file came too slowly")
    }

    /// All is written: shuts our side, and says whether the peer's end is still to be waited for.
    pub(super) fn start_draining(&mut self, uptime: Duration) {
        let shut = self.stream.shut_sending();
        self.phase = if self.ended || shut.is_err() {
            Phase::Gone
        } else {
            Phase::Draining { until: Moment::at(uptime + LINGER), bytes_left: LINGER_BYTES }
        };
    }

    /// Reads and drops what still comes; a closing connection is gone at its end or its bound.
    pub(super) fn drain(&mut self, scratch: &mut [u8]) {
        while let Phase::Draining { until, bytes_left } = self.phase {
            self.phase = match self.stream.discard(scratch) {
                Ok(0) => Phase::Gone,
                Ok(count) => match bytes_left.checked_sub(u32::try_from(count).unwrap_or(u32::MAX))
                {
                    None | Some(0) => Phase::Gone,
                    Some(bytes_left) => Phase::Draining { until, bytes_left },
                },
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Phase::Gone,
            };
        }
    }
}

/// A shorter gap than this is below what the event queue can wait for.
const CLOCK_GRAIN: Duration = Duration::from_millis(1);

/// When the object after one that was just written may follow. Gaps too short to be waited for are
/// caught up, so that a coarse clock does not slow a long queue; the others are never cut, however
/// late the loop is, since two objects in one read are the end of a beginner.
fn next_object(due: Moment, uptime: Duration, left: usize) -> Moment {
    let share = u32::try_from(left).ok().and_then(|left| PACE_BACKLOG.checked_div(left));
    let gap = share.map_or(PACE_GAP, |share| share.min(PACE_GAP));
    let is_late = due.plus(PACE_GAP).has_come(uptime);
    let from = if gap < CLOCK_GRAIN && !is_late { due } else { Moment::at(uptime) };
    from.plus(gap)
}

#[cfg(test)]
mod tests {
    use super::{Moment, next_object};
    use std::time::Duration;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn next(due: u64, uptime: u64, left: usize) -> Duration {
        next_object(Moment::at(ms(due)), ms(uptime), left).uptime().unwrap()
    }

    #[test]
    fn objects_are_five_milliseconds_apart_or_a_share_of_a_hundred() {
        assert_eq!(next(0, 1000, 0), ms(1005));
        assert_eq!(next(1000, 1000, 1), ms(1005));
        assert_eq!(next(1000, 1000, 20), ms(1005));
        assert_eq!(next(1000, 1000, 50), ms(1002));
        assert_eq!(next(1000, 1004, 50), ms(1006), "it is never cut");
        let half = Duration::from_micros(500);
        assert_eq!(next(1000, 1001, 200), ms(1000) + half, "it catches up");
        assert_eq!(next(0, 1000, 200), ms(1000) + half, "but not from long ago");
    }
}
