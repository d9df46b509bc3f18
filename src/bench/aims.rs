//! What figures should reach: set for certain numbers of clients, and for no others.

use super::crowd::CrowdPlan;
use super::entrance::Identity;
use super::fanout::{FanOutPlan, Load};
use super::figure::{Aim, Kind, Side};
use super::latency::{Hold, LatencyPlan};
use super::pingpong::PingPongPlan;
use super::plan::Plan;

/// What a page or a search of a long history should take at most, in milliseconds.
const PAGE_MILLIS: f64 = 10.0;
/// The server's memory for an idle connection.
const IDLE_KIB: f64 = 1.0;
/// How long a new client may wait, in milliseconds.
const PRESENCE_MILLIS: f64 = 1.0;

/// Deliveries a second of the paced load that has aims.
pub(crate) const PACED: f64 = 100_000.0;

/// The aims for one kind of figure of a plan.
pub(crate) fn of(plan: &Plan, kind: Kind) -> Vec<Aim> {
    match plan {
        Plan::FanOut(plan) => fan_out(plan, kind),
        Plan::PingPong(plan) => ping_pong(plan, kind),
        Plan::Latency(plan) => paced(plan, kind),
        Plan::Archive(_) => archive(kind),
        Plan::Idle(_) if kind == Kind::MEMORY => vec![Aim::AtMost(IDLE_KIB)],
        Plan::Idle(_) if kind == Kind::PRESENCE => vec![Aim::AtMost(PRESENCE_MILLIS)],
        Plan::Idle(_) | Plan::Stored(_) | Plan::Logins(_) | Plan::Transfers(_) => Vec::new(),
    }
}

fn ratios(redis: f64, floor: Side, times: f64) -> Vec<Aim> {
    vec![Aim::Times(Side::Redis, redis), Aim::Times(floor, times)]
}

fn fan_out(plan: &FanOutPlan, kind: Kind) -> Vec<Aim> {
    let CrowdPlan { members, senders, identity, .. } = plan.crowd;
    let usual = identity == Identity::Guests && plan.load == Load::Plain;
    match (kind, members, senders, plan.window) {
        _ if !usual => Vec::new(),
        (Kind::P99, 100, 10, 2..) => vec![Aim::Times(Side::Redis, 1.0)],
        (Kind::CPU, 100, 10, 2..) => ratios(0.62, Side::Floor, 1.25),
        (Kind::CPU, 1_000, 10, 2..) => ratios(0.5, Side::Floor, 1.25),
        (Kind::CPU, 10, 1, 2..) => ratios(1.05, Side::Floor, 1.2),
        (Kind::CPU, 100, 1, 2..) => ratios(0.9, Side::Floor, 1.2),
        (Kind::CPU, 1_000, 1, 2..) => ratios(0.85, Side::Floor, 1.2),
        (Kind::CPU, 100, 1, 1) => ratios(1.0, Side::Floor, 1.1),
        _ => Vec::new(),
    }
}

fn ping_pong(plan: &PingPongPlan, kind: Kind) -> Vec<Aim> {
    match (kind, plan.pairs) {
        (Kind::CPU, 100) => ratios(0.8, Side::Waiting, 1.15),
        (Kind::CPU, 1) => ratios(1.1, Side::Waiting, 1.15),
        (Kind::P99, 100) => vec![Aim::Times(Side::Redis, 0.85)],
        _ => Vec::new(),
    }
}

fn paced(plan: &LatencyPlan, kind: Kind) -> Vec<Aim> {
    let deliveries = plan.rate * plan.crowd.members.saturating_sub(1) as f64;
    if (deliveries / PACED - 1.0).abs() > 0.01 {
        return Vec::new();
    }
    match (kind, plan.hold) {
        (Kind::CPU, Hold::Off) => ratios(1.0, Side::Floor, 1.15),
        (Kind::CPU, Hold::Always) => ratios(0.55, Side::Floor, 1.15),
        (Kind::P99, Hold::Off) => vec![Aim::AtMost(600.0)],
        (Kind::P99, Hold::Always) => vec![Aim::AtMost(3_000.0)],
        _ => Vec::new(),
    }
}

fn archive(kind: Kind) -> Vec<Aim> {
    let timed = [Kind::NEWEST_PAGE, Kind::MIDDLE_PAGE, Kind::RARE_SEARCH, Kind::COMMON_SEARCH];
    if timed.contains(&kind) { vec![Aim::AtMost(PAGE_MILLIS)] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn fan_out_plan(members: usize, senders: usize, window: usize, load: Load) -> Plan {
        let crowd = CrowdPlan::of_one_room(members, senders, 120, Identity::Guests);
        let time = Duration::from_secs(1);
        Plan::FanOut(FanOutPlan { crowd, window, time, load, kept: false })
    }

    #[test]
    fn aims_are_for_the_numbers_that_they_were_set_for() {
        let cpu = |plan| of(&plan, Kind::CPU);
        assert_eq!(
            cpu(fan_out_plan(100, 10, 8, Load::Plain)),
            [Aim::Times(Side::Redis, 0.62), Aim::Times(Side::Floor, 1.25)]
        );
        assert_eq!(cpu(fan_out_plan(100, 1, 1, Load::Plain))[1], Aim::Times(Side::Floor, 1.1));
        assert_eq!(cpu(fan_out_plan(100, 10, 8, Load::Idle(5))), []);
        assert_eq!(cpu(fan_out_plan(101, 10, 8, Load::Plain)), []);
    }
}
