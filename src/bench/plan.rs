//! From arguments to plans: defaults filled in, numbers checked.

use super::Failure;
use super::arguments::{Arguments, FanOutArguments, LatencyArguments, Measure};
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
use super::stage::Running;
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
            Self::Logins(_) => true,
            Self::PingPong(_) | Self::Idle(_) => false,
        };
        if needs { self.connections() } else { 0 }
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

/// The plans that a measure stands for; none for the floor alone.
pub(crate) fn plans(arguments: &Arguments, measure: &Measure) -> Result<Vec<Plan>, Failure> {
    let quick = arguments.quick;
    Ok(match measure {
        Measure::All(all) => everything(arguments.addr.is_some(), quick, all.seconds)?,
        Measure::FanOut(fan_out) => vec![fan_out_plan(fan_out, quick)?],
        Measure::PingPong(pairs) => vec![Plan::PingPong(PingPongPlan {
            pairs: within("--pairs", pairs.pairs, 1..=CLIENTS / 2)?,
            text_bytes: text_bytes(pairs.bytes)?,
            time: time(pairs.seconds, quick)?,
        })],
        Measure::Latency(latency) => vec![latency_plan(latency, quick)?],
        Measure::Logins(logins) => vec![logins_plan(logins.accounts, logins.seconds, quick)?],
        Measure::Idle(idle) => vec![idle_plan(idle.connections, quick)?],
        Measure::Floor(_) => Vec::new(),
    })
}

/// The numbers that the aims are set for. A server that runs already has no accounts for logins.
fn everything(elsewhere: bool, quick: bool, seconds: Option<f64>) -> Result<Vec<Plan>, Failure> {
    let time = time(seconds, quick)?;
    let crowd =
        |members| CrowdPlan { members, senders: 10, text_bytes: 120, identity: Identity::Guests };
    let mut plans = vec![
        Plan::FanOut(FanOutPlan { crowd: crowd(100), window: 8, time }),
        Plan::FanOut(FanOutPlan { crowd: crowd(1_000), window: 8, time }),
        Plan::PingPong(PingPongPlan { pairs: 100, text_bytes: 120, time }),
        Plan::Latency(LatencyPlan { crowd: crowd(100), rate: 500.0, time }),
    ];
    if !elsewhere {
        plans.push(logins_plan(16, seconds, quick)?);
    }
    plans.push(idle_plan(None, quick)?);
    Ok(plans)
}

fn fan_out_plan(arguments: &FanOutArguments, quick: bool) -> Result<Plan, Failure> {
    let FanOutArguments { members, senders, bytes, window, accounts, seconds } = *arguments;
    Ok(Plan::FanOut(FanOutPlan {
        crowd: crowd_plan(members, senders, bytes, accounts)?,
        window: within("--window", window, 1..=1_000)?,
        time: time(seconds, quick)?,
    }))
}

fn latency_plan(arguments: &LatencyArguments, quick: bool) -> Result<Plan, Failure> {
    let LatencyArguments { rate, members, senders, bytes, accounts, seconds } = *arguments;
    Ok(Plan::Latency(LatencyPlan {
        crowd: crowd_plan(members, senders, bytes, accounts)?,
        rate: within("--rate", rate, 1.0..=1e6)?,
        time: time(seconds, quick)?,
    }))
}

fn crowd_plan(
    members: usize,
    senders: usize,
    bytes: usize,
    accounts: bool,
) -> Result<CrowdPlan, Failure> {
    Ok(CrowdPlan {
        members: within("--members", members, 2..=CLIENTS)?,
        senders: within("--senders", senders, 1..=members)?,
        text_bytes: text_bytes(bytes)?,
        identity: if accounts { Identity::Accounts } else { Identity::Guests },
    })
}

fn logins_plan(accounts: usize, seconds: Option<f64>, quick: bool) -> Result<Plan, Failure> {
    let accounts = within("--accounts", accounts, 1..=HASHES_WAITING_PER_ADDRESS)?;
    Ok(Plan::Logins(LoginsPlan { accounts, time: time(seconds, quick)? }))
}

fn idle_plan(connections: Option<usize>, quick: bool) -> Result<Plan, Failure> {
    let connections = connections.unwrap_or(if quick { 1_000 } else { 10_000 });
    Ok(Plan::Idle(IdlePlan { connections: within("--connections", connections, 1..=CLIENTS)? }))
}

fn text_bytes(bytes: usize) -> Result<usize, Failure> {
    within("--bytes", bytes, LEAST_TEXT_BYTES..=Limits::default().message_chars)
}

fn time(seconds: Option<f64>, quick: bool) -> Result<Duration, Failure> {
    let seconds = seconds.unwrap_or(if quick { 0.5 } else { 3.0 });
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
        let measure = arguments.measure.clone().unwrap();
        plans(&arguments, &measure)
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
        assert_eq!(connections, [100, 1_000, 200, 100, 16, 10_000]);
        assert_eq!(plans_of("--addr 127.0.0.1:7777 all").unwrap().len(), 5);
        assert_eq!(plans_of("floor").unwrap(), []);
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
            ("logins --accounts 65", "--accounts"),
            ("idle --connections 0", "--connections"),
        ] {
            let refused = plans_of(line).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(refused.to_string().starts_with(option), "{line}: {refused}");
        }
    }
}
