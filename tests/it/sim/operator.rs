//! What an operator does to the running server, what holds users to their rates, and the end.

use super::contents::MOST_BYTES;
use super::requests::USERS;
use super::world::World;
use jim::chat::{About, CloseReason, Guests, Hearers, Policy, Standing};
use jim::limits::Limits;
use jim::message::{AttachmentBounds, ConnectionId, Name, Notice};
use jim::rate::{Bucket, Rate, Recent};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Connections come from so many addresses.
const ADDRESSES: u32 = 3;

/// The most requests that are handled at once.
pub const AT_ONCE: usize = 5;

/// Users that are remembered: all that there are.
const MOST_USERS: usize = 4096;

/// What one connection may send.
const BURST: u64 = 6;

/// The rates that users are held to.
pub struct Rates {
    /// None, where they are off.
    rate: Option<Rate>,
    users: Recent<ConnectionId, Bucket>,
    /// Who is not read for a while, and until when.
    pauses: BTreeMap<ConnectionId, Duration>,
    /// How many requests of each were handled, and since when.
    handled: BTreeMap<ConnectionId, (u64, Duration)>,
}

impl Rates {
    pub fn new(are_on: bool) -> Self {
        Self {
            rate: are_on.then(|| Rate::per_second(1, BURST)),
            users: Recent::new(MOST_USERS),
            pauses: BTreeMap::new(),
            handled: BTreeMap::new(),
        }
    }

    pub fn is_paused(&self, id: ConnectionId, uptime: Duration) -> bool {
        self.pauses.get(&id).is_some_and(|until| uptime < *until)
    }

    /// So many were handled; whether its connection is read no further for now.
    pub fn charge(&mut self, id: ConnectionId, requests: u64, uptime: Duration) -> bool {
        let Some(rate) = &self.rate else { return false };
        let (handled, since) = self.handled.entry(id).or_insert((0, uptime));
        *handled += requests;
        // What was handled at once was counted only behind it.
        let most = BURST + (uptime - *since).as_secs() + 1 + AT_ONCE as u64;
        assert!(*handled <= most, "{handled} requests, at most {most}");
        let pause = self.users.of(&id).charge(rate, requests, uptime);
        assert!(pause <= Duration::from_secs(AT_ONCE as u64), "a pause of {pause:?}");
        if !pause.is_zero() {
            self.pauses.insert(id, uptime + pause);
        }
        !pause.is_zero()
    }
}

const fn address(id: ConnectionId) -> u32 {
    id.slot % ADDRESSES
}

impl World {
    pub(super) fn operate(&mut self) {
        match self.random.below(16) {
            0..=11 => self.change_accounts(),
            12 => self.kick(),
            13 if self.banned.is_empty() => self.ban(),
            13 | 14 => self.banned.clear(),
            _ => self.reload(),
        }
    }

    fn change_accounts(&mut self) {
        let renewed = self.disk.operate(&mut self.random);
        self.operated = true;
        // The running server is told at once, or finds out.
        if let Some(name) = renewed.filter(|_| self.random.below(2) == 0) {
            let reason = CloseReason::PasswordChanged;
            self.chat.handle_changed(self.now, name.as_str(), reason);
            self.take_effects(None);
            // A guest may have the name of an account that the chat is yet to hear of.
            self.check_gone(name.as_str(), |standing| standing == Standing::Account);
        }
    }

    fn kick(&mut self) {
        let some = self.some_line().and_then(|id| self.chat.name_of(id).map(Name::to_string));
        let name = some.unwrap_or_else(|| self.random.pick(&USERS).to_owned());
        self.trace.push(format!("an operator kicks {name}"));
        let before = self.open.len();
        let closed = self.chat.handle_kick(self.now, &name, CloseReason::Kicked);
        self.take_effects(None);
        assert_eq!(self.open.len() + closed, before, "others are closed too, or not all");
        self.check_gone(&name, |_| true);
    }

    fn check_gone(&self, name: &str, is_meant: impl Fn(Standing) -> bool) {
        let here = self.open.values().filter_map(|line| self.chat.about(line.id, self.now));
        let is_it = |one: &About<'_>| one.name.is_some_and(|other| other.as_str() == name);
        let left = here.filter(|one| is_it(one) && is_meant(one.standing)).count();
        assert_eq!(left, 0, "{name} is still here");
    }

    fn ban(&mut self) {
        let banned = address(ConnectionId { slot: self.random.next() as u32, generation: 0 });
        self.banned.insert(banned);
        self.trace.push(format!("an operator bans address {banned}"));
        let lines: Vec<ConnectionId> = self.open.values().map(|line| line.id).collect();
        for id in lines.into_iter().filter(|id| address(*id) == banned) {
            self.close(id, false);
        }
    }

    pub(super) fn is_banned(&self, id: ConnectionId) -> bool {
        self.banned.contains(&address(id))
    }

    /// Other rules from now on. What was granted stays so.
    fn reload(&mut self) {
        let max_bytes = self.random.pick(&[0, MOST_BYTES, MOST_BYTES]);
        self.policy = Policy {
            guests: self.random.pick(&[Guests::Write, Guests::Write, Guests::Read]),
            before_join: self.random.below(2) == 0,
            rooms_per_account: 1 + self.random.below(3),
            attachments: AttachmentBounds { max_bytes, ..AttachmentBounds::default() },
            ..self.policy.clone()
        };
        self.trace.push("an operator reloads".to_owned());
        self.chat.renew(self.now, self.policy.clone(), Limits::default());
        self.take_effects(None);
    }
}

// The end.
impl World {
    /// Handles nothing more: what was handled is answered, and everybody gets what is owed.
    pub(super) fn drain(&mut self) {
        self.trace.push("it drains".to_owned());
        self.write_notice(&Hearers::All, None, &Notice::Shutdown);
        self.is_stopping = true;
        self.cut_stalled();
        let mut rounds = 0;
        while self.has_work() || !self.is_drained() {
            self.go_on();
            rounds += 1;
            assert!(rounds < 100_000, "it does not come to an end");
        }
        let owing = self.open.values().filter(|line| !line.owed.is_empty());
        let owing: BTreeSet<ConnectionId> = owing.map(|line| line.id).collect();
        for id in owing {
            let end = self.wires.end(id).expect("it is there");
            assert!(end.pours.awaits_more(), "{id:?} was never answered");
        }
    }
}
