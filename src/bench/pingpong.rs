//! Ping-pong: pairs of guests who write to each other by name, each as soon as it has heard.

use super::Failure;
use super::dialect::Dialect;
use super::entrance::{Entrance, Farewell, Identity};
use super::figure::{Kind, Sample};
use super::histogram::Histogram;
use super::latency::percentiles;
use super::message::{Message, answer_code, expect_success, strange};
use super::progress::Progress;
use super::stage::{Running, seconds_of};
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PingPongPlan {
    /// How many pairs.
    pub(crate) pairs: usize,
    /// The length of a message's text.
    pub(crate) text_bytes: usize,
    /// How long it is measured.
    pub(crate) time: Duration,
}

/// Runs one round.
pub(crate) fn run(
    plan: &PingPongPlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let mut swarm = server.swarm()?;
    swarm.run(&mut entrance(plan, server.dialect()), progress)?;
    let mut rally = Rally::new(plan, server.dialect());
    let (cpu, begun) = (server.cpu()?, clock());
    swarm.run(&mut rally, progress)?;
    let (used, elapsed) = (seconds_of(cpu, server.cpu()?), clock().duration_since(begun));
    swarm.run(&mut Farewell::new(swarm.len()), progress)?;
    let deliveries = rally.delivered as f64;
    let mut samples = vec![Kind::ROUND_TRIPS.sample(deliveries / 2.0 / elapsed.as_secs_f64())];
    samples.extend(percentiles(&rally.latencies));
    samples.extend(used.map(|used| Kind::CPU.sample(used / (deliveries / 1e6))));
    Ok(samples)
}

/// With Redis each player publishes with one client and, `players` further, subscribes with another.
fn entrance(plan: &PingPongPlan, dialect: Dialect) -> Entrance {
    let players = plan.pairs * 2;
    match dialect {
        Dialect::Jim => Entrance::new(Identity::Guests, players),
        Dialect::Redis | Dialect::Nats => Entrance::to_redis(players, players * 2, move |client| {
            Identity::Guests.name(client - players)
        }),
    }
}

/// One player of a pair.
#[derive(Debug)]
struct Player {
    message: Message,
    sent: u64,
    answered: u64,
    /// When it last sent.
    at: Instant,
}

/// All pairs: clients 0 and 1, 2 and 3, and so on. A pair has one message under way.
#[derive(Debug)]
struct Rally {
    players: Vec<Player>,
    delivered: u64,
    /// Messages and answers that are owed.
    owed: u64,
    time: Duration,
    until: Option<Instant>,
    latencies: Histogram,
}

impl Rally {
    fn new(plan: &PingPongPlan, dialect: Dialect) -> Self {
        let at = clock();
        let name = |client| Identity::Guests.name(client);
        let message = |client: usize| {
            let other = name(client ^ 1);
            let message = Message::new(client, &name(client), &other, plan.text_bytes);
            if dialect == Dialect::Redis { message.published(&other) } else { message }
        };
        let player = |client: usize| Player { message: message(client), sent: 0, answered: 0, at };
        Self {
            players: (0..plan.pairs * 2).map(player).collect(),
            delivered: 0,
            owed: 0,
            time: plan.time,
            until: None,
            latencies: Histogram::new(),
        }
    }

    fn hit(&mut self, swarm: &mut Swarm, client: usize, now: Instant) {
        let Some(player) = self.players.get_mut(client) else { return };
        swarm.send(client, |out| player.message.write(player.sent, out));
        player.sent += 1;
        player.at = now;
        self.owed += 2;
    }

    fn hear_answer(&mut self, client: usize, object: &[u8]) -> Result<(), Failure> {
        expect_success(client, object)?;
        match self.players.get_mut(client) {
            Some(player) if player.answered < player.sent => player.answered += 1,
            _ => return Err(strange(client, object)),
        }
        self.owed -= 1;
        Ok(())
    }

    /// The last that the other one sent, and nothing else, may come, and once only.
    fn hear_delivery(&mut self, client: usize, object: &[u8], now: Instant) -> Result<(), Failure> {
        let sender = client ^ 1;
        let (Some(other), Some(own)) = (self.players.get(sender), self.players.get(client)) else {
            return Err(strange(client, object));
        };
        let got = other.message.read(object).ok_or_else(|| strange(client, object))?;
        // The even one begins, so that it has heard one less than it has sent, the odd one as much.
        let expected = own.sent.saturating_sub(u64::from(client.is_multiple_of(2)));
        if got != expected || got + 1 != other.sent {
            return Err(Failure::Order { receiver: client, sender, got, expected });
        }
        self.latencies.record(now.saturating_duration_since(other.at));
        self.delivered += 1;
        self.owed -= 1;
        Ok(())
    }
}

impl Script for Rally {
    fn handle_object(
        &mut self,
        swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        if answer_code(object).is_some() {
            return self.hear_answer(client, object);
        }
        // Who listens for a player is that player.
        let client = client % self.players.len();
        self.hear_delivery(client, object, now)?;
        if self.until.is_some_and(|until| now < until) {
            self.hit(swarm, client, now);
        }
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        if self.until.is_none() {
            self.until = Some(now + self.time);
            (0..self.players.len()).step_by(2).for_each(|client| self.hit(swarm, client, now));
        }
        Ok(if self.owed == 0 { Turn::Done } else { Turn::Wait(TURN) })
    }

    fn fraction(&self, now: Instant) -> f64 {
        let left = self.until.map_or(self.time, |until| until.saturating_duration_since(now));
        1.0 - left.as_secs_f64() / self.time.as_secs_f64().max(0.001)
    }

    fn waiting(&self) -> String {
        format!("{} messages and answers were under way", self.owed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_heard_once() {
        let plan = PingPongPlan { pairs: 1, text_bytes: 20, time: Duration::from_secs(1) };
        let mut rally = Rally::new(&plan, Dialect::Jim);
        let mut swarm = Swarm::new(([127, 0, 0, 1], 9).into(), Dialect::Jim).unwrap();
        let now = clock();
        rally.hit(&mut swarm, 0, now);
        let mut object = Vec::new();
        rally.players[0].message.write(0, &mut object);
        object.pop();
        assert!(matches!(rally.hear_delivery(0, &object, now), Err(Failure::Strange { .. })));
        rally.hear_delivery(1, &object, now).unwrap();
        rally.hit(&mut swarm, 1, now);
        let again = rally.hear_delivery(1, &object, now);
        assert!(matches!(again, Err(Failure::Order { receiver: 1, .. })));
    }
}
