//! How clients come in and how they leave; neither is part of what is measured.

use super::Failure;
use super::message::{self, expect_success, strange};
use super::swarm::{Script, Swarm, TURN, Turn};
use super::world;
use std::fmt;
use std::time::Instant;

/// Clients that are on their way in at one time: below the server's queue of password hashes and
/// any system's queue of connections to accept.
const ENTERING: usize = 32;

/// The password of every account that is made for a measurement.
pub(crate) const PASSWORD: &str = "a password to measure with";

/// The room that accounts meet in, where there is but one.
pub(crate) const ROOM: &str = "#room-00000";

/// Who the clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Guests in the common chat.
    Guests,
    /// Accounts in rooms that they are members of.
    Accounts,
}

impl Identity {
    /// The name of a client; all are of one length.
    pub(crate) fn name(self, client: usize) -> String {
        match self {
            Self::Guests => format!("guest-{client:05}"),
            Self::Accounts => format!("user-{client:05}"),
        }
    }

    /// Where messages to all of a group go.
    pub(crate) fn room(self, groups: usize, group: usize, number: usize) -> String {
        match self {
            Self::Guests => "#all".to_owned(),
            Self::Accounts => world::room(groups, group, number),
        }
    }

    /// The request that brings a client in.
    pub(crate) fn request(self, client: usize) -> String {
        let name = self.name(client);
        match self {
            Self::Guests => message::presence(&name),
            Self::Accounts => message::authenticate(&name, PASSWORD),
        }
    }
}

/// Brings in clients, a few at a time.
pub(crate) struct Entrance {
    request: Box<dyn Fn(usize) -> String>,
    clients: usize,
    asked: usize,
    entered: usize,
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance").field("entered", &self.entered).finish_non_exhaustive()
    }
}

impl Entrance {
    /// This many clients; the swarm has none before.
    pub(crate) fn new(identity: Identity, clients: usize) -> Self {
        Self::asking(clients, move |client| identity.request(client))
    }

    /// This many clients, each with a request of its own, that is answered once.
    pub(crate) fn asking(clients: usize, request: impl Fn(usize) -> String + 'static) -> Self {
        Self { request: Box::new(request), clients, asked: 0, entered: 0 }
    }

    /// So many publishers, and behind them clients that subscribe each to its channel.
    pub(crate) fn to_redis(
        publishers: usize,
        clients: usize,
        channel: impl Fn(usize) -> String + 'static,
    ) -> Self {
        Self::asking(clients, move |client| match client {
            _ if client < publishers => "PING\r\n".to_owned(),
            _ => format!("SUBSCRIBE {}\r\n", channel(client)),
        })
    }
}

impl Script for Entrance {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        expect_success(client, object)?;
        self.entered += 1;
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        while self.asked < self.clients.min(self.entered + ENTERING) {
            let client = swarm.connect()?;
            let request = (self.request)(client);
            swarm.send(client, |out| out.extend_from_slice(request.as_bytes()));
            self.asked += 1;
        }
        Ok(if self.entered == self.clients { Turn::Done } else { Turn::Wait(TURN) })
    }

    fn fraction(&self, _now: Instant) -> f64 {
        self.entered as f64 / self.clients.max(1) as f64
    }

    fn waiting(&self) -> String {
        format!("{} of {} clients were in", self.entered, self.clients)
    }
}

/// Lets every client quit. What a server still owed comes before the answer to `quit`, so that a
/// delivery too many is found here.
#[derive(Debug)]
pub(crate) struct Farewell {
    /// Which clients got their answer.
    answered: Vec<bool>,
    closed: usize,
    begun: bool,
}

impl Farewell {
    /// For this many clients, the whole swarm.
    pub(crate) fn new(clients: usize) -> Self {
        Self { answered: vec![false; clients], closed: 0, begun: false }
    }
}

impl Script for Farewell {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        expect_success(client, object)?;
        match self.answered.get_mut(client) {
            Some(answered) if !*answered => *answered = true,
            _ => return Err(strange(client, object)),
        }
        Ok(())
    }

    fn handle_closed(&mut self, _swarm: &mut Swarm, client: usize) -> Result<(), Failure> {
        self.closed += 1;
        match self.answered.get(client) {
            Some(true) => Ok(()),
            _ => Err(Failure::Gone(client)),
        }
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        if !std::mem::replace(&mut self.begun, true) {
            let quit = swarm.dialect().quit().unwrap_or_default();
            (0..swarm.len()).for_each(|client| swarm.send(client, |out| out.extend(quit)));
        }
        Ok(if self.closed == self.answered.len() { Turn::Done } else { Turn::Wait(TURN) })
    }

    fn fraction(&self, _now: Instant) -> f64 {
        1.0
    }

    fn waiting(&self) -> String {
        format!("{} of {} clients had left", self.closed, self.answered.len())
    }
}
