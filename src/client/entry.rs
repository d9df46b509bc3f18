//! Getting in: log-in, presence, and the room that is wanted.

use super::bounds::GUEST_NAMES;
use super::exit::Exit;
use super::guest::guest_variant;
use super::incoming::Answer;
use super::mode::{Ending, Turn};
use super::outgoing::{Asked, Request};
use super::retry::Retry;
use super::words::Notice;
use crate::message::{Features, Kept, Secret};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

/// Who uses the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Someone with an account.
    User {
        /// Its name.
        name: String,
        /// Its password.
        password: Secret,
    },
    /// Someone without.
    Guest {
        /// The name to be tried first.
        name: String,
    },
}

/// The way in.
#[derive(Debug)]
pub struct Entry {
    who: Who,
    /// The name in use: the user's, or the guest's that is being tried.
    name: String,
    /// The room to join.
    room: Option<String>,
    /// What this client understands.
    features: Features,
    /// What of it the server grants.
    granted: Features,
    /// What the server keeps of messages, if it said so.
    kept: Option<Kept>,
    /// The server's clock at the last answer, in microseconds since 1970.
    server_unix_micros: Option<u64>,
    guest_tries: u32,
    /// The request under way.
    asked: Asked,
    retry: Retry,
    address: Option<SocketAddr>,
    entered: bool,
    /// Whether the common chat is entered too.
    is_present: bool,
}

impl Entry {
    /// A way in, not begun.
    #[must_use]
    pub fn new(who: Who, room: Option<String>, features: Features) -> Self {
        let (Who::User { name, .. } | Who::Guest { name }) = &who;
        Self {
            name: name.clone(),
            asked: first_request(&who),
            who,
            room,
            features,
            granted: Features::NONE,
            kept: None,
            server_unix_micros: None,
            guest_tries: 0,
            retry: Retry::default(),
            address: None,
            entered: false,
            is_present: true,
        }
    }

    /// The same, but for the common chat, which is of no use to someone who only sends a file.
    #[must_use]
    pub const fn without_presence(mut self) -> Self {
        self.is_present = false;
        self
    }

