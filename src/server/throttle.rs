//! Who comes too often: by address, in all, and by user. Nothing here costs anything while a rate is
//! off, and what is remembered is bounded: who was not seen for longest is forgotten first.

use super::connection::Phase;
use super::event_loop::{Observer, Running};
use super::settings::Throttling;
use super::timers::Moment;
use crate::chat::Standing;
use crate::message::{ConnectionId, Name, Network};
use crate::rate::{Bucket, Rate, Recent};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::time::Duration;

/// Places that are remembered for having come, and as many for wrong passwords: some 20 MB at most.
const MOST_PLACES: usize = 50_000;

/// Users that are remembered.
const MOST_USERS: usize = 65_536;

/// How long a place waits that has used up its failed log-ins; twice as long each further time.
const FIRST_PENALTY: Duration = Duration::from_secs(30);

/// It never waits longer than this.
const LONGEST_PENALTY: Duration = Duration::from_secs(3600);

/// When somebody comes back for whom too many others' passwords are looked at.
const BUSY: Duration = Duration::from_secs(1);

/// The wrong passwords of one place.
#[derive(Debug, Default)]
struct Failures {
    lately: Bucket,
    /// How often it used up its failed log-ins.
    offences: u32,
    /// Until then none of its log-ins is tried.
    shut_until: Duration,
}

/// Who is held to the rates of a user: guests who share a name share nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum User {
    Account(Name),
    Connection(ConnectionId),
}

/// What one user did lately.
#[derive(Debug, Default)]
struct Usage {
    objects: Bucket,
    bytes: Bucket,
}

/// How many connections of a place are here now.
#[derive(Debug, Default)]
struct Here {
    connections: usize,
    strangers: usize,
}

/// What is known of those who come.
#[derive(Debug)]
pub(super) struct Throttle {
    connects: Recent<Network, Bucket>,
    connects_in_all: Bucket,
    /// Apart from the connections, since anybody can make those from many places: who would have its
    /// wrong passwords forgotten has to have one looked at from each of so many others.
    failures: Recent<Network, Failures>,
    failures_in_all: Failures,
    users: Recent<User, Usage>,
    /// By place; those that are only told of their refusal are not among them.
    here: HashMap<Network, Here>,
    strangers: usize,
    /// Whose password is looked at, and where it came from unless that place is not counted.
    guesses: HashMap<ConnectionId, Option<Network>>,
    /// How many passwords of each place are looked at now: each may turn out wrong.
    guesses_here: HashMap<Network, u64>,
    /// Who is not read for a while, and until when.
    pauses: HashMap<ConnectionId, Duration>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            connects: Recent::new(MOST_PLACES),
            connects_in_all: Bucket::default(),
            failures: Recent::new(MOST_PLACES),
            failures_in_all: Failures::default(),
            users: Recent::new(MOST_USERS),
            here: HashMap::new(),
            strangers: 0,
            guesses: HashMap::new(),
            guesses_here: HashMap::new(),
            pauses: HashMap::new(),
        }
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMany {
    /// So many are here already.
    Here(usize),
    /// Too many came lately: how long to wait.
    Lately(Duration),
}

/// Why a password is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoGuess {
    /// So many are looked at that, were they all wrong, none would be left: how long to wait.
    Busy(Duration),
    /// Too many were wrong lately: how long to wait.
    Wrong(Duration),
}

impl Throttle {
    /// Whether one more from this address may come in.
    pub(super) fn admit(
        &mut self,
        settings: &Throttling,
        most_of_place: usize,
        address: IpAddr,
        uptime: Duration,
    ) -> Result<(), TooMany> {
        let exempt = settings.exempts(address);
        let place = Network::place_of(address);
        if !exempt && let Some(here) = self.here.get(&place) {
            at_most(here.connections, most_of_place)?;
            at_most(here.strangers, off_is_all(settings.unauthenticated_per_address))?;
        }
        at_most(self.strangers, off_is_all(settings.unauthenticated_in_all))?;
        take(&mut self.connects_in_all, settings.connections_per_minute_in_all, uptime)?;
        if !exempt && settings.connections_per_minute > 0 {
            take(self.connects.of(&place), settings.connections_per_minute, uptime)?;
        }
        Ok(())
    }

