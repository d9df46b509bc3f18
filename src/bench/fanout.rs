//! Fan-out: members of one room write as fast as their windows let them, and all others get it.

use super::Failure;
use super::archive;
use super::crowd::{Crowd, CrowdPlan, Heard};
use super::dialect::Dialect;
use super::entrance::{Entrance, Farewell, Identity};
use super::figure::{Kind, Sample};
use super::histogram::Histogram;
use super::latency::percentiles;
use super::message::Label;
use super::progress::Progress;
use super::stage::{Running, seconds_of};
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use std::time::{Duration, Instant};

/// How long the room talks before anything is measured: buffers and caches fill.
const WARM_UP: Duration = Duration::from_millis(300);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FanOutPlan {
    /// Who is there and what is said.
    pub(crate) crowd: CrowdPlan,
    /// Messages of one sender that may be under way to somebody.
    pub(crate) window: usize,
    /// How long it is measured.
    pub(crate) time: Duration,
    /// What else the server has.
    pub(crate) load: Load,
    /// Whether messages of rooms are kept.
    pub(crate) kept: bool,
}

/// What a server has beside those who talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Nothing.
    Plain,
    /// So many guests who say nothing.
    Idle(usize),
    /// So many messages behind it, which one account wrote to the room.
    Filled(u64),
}

/// Runs one round.
pub(crate) fn run(
    plan: &FanOutPlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let mut others = server.swarm()?;
    match plan.load {
        Load::Plain => {}
        Load::Idle(idle) => others.run(&mut Entrance::new(Identity::Guests, idle), progress)?,
        Load::Filled(messages) => archive::fill(&mut others, messages, server, progress)?,
    }
    let mut swarm = server.swarm()?;
    swarm.run(&mut plan.crowd.entrance(server.dialect()), progress)?;
    let mut talk = Talk::new(plan, server.dialect())?;
    talk.begin(WARM_UP);
    swarm.run(&mut talk, progress)?;
    let samples = measure(plan, server, &mut swarm, &mut talk, progress)?;
    swarm.run(&mut Farewell::new(swarm.len()), progress)?;
    if let Load::Idle(idle) = plan.load {
        others.run(&mut Farewell::new(idle), progress)?;
    }
    Ok(samples)
}

fn measure(
    plan: &FanOutPlan,
    server: &Running,
    swarm: &mut Swarm,
    talk: &mut Talk,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let before = talk.crowd.delivered();
    let (cpu, begun) = (server.cpu()?, clock());
    talk.begin(plan.time);
    swarm.run(talk, progress)?;
    let elapsed = clock().duration_since(begun);
    let millions = (talk.crowd.delivered() - before) as f64 / 1e6;
    let mut samples = vec![Kind::DELIVERIES.sample(millions * 1e6 / elapsed.as_secs_f64())];
    samples.extend(seconds_of(cpu, server.cpu()?).map(|used| Kind::CPU.sample(used / millions)));
    samples.extend(percentiles(&talk.latencies));
    Ok(samples)
}

/// The talk of a room, in windows: a sender goes on when the oldest of its messages is answered
/// and with everyone, so that no queue grows and the slowest member sets the pace.
#[derive(Debug)]
struct Talk {
    crowd: Crowd,
    window: usize,
    /// By sender and place in the window: objects that the message there still owes.
    owed: Vec<u64>,
    /// By sender and place in the window: when the message there was sent.
    sent_at: Vec<Instant>,
    latencies: Histogram,
    /// By sender: messages under way.
    under_way: Vec<usize>,
    /// Senders that may send.
    ready: Vec<usize>,
    length: Duration,
    until: Option<Instant>,
}

impl Talk {
    fn new(plan: &FanOutPlan, dialect: Dialect) -> Result<Self, Failure> {
        let senders = plan.crowd.senders;
        Ok(Self {
            crowd: Crowd::new(plan.crowd, dialect)?,
            window: plan.window,
            owed: vec![0; senders * plan.window],
            sent_at: vec![clock(); senders * plan.window],
            latencies: Histogram::new(),
            under_way: vec![0; senders],
            ready: Vec::new(),
            length: Duration::ZERO,
            until: None,
        })
    }

    /// Talks for this long from the next turn on.
    fn begin(&mut self, length: Duration) {
        self.length = length;
        self.until = None;
        self.latencies = Histogram::new();
        self.ready = (0..self.crowd.senders()).collect();
    }

    fn place(&self, label: Label) -> usize {
        let turn = usize::try_from(label.sequence).unwrap_or(0) % self.window;
        label.sender * self.window + turn
    }

    /// One object fewer is owed; the last one frees the message's place.
    fn settle(&mut self, label: Label) {
        let place = self.place(label);
        let Some(owed) = self.owed.get_mut(place) else { return };
        *owed -= 1;
        if *owed > 0 {
            return;
        }
        if let Some(under_way) = self.under_way.get_mut(label.sender) {
            *under_way -= 1;
            self.ready.push(label.sender);
        }
    }

    fn fill_window(&mut self, swarm: &mut Swarm, sender: usize, now: Instant) {
        while self.under_way.get(sender).is_some_and(|under_way| *under_way < self.window) {
            let sequence = self.crowd.send(swarm, sender);
            let place = self.place(Label { sender, sequence });
            if let Some(owed) = self.owed.get_mut(place) {
                *owed = self.crowd.objects_per_message();
            }
            if let Some(sent_at) = self.sent_at.get_mut(place) {
                *sent_at = now;
            }
            if let Some(under_way) = self.under_way.get_mut(sender) {
                *under_way += 1;
            }
        }
    }
}

impl Script for Talk {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        let heard = self.crowd.hear(client, object)?;
        let (Heard::Answer(label) | Heard::Delivery(label)) = heard;
        if let (Heard::Delivery(_), Some(sent_at)) = (heard, self.sent_at.get(self.place(label))) {
            self.latencies.record(now.saturating_duration_since(*sent_at));
        }
        self.settle(label);
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        let until = *self.until.get_or_insert(now + self.length);
        let mut ready = std::mem::take(&mut self.ready);
        if now < until {
            ready.drain(..).for_each(|sender| self.fill_window(swarm, sender, now));
        }
        ready.clear();
        self.ready = ready;
        let done = now >= until && self.crowd.under_way() == 0;
        Ok(if done { Turn::Done } else { Turn::Wait(TURN) })
    }

    fn fraction(&self, now: Instant) -> f64 {
        let left = self.until.map_or(self.length, |until| until.saturating_duration_since(now));
        1.0 - left.as_secs_f64() / self.length.as_secs_f64().max(0.001)
    }

    fn waiting(&self) -> String {
        format!("{} messages were under way", self.crowd.under_way())
    }
}
