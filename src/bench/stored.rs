//! Stored messages: accounts write to their room as fast as their windows let them, and each message
//! is answered once it is kept. The same without keeping says what that costs.

use super::Failure;
use super::crowd::{Crowd, CrowdPlan, Heard};
use super::dialect::Dialect;
use super::entrance::{Entrance, Farewell};
use super::figure::{Aim, Figure, Kind, Sample, Side, median};
use super::histogram::Histogram;
use super::keepers;
use super::nats;
use super::progress::Progress;
use super::stage::{Running, seconds_of};
use super::swarm::{Script, Swarm, TURN, Turn, clock};
use std::time::{Duration, Instant};

/// How long the room talks before anything is measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// A server that uses less than this in one turn rests.
const RESTING: Duration = Duration::from_millis(5);

/// How long it may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(60);

/// What keeping a message may add, in microseconds of the server's CPU time.
const AIM_MICROS: f64 = 10.0;

/// Whether messages are kept, and what an answer then waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// They are not kept.
    Off,
    /// Nothing.
    None,
    /// The operating system.
    Os,
    /// The disk.
    Fsync,
}

impl Keeping {
    /// All of them, the one that the others are compared with first.
    pub(crate) const ALL: [Self; 4] = [Self::Off, Self::None, Self::Os, Self::Fsync];

    const fn title(self) -> &'static str {
        match self {
            Self::Off => "not stored",
            Self::None => "stored, durability none",
            Self::Os => "stored, durability os",
            Self::Fsync => "stored, durability fsync",
        }
    }

    /// The variables that make a server so.
    pub(crate) const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Off => NOT_KEPT,
            Self::None => &[("JIMD_DURABILITY", "none")],
            Self::Os => &[("JIMD_DURABILITY", "os")],
            Self::Fsync => &[("JIMD_DURABILITY", "fsync")],
        }
    }
}

/// The variables that keep a server from keeping what is written to rooms.
pub(crate) const NOT_KEPT: &[(&str, &str)] = &[("JIMD_HISTORY_ROOMS", "false")];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StoredPlan {
    /// Who is there; all of them write.
    pub(crate) crowd: CrowdPlan,
    /// Messages of one sender that may be unanswered.
    pub(crate) window: usize,
    /// How long it is measured.
    pub(crate) time: Duration,
    /// What becomes of the messages.
    pub(crate) keeping: Keeping,
    /// Whether the NATS that is installed can sync before it answers.
    pub(crate) nats_can_sync: bool,
}

impl StoredPlan {
    /// Who can keep messages as durably.
    pub(crate) fn suits(&self, side: Side) -> bool {
        match (side, self.keeping) {
            (Side::Server, _) | (Side::Redis, Keeping::Os | Keeping::Fsync) => true,
            (Side::Nats, Keeping::Os) => true,
            (Side::Nats, Keeping::Fsync) => self.nats_can_sync,
            _ => false,
        }
    }

    /// What it does, with its numbers.
    pub(crate) fn title(&self) -> String {
        let Self { crowd, window, keeping, .. } = self;
        format!(
            "{}: {} accounts, texts of {} bytes, windows of {window}",
            keeping.title(),
            crowd.members,
            crowd.text_bytes
        )
    }
}

/// Runs one round.
pub(crate) fn run(
    plan: &StoredPlan,
    server: &Running,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    let mut swarm = server.swarm()?;
    let dialect = server.dialect();
    swarm.run(&mut entrance(plan, dialect), progress)?;
    let mut writing = Writing::new(plan, dialect)?;
    writing.begin(WARM_UP);
    swarm.run(&mut writing, progress)?;
    let samples = measure(plan, server, &mut swarm, &mut writing, progress)?;
    // Who knows no farewell has been heard out while the server came to rest.
    if dialect.quit().is_some() {
        swarm.run(&mut Farewell::new(swarm.len()), progress)?;
    }
    Ok(samples)
}