    /// One more is here, and has not said who it is.
    pub(super) fn count_in(&mut self, address: IpAddr) {
        let here = self.here.entry(Network::place_of(address)).or_default();
        here.connections += 1;
        here.strangers += 1;
        self.strangers += 1;
    }

    /// One of those has said who it is.
    pub(super) fn made_known(&mut self, address: IpAddr) {
        self.strangers = self.strangers.saturating_sub(1);
        if let Some(here) = self.here.get_mut(&Network::place_of(address)) {
            here.strangers = here.strangers.saturating_sub(1);
        }
    }

    /// One is gone.
    pub(super) fn count_out(&mut self, address: IpAddr, was_stranger: bool) {
        if was_stranger {
            self.made_known(address);
        }
        let place = Network::place_of(address);
        if let Some(here) = self.here.get_mut(&place) {
            here.connections = here.connections.saturating_sub(1);
            if here.connections == 0 {
                self.here.remove(&place);
            }
        }
    }

    /// Whether a password from this address is looked at; if so, [`Self::guessed`] or
    /// [`Self::forget_guess`] follows.
    pub(super) fn may_guess(
        &mut self,
        settings: &Throttling,
        (id, address): (ConnectionId, IpAddr),
        uptime: Duration,
    ) -> Result<(), NoGuess> {
        let rate = settings.failed_logins_per_minute;
        let counted = rate > 0 && !settings.exempts(address);
        let place = counted.then(|| Network::place_of(address));
        if let Some(place) = &place {
            let under_way = self.guesses_here.get(place).copied().unwrap_or_default();
            match self.failures.of_known(place) {
                Some(failures) => failures.may_guess(rate, under_way, uptime)?,
                None => Failures::default().may_guess(rate, under_way, uptime)?,
            }
        }
        let under_way = self.guesses.len() as u64;
        match settings.failed_logins_per_minute_in_all {
            0 => {}
            rate => self.failures_in_all.may_guess(rate, under_way, uptime)?,
        }
        if let Some(place) = &place {
            *self.guesses_here.entry(*place).or_default() += 1;
        }
        self.guesses.insert(id, place);
        Ok(())
    }

    /// A password was looked at. A wrong one counts, also where a place is shut for it.
    pub(super) fn guessed(
        &mut self,
        settings: &Throttling,
        (id, was_right): (ConnectionId, bool),
        uptime: Duration,
    ) {
        let Some(place) = self.forget_guess(id) else { return };
        if was_right {
            return;
        }
        let (rate, in_all) =
            (settings.failed_logins_per_minute, settings.failed_logins_per_minute_in_all);
        if let Some(place) = place
            && rate > 0
        {
            self.failures.of(&place).fail(rate, uptime);
        }
        if in_all > 0 {
            self.failures_in_all.lately.charge(&Rate::per_minute(in_all), 1, uptime);
        }
    }

    /// A connection's password is not looked at any more, if it was. Says where it came from.
    pub(super) fn forget_guess(&mut self, id: ConnectionId) -> Option<Option<Network>> {
        let from = self.guesses.remove(&id)?;
        if let Some(place) = from
            && let Entry::Occupied(mut here) = self.guesses_here.entry(place)
        {
            *here.get_mut() -= 1;
            if *here.get() == 0 {
                here.remove();
            }
        }
        Some(from)
    }

    /// When a connection is read again.
    pub(super) fn pause_ends(&self, id: ConnectionId) -> Moment {
        self.pauses.get(&id).map_or(Moment::NEVER, |until| Moment::at(*until))
    }

    /// A connection's pause is over, or the connection.
    pub(super) fn forget_pause(&mut self, id: ConnectionId) {
        self.pauses.remove(&id);
    }

