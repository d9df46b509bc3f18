//! The chat's rules: a state machine without socket, clock, thread or file.
//!
//! What arrives is handed to a `handle_*` method together with the time; what should happen next is
//! taken with [`Chat::poll_effect`], until there is none, before the next `handle_*`: an effect
//! such as [`Effect::Deliver`] speaks of the request that was just handled. Lasting state changes
//! only in [`Chat::handle_done`], after the disk has it, so that a failed commit has nothing to
//! undo.

mod audit;
mod by_id;
mod chance;
mod change;
mod checks;
mod dispatch;
mod effect;
mod files;
mod gate;
mod handlers;
mod listing;
mod message_ids;
mod notices;
mod operator;
mod outcome;
mod policy;
mod probe;
mod rooms;
mod session;
#[cfg(test)]
mod tests;
mod users;
mod waiting;

pub use audit::Audiences;
pub use dispatch::{ACTIONS, Action, Needs, find};
pub use effect::{CloseReason, Effect, Hearers, Payload};
pub use operator::{About, Census, Standing};
pub use policy::{Guests, Policy, Probe, Registration, Sessions};

use crate::limits::Limits;
use crate::message::{
    AccountId, AccountList, AccountRecord, Announcement, AudienceId, Code, ConnectionId, Dialect,
    Done, Extra, Features, Job, MessageId, Name, Now, Phrase, Reply, Request, RoomId, Snapshot,
};
use crate::rate::{Bucket, Recent};
use chance::Chance;
pub use handlers::offer::Offered;
use handlers::{authenticate, fetch, history, join, leave, offer, passwd, put, register, upload};
use message_ids::MessageIds;
use outcome::Outcome;
use probe::Probes;
use rooms::{Room, Rooms};
use session::{Session, Waiting, Who};
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use users::{AudienceIds, Users};

/// So many who joined a room lately are remembered.
const JOINERS: usize = 4096;

/// All chat state.
#[derive(Debug)]
pub struct Chat {
    policy: Policy,
    limits: Limits,
    /// The common chat's names, the first its own.
    common: Vec<Name>,
    sessions: session::Sessions,
    users: Users,
    rooms: Rooms,
    audiences: AudienceIds,
    /// The time of what is being handled.
    now: Now,
    probes: Probes,
    looks: waiting::Looks,
    ids: MessageIds,
    /// Whole files whose announcement is on its way to the disk, each with its sender.
    announcing: BTreeMap<MessageId, AccountId>,
    /// The version of the last list of all accounts: who is not among them and is no newer is gone.
    accounts_version: i64,
    /// How many are in the common chat.
    present: usize,
    /// How far local time is ahead of UTC, in seconds.
    utc_offset: i32,
    chance: Chance,
    /// Who joined rooms lately.
    joins: Recent<AccountId, Bucket>,
    effects: VecDeque<Effect>,
}

impl Chat {
    /// A chat with what the disk holds.
    #[must_use]
    pub fn new(policy: Policy, limits: Limits, snapshot: Snapshot) -> Self {
        let common = common_names(&policy);
        let mut chat = Self {
            policy,
            limits,
            common,
            sessions: session::Sessions::default(),
            users: Users::default(),
            rooms: Rooms::default(),
            audiences: AudienceIds::default(),
            now: Now::default(),
            probes: Probes::default(),
            looks: waiting::Looks::new(),
            ids: MessageIds::new(snapshot.next_id, snapshot.ceiling),
            announcing: BTreeMap::new(),
            accounts_version: snapshot.accounts_version,
            present: 0,
            utc_offset: 0,
            chance: Chance::new(0),
            joins: Recent::new(JOINERS),
            effects: VecDeque::new(),
        };
        chat.load(snapshot);
        chat
    }

    /// Chance follows from this number from now on; it is 0 at first.
    pub const fn seed(&mut self, seed: u64) {
        self.chance = Chance::new(seed);
    }

