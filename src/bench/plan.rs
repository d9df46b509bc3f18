//! From arguments to plans: defaults filled in, numbers checked.

use super::Failure;
use super::archive::ArchivePlan;
use super::arguments::{Arguments, Measure};
use super::crowd::CrowdPlan;
use super::entrance::Identity;
use super::fanout::{self, FanOutPlan};
use super::figure::Sample;
use super::idle::{self, IdlePlan};
use super::latency::{self, LatencyPlan};
use super::logins::{self, LoginsPlan};
use super::message::LEAST_TEXT_BYTES;
use super::pingpong::{self, PingPongPlan};
use super::progress::Progress;
use super::stage::{Running, Settings};
use super::stored::{self, Keeping, StoredPlan};
use crate::limits::{HASHES_WAITING_PER_ADDRESS, Limits};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The most clients that names have digits for.
const CLIENTS: usize = 100_000;

/// One thing to measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Plan {
    /// Fan-out.
    FanOut(FanOutPlan),
    /// Ping-pong.
    PingPong(PingPongPlan),
    /// Latency at a rate.
    Latency(LatencyPlan),
    /// Messages that are kept.
    Stored(StoredPlan),
    /// A long history.
    Archive(ArchivePlan),
    /// Logins.
    Logins(LoginsPlan),
    /// Idle connections.
    Idle(IdlePlan),
}

impl Plan {
    /// What it does, with its numbers.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::FanOut(FanOutPlan { crowd, window, .. }) => {
                format!("fan-out: {}, windows of {window}", crowd_title(crowd))
            }
            Self::PingPong(plan) => {
                format!("ping-pong: {} pairs, texts of {} bytes", plan.pairs, plan.text_bytes)
            }
            Self::Latency(LatencyPlan { crowd, rate, .. }) => {
                format!("latency: {rate} messages a second, {}", crowd_title(crowd))
            }
            Self::Stored(plan) => plan.title(),
            Self::Archive(plan) => plan.title(),
            Self::Logins(plan) => format!("logins: {} accounts", plan.accounts),
            Self::Idle(plan) => format!("idle: {} connections", plan.connections),
        }
    }

    /// How many connections it makes.
    pub(crate) fn connections(&self) -> usize {
        match self {
            Self::FanOut(FanOutPlan { crowd, .. }) | Self::Latency(LatencyPlan { crowd, .. }) => {
                crowd.members
            }
            Self::Stored(plan) => plan.crowd.members,
            Self::Archive(_) => 1,
            Self::PingPong(plan) => plan.pairs * 2,
            Self::Logins(plan) => plan.accounts,
            Self::Idle(plan) => plan.connections,
        }
    }

    /// How many accounts it needs.
    pub(crate) fn accounts(&self) -> usize {
        let needs = match self {
            Self::FanOut(FanOutPlan { crowd, .. }) | Self::Latency(LatencyPlan { crowd, .. }) => {
                crowd.identity == Identity::Accounts
            }
            Self::Stored(_) | Self::Archive(_) | Self::Logins(_) => true,
            Self::PingPong(_) | Self::Idle(_) => false,
        };
        if needs { self.connections() } else { 0 }
    }

    /// What its server is told. What is meant to be fan-out alone has no history.
    pub(crate) fn settings(&self) -> Settings<'static> {
        match self {
            Self::FanOut(FanOutPlan { crowd, .. }) | Self::Latency(LatencyPlan { crowd, .. })
                if crowd.identity == Identity::Accounts =>
            {
                stored::NOT_KEPT
            }
            Self::Stored(plan) => plan.keeping.settings(),
            _ => &[],
        }
    }

    /// Whether the floor can do it: it keeps nothing.
    pub(crate) const fn has_floor(&self) -> bool {
        !matches!(self, Self::Stored(_) | Self::Archive(_))
    }

    /// How many steps the progress bar takes for it.
    pub(crate) fn steps(&self, rounds: usize, floor: bool) -> usize {
        let accounts = usize::from(self.accounts() > 0);
        match self {
            Self::Archive(_) => accounts + 2,
            plan => accounts + rounds * if floor && plan.has_floor() { 2 } else { 1 },
        }
    }

    /// Runs one round.
    pub(crate) fn run(
        &self,
        server: &Running,
        progress: &mut Progress,
    ) -> Result<Vec<Sample>, Failure> {
        match self {
            Self::FanOut(plan) => fanout::run(plan, server, progress),
            Self::PingPong(plan) => pingpong::run(plan, server, progress),
            Self::Latency(plan) => latency::run(plan, server, progress),
            Self::Stored(plan) => stored::run(plan, server, progress),
            // It starts servers of its own.
            Self::Archive(_) => Ok(Vec::new()),
            Self::Logins(plan) => logins::run(plan, server, progress),
            Self::Idle(plan) => idle::run(plan, server, progress),
        }
    }
}

