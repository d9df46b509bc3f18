//! Latency at a given rate: each message has a moment at which it is due, whether or not those
//! before it were served, and its latency counts from that moment. A server that stalls is thus
//! charged for all that waited, not for one message.

use super::Failure;
use super::crowd::{Crowd, CrowdPlan, Heard};
use super::dialect::Dialect;
use super::entrance::Farewell;
use super::figure::{Kind, Sample};
use super::histogram::Histogram;
use super::message::Label;
use super::progress::Progress;
use super::stage::{Running, seconds_of};
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use std::time::{Duration, Instant};

/// Below this the wait for the next message is spent looking at the sockets, since a poll counts
/// its time-out in milliseconds.
const NO_SLEEP: Duration = Duration::from_millis(2);

/// More seconds of messages under way than this, and the server does not keep up.
const LATE_SECONDS: f64 = 5.0;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LatencyPlan {
    /// Who is there and what is said.
    pub(crate) crowd: CrowdPlan,
    /// Messages a second, all senders together.
    pub(crate) rate: f64,
    /// How long it is measured.
    pub(crate) time: Duration,
    /// Whether the server may hold a busy room's messages for a moment.
    pub(crate) hold: Hold,
}

/// What a server is told of holding messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing.
    Default,
    /// Not to.
    Off,
    /// To, for 2 ms.
    Always,
}

impl Hold {
    /// The variables that make a server so.
    pub(crate) const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Default => &[],
            Self::Off => &[("JIMD_HOLD", "off")],
            Self::Always => &[("JIMD_HOLD", "2000")],
        }
    }

    /// What the title of a measure says of it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Default => "",
            Self::Off => ", hold off",
            Self::Always => ", hold 2000 µs",
        }
    }
}

/// Runs one round.
pub(crate) fn run(
    plan: &LatencyPlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let mut swarm = server.swarm()?;
    swarm.run(&mut plan.crowd.entrance(server.dialect()), progress)?;
    let mut paced = Paced::new(plan, server.dialect())?;
    let cpu = server.cpu()?;
    swarm.run(&mut paced, progress)?;
    let used = seconds_of(cpu, server.cpu()?);
    swarm.run(&mut Farewell::new(swarm.len()), progress)?;
    let mut samples = percentiles(&paced.latencies);
    let millions = paced.crowd.delivered() as f64 / 1e6;
    samples.extend(used.map(|used| Kind::CPU.sample(used / millions)));
    Ok(samples)
}

/// p50, p99 and p99.9 in microseconds.
pub(crate) fn percentiles(latencies: &Histogram) -> Vec<Sample> {
    [(Kind::P50, 0.5), (Kind::P99, 0.99), (Kind::P999, 0.999)]
        .map(|(kind, share)| kind.sample(latencies.percentile(share).as_secs_f64() * 1e6))
        .to_vec()
}

/// Messages at their moments; the senders take turns.
#[derive(Debug)]
pub(crate) struct Paced {
    crowd: Crowd,
    interval: Duration,
    /// How many messages there are in all.
    messages: u64,
    sent: u64,
    /// More under way than this is too slow.
    most_under_way: u64,
    begun: Instant,
    latencies: Histogram,
}

impl Paced {
    /// Nobody has said anything yet.
    pub(crate) fn new(plan: &LatencyPlan, dialect: Dialect) -> Result<Self, Failure> {
        Ok(Self {
            crowd: Crowd::new(plan.crowd, dialect)?,
            interval: Duration::from_secs_f64(1.0 / plan.rate),
            messages: ((plan.time.as_secs_f64() * plan.rate) as u64).max(1),
            sent: 0,
            most_under_way: (plan.rate * LATE_SECONDS) as u64 + 1,
            begun: clock(),
            latencies: Histogram::new(),
        })
    }

    /// How late the deliveries were.
    pub(crate) const fn latencies(&self) -> &Histogram {
        &self.latencies
    }

    /// How many deliveries there were.
    pub(crate) fn delivered(&self) -> u64 {
        self.crowd.delivered()
    }

    /// When the message with this number, counted over all senders, is due.
    fn due(&self, number: u64) -> Instant {
        self.begun + Duration::from_secs_f64(self.interval.as_secs_f64() * number as f64)
    }

    fn number(&self, label: Label) -> u64 {
        label.sequence * self.crowd.senders() as u64 + label.sender as u64
    }
}

impl Script for Paced {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        if let Heard::Delivery(label) = self.crowd.hear(client, object)? {
            let due = self.due(self.number(label));
            self.latencies.record(now.saturating_duration_since(due));
        }
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        while self.sent < self.messages && self.due(self.sent) <= now {
            let sender = self.sent % self.crowd.senders() as u64;
            self.crowd.send(swarm, usize::try_from(sender).unwrap_or(0));
            self.sent += 1;
        }
        let waiting = self.crowd.under_way();
        if waiting > self.most_under_way {
            return Err(Failure::TooSlow { waiting });
        }
        Ok(match self.messages - self.sent {
            0 if waiting == 0 => Turn::Done,
            0 => Turn::Wait(TURN),
            _ => {
                let wait = self.due(self.sent).saturating_duration_since(now);
                Turn::Wait(if wait < NO_SLEEP { Duration::ZERO } else { wait - NO_SLEEP })
            }
        })
    }

    fn fraction(&self, _now: Instant) -> f64 {
        self.sent as f64 / self.messages as f64
    }

    fn waiting(&self) -> String {
        format!("{} messages were under way", self.crowd.under_way())
    }
}
