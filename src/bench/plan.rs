//! From arguments to plans: defaults filled in, numbers checked.

use super::Failure;
use super::archive::ArchivePlan;
use super::arguments::{Arguments, Measure};
use super::commits;
use super::crowd::CrowdPlan;
use super::dialect::Dialect;
use super::entrance::Identity;
use super::fanout::{self, FanOutPlan, Load};
use super::figure::{Sample, Side};
use super::idle::{self, IdlePlan};
use super::latency::{self, Hold, LatencyPlan};
use super::logins::{self, LoginsPlan};
use super::message::LEAST_TEXT_BYTES;
use super::pingpong::{self, PingPongPlan};
use super::progress::Progress;
use super::rounds::Group;
use super::rows;
use super::stage::{Running, Settings};
use super::stored::{self, Keeping, StoredPlan};
use super::transfers::{self, TransfersPlan};
use super::world::World;
use crate::limits::{HASHES_WAITING_PER_ADDRESS, Limits};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The most clients that names have digits for.
const CLIENTS: usize = 100_000;
/// Names that are left to those who come in while others are idle.
const IDLE_SPARE: usize = 1_000;

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
    /// Files beside a chat.
    Transfers(TransfersPlan),
    /// Idle connections.
    Idle(IdlePlan),
}

impl Plan {
    /// What it does, with its numbers.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::FanOut(plan) => fan_out_title(plan),
            Self::PingPong(plan) => {
                format!("ping-pong: pairs: {}, texts of {} bytes", plan.pairs, plan.text_bytes)
            }
            Self::Latency(LatencyPlan { crowd, rate, hold, .. }) => {
                format!("paced: {rate} messages a second, {}{}", crowd_title(crowd), hold.title())
            }
            Self::Stored(plan) => plan.title(),
            Self::Archive(plan) => plan.title(),
            Self::Logins(plan) => format!("logins: {} accounts", plan.accounts),
            Self::Transfers(plan) => plan.title(),
            Self::Idle(plan) => plan.title(),
        }
    }

    /// How many connections it makes at most.
    pub(crate) fn connections(&self) -> usize {
        let crowd =
            |crowd: &CrowdPlan| crowd.clients(Dialect::Jim).max(crowd.clients(Dialect::Redis));
        match self {
            Self::FanOut(plan) => {
                let idle = if let Load::Idle(idle) = plan.load { idle } else { 1 };
                crowd(&plan.crowd) + idle
            }
            Self::Latency(plan) => crowd(&plan.crowd),
            Self::Stored(plan) => plan.crowd.members,
            Self::Transfers(plan) => plan.crowd.members + plan.transfers,
            Self::Archive(_) => 1,
            Self::PingPong(plan) => plan.pairs * 4,
            Self::Logins(plan) => plan.accounts,
            Self::Idle(plan) => plan.connections(),
        }
    }

    /// The accounts and rooms that its server starts with.
    pub(crate) fn world(&self) -> World {
        match self {
            Self::FanOut(FanOutPlan { crowd, .. }) | Self::Latency(LatencyPlan { crowd, .. }) => {
                crowd.world()
            }
            Self::Stored(plan) => plan.crowd.world(),
            Self::Transfers(plan) => plan.world(),
            Self::Logins(plan) => {
                World { accounts: plan.accounts, full_hash: true, ..World::default() }
            }
            Self::Idle(IdlePlan { connections, identity: Identity::Accounts }) => {
                World { accounts: *connections, ..World::default() }
            }
            Self::PingPong(_) | Self::Idle(_) | Self::Archive(_) => World::default(),
        }
    }

    /// Whether it can be done only with accounts of one's own making.
    pub(crate) fn needs_accounts(&self) -> bool {
        matches!(self, Self::Archive(_)) || self.world().accounts > 0
    }

    /// What its server is told. What is meant to be fan-out alone has no history.
    pub(crate) fn settings(&self) -> Settings<'static> {
        match self {
            Self::FanOut(FanOutPlan { crowd, kept: false, .. })
            | Self::Latency(LatencyPlan { crowd, .. })
                if crowd.identity == Identity::Accounts =>
            {
                stored::NOT_KEPT
            }
            Self::Latency(plan) => plan.hold.settings(),
            Self::Stored(plan) => plan.keeping.settings(),
            Self::Transfers(plan) => plan.settings(),
            _ => &[],
        }
    }

    /// Whether somebody beside the server can do it. The floors have no rooms and keep nothing;
    /// Redis has no accounts.
    pub(crate) fn suits(&self, side: Side) -> bool {
        let redis = side == Side::Redis;
        match self {
            _ if side == Side::Server => true,
            Self::Stored(plan) => plan.suits(side),
            _ if side == Side::Nats => false,
            Self::FanOut(FanOutPlan { crowd, load, kept, .. }) => {
                let plain = *load == Load::Plain && !kept && crowd.groups == 1;
                plain && (!redis || crowd.identity == Identity::Guests)
            }
            Self::Latency(plan) => !redis || plan.crowd.identity == Identity::Guests,
            Self::PingPong(_) => true,
            Self::Idle(plan) => plan.identity == Identity::Guests,
            Self::Logins(_) => !redis,
            Self::Archive(_) | Self::Transfers(_) => false,
        }
    }

    /// What somebody beside the server does with messages, where it is to keep them.
    pub(crate) fn kept_by(&self, side: Side) -> Option<Keeping> {
        match self {
            Self::Stored(plan) if matches!(side, Side::Redis | Side::Nats) => Some(plan.keeping),
            _ => None,
        }
    }

    /// Ends the server of a round, and reads what it says at its end.
    pub(crate) fn end(&self, server: Running) -> Vec<Sample> {
        let home = server.end();
        match (self, home) {
            (Self::Stored(_), Some(home)) => commits::samples(home.path()),
            _ => Vec::new(),
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
            Self::Transfers(plan) => transfers::run(plan, server, progress),
            Self::Idle(plan) => idle::run(plan, server, progress),
        }
    }
}

