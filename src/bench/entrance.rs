//! How clients come in and how they leave; neither is part of what is measured.

use super::Failure;
use super::message::{self, QUIT, expect_success, strange};
use super::swarm::{Script, Swarm, TURN, Turn};
use std::time::Instant;

/// Clients that are on their way in at one time: below the server's queue of password hashes and
/// any system's queue of connections to accept.
const ENTERING: usize = 32;

/// The password of every account that is made for a measurement.
pub(crate) const PASSWORD: &str = "a password to measure with";

/// The room that accounts meet in.
pub(crate) const ROOM: &str = "#measured";

/// Who the clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Guests in the common chat.
    Guests,
    /// Accounts in [`ROOM`].
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

    /// Where messages to all go.
    pub(crate) const fn room(self) -> &'static str {
        match self {
            Self::Guests => "#all",
            Self::Accounts => ROOM,
        }
    }

    /// The requests that bring a client in, one after another.
    fn request(self, client: usize, step: usize) -> Option<String> {
        let name = self.name(client);
        match (self, step) {
            (Self::Guests, 0) => Some(message::presence(&name)),
            (Self::Accounts, 0) => Some(message::authenticate(&name, PASSWORD)),
            (Self::Accounts, 1) => Some(message::join(ROOM)),
            _ => None,
        }
    }
}

/// Brings in clients, a few at a time.
#[derive(Debug)]
pub(crate) struct Entrance {
    identity: Identity,
    clients: usize,
    /// How many requests of each client were answered.
    steps: Vec<usize>,
    entered: usize,
}

impl Entrance {
    /// This many clients; the swarm has none before.
    pub(crate) fn new(identity: Identity, clients: usize) -> Self {
        Self { identity, clients, steps: Vec::new(), entered: 0 }
    }

    fn ask(&mut self, swarm: &mut Swarm, client: usize) {
        let step = self.steps.get(client).copied().unwrap_or(0);
        match self.identity.request(client, step) {
            Some(request) => swarm.send(client, |out| out.extend_from_slice(request.as_bytes())),
            None => self.entered += 1,
        }
    }
}

impl Script for Entrance {
    fn handle_object(
        &mut self,
        swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        expect_success(client, object)?;
        if let Some(step) = self.steps.get_mut(client) {
            *step += 1;
        }
        self.ask(swarm, client);
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        while self.steps.len() < self.clients.min(self.entered + ENTERING) {
            let client = swarm.connect()?;
            self.steps.push(0);
            self.ask(swarm, client);
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
            (0..swarm.len()).for_each(|client| swarm.send(client, |out| out.extend(QUIT)));
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
