//! Logins: accounts that connect, give their password, quit, and come again.

use super::Failure;
use super::entrance::{Identity, PASSWORD};
use super::figure::{Kind, Sample};
use super::message::{self, QUIT, answer_code, expect_success};
use super::progress::Progress;
use super::stage::Running;
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoginsPlan {
    /// How many accounts log in side by side.
    pub(crate) accounts: usize,
    /// How long it is measured.
    pub(crate) time: Duration,
}

/// Runs one round.
pub(crate) fn run(
    plan: &LoginsPlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let mut swarm = server.swarm()?;
    let begun = clock();
    let mut gate = Gate {
        until: begun + plan.time,
        time: plan.time,
        states: vec![State::Out; plan.accounts],
        inside: 0,
        begun: false,
        logins: 0,
    };
    swarm.run(&mut gate, progress)?;
    let elapsed = clock().duration_since(begun);
    Ok(vec![Kind::LOGINS.sample(gate.logins as f64 / elapsed.as_secs_f64())])
}

/// Where an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not connected.
    Out,
    /// Its password is being looked at.
    Asking,
    /// Its password fitted, or it was told to come back; it quits.
    Leaving,
    /// Its `quit` was answered.
    Left,
}

/// All accounts.
#[derive(Debug)]
struct Gate {
    until: Instant,
    time: Duration,
    states: Vec<State>,
    /// How many are connected.
    inside: usize,
    begun: bool,
    logins: u64,
}

impl Gate {
    fn ask(&mut self, swarm: &mut Swarm, client: usize) {
        let name = Identity::Accounts.name(client);
        let request = message::authenticate(&name, PASSWORD);
        swarm.send(client, |out| out.extend_from_slice(request.as_bytes()));
        self.change(client, State::Asking);
        self.inside += 1;
    }

    fn change(&mut self, client: usize, next: State) {
        if let Some(state) = self.states.get_mut(client) {
            *state = next;
        }
    }

    fn state(&self, client: usize) -> State {
        self.states.get(client).copied().unwrap_or(State::Out)
    }
}

impl Script for Gate {
    fn handle_object(
        &mut self,
        swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        _now: Instant,
    ) -> Result<(), Failure> {
        match self.state(client) {
            // 429 is a right answer to more logins than can be served; it counts as none.
            State::Asking if answer_code(object) == Some(429) => {}
            State::Asking => {
                expect_success(client, object)?;
                self.logins += 1;
            }
            State::Leaving => {
                expect_success(client, object)?;
                self.change(client, State::Left);
                return Ok(());
            }
            State::Out | State::Left => return Err(message::strange(client, object)),
        }
        self.change(client, State::Leaving);
        swarm.send(client, |out| out.extend_from_slice(QUIT));
        Ok(())
    }

    fn handle_closed(&mut self, swarm: &mut Swarm, client: usize) -> Result<(), Failure> {
        if self.state(client) != State::Left {
            return Err(Failure::Gone(client));
        }
        self.change(client, State::Out);
        self.inside -= 1;
        if clock() < self.until {
            swarm.reconnect(client)?;
            self.ask(swarm, client);
        }
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, _now: Instant) -> Result<Turn, Failure> {
        if !std::mem::replace(&mut self.begun, true) {
            for client in 0..self.states.len() {
                swarm.connect()?;
                self.ask(swarm, client);
            }
        }
        Ok(if self.inside == 0 { Turn::Done } else { Turn::Wait(TURN) })
    }

    fn fraction(&self, now: Instant) -> f64 {
        let left = self.until.saturating_duration_since(now);
        1.0 - left.as_secs_f64() / self.time.as_secs_f64().max(0.001)
    }

    fn waiting(&self) -> String {
        format!("{} accounts were under way", self.inside)
    }
}