fn fan_out_title(plan: &FanOutPlan) -> String {
    let load = match plan.load {
        Load::Plain => String::new(),
        Load::Idle(idle) => format!(", beside {idle} idle guests"),
        Load::Filled(messages) => format!(", after {messages} messages"),
    };
    let kept = if plan.kept { ", kept" } else { "" };
    format!("fan-out: {}, windows of {}{kept}{load}", crowd_title(&plan.crowd), plan.window)
}

fn crowd_title(crowd: &CrowdPlan) -> String {
    let who = match crowd.identity {
        Identity::Guests => "members",
        Identity::Accounts => "members with accounts",
    };
    let CrowdPlan { members, senders, text_bytes, groups, rooms_each, .. } = crowd;
    let rooms = match groups * rooms_each {
        1 => String::new(),
        rooms => format!(" in {rooms} rooms of {}", members / groups),
    };
    format!("{members} {who}{rooms}, senders: {senders}, texts of {text_bytes} bytes")
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

/// The groups of plans that a measure stands for; none for the floor alone.
pub(crate) fn groups(arguments: &Arguments, measure: Measure) -> Result<Vec<Group>, Failure> {
    check_arguments(arguments, measure)?;
    Ok(match measure {
        Measure::All | Measure::Table => rows::all(arguments)?,
        Measure::Compare => rows::compared(arguments)?,
        Measure::FanOut => vec![fan_out_plan(arguments)?.into()],
        Measure::PingPong => vec![ping_pong_plan(arguments)?.into()],
        Measure::Latency => vec![latency_plan(arguments)?.into()],
        Measure::Stored => vec![stored_group(arguments)?],
        Measure::Archive => vec![archive_plan(arguments)?.into()],
        Measure::Logins => vec![logins_plan(arguments)?.into()],
        Measure::Idle => vec![idle_plan(arguments)?.into()],
        Measure::Transfers => vec![rows::transfers(arguments)?],
        Measure::Flat => rows::flat(arguments)?,
        Measure::Faults | Measure::Instructions | Measure::Floor => Vec::new(),
    })
}

fn fan_out_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    Ok(Plan::FanOut(FanOutPlan {
        crowd: crowd_plan(arguments)?,
        window: within("--window", arguments.window.unwrap_or(8), 1..=1_000)?,
        time: time(arguments)?,
        load: Load::Plain,
        kept: false,
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
        crowd: crowd_plan(arguments)?,
        rate: within("--rate", arguments.rate.unwrap_or(500.0), 1.0..=1e6)?,
        time: time(arguments)?,
        hold: Hold::Default,
    }))
}

fn crowd_plan(arguments: &Arguments) -> Result<CrowdPlan, Failure> {
    let members = within("--members", arguments.members.unwrap_or(100), 2..=CLIENTS)?;
    let senders = arguments.senders.unwrap_or(members.min(10));
    let senders = within("--senders", senders, 1..=members)?;
    let identity = if arguments.accounts { Identity::Accounts } else { Identity::Guests };
    Ok(CrowdPlan::of_one_room(members, senders, text_bytes(arguments)?, identity))
}

/// The same with each durability, and without keeping anything.
pub(crate) fn stored_group(arguments: &Arguments) -> Result<Group, Failure> {
    let members =
        within("--senders", arguments.senders.unwrap_or(4), 2..=HASHES_WAITING_PER_ADDRESS)?;
    let bytes = text_bytes(arguments)?;
    let crowd = CrowdPlan::of_one_room(members, members, bytes, Identity::Accounts);
    let window = within("--window", arguments.window.unwrap_or(256), 1..=1_000)?;
    let time = time(arguments)?;
    let plan =
        |keeping| Plan::Stored(StoredPlan { crowd, window, time, keeping, nats_can_sync: true });
    Ok(Group { plans: Keeping::ALL.map(plan).to_vec(), flat: None })
}