/// Beside the server nobody reads along: each client writes, and is answered.
fn entrance(plan: &StoredPlan, dialect: Dialect) -> Entrance {
    match dialect {
        Dialect::Jim => plan.crowd.entrance(dialect),
        Dialect::Redis | Dialect::Nats => keepers::entrance(dialect, plan.crowd.members),
    }
}

fn measure(
    plan: &StoredPlan,
    server: &Running,
    swarm: &mut Swarm,
    writing: &mut Writing,
    progress: &mut Progress,
) -> Result<Vec<Sample>, Failure> {
    writing.begin(plan.time);
    let (cpu, main, begun) = (server.cpu()?, server.main_thread_cpu()?, clock());
    swarm.run(writing, progress)?;
    let elapsed = clock().duration_since(begun).as_secs_f64();
    await_rest(server, swarm, progress)?;
    let answered = writing.answered as f64;
    let mut samples = vec![Kind::ACKNOWLEDGED.sample(answered / elapsed)];
    for (kind, share) in [(Kind::ANSWER_P50, 0.5), (Kind::ANSWER_P99, 0.99)] {
        samples.push(kind.sample(writing.waits.percentile(share).as_secs_f64() * 1e3));
    }
    // The first thread of NATS is not its loop.
    let main = main.filter(|_| server.dialect() != Dialect::Nats);
    for (kind, before, after) in [
        (Kind::MESSAGE_CPU, cpu, server.cpu()?),
        (Kind::MESSAGE_LOOP_CPU, main, server.main_thread_cpu()?),
    ] {
        let used = seconds_of(before, after);
        samples.extend(used.map(|used| kind.sample(used * 1e6 / answered)));
    }
    Ok(samples)
}

/// Waits until the server does no work: what it does behind its answers, the index for searching,
/// belongs to the messages too.
pub(crate) fn await_rest(
    server: &Running,
    swarm: &mut Swarm,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let begun = clock();
    while clock().duration_since(begun) < REST_WITHIN {
        let before = server.cpu()?;
        swarm.rest(TURN, progress)?;
        if seconds_of(before, server.cpu()?).is_none_or(|used| used < RESTING.as_secs_f64()) {
            break;
        }
    }
    Ok(())
}

/// What keeping adds to the CPU time of a message, behind the figures that say so.
pub(crate) fn compare(figures: &mut Vec<Figure>) {
    let cost = |figure: &Figure, keeping: Keeping| {
        (figure.kind == Kind::MESSAGE_CPU && figure.measure.starts_with(keeping.title()))
            .then(|| median(figure.of(Side::Server)))
            .flatten()
    };
    let Some(base) = figures.iter().find_map(|figure| cost(figure, Keeping::Off)) else { return };
    for keeping in [Keeping::None, Keeping::Os, Keeping::Fsync] {
        let place = figures.iter().rposition(|figure| cost(figure, keeping).is_some());
        let Some((place, figure)) = place.and_then(|at| Some((at, figures.get(at)?))) else {
            continue;
        };
        let values: Vec<f64> = figure.of(Side::Server).iter().map(|each| each - base).collect();
        let aims = (keeping == Keeping::Os).then_some(Aim::AtMost(AIM_MICROS));
        let added = Figure::new(&figure.measure, Kind::ADDED_CPU)
            .aiming(Vec::from_iter(aims))
            .with(Side::Server, values);
        figures.insert(place + 1, added);
    }
}

/// Senders in windows: each goes on when its oldest message is answered.
#[derive(Debug)]
struct Writing {
    crowd: Crowd,
    window: usize,
    /// By sender and place in the window: when the message there was sent.
    sent_at: Vec<Instant>,
    /// By sender: messages that are not answered.
    unanswered: Vec<usize>,
    length: Duration,
    until: Option<Instant>,
    /// Since the last beginning.
    waits: Histogram,
    answered: u64,
}