    /// What a user sent is counted: how long it is not read for that.
    fn charge(
        &mut self,
        settings: &Throttling,
        user: &User,
        (objects, bytes): (u64, u64),
        uptime: Duration,
    ) -> Duration {
        let usage = self.users.of(user);
        let mut pause = Duration::ZERO;
        if settings.messages_per_second > 0 {
            let burst = u64::from(settings.messages_burst);
            let rate = Rate::per_second(settings.messages_per_second.into(), burst);
            pause = usage.objects.charge(&rate, objects, uptime);
        }
        if settings.bytes_per_second > 0 {
            let rate = settings.bytes_per_second as u64;
            pause = pause.max(usage.bytes.charge(&Rate::per_second(rate, rate), bytes, uptime));
        }
        pause
    }
}

impl Failures {
    /// Whether a password is looked at: if all were wrong that are, one must still be left.
    fn may_guess(&self, per_minute: u32, under_way: u64, uptime: Duration) -> Result<(), NoGuess> {
        if uptime < self.shut_until {
            return Err(NoGuess::Wrong(self.shut_until - uptime));
        }
        let rate = Rate::per_minute(per_minute);
        let mut lately = self.lately;
        lately.take(&rate, uptime).map_err(NoGuess::Wrong)?;
        let left = self.lately.left(&rate, uptime);
        if under_way < left { Ok(()) } else { Err(NoGuess::Busy(BUSY)) }
    }

    /// One was wrong. Whoever uses the last one up waits, and longer each time.
    fn fail(&mut self, per_minute: u32, uptime: Duration) {
        let rate = Rate::per_minute(per_minute);
        self.lately.charge(&rate, 1, uptime);
        if self.lately.left(&rate, uptime) > 0 {
            return;
        }
        if self.shut_until + LONGEST_PENALTY <= uptime {
            self.offences = 0;
        }
        let penalty = FIRST_PENALTY.saturating_mul(1 << self.offences.min(16));
        self.offences = self.offences.saturating_add(1);
        self.shut_until = uptime + penalty.min(LONGEST_PENALTY);
    }
}

/// A limit of 0 is none.
const fn off_is_all(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}

fn at_most(count: usize, limit: usize) -> Result<(), TooMany> {
    if count < limit { Ok(()) } else { Err(TooMany::Here(limit)) }
}

/// A rate of 0 is none.
fn take(bucket: &mut Bucket, per_minute: u32, uptime: Duration) -> Result<(), TooMany> {
    if per_minute == 0 {
        return Ok(());
    }
    bucket.take(&Rate::per_minute(per_minute), uptime).map_err(TooMany::Lately)
}

impl<O: Observer> Running<O> {
    /// Reads a connection no further for a while, if its user sent more than it may. What of its
    /// time passes so is not counted.
    pub(super) fn slow_down(&mut self, id: ConnectionId, objects: u64, bytes: usize) {
        let settings = &self.server.settings.throttle;
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.phase != Phase::Open {
            return;
        }
        let user = match (self.chat.about(id, self.now), &connection.name) {
            (Some(about), Some(name)) if about.standing == Standing::Account => {
                User::Account(name.clone())
            }
            _ => User::Connection(id),
        };
        let used = (objects, bytes as u64);
        let pause = self.throttle.charge(settings, &user, used, self.now.uptime);
        if !pause.is_zero() {
            let until = self.now.uptime + pause;
            let before = self.throttle.pauses.insert(id, until).unwrap_or(self.now.uptime);
            connection.paused = true;
            connection.postpone(until.saturating_sub(before));
            self.counts.throttled += 1;
            log::debug!("{} is not read for {} ms", connection.peer, pause.as_millis());
        }
    }

    /// Reads a connection again whose pause is over.
    pub(super) fn end_pause(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.paused && self.throttle.pause_ends(id).has_come(self.now.uptime) {
            connection.paused = false;
            self.throttle.forget_pause(id);
            self.make_ready(id);
        }
    }
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