fn archive_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let messages = arguments.messages.unwrap_or(if arguments.quick { 10_000 } else { 1_000_000 });
    let messages = within("--messages", messages, 10_000..=1_000_000_000)?;
    Ok(Plan::Archive(ArchivePlan { messages }))
}

pub(crate) fn logins_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let parallel = arguments.parallel.unwrap_or(16);
    let accounts = within("--parallel", parallel, 1..=HASHES_WAITING_PER_ADDRESS)?;
    Ok(Plan::Logins(LoginsPlan { accounts, time: time(arguments)? }))
}

fn idle_plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let connections = arguments.connections.unwrap_or(if arguments.quick { 1_000 } else { 10_000 });
    let connections = within("--connections", connections, 1..=CLIENTS - IDLE_SPARE)?;
    let identity = if arguments.accounts { Identity::Accounts } else { Identity::Guests };
    Ok(Plan::Idle(IdlePlan { connections, identity }))
}

pub(crate) fn text_bytes(arguments: &Arguments) -> Result<usize, Failure> {
    let most = Limits::default().message_chars;
    within("--bytes", arguments.bytes.unwrap_or(120), LEAST_TEXT_BYTES..=most)
}

pub(crate) fn time(arguments: &Arguments) -> Result<Duration, Failure> {
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

    fn groups_of(line: &str) -> Result<Vec<Group>, Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        let arguments = Arguments::from_args(&["jim-bench"], &words).unwrap();
        groups(&arguments, arguments.measure.unwrap())
    }

    fn plan_of(line: &str) -> Plan {
        groups_of(line).unwrap()[0].plans[0]
    }

    #[test]
    fn numbers_and_defaults() {
        let plan = plan_of("fanout --members 50 --senders 5 --bytes 200");
        let title = "fan-out: 50 members, senders: 5, texts of 200 bytes, windows of 8";
        assert_eq!(plan.title(), title);
        assert!(!plan.needs_accounts());
        assert_eq!(plan_of("--quick idle").title(), "idle: 1000 guests");
        assert_eq!(plan_of("idle --accounts").title(), "idle: 10000 users");
        assert_eq!(plan_of("latency --accounts --rate 10 --members 20").world().accounts, 20);
        assert_eq!(groups_of("floor").unwrap(), []);
    }

    #[test]
    fn fan_out_is_measured_without_a_history() {
        assert_eq!(plan_of("fanout --accounts").settings(), stored::NOT_KEPT);
        assert_eq!(plan_of("latency --accounts").settings(), stored::NOT_KEPT);
        assert_eq!(plan_of("fanout").settings(), []);
        let stored = groups_of("stored").unwrap();
        let last = stored[0].plans.last().unwrap();
        assert_eq!(last.settings(), [("JIMD_DURABILITY", "fsync")]);
        assert!(!last.suits(Side::Floor) && last.suits(Side::Server));
    }

    #[test]
    fn those_who_keep_stand_beside_a_durability_of_their_own() {
        let plans = groups_of("stored --redis --nats").unwrap().remove(0).plans;
        let suited = |side: Side| plans.iter().map(|plan| plan.suits(side)).collect::<Vec<_>>();
        assert_eq!(suited(Side::Redis), [false, false, true, true]);
        assert_eq!(suited(Side::Nats), [false, false, true, true]);
        assert_eq!(plans[3].kept_by(Side::Nats), Some(Keeping::Fsync));
        assert_eq!(plans[3].kept_by(Side::Server), None);
        let Plan::Stored(mut unsynced) = plans[3] else { panic!("not stored: {:?}", plans[3]) };
        unsynced.nats_can_sync = false;
        assert!(!Plan::Stored(unsynced).suits(Side::Nats));
        assert!(Plan::Stored(unsynced).suits(Side::Redis));
        assert!(!plan_of("fanout").suits(Side::Nats));
    }

    #[test]
    fn redis_has_no_accounts() {
        assert!(plan_of("fanout").suits(Side::Redis) && plan_of("idle").suits(Side::Redis));
        for line in ["fanout --accounts", "latency --accounts", "idle --accounts", "logins"] {
            assert!(!plan_of(line).suits(Side::Redis), "{line}");
        }
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
            ("fanout --nats", "--nats says nothing to fanout"),
            ("archive --messages 9999", "--messages"),
            ("logins --parallel 65", "--parallel"),
            ("idle --connections 0", "--connections"),
            ("idle --members 5", "--members says nothing to idle"),
            ("logins --accounts", "--accounts says nothing to logins"),
            ("all --port 1", "--port says nothing to all"),
            ("all --waiting", "--waiting says nothing to all"),
            ("fanout --file x", "--file says nothing to fanout"),
        ] {
            let refused = groups_of(line).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(refused.to_string().starts_with(option), "{line}: {refused}");
        }
    }
}