    /// Local time is so many seconds ahead of UTC from now on; none at first.
    pub const fn set_utc_offset(&mut self, seconds: i32) {
        self.utc_offset = seconds;
    }

    /// The connection, which has said nothing yet, is a client of another wire than JIM's.
    pub fn set_dialect(&mut self, connection: ConnectionId, dialect: Dialect) {
        if let Some(session) = self.sessions.get_mut(connection) {
            session.dialect = dialect;
        }
    }

    fn load(&mut self, snapshot: Snapshot) {
        for account in snapshot.accounts {
            self.users.put(account);
        }
        for room in snapshot.rooms {
            self.rooms.put(room, &mut self.audiences);
        }
        for membership in snapshot.memberships {
            if let Some(account) = self.users.account_mut(membership.account)
                && self.rooms.add_member(&membership)
            {
                account.enter(membership.room);
            }
        }
        for (room, account) in snapshot.bans {
            if let Some(room) = self.rooms.get_mut(room) {
                room.ban(account);
            }
        }
        for (room, account) in snapshot.invited {
            if let Some(room) = self.rooms.get_mut(room) {
                room.invite(account);
            }
        }
        for (account, contact) in snapshot.contacts {
            self.users.account_mut(account).map(|account| account.contacts.insert(contact));
        }
        for (account, count) in snapshot.waiting {
            if let Some(account) = self.users.account_mut(account) {
                account.waiting = count;
            }
        }
    }

    /// A connection was accepted.
    pub fn handle_open(&mut self, now: Now, connection: ConnectionId) {
        self.sessions.insert(Box::new(Session::new(connection, now)));
        if self.policy.probe == Probe::All {
            self.probes.watch(connection, now.uptime + self.policy.probe_after);
        }
    }

    /// A connection asks for something. Not while it waits for a job.
    pub fn handle_request(&mut self, now: Now, connection: ConnectionId, request: &Request<'_>) {
        let Some(mut session) = self.sessions.remove(connection) else { return };
        debug_assert!(!session.is_busy(), "one request at a time");
        session.hear(now);
        session.echo = request.id.map(Box::from);
        self.now = now;
        let outcome = dispatch::dispatch(self, &mut session, request);
        self.conclude(session, outcome);
    }

    /// A connection sent what is no request: it is answered 400.
    pub fn handle_malformed(&mut self, now: Now, connection: ConnectionId, phrase: Phrase) {
        let Some(mut session) = self.sessions.remove(connection) else { return };
        session.hear(now);
        session.echo = None;
        self.conclude(session, Outcome::bad(phrase));
    }

    /// A worker is done with what a connection asked for. What was stored counts from now on, also
    /// where the connection is gone.
    pub fn handle_done(&mut self, now: Now, connection: ConnectionId, done: Done) {
        self.now = now;
        match done {
            Done::Stored(message) => gate::stored(self, connection, &message),
            Done::NotStored(message) => gate::failed(self, connection, message.as_deref()),
            Done::Unreachable(message) => gate::unreachable(self, connection, &message),
            Done::NotAwaited { account } => waiting::not_awaited(self, account),
            Done::CeilingRaised { ceiling } => self.ids.raised(ceiling),
            Done::Waiting(page) => waiting::fetched(self, now, connection, page),
            done => self.go_on(connection, done),
        }
    }

