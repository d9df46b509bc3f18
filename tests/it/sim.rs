//! Seeded simulation of the chat's rules: many connections, requests through the real decoder, jobs
//! that finish in any order, late or not at all, connections that vanish. The same seed gives the
//! same run. `JIM_SIM_SEED=N` replays one, `JIM_SIM_RUNS=N` widens the sweep.

use jim::chat::{Chat, Effect, Payload, Policy, Registration, Sessions};
use jim::limits::Limits;
use jim::message::{
    AccountId, AccountRecord, AudienceId, Code, ConnectionId, Done, Job, Membership, Name, Now,
    RoomId, RoomRecord, Snapshot,
};
use jim::wire::jim::{Decoded, Decoder};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const STEPS: usize = 400;
const USERS: [&str; 4] = ["ann", "bob", "Вася", "dora"];
const GUESTS: [&str; 5] = ["Guest", "John Doe", "ann", "аnn", "newcomer"];
/// What is registered, two of them alike.
const NEW: [&str; 4] = ["newcomer", "Newcomer", "Guest", "ann"];
const ROOMS: [&str; 3] = ["#one", "#два", "#three"];

/// A small generator of its own: the run must not change with a library's version.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // xorshift64*, Marsaglia 2003.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// The server as the chat sees it, and what must always hold.
struct World {
    chat: Chat,
    random: Random,
    now: Now,
    open: BTreeMap<u32, Line>,
    generations: Vec<u32>,
    audiences: BTreeMap<AudienceId, BTreeSet<ConnectionId>>,
    jobs: Vec<(ConnectionId, Job)>,
    disk: Disk,
    sessions: Sessions,
    trace: Vec<String>,
}

/// One connection.
struct Line {
    id: ConnectionId,
    /// Requests minus answers: 0 or 1.
    owed: usize,
    /// Whom its last good authenticate made it.
    user: Option<AccountId>,
}

/// What a disk would hold.
#[derive(Default)]
struct Disk {
    accounts: Vec<AccountRecord>,
    rooms: BTreeMap<String, RoomRecord>,
    members: BTreeSet<(RoomId, AccountId)>,
}

