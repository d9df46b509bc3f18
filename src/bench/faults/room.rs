//! Those who do no harm: members of a room who write at a steady rate, before, during and after a
//! fault. Each delivery must be the next of its sender, whatever else goes on.
//!
//! A message's latency counts from when it was given to its sender's socket: members and attackers
//! share a core here, and what they take from each other is no fault of the server's. How late the
//! members themselves were is a figure of its own.

use super::attack::{Outcome, Seen};
use crate::bench::Failure;
use crate::bench::crowd::{Crowd, Heard};
use crate::bench::histogram::Histogram;
use crate::bench::message::{Label, Message, strange};
use crate::bench::procfs::Meter;
use crate::bench::swarm::{Script, Swarm, TURN, Turn};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// More seconds of messages under way than this, and the room is not served.
const LATE_SECONDS: f64 = 15.0;
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The parts of a measurement.
pub(super) const PHASES: [&str; 3] = ["before", "during", "after"];

/// What one part showed, all rounds together.
#[derive(Debug)]
pub(super) struct Measured {
    /// From a member's sending to another's receiving.
    pub(super) latencies: Histogram,
    /// How much later than due the members sent.
    pub(super) own: Histogram,
    /// The server's CPU time.
    pub(super) cpu: Duration,
    /// How long it was ready to run and had no core.
    pub(super) waited: Duration,
    /// How long this part took.
    pub(super) time: Duration,
    /// The most resident memory of the server, in bytes.
    pub(super) resident_bytes: u64,
}

impl Default for Measured {
    fn default() -> Self {
        let [latencies, own] = [Histogram::new(), Histogram::new()];
        let [cpu, waited, time] = [Duration::ZERO; 3];
        Self { latencies, own, cpu, waited, time, resident_bytes: 0 }
    }
}

/// An attack under way.
#[derive(Debug)]
pub(super) struct Attacking {
    /// Gives the outcome.
    pub(super) thread: JoinHandle<Outcome>,
    /// Dropped when nobody waits for it.
    pub(super) wanted: Sender<()>,
}

/// The members.
pub(super) struct Room<'a, Begin> {
    crowd: Crowd,
    /// What others may write to the room, one each.
    intruders: Vec<Message>,
    /// By member, then intruder: how many messages were heard.
    heard: Vec<u64>,
    heard_in_all: u64,
    members: usize,
    interval: Duration,
    /// How long the parts before and after take.
    time: Duration,
    begun: Instant,
    /// When each message was sent, and in which part.
    sent: Vec<(Instant, usize)>,
    phase: usize,
    phase_begun: Instant,
    /// The server's CPU time and its waits for a core then.
    used_then: [Duration; 2],
    looked: Instant,
    meter: Meter,
    measured: &'a mut [Measured; 3],
    begin: Begin,
    attacking: Option<Attacking>,
    outcome: Option<Outcome>,
}