    /// The job that a connection waits for is done.
    fn go_on(&mut self, connection: ConnectionId, done: Done) {
        match &done {
            Done::Joined { account, room, membership } => {
                join::committed(self, *account, room.clone(), membership);
            }
            Done::Left { account, room, heir } => {
                leave::committed(self, *account, *room, *heir);
            }
            Done::Registered { account, joined } => {
                register::committed(self, account, joined.as_ref());
            }
            Done::PasswordSet { account, phc, version } => {
                passwd::committed(self, connection, *account, (phc.clone(), *version));
            }
            Done::Changed { by, change } => change::committed(self, *by, change),
            Done::Acknowledged { account, waiting } => {
                waiting::acknowledged(self, *account, *waiting);
            }
            // While every session is in its place: it may end the very one that asked.
            Done::Account(Some(account)) => self.refresh_account(account.clone()),
            _ => {}
        }
        let Some(mut session) = self.sessions.remove(connection) else { return };
        let Some(waiting) = session.waiting.take() else {
            self.sessions.insert(session);
            return;
        };
        let outcome = self.resume(&mut session, *waiting, done);
        self.conclude(session, outcome);
    }

    fn resume(&mut self, session: &mut Session, waiting: Waiting, done: Done) -> Outcome {
        match (waiting, done) {
            (Waiting::Piece(_) | Waiting::Fetched { .. }, Done::Busy { seconds }) => {
                Outcome::reply(Code::TooMany, Phrase::FilesBusy { seconds })
            }
            (_, Done::Busy { seconds }) => Outcome::reply(Code::TooMany, Phrase::Busy { seconds }),
            (_, Done::TooManyLogins { seconds }) => {
                Outcome::reply(Code::TooMany, Phrase::TooManyLogins { seconds })
            }
            (_, Done::AccountGone) => Outcome::reply(
                Code::Unauthorized,
                Phrase::NotAuthenticated { user: session.name().cloned() },
            ),
            (Waiting::Register(asked), done) => register::go_on(self, session, asked, done),
            (Waiting::Passwd(change), done) => passwd::go_on(self, session, change, done),
            (Waiting::Account { claim, password }, Done::Account(account)) => {
                authenticate::found(self, session, claim, password, account)
            }
            (Waiting::Password { claim, account }, Done::Password(fits)) => {
                authenticate::verified(self, session, claim, account, fits)
            }
            (Waiting::Join { room }, Done::Joined { .. }) => join::conclude(self, session, &room),
            (Waiting::Join { room }, Done::MayNotJoin) => join::refused(session, room),
            (Waiting::Leave { room }, Done::Left { .. }) => leave::conclude(session, &room),
            (Waiting::Change(reply), Done::Changed { .. } | Done::Acknowledged { .. }) => {
                Outcome::Reply(reply)
            }
            (Waiting::Read(reading), Done::Page(page)) => {
                history::read(self, session, &reading, page)
            }
            (Waiting::Upload { size }, done) => upload::go_on(session, size, &done),
            (Waiting::Put(piece), Done::Attachment(record)) => {
                put::found(self, session, piece, record)
            }
            (Waiting::PutAgain(piece), _) => put::begin(self, session, piece),
            (Waiting::Piece(upload), done) => put::taken(self, session, *upload, &done),
            (Waiting::Fetch { offset }, Done::Attachment(record)) => {
                fetch::found(self, session, offset, record)
            }
            (Waiting::Fetched { offset, record }, Done::Piece(piece)) => {
                fetch::read(self, session, offset, *record, piece)
            }
            (Waiting::Offered(upload), done) => offer::opened(session, upload, &done),
            (Waiting::Receiving(upload), done) => offer::received(self, session, &upload, &done),
            _ => Outcome::reply(Code::ServerError, Phrase::ServerFailed),
        }
    }

    /// A connection is gone: its peer closed it, or it broke. The server has taken it out of its
    /// audiences.
    pub fn handle_gone(&mut self, connection: ConnectionId) {
        if let Some(mut session) = self.sessions.remove(connection) {
            self.forget(&mut session);
        }
    }