    /// The name in use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What this client understands.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.features
    }

    /// What the server grants of what this client understands.
    #[must_use]
    pub const fn granted(&self) -> Features {
        self.granted
    }

    /// What the server keeps of messages, if it said so.
    #[must_use]
    pub const fn kept(&self) -> Option<Kept> {
        self.kept
    }

    /// The server's clock when it let us in, in microseconds since 1970, if it said so.
    #[must_use]
    pub const fn server_unix_micros(&self) -> Option<u64> {
        self.server_unix_micros
    }

    /// Whether we are someone with an account.
    #[must_use]
    pub const fn is_user(&self) -> bool {
        matches!(self.who, Who::User { .. })
    }

    /// Whether we are in.
    #[must_use]
    pub const fn is_entered(&self) -> bool {
        self.entered
    }

    /// The connection is lost.
    pub const fn leave(&mut self) {
        self.entered = false;
    }

    /// Takes another password of the user's from now on.
    pub fn set_password(&mut self, new: Secret) {
        if let Who::User { password, .. } = &mut self.who {
            *password = new;
        }
    }

    /// We are someone with an account from now on, as the answer to a log-in says.
    pub fn become_user(&mut self, name: String, password: Secret, answer: &Answer) {
        self.name.clone_from(&name);
        self.who = Who::User { name, password };
        self.take_facts(answer);
    }

    /// A guest bears another name from now on.
    pub fn rename(&mut self, new: String) {
        if let Who::Guest { name } = &mut self.who {
            name.clone_from(&new);
            self.name = new;
        }
    }

    /// Logs in with another password, where the last one was refused.
    pub fn try_password(&mut self, turn: &mut Turn<'_>, new: Secret) {
        self.set_password(new);
        self.ask(turn);
    }

    /// Sends the first request on a new connection.
    pub fn begin(&mut self, turn: &mut Turn<'_>, address: SocketAddr) {
        self.address = Some(address);
        self.entered = false;
        self.granted = Features::NONE;
        self.asked = first_request(&self.who);
        self.retry.reset();
        self.ask(turn);
    }

    /// Takes the answer to a request of the way in.
    ///
    /// # Errors
    /// `Break`: the server does not let us in.
    pub fn handle_answer(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> ControlFlow<Ending> {
        if !self.is_accepted(answer) {
            return self.handle_refusal(turn, answer);
        }
        self.take_facts(answer);
        match (self.asked, &self.room) {
            (Asked::Authenticate, _) if self.is_present => self.go_on(turn, Asked::Presence),
            (Asked::Authenticate | Asked::Presence, Some(_)) => self.go_on(turn, Asked::Join),
            _ => self.enter(turn),
        }
        ControlFlow::Continue(())
    }

    /// When, in uptime, [`Self::handle_timeout`] has to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        self.retry.poll_timeout()
    }

    /// Sends again what was put off.
    pub fn handle_timeout(&mut self, turn: &mut Turn<'_>) {
        if self.retry.is_due(turn.now) {
            self.ask(turn);
        }
    }

    /// Nobody need join the common chat, whatever the operator called it.
    fn is_accepted(&self, answer: &Answer) -> bool {
        !answer.is_error() || (self.asked == Asked::Join && answer.reason == "common_chat")
    }

    /// What an answer says about the server.
    fn take_facts(&mut self, answer: &Answer) {
        if let Some(features) = answer.features {
            self.granted = features.and(self.features);
        }
        self.kept = answer.kept.or(self.kept);
        self.server_unix_micros = answer.unix_micros;
    }

    fn go_on(&mut self, turn: &mut Turn<'_>, asked: Asked) {
        self.asked = asked;
        self.retry.reset();
        self.ask(turn);
    }

    fn enter(&mut self, turn: &mut Turn<'_>) {
        self.entered = true;
        let address = self.address.map(|address| address.to_string()).unwrap_or_default();
        let guest = matches!(self.who, Who::Guest { .. });
        turn.screen.notice(&Notice::Entered { address, name: self.name.clone(), guest });
    }

    fn handle_refusal(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> ControlFlow<Ending> {
        if let Some(pause) = self.retry.put_off(turn.now, answer) {
            turn.screen.notice(&Notice::Waiting { seconds: pause.as_secs() });
            return ControlFlow::Continue(());
        }
        if self.try_next_name(turn, answer) {
            return ControlFlow::Continue(());
        }
        turn.screen.notice(&Notice::Refused { code: answer.code, text: answer.text.clone() });
        ControlFlow::Break(Ending::Quitting(Exit::Refused))
    }

    /// Tries another name where an account has this one.
    fn try_next_name(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> bool {
        let Who::Guest { name } = &self.who else { return false };
        if answer.reason != "name_of_account" || self.guest_tries + 1 >= GUEST_NAMES {
            return false;
        }
        self.guest_tries += 1;
        let next = guest_variant(name, self.guest_tries);
        let name = std::mem::replace(&mut self.name, next.clone());
        turn.screen.notice(&Notice::NameOfAccount { name, next });
        self.ask(turn);
        true
    }

    fn ask(&self, turn: &mut Turn<'_>) {
        turn.session.send(turn.now, &self.request());
    }

    fn request(&self) -> Request {
        let user = self.name.clone();
        match (self.asked, &self.who, &self.room) {
            (Asked::Authenticate, Who::User { password, .. }, _) => {
                let (password, features) = (password.clone(), self.features);
                Request::Authenticate { user, password, features }
            }
            (Asked::Join, _, Some(room)) => Request::Join { user, room: room.clone() },
            (_, Who::User { .. }, _) => {
                Request::Presence { user: Some(user), features: Features::NONE }
            }
            _ => Request::Presence { user: Some(user), features: self.features },
        }
    }
}

const fn first_request(who: &Who) -> Asked {
    match who {
        Who::User { .. } => Asked::Authenticate,
        Who::Guest { .. } => Asked::Presence,
    }
}