impl<'a, Begin: FnMut() -> Attacking> Room<'a, Begin> {
    /// `begin` starts the attack.
    pub(super) fn new(
        (crowd, members, intruders): (Crowd, usize, Vec<Message>),
        (rate, time): (f64, Duration),
        (meter, measured): (Meter, &'a mut [Measured; 3]),
        (now, begin): (Instant, Begin),
    ) -> Result<Self, Failure> {
        Ok(Self {
            crowd,
            heard: vec![0; members * intruders.len()],
            heard_in_all: 0,
            intruders,
            members,
            interval: Duration::from_secs_f64(1.0 / rate),
            time,
            begun: now,
            sent: Vec::new(),
            phase: 0,
            phase_begun: now,
            used_then: [meter.cpu()?, meter.waited()],
            looked: now,
            meter,
            measured,
            begin,
            attacking: None,
            outcome: None,
        })
    }

    /// How the attack ended.
    pub(super) fn outcome(self) -> Outcome {
        self.outcome.unwrap_or_else(|| Ok(Seen::default()))
    }

    fn due(&self) -> Instant {
        self.begun + self.interval.mul_f64(self.sent.len() as f64)
    }

    /// Enters what an intruder wrote; whether it was one.
    fn hear_intruder(&mut self, client: usize, object: &[u8]) -> Result<bool, Failure> {
        let said = self.intruders.iter().enumerate();
        let Some((intruder, sequence)) =
            said.filter_map(|(at, message)| Some((at, message.read(object)?))).next()
        else {
            return Ok(false);
        };
        let heard = self.heard.get_mut(client * self.intruders.len() + intruder);
        let heard = heard.ok_or_else(|| strange(client, object))?;
        if *heard != sequence {
            let (sender, expected) = (self.members + intruder, *heard);
            return Err(Failure::Order { receiver: client, sender, got: sequence, expected });
        }
        *heard += 1;
        self.heard_in_all += 1;
        Ok(true)
    }

    fn look(&mut self, now: Instant) -> Result<(), Failure> {
        if now.duration_since(self.looked) < LOOK {
            return Ok(());
        }
        self.looked = now;
        let resident = self.meter.resident_bytes()?;
        if let Some(measured) = self.measured.get_mut(self.phase) {
            measured.resident_bytes = measured.resident_bytes.max(resident);
        }
        Ok(())
    }

    /// Goes on to the next part.
    fn end_phase(&mut self, now: Instant) -> Result<(), Failure> {
        let used @ [cpu, waited] = [self.meter.cpu()?, self.meter.waited()];
        let [cpu_then, waited_then] = self.used_then;
        if let Some(measured) = self.measured.get_mut(self.phase) {
            measured.cpu += cpu.saturating_sub(cpu_then);
            measured.waited += waited.saturating_sub(waited_then);
            measured.time += now.duration_since(self.phase_begun);
        }
        (self.used_then, self.phase_begun) = (used, now);
        self.phase += 1;
        Ok(())
    }

    /// Whether it is time for the next part.
    fn is_over(&mut self, now: Instant) -> bool {
        match &self.attacking {
            Some(attacking) => attacking.thread.is_finished(),
            None => self.phase < PHASES.len() && now.duration_since(self.phase_begun) >= self.time,
        }
    }

    fn follow(&mut self, now: Instant) -> Result<(), Failure> {
        self.look(now)?;
        if !self.is_over(now) {
            return Ok(());
        }
        self.end_phase(now)?;
        match self.attacking.take() {
            Some(Attacking { thread, wanted }) => {
                let missed = |_| Err(super::attack::Missed("the attack panicked".to_owned()));
                self.outcome = Some(thread.join().unwrap_or_else(missed));
                drop(wanted);
            }
            None if self.phase == 1 => self.attacking = Some((self.begin)()),
            None => {}
        }
        Ok(())
    }

    /// What intruders wrote and not every member has heard.
    fn owed_by_intruders(&self) -> u64 {
        let told = match &self.outcome {
            Some(Ok(seen)) => seen.told,
            _ => 0,
        };
        (told * self.members as u64).saturating_sub(self.heard_in_all)
    }

    fn send_due(&mut self, swarm: &mut Swarm, now: Instant) {
        while let Some(late) = now.checked_duration_since(self.due()) {
            if let Some(measured) = self.measured.get_mut(self.phase) {
                measured.own.record(late);
            }
            let sender = self.sent.len() % self.crowd.senders();
            self.crowd.send(swarm, sender);
            self.sent.push((now, self.phase));
        }
    }

    fn enter(&mut self, label: Label, now: Instant) {
        let number = label.sequence * self.crowd.senders() as u64 + label.sender as u64;
        let sent = usize::try_from(number).ok().and_then(|number| self.sent.get(number));
        if let Some((sent, phase)) = sent
            && let Some(measured) = self.measured.get_mut(*phase)
        {
            measured.latencies.record(now.saturating_duration_since(*sent));
        }
    }
}

impl<Begin: FnMut() -> Attacking> Script for Room<'_, Begin> {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        if !self.intruders.is_empty() && self.hear_intruder(client, object)? {
            return Ok(());
        }
        if let Heard::Delivery(label) = self.crowd.hear(client, object)? {
            self.enter(label, now);
        }
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        if self.phase < PHASES.len() {
            self.follow(now)?;
        }
        let waiting = self.crowd.under_way();
        if self.phase == PHASES.len() {
            let is_done = waiting == 0 && self.owed_by_intruders() == 0;
            return Ok(if is_done { Turn::Done } else { Turn::Wait(TURN) });
        }
        self.send_due(swarm, now);
        if waiting as f64 > LATE_SECONDS / self.interval.as_secs_f64() {
            return Err(Failure::TooSlow { waiting });
        }
        Ok(Turn::Wait(self.due().saturating_duration_since(now)))
    }

    fn fraction(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.begun).as_secs_f64();
        elapsed / (self.time.as_secs_f64() * PHASES.len() as f64)
    }

    fn waiting(&self) -> String {
        let (under_way, owed) = (self.crowd.under_way(), self.owed_by_intruders());
        format!("{under_way} messages were under way, and {owed} of intruders")
    }
}