    /// The accounts were changed beside the running server. One that was blocked, removed or given
    /// another password is disconnected now, a guest whose name became an account's too; a removed
    /// one's rooms have other owners.
    pub fn handle_accounts(&mut self, list: AccountList) {
        let AccountList { version, accounts, owners } = list;
        let kept: std::collections::HashSet<_> = accounts.iter().map(|a| a.id).collect();
        let known = self.users.accounts().map(|account| &account.record);
        let is_gone = |a: &&AccountRecord| !kept.contains(&a.id) && a.version <= version;
        let mut removed: Vec<_> = known.filter(is_gone).map(|account| account.id).collect();
        removed.sort_unstable();
        for id in removed {
            self.remove_account(id);
        }
        self.accounts_version = self.accounts_version.max(version);
        for account in accounts {
            self.end_old_password(&account);
            self.put_account(account);
        }
        for (room, owner) in owners {
            if let Some(room) = self.rooms.get_mut(room) {
                room.record.owner = owner;
            }
        }
    }

    /// An operator gave the account another password: what logged in with the old one ends.
    fn end_old_password(&mut self, record: &AccountRecord) {
        let known = self.users.account(record.id);
        let is_old = |known: &&users::Account| {
            known.record.phc != record.phc && known.record.version <= record.version
        };
        let connections = known.filter(is_old).map(|account| account.connections.clone());
        for connection in connections.unwrap_or_default() {
            self.close(connection, CloseReason::PasswordChanged);
        }
    }

    fn remove_account(&mut self, id: AccountId) {
        let connections = self.users.account(id).map(|account| account.connections.clone());
        for connection in connections.unwrap_or_default() {
            self.close(connection, CloseReason::Removed);
        }
        if let Some(account) = self.users.take(id) {
            for room in account.rooms {
                self.rooms.remove_member(room, id);
            }
            self.users.forget_contact(id);
        }
    }

    /// An account as it was read: unless that was before it was changed, or removed.
    fn refresh_account(&mut self, record: AccountRecord) {
        let is_gone =
            self.users.account(record.id).is_none() && record.version <= self.accounts_version;
        if !is_gone {
            self.put_account(record);
        }
    }

    fn put_account(&mut self, record: AccountRecord) {
        if self.users.knows_more_than(&record) {
            return;
        }
        let (id, blocked) = (record.id, record.blocked);
        // Removed and added again: another account, which inherits nothing.
        let former = self.users.account_named(record.name.as_str()).map(|a| a.record.id);
        if let Some(former) = former.filter(|former| *former != id) {
            self.remove_account(former);
        }
        if self.users.account(id).is_none() {
            self.end_guests(&record.name);
        }
        self.users.put(record);
        let connections = self.users.account(id).filter(|_| blocked).map(|a| a.connections.clone());
        for connection in connections.unwrap_or_default() {
            self.close(connection, CloseReason::Blocked);
        }
    }

    /// A name became an account's: its guests are closed. Only who is about to hear what became of
    /// its own `register` lives on, as a guest without a name.
    fn end_guests(&mut self, name: &Name) {
        for connection in self.users.guests_like(name) {
            let Some(mut session) = self.sessions.remove(connection) else { continue };
            if matches!(session.waiting.as_deref(), Some(Waiting::Register(_))) {
                self.drop_guest_name(&session);
                session.who = Who::Guest(None);
                self.sessions.insert(session);
            } else {
                self.sessions.insert(session);
                self.close(connection, CloseReason::NameRegistered);
            }
        }
    }

    /// The time that [`Chat::poll_timeout`] named has come.
    pub fn handle_timeout(&mut self, now: Now) {
        probe::handle_timeout(self, now);
        waiting::handle_timeout(self, now);
    }