fn crowd_title(crowd: &CrowdPlan) -> String {
    let who = match crowd.identity {
        Identity::Guests => "members",
        Identity::Accounts => "members with accounts",
    };
    format!(
        "{} {who}, {} senders, texts of {} bytes",
        crowd.members, crowd.senders, crowd.text_bytes
    )
}

/// That every option given is one of this measure's.
///
/// # Errors
/// The first that is not.
pub fn check_arguments(arguments: &Arguments, measure: Measure) -> Result<(), Failure> {
    match arguments.misplaced(measure) {
        Some(option) => Err(Failure::Usage(format!("{option} says nothing to {}", measure.name()))),
        None => Ok(()),
    }
}

/// The plans that a measure stands for; none for the floor alone.
pub(crate) fn plans(arguments: &Arguments, measure: Measure) -> Result<Vec<Plan>, Failure> {
    check_arguments(arguments, measure)?;
    Ok(match measure {
        Measure::All => everything(arguments)?,
        Measure::FanOut => vec![fan_out_plan(arguments, None)?],
        Measure::PingPong => vec![ping_pong_plan(arguments)?],
        Measure::Latency => vec![latency_plan(arguments)?],
        Measure::Stored => stored_plans(arguments)?,
        Measure::Archive => vec![archive_plan(arguments)?],
        Measure::Logins => vec![logins_plan(arguments)?],
        Measure::Idle => vec![idle_plan(arguments)?],
        Measure::Floor => Vec::new(),
    })
}

/// The numbers that the aims are set for. A server that runs already has no accounts for logins,
/// and may have no process here to look at.
fn everything(arguments: &Arguments) -> Result<Vec<Plan>, Failure> {
    let mut plans = vec![
        fan_out_plan(arguments, Some(100))?,
        fan_out_plan(arguments, Some(1_000))?,
        ping_pong_plan(arguments)?,
        latency_plan(arguments)?,
    ];
    if arguments.addr.is_none() {
        plans.extend(stored_plans(arguments)?);
        plans.push(logins_plan(arguments)?);
    }
    if arguments.addr.is_none() || arguments.pid.is_some() {
        plans.push(idle_plan(arguments)?);
    }
    Ok(plans)
}

fn fan_out_plan(arguments: &Arguments, members: Option<usize>) -> Result<Plan, Failure> {
    Ok(Plan::FanOut(FanOutPlan {
        crowd: crowd_plan(arguments, members)?,
        window: within("--window", arguments.window.unwrap_or(8), 1..=1_000)?,
        time: time(arguments)?,
    }))
}

fn ping_pong_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    Ok(Plan::PingPong(PingPongPlan {
        pairs: within("--pairs", arguments.pairs.unwrap_or(100), 1..=CLIENTS / 2)?,
        text_bytes: text_bytes(arguments)?,
        time: time(arguments)?,
    }))
}

fn latency_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    Ok(Plan::Latency(LatencyPlan {
        crowd: crowd_plan(arguments, None)?,
        rate: within("--rate", arguments.rate.unwrap_or(500.0), 1.0..=1e6)?,
        time: time(arguments)?,
    }))
}

fn crowd_plan(arguments: &Arguments, members: Option<usize>) -> Result<CrowdPlan, Failure> {
    let members = members.or(arguments.members).unwrap_or(100);
    let members = within("--members", members, 2..=CLIENTS)?;
    let senders = arguments.senders.unwrap_or(members.min(10));
    Ok(CrowdPlan {
        members,
        senders: within("--senders", senders, 1..=members)?,
        text_bytes: text_bytes(arguments)?,
        identity: if arguments.accounts { Identity::Accounts } else { Identity::Guests },
    })
}

/// The same with each durability, and without keeping anything.
fn stored_plans(arguments: &Arguments) -> Result<Vec<Plan>, Failure> {
    let members =
        within("--senders", arguments.senders.unwrap_or(4), 2..=HASHES_WAITING_PER_ADDRESS)?;
    let crowd = CrowdPlan {
        members,
        senders: members,
        text_bytes: text_bytes(arguments)?,
        identity: Identity::Accounts,
    };
    let window = within("--window", arguments.window.unwrap_or(256), 1..=1_000)?;
    let time = time(arguments)?;
    let plan = |keeping| Plan::Stored(StoredPlan { crowd, window, time, keeping });
    Ok(Keeping::ALL.map(plan).to_vec())
}

fn archive_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let messages = arguments.messages.unwrap_or(if arguments.quick { 10_000 } else { 1_000_000 });
    let messages = within("--messages", messages, 10_000..=1_000_000_000)?;
    Ok(Plan::Archive(ArchivePlan { messages }))
}