impl World {
    fn new(seed: u64, sessions: Sessions) -> Self {
        let accounts: Vec<AccountRecord> = USERS
            .iter()
            .zip(1..)
            .map(|(name, id)| AccountRecord {
                id: AccountId(id),
                name: Name::shown(name),
                phc: "right".into(),
                blocked: false,
                created_unix_micros: 1,
            })
            .collect();
        let snapshot = Snapshot { accounts: accounts.clone(), ..Snapshot::default() };
        let policy = Policy { sessions, registration: Registration::Open, ..Policy::default() };
        Self {
            chat: Chat::new(policy, Limits::default(), snapshot),
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            now: Now::default(),
            open: BTreeMap::new(),
            generations: vec![0; 8],
            audiences: BTreeMap::new(),
            jobs: Vec::new(),
            disk: Disk { accounts, ..Disk::default() },
            sessions,
            trace: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.now.uptime += Duration::from_millis(self.random.next() % 1000);
        match self.random.below(10) {
            0 => self.open(),
            1 => self.vanish(),
            2 | 3 => self.finish_job(),
            _ => self.request(),
        }
        self.check();
    }

    fn open(&mut self) {
        let slot = self.random.below(self.generations.len());
        let slot_id = u32::try_from(slot).unwrap();
        if !self.open.contains_key(&slot_id) {
            let id = ConnectionId { slot: slot_id, generation: self.generations[slot] };
            self.open.insert(slot_id, Line { id, owed: 0, user: None });
            self.chat.handle_open(self.now, id);
            self.take_effects(None);
        }
    }

    fn some_line(&mut self) -> Option<ConnectionId> {
        let lines: Vec<ConnectionId> = self.open.values().map(|line| line.id).collect();
        (!lines.is_empty()).then(|| self.random.pick(&lines))
    }

    fn vanish(&mut self) {
        if let Some(id) = self.some_line() {
            self.remove(id);
            self.chat.handle_gone(id);
            self.take_effects(None);
        }
    }

    fn remove(&mut self, id: ConnectionId) {
        self.open.remove(&id.slot);
        self.generations[id.index()] += 1;
        for members in self.audiences.values_mut() {
            members.remove(&id);
        }
    }

    fn request(&mut self) {
        let Some(id) = self.some_line() else { return };
        if self.open[&id.slot].owed > 0 {
            return;
        }
        let text = self.make_request();
        self.trace.push(format!("{id:?} > {text}"));
        self.open.get_mut(&id.slot).unwrap().owed += 1;
        let limits = Limits::default();
        match Decoder::default().decode(text.as_bytes(), &limits) {
            Decoded::Request { request, .. } => self.chat.handle_request(self.now, id, &request),
            Decoded::Malformed { phrase, .. } => self.chat.handle_malformed(self.now, id, phrase),
            Decoded::Incomplete { .. } => panic!("half a request: {text}"),
        }
        self.take_effects(Some(id));
    }

    fn make_request(&mut self) -> String {
        let user = self.random.pick(&[USERS.as_slice(), &NEW].concat());
        let guest = self.random.pick(&GUESTS);
        let room = self.random.pick(&ROOMS);
        let password = self.random.pick(&["right", "right", "wrong"]);
        let from = if self.random.below(2) == 0 { user } else { guest };
        let to = self.random.pick(&["#all", "#one", "#два", "bob", "Guest", "nobody", "ann", ""]);
        let new = self.random.pick(&NEW);
        match self.random.below(11) {
            0 | 1 => format!(
                r#"{{"action":"authenticate","time":1,"user":{{"account_name":"{user}","password":"{password}"}}}}"#
            ),
            2 => format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{from}"}}}}"#),
            3 => r#"{"action":"presence","time":1}"#.to_owned(),
            4 => format!(r#"{{"action":"join","time":1,"room":"{room}"}}"#),
            5 => format!(r#"{{"action":"leave","time":1,"room":"{room}"}}"#),
            6 | 7 => {
                format!(r#"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"hi"}}"#)
            }
            8 => format!(
                r#"{{"action":"register","time":1,"user":{{"account_name":"{new}","password":"right"}}}}"#
            ),
            9 => format!(
                r#"{{"action":"passwd","time":1,"user":{{"password":"{password}","new_password":"right"}}}}"#
            ),
            _ => self.random.pick(&["{}", "{\"action\":\"quit\"}", "{\"a\":1,\"a\":2}"]).to_owned(),
        }
    }

    fn finish_job(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        let (id, job) = self.jobs.swap_remove(self.random.below(self.jobs.len()));
        let done = match self.random.below(12) {
            0 => Done::Failed,
            _ => self.disk.carry_out(job),
        };
        self.trace.push(format!("{id:?} done {done:?}"));
        self.chat.handle_done(id, done);
        self.take_effects(None);
    }

    fn take_effects(&mut self, asker: Option<ConnectionId>) {
        while let Some(effect) = self.chat.poll_effect() {
            self.trace.push(format!("{effect:?}"));
            match effect {
                Effect::Reply { to, reply } => {
                    let line = self.open.get_mut(&to.slot).expect("an answer to nobody");
                    assert_eq!(line.id, to, "an answer to a former connection");
                    assert_eq!(line.owed, 1, "an answer without a request");
                    line.owed = 0;
                    if reply.code == Code::Accepted {
                        line.user = self.disk.id_named(&reply.phrase);
                    }
                }
                Effect::Deliver { to, except, payload } => {
                    assert_eq!(payload, Payload::AsSent);
                    let asker = asker.expect("a delivery outside a request");
                    assert!(except.is_none_or(|except| except == asker));
                    self.check_delivery(to, asker);
                }
                Effect::Enter { connection, audience } => {
                    assert_eq!(self.open[&connection.slot].id, connection);
                    let new = self.audiences.entry(audience).or_default().insert(connection);
                    assert!(new, "{connection:?} enters {audience:?} twice");
                }
                Effect::Leave { connection, audience } => {
                    let was = self.audiences.entry(audience).or_default().remove(&connection);
                    assert!(was, "{connection:?} leaves {audience:?} without being there");
                }
                Effect::Job { connection, job } => {
                    assert_eq!(self.open[&connection.slot].owed, 1);
                    self.jobs.push((connection, job));
                }
                Effect::Close { connection, .. } => self.remove(connection),
                Effect::Hasten { connection } | Effect::Probe { to: connection } => {
                    assert_eq!(self.open[&connection.slot].id, connection);
                }
            }
        }
    }

    /// What is written to a room comes from a member, and goes to members alone.
    fn check_delivery(&self, to: AudienceId, asker: ConnectionId) {
        let audience = self.audiences.get(&to).cloned().unwrap_or_default();
        assert!(audience.iter().all(|id| self.open[&id.slot].id == *id));
        if to != AudienceId::COMMON && self.open[&asker.slot].user.is_none() {
            // A guest writes to a name, never to a room: all in it go by one name.
            let names: BTreeSet<_> = audience.iter().map(|id| self.chat.name_of(*id)).collect();
            assert!(names.len() <= 1, "a guest reached a room");
        }
    }

    fn check(&self) {
        let mut holders: BTreeMap<AccountId, usize> = BTreeMap::new();
        for line in self.open.values() {
            if let Some(user) = line.user {
                *holders.entry(user).or_default() += 1;
            }
        }
        if self.sessions != Sessions::Many {
            assert!(holders.values().all(|count| *count == 1), "one login, two connections");
        }
        for (id, members) in &self.audiences {
            for member in members {
                assert_eq!(self.open[&member.slot].id, *member, "{id:?} keeps a gone connection");
            }
        }
    }
}

impl Disk {
    fn id_named(&self, phrase: &jim::message::Phrase) -> Option<AccountId> {
        let jim::message::Phrase::Authenticated { user } = phrase else { return None };
        self.accounts.iter().find(|account| account.name == *user).map(|account| account.id)
    }

    fn register(&mut self, name: Name, phc: std::sync::Arc<str>) -> Done {
        let alike = |row: &&AccountRecord| row.name.skeletons().look_alike(&name.skeletons());
        if let Some(by) = self.accounts.iter().find(alike) {
            return Done::NameTaken { by: by.name.clone() };
        }
        let id = AccountId(i64::try_from(self.accounts.len()).unwrap() + 1);
        let account = AccountRecord { id, name, phc, blocked: false, created_unix_micros: 1 };
        self.accounts.push(account.clone());
        Done::Registered { account, joined: None }
    }

    fn carry_out(&mut self, job: Job) -> Done {
        match job {
            Job::FindAccount { name } => {
                Done::Account(self.accounts.iter().find(|a| a.name == name).cloned())
            }
            Job::VerifyPassword { phc, password } => {
                Done::Password(phc.is_some_and(|phc| &*phc == password.expose()))
            }
            Job::HashPassword { password } => Done::Hashed(password.expose().into()),
            Job::Register { name, phc, .. } => self.register(name, phc),
            Job::SetPassword { account, old_phc, phc } => {
                let row = self.accounts.iter_mut().find(|row| row.id == account).unwrap();
                if row.phc != old_phc {
                    return Done::PasswordStale;
                }
                row.phc = phc.clone();
                Done::PasswordSet { account, phc }
            }
            Job::Join { account, room } => {
                let next = RoomId(i64::try_from(self.rooms.len()).unwrap() + 1);
                let record = self.rooms.entry(room.to_string()).or_insert_with(|| RoomRecord {
                    id: next,
                    name: room,
                    owner: Some(account),
                });
                self.members.insert((record.id, account));
                let membership = Membership { room: record.id, account, since_unix_micros: 1 };
                Done::Joined { account, room: record.clone(), membership }
            }
            Job::Leave { account, room } => {
                self.members.remove(&(room, account));
                Done::Left { account, room, heir: None }
            }
        }
    }
}

fn run(seed: u64, sessions: Sessions) -> Vec<String> {
    let mut world = World::new(seed, sessions);
    for _ in 0..STEPS {
        world.step();
    }
    world.trace
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    if let Some(seed) = number("JIM_SIM_SEED") {
        return seed..seed + 1;
    }
    0..number("JIM_SIM_RUNS").unwrap_or(200)
}

#[test]
fn whatever_the_order_of_events_the_rules_hold_and_a_seed_replays_its_run() {
    for seed in seeds() {
        for sessions in [Sessions::One, Sessions::Newest, Sessions::Many] {
            let first = std::panic::catch_unwind(|| run(seed, sessions));
            let Ok(first) = first else { panic!("JIM_SIM_SEED={seed} with {sessions:?}") };
            assert_eq!(first, run(seed, sessions), "JIM_SIM_SEED={seed} differs from itself");
        }
    }
}
