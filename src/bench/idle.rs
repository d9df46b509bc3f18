//! Idle connections: clients who came in and say nothing, what each costs the server, and how soon
//! somebody new is answered meanwhile.

use super::Failure;
use super::dialect::Dialect;
use super::entrance::{Entrance, Farewell, Identity};
use super::figure::{Kind, Sample};
use super::histogram::Histogram;
use super::message::{expect_success, strange};
use super::progress::Progress;
use super::stage::Running;
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use std::time::Instant;

/// How many come in one after another while the others are idle.
const NEWCOMERS: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdlePlan {
    /// How many clients.
    pub(crate) connections: usize,
    /// Who they are.
    pub(crate) identity: Identity,
}

impl IdlePlan {
    /// Connections that are open at one time.
    pub(crate) const fn connections(&self) -> usize {
        self.connections + NEWCOMERS
    }

    /// What it does, with its numbers.
    pub(crate) fn title(&self) -> String {
        let who = match self.identity {
            Identity::Guests => "guests",
            Identity::Accounts => "users",
        };
        format!("idle: {} {who}", self.connections)
    }
}

/// Runs one round. The server's own memory from before the first client is no part of the figure;
/// what the kernel holds for sockets is not either.
pub(crate) fn run(
    plan: &IdlePlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    // A server that answers has loaded its accounts, which are no part of the figure either.
    let mut first = server.swarm()?;
    first.run(&mut entrance(server.dialect(), Identity::Guests, 1), progress)?;
    first.run(&mut Farewell::new(first.len()), progress)?;
    drop(first);
    let mut swarm = server.swarm()?;
    let before = server.resident_bytes()?;
    swarm.run(&mut entrance(server.dialect(), plan.identity, plan.connections), progress)?;
    let after = server.resident_bytes()?;
    let mut newcomers = Newcomers::new(plan.connections);
    swarm.run(&mut newcomers, progress)?;
    swarm.run(&mut Farewell::new(swarm.len()), progress)?;
    let millis = |share| newcomers.waits.percentile(share).as_secs_f64() * 1e3;
    let mut samples =
        vec![Kind::PRESENCE_P50.sample(millis(0.5)), Kind::PRESENCE.sample(millis(0.99))];
    if let (Some(before), Some(after)) = (before, after) {
        let kib = after.saturating_sub(before) as f64 / 1024.0 / plan.connections as f64;
        samples.push(Kind::MEMORY.sample(kib));
    }
    Ok(samples)
}

fn entrance(dialect: Dialect, identity: Identity, clients: usize) -> Entrance {
    match dialect {
        Dialect::Jim => Entrance::new(identity, clients),
        Dialect::Redis | Dialect::Nats => Entrance::to_redis(0, clients, channel),
    }
}

/// With Redis each client has a channel of its own, as it has a name with JIM.
fn channel(client: usize) -> String {
    Identity::Guests.name(client)
}

/// Guests who come in one after another.
#[derive(Debug)]
struct Newcomers {
    /// Their numbers begin here.
    first: usize,
    entered: usize,
    asked_at: Option<Instant>,
    waits: Histogram,
}

impl Newcomers {
    fn new(first: usize) -> Self {
        Self { first, entered: 0, asked_at: None, waits: Histogram::new() }
    }
}

impl Script for Newcomers {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        expect_success(client, object)?;
        let asked_at = self.asked_at.take().filter(|_| client == self.first + self.entered);
        let asked_at = asked_at.ok_or_else(|| strange(client, object))?;
        self.waits.record(now.saturating_duration_since(asked_at));
        self.entered += 1;
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        if self.entered == NEWCOMERS {
            return Ok(Turn::Done);
        }
        if self.asked_at.is_none() {
            self.asked_at = Some(clock());
            let client = swarm.connect()?;
            let request = match swarm.dialect() {
                Dialect::Jim => Identity::Guests.request(client),
                Dialect::Redis | Dialect::Nats => format!("SUBSCRIBE {}\r\n", channel(client)),
            };
            swarm.send(client, |out| out.extend_from_slice(request.as_bytes()));
        }
        Ok(Turn::Wait(TURN))
    }

    fn fraction(&self, _now: Instant) -> f64 {
        self.entered as f64 / NEWCOMERS as f64
    }

    fn waiting(&self) -> String {
        format!("{} of {NEWCOMERS} newcomers were answered", self.entered)
    }
}