fn logins_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let parallel = arguments.parallel.unwrap_or(16);
    let accounts = within("--parallel", parallel, 1..=HASHES_WAITING_PER_ADDRESS)?;
    Ok(Plan::Logins(LoginsPlan { accounts, time: time(arguments)? }))
}

fn idle_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let connections = arguments.connections.unwrap_or(if arguments.quick { 1_000 } else { 10_000 });
    Ok(Plan::Idle(IdlePlan { connections: within("--connections", connections, 1..=CLIENTS)? }))
}

fn text_bytes(arguments: &Arguments) -> Result<usize, Failure> {
    let most = Limits::default().message_chars;
    within("--bytes", arguments.bytes.unwrap_or(120), LEAST_TEXT_BYTES..=most)
}

fn time(arguments: &Arguments) -> Result<Duration, Failure> {
    let seconds = arguments.seconds.unwrap_or(if arguments.quick { 0.5 } else { 3.0 });
    within("--seconds", seconds, 0.01..=3600.0).map(Duration::from_secs_f64)
}

/// A number in its range.
pub(crate) fn within<N: PartialOrd + Display>(
    option: &str,
    number: N,
    range: RangeInclusive<N>,
) -> Result<N, Failure> {
    if range.contains(&number) {
        return Ok(number);
    }
    let (least, most) = range.into_inner();
    Err(Failure::Usage(format!("{option} {number} is not within {least} and {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use argh::FromArgs;

    fn plans_of(line: &str) -> Result<Vec<Plan>, Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        let arguments = Arguments::from_args(&["jim-bench"], &words).unwrap();
        plans(&arguments, arguments.measure.unwrap())
    }

    #[test]
    fn numbers_and_defaults() {
        let plan = plans_of("fanout --members 50 --senders 5 --bytes 200").unwrap();
        let title = "fan-out: 50 members, 5 senders, texts of 200 bytes, windows of 8";
        assert_eq!(plan[0].title(), title);
        assert_eq!((plan[0].connections(), plan[0].accounts()), (50, 0));
        let quick = plans_of("--quick idle").unwrap();
        assert_eq!(quick, [Plan::Idle(IdlePlan { connections: 1_000 })]);
        let accounts = plans_of("latency --accounts --rate 10 --members 20").unwrap();
        assert_eq!(accounts[0].accounts(), 20);
    }

    #[test]
    fn everything_has_the_numbers_of_the_aims() {
        let connections: Vec<_> = plans_of("all").unwrap().iter().map(Plan::connections).collect();
        assert_eq!(connections, [100, 1_000, 200, 100, 4, 4, 4, 4, 16, 10_000]);
        assert_eq!(plans_of("--addr 127.0.0.1:7777 all").unwrap().len(), 4);
        assert_eq!(plans_of("floor").unwrap(), []);
    }

    #[test]
    fn fan_out_is_measured_without_a_history() {
        let settings = |line: &str| plans_of(line).unwrap()[0].settings().to_vec();
        assert_eq!(settings("fanout --accounts"), stored::NOT_KEPT);
        assert_eq!(settings("latency --accounts"), stored::NOT_KEPT);
        assert_eq!(settings("fanout"), []);
        let stored = plans_of("stored").unwrap();
        let last = stored.last().unwrap();
        assert_eq!(last.settings(), [("JIMD_DURABILITY", "fsync")]);
        assert_eq!((last.has_floor(), last.steps(3, true)), (false, 4));
    }

    #[test]
    fn numbers_out_of_range_are_refused_by_name() {
        for (line, option) in [
            ("fanout --members 1", "--members"),
            ("fanout --members 5 --senders 6", "--senders"),
            ("fanout --senders 0", "--senders"),
            ("fanout --bytes 16", "--bytes"),
            ("fanout --bytes 501", "--bytes"),
            ("fanout --window 0", "--window"),
            ("fanout --seconds 0", "--seconds"),
            ("pingpong --pairs 0", "--pairs"),
            ("latency --rate 0", "--rate"),
            ("latency --rate NaN", "--rate"),
            ("stored --senders 1", "--senders"),
            ("stored --members 5", "--members says nothing to stored"),
            ("archive --messages 9999", "--messages"),
            ("logins --parallel 65", "--parallel"),
            ("idle --connections 0", "--connections"),
            ("idle --members 5", "--members says nothing to idle"),
            ("logins --accounts", "--accounts says nothing to logins"),
            ("all --port 1", "--port says nothing to all"),
        ] {
            let refused = plans_of(line).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(refused.to_string().starts_with(option), "{line}: {refused}");
        }
    }
}