    /// When `handle_timeout` is due, in the server's uptime.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let look = self.looks.peek().map(|Reverse((due, _))| *due);
        [self.probes.next(), look].into_iter().flatten().min()
    }

    /// What should happen next. To be taken until there is none, after each `handle_*`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The name that a connection goes by, for the log.
    #[must_use]
    pub fn name_of(&self, connection: ConnectionId) -> Option<&Name> {
        self.sessions.get(connection).and_then(Session::name)
    }

    /// Sends the answer, counts it, and puts the session back.
    fn conclude(&mut self, mut session: Box<Session>, outcome: Outcome) {
        let (reply, ends) = match outcome {
            Outcome::Wait => return self.sessions.insert(session),
            Outcome::Reply(reply) => {
                session.strikes =
                    if reply.code == Code::BadRequest { session.strikes + 1 } else { 0 };
                let ends = if matches!(reply.phrase, Phrase::NeverCloses { .. }) {
                    Some(CloseReason::NeverClosed)
                } else {
                    session.patience_ends(&reply, self.limits.bad_requests)
                };
                (reply, ends)
            }
            Outcome::Quit(reply) => (reply, Some(CloseReason::Quit)),
        };
        let reply = session.tell_id(reply);
        gate::answer(self, session, reply, ends);
    }

    /// Whether the connection's next request has to wait.
    #[must_use]
    pub fn is_busy(&self, connection: ConnectionId) -> bool {
        self.sessions.get(connection).is_some_and(Session::is_busy)
    }

    /// Ends another connection than the one that is being handled.
    fn close(&mut self, connection: ConnectionId, reason: CloseReason) {
        if let Some(mut session) = self.sessions.remove(connection) {
            notices::tell_parted(self, &session, reason);
            self.forget(&mut session);
            self.effects.push_back(Effect::Close { connection, reason });
        }
    }

    /// Frees the name of a connection that ends.
    fn forget(&mut self, session: &mut Session) {
        self.leave_common(session);
        match std::mem::replace(&mut session.who, Who::Stranger) {
            Who::Guest(Some(name)) => {
                self.users.leave_guest(&name, session.id, &mut self.audiences);
            }
            Who::Account { id, .. } => {
                let Some(account) = self.users.account_mut(id) else { return };
                account.connections.retain(|other| *other != session.id);
                if account.connections.is_empty()
                    && let Some(audience) = account.audience.take()
                {
                    self.audiences.give_back(audience);
                    change::came_or_went(self, id, session.id, false);
                }
            }
            Who::Stranger | Who::Guest(None) => {}
        }
    }

    /// A connection that ends is in the common chat no more.
    fn leave_common(&mut self, session: &mut Session) {
        if !std::mem::replace(&mut session.present, false) {
            return;
        }
        self.present = self.present.saturating_sub(1);
        if session.dialect == Dialect::Exchange
            && let Some(name) = session.name().cloned()
        {
            let announcement = Announcement::Disconnected { name };
            self.effects.push_back(Effect::Announce { except: session.id, announcement });
        }
    }

    /// Takes a guest's name from a connection that lives on.
    fn drop_guest_name(&mut self, session: &Session) {
        if let Who::Guest(Some(name)) = &session.who
            && let Some(audience) = self.users.leave_guest(name, session.id, &mut self.audiences)
        {
            self.effects.push_back(Effect::Leave { connection: session.id, audience });
        }
    }

    /// A room that an account sees: a hidden one only as its member.
    fn visible_room(&self, name: &str, account: Option<AccountId>) -> Result<&Room, Reply> {
        self.rooms.named(name).filter(|room| room.is_seen_by(account)).ok_or_else(|| {
            let room = Name::shown(name);
            Reply::new(Code::NotFound, Phrase::NoSuchRoom { room })
        })
    }

    /// Takes a member out of a room, and its connections out of the room's audience.
    fn end_membership(&mut self, room: RoomId, account: AccountId) {
        let Some(audience) = self.rooms.get(room).map(|room| room.audience) else { return };
        if !self.rooms.remove_member(room, account) {
            return;
        }
        let Some(member) = self.users.account_mut(account) else { return };
        member.leave(room);
        let connections = member.connections.clone();
        if !connections.is_empty()
            && let Some(room) = self.rooms.get_mut(room)
        {
            room.online = room.online.saturating_sub(1);
        }
        for connection in connections {
            self.exit(connection, audience);
        }
    }

    /// Asks a worker; the session's next request waits.
    fn ask(&mut self, session: &mut Session, job: Job, waiting: Waiting) {
        session.waiting = Some(Box::new(waiting));
        self.effects.push_back(Effect::Job { connection: session.id, job });
    }

    fn enter(&mut self, connection: ConnectionId, audience: AudienceId) {
        self.effects.push_back(Effect::Enter { connection, audience });
    }

    fn exit(&mut self, connection: ConnectionId, audience: AudienceId) {
        self.effects.push_back(Effect::Leave { connection, audience });
    }

    /// The common chat's own name.
    #[must_use]
    pub fn common_name(&self) -> &Name {
        // `new` puts one in.
        static NONE: std::sync::OnceLock<Name> = std::sync::OnceLock::new();
        self.common.first().unwrap_or_else(|| NONE.get_or_init(|| Name::shown("#all")))
    }

    /// The common chat's name as written, if it is one.
    fn common_named(&self, text: &str) -> Option<&Name> {
        self.common.iter().find(|name| name.as_str() == text)
    }

    /// Gives a connection the features that it asked for, as far as there are any; the list replaces
    /// a former one.
    fn grant(&mut self, session: &mut Session, asked: Features) -> Features {
        if !session.asked_features && self.policy.probe == Probe::Features {
            self.probes.watch(session.id, session.last_heard + self.policy.probe_after);
        }
        session.asked_features = true;
        let takes_files = self.policy.attachments.max_bytes > 0;
        let kept_back = if takes_files { Features::NONE } else { Features::FILES };
        session.features = asked.and(Features::GRANTED.without(kept_back));
        let (connection, features) = (session.id, session.features);
        self.effects.push_back(Effect::Features { connection, features });
        features
    }
}