impl Writing {
    fn new(plan: &StoredPlan, dialect: Dialect) -> Result<Self, Failure> {
        let senders = plan.crowd.senders;
        Ok(Self {
            crowd: match dialect {
                Dialect::Jim => Crowd::new(plan.crowd, dialect)?,
                Dialect::Redis => {
                    Crowd::of_writers(plan.crowd, |_, object| keepers::added(object))?
                }
                Dialect::Nats => Crowd::of_writers(plan.crowd, nats::kept)?,
            },
            window: plan.window,
            sent_at: vec![clock(); senders * plan.window],
            unanswered: vec![0; senders],
            length: Duration::ZERO,
            until: None,
            waits: Histogram::new(),
            answered: 0,
        })
    }

    /// Writes for this long from the next turn on.
    fn begin(&mut self, length: Duration) {
        (self.length, self.until) = (length, None);
        (self.waits, self.answered) = (Histogram::new(), 0);
    }

    fn place(&self, sender: usize, sequence: u64) -> usize {
        sender * self.window + usize::try_from(sequence).unwrap_or(0) % self.window
    }

    fn fill_window(&mut self, swarm: &mut Swarm, sender: usize, now: Instant) {
        while self.unanswered.get(sender).is_some_and(|unanswered| *unanswered < self.window) {
            let sequence = self.crowd.send(swarm, sender);
            let place = self.place(sender, sequence);
            if let Some(sent_at) = self.sent_at.get_mut(place) {
                *sent_at = now;
            }
            if let Some(unanswered) = self.unanswered.get_mut(sender) {
                *unanswered += 1;
            }
        }
    }
}

impl Script for Writing {
    fn handle_object(
        &mut self,
        _swarm: &mut Swarm,
        client: usize,
        object: &[u8],
        now: Instant,
    ) -> Result<(), Failure> {
        if let Heard::Answer(label) = self.crowd.hear(client, object)? {
            let place = self.place(label.sender, label.sequence);
            if let Some(sent_at) = self.sent_at.get(place) {
                self.waits.record(now.saturating_duration_since(*sent_at));
            }
            if let Some(unanswered) = self.unanswered.get_mut(client) {
                *unanswered -= 1;
            }
            self.answered += 1;
        }
        Ok(())
    }

    fn handle_turn(&mut self, swarm: &mut Swarm, now: Instant) -> Result<Turn, Failure> {
        let until = *self.until.get_or_insert(now + self.length);
        if now < until {
            (0..self.crowd.senders()).for_each(|sender| self.fill_window(swarm, sender, now));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(keeping: Keeping, kind: Kind, server: &[f64]) -> Figure {
        Figure::new(&format!("{}: 4 accounts", keeping.title()), kind).with(Side::Server, server)
    }

    #[test]
    fn what_keeping_adds_stands_behind_what_it_costs() {
        let mut figures = vec![
            figure(Keeping::Off, Kind::MESSAGE_CPU, &[3.0, 5.0, 4.0]),
            figure(Keeping::Os, Kind::ACKNOWLEDGED, &[9.0]),
            figure(Keeping::Os, Kind::MESSAGE_CPU, &[13.0, 14.5, 12.0]),
            figure(Keeping::Os, Kind::MESSAGE_LOOP_CPU, &[1.0]),
        ];
        compare(&mut figures);
        assert_eq!(figures.len(), 5);
        assert_eq!(
            (figures[3].kind, figures[3].of(Side::Server)),
            (Kind::ADDED_CPU, &[9.0, 10.5, 8.0][..])
        );
        assert_eq!(figures[3].reached(figures[3].aims[0]), Some(true));
    }

    #[test]
    fn without_both_sides_nothing_is_compared() {
        let mut figures = vec![figure(Keeping::Os, Kind::MESSAGE_CPU, &[13.0])];
        compare(&mut figures);
        assert_eq!(figures.len(), 1);
    }
}