impl Session {
    /// A sign of life.
    fn hear(&mut self, now: Now) {
        self.last_heard = now.uptime;
        self.probed_at = None;
        self.away = false;
    }

    /// Why the connection ends after this answer, if it does.
    fn patience_ends(&self, reply: &Reply, bad_requests: u32) -> Option<CloseReason> {
        // Clients of the other wires never ask to be let in a second time.
        let is_kept_out = self.dialect != Dialect::Jim && self.who == Who::Stranger;
        if is_kept_out && reply.code.is_error() {
            return Some(CloseReason::KeptOut);
        }
        (self.strikes >= bad_requests).then_some(CloseReason::BadRequests)
    }

    /// Whether the next request has to wait.
    fn is_busy(&self) -> bool {
        self.waiting.as_deref().is_some_and(|waiting| !matches!(waiting, Waiting::Receiving(_)))
            || self.ending.is_some()
            // What is said behind a file of the exchange is not kept, and would overtake it.
            || (self.dialect == Dialect::Exchange && self.owed().is_some())
            || self.owed().is_some_and(|owed| {
                owed.len() >= gate::ANSWERS_OWED || owed.back().is_some_and(gate::is_large)
            })
    }

    /// The request's `id` goes into its answer, for those who asked for that.
    fn tell_id(&mut self, mut reply: Reply) -> Reply {
        if let Some(id) = self.echo.take().filter(|_| self.features.has(Features::IDS)) {
            reply.extra_mut().id = Some(id);
        }
        reply
    }
}

/// The common chat's names, the first its own.
fn common_names(policy: &Policy) -> Vec<Name> {
    let mut common: Vec<Name> = policy.common.iter().map(|name| Name::shown(name)).collect();
    if common.is_empty() {
        common.push(Name::shown("#all"));
    }
    common
}

/// Of what an answer was to say, what it says also when the thing has failed.
fn only_id(extra: Option<Box<Extra>>) -> Option<Box<Extra>> {
    let id = extra?.id?;
    Some(Box::new(Extra { id: Some(id), ..Extra::default() }))
}
