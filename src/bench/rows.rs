//! The rows of the table: what the aims are set for, with its numbers.

use super::Failure;
use super::aims::PACED;
use super::arguments::Arguments;
use super::crowd::CrowdPlan;
use super::entrance::Identity;
use super::fanout::{FanOutPlan, Load};
use super::idle::IdlePlan;
use super::latency::{Hold, LatencyPlan};
use super::pingpong::PingPongPlan;
use super::plan::{Plan, logins_plan, stored_group, text_bytes, time, within};
use super::rounds::Group;
use super::transfers::TransfersPlan;

/// How many times the cost with a tenth of the members a delivery may cost.
const MEMBERS_FLAT: f64 = 1.3;
/// How many times the plain cost a delivery may cost with anything else beside.
const FLAT: f64 = 1.2;
/// Accounts in rooms of ten, and how many rooms each ten of them have: 10,000 in all.
const ROOMMATES: (usize, usize) = (400, 250);
/// How many they have in the plain load: as many as a window of messages goes to, one to each, so
/// that the number of rooms is all that differs.
const ROOMS_PLAIN: usize = WINDOW;
/// Messages of one sender that may be under way.
const WINDOW: usize = 8;

/// How many files are on their way at a time.
const TRANSFERS: usize = 10;

/// All rows. A server that runs already has no accounts of ours, and may have no process here to
/// look at.
pub(crate) fn all(arguments: &Arguments) -> Result<Vec<Group>, Failure> {
    let mut groups = compared(arguments)?;
    if arguments.addr.is_none() {
        let users = groups.len();
        groups.insert(users, idle(arguments, Identity::Accounts)?.into());
        groups.push(stored_group(arguments)?);
        groups.extend(flat(arguments)?);
        groups.push(logins_plan(arguments)?.into());
        groups.push(transfers(arguments)?);
    }
    Ok(groups)
}

/// The rows that Redis can do.
pub(crate) fn compared(arguments: &Arguments) -> Result<Vec<Group>, Failure> {
    let mut groups: Vec<Group> = Vec::new();
    for (members, senders, window) in [
        (100, 10, WINDOW),
        (1_000, 10, WINDOW),
        (10, 1, WINDOW),
        (100, 1, WINDOW),
        (1_000, 1, WINDOW),
        (100, 1, 1),
    ] {
        groups.push(guests(arguments, members, senders, window)?.into());
    }
    for pairs in [100, 1] {
        let (text_bytes, time) = (text_bytes(arguments)?, time(arguments)?);
        groups.push(Plan::PingPong(PingPongPlan { pairs, text_bytes, time }).into());
    }
    groups.push(paced(arguments)?);
    if arguments.addr.is_none() || arguments.pid.is_some() {
        groups.push(idle(arguments, Identity::Guests)?.into());
    }
    Ok(groups)
}

fn guests(
    arguments: &Arguments,
    members: usize,
    senders: usize,
    window: usize,
) -> Result<Plan, Failure> {
    let bytes = text_bytes(arguments)?;
    let crowd = CrowdPlan::of_one_room(members, senders, bytes, Identity::Guests);
    fan_out(arguments, crowd, window, Load::Plain, false)
}

fn fan_out(
    arguments: &Arguments,
    crowd: CrowdPlan,
    window: usize,
    load: Load,
    kept: bool,
) -> Result<Plan, Failure> {
    Ok(Plan::FanOut(FanOutPlan { crowd, window, time: time(arguments)?, load, kept }))
}

/// A hundred thousand deliveries a second in a room of 100.
fn paced(arguments: &Arguments) -> Result<Group, Failure> {
    let crowd = CrowdPlan::of_one_room(100, 10, text_bytes(arguments)?, Identity::Guests);
    let rate = (PACED / (crowd.members - 1) as f64).round();
    let time = time(arguments)?;
    let plan = |hold| Plan::Latency(LatencyPlan { crowd, rate, time, hold });
    // A server that runs already has the setting that it has.
    let holds: &[Hold] =
        if arguments.addr.is_some() { &[Hold::Default] } else { &[Hold::Off, Hold::Always] };
    Ok(Group { plans: holds.iter().copied().map(plan).collect(), flat: None })
}

fn idle(arguments: &Arguments, identity: Identity) -> Result<Plan, Failure> {
    Ok(Plan::Idle(IdlePlan { connections: connections(arguments)?, identity }))
}

fn connections(arguments: &Arguments) -> Result<usize, Failure> {
    let usual = if arguments.quick { 1_000 } else { 10_000 };
    within("--connections", arguments.connections.unwrap_or(usual), 1..=90_000)
}

/// A busy room alone, and beside ten files that are on their way.
pub(crate) fn transfers(arguments: &Arguments) -> Result<Group, Failure> {
    let crowd = CrowdPlan::of_one_room(100, 10, text_bytes(arguments)?, Identity::Guests);
    let (rate, time) =
        (within("--rate", arguments.rate.unwrap_or(500.0), 1.0..=1e6)?, time(arguments)?);
    let plan = |transfers| Plan::Transfers(TransfersPlan { crowd, rate, time, transfers });
    Ok(Group { plans: vec![plan(0), plan(TRANSFERS)], flat: None })
}

/// How the cost of a delivery grows, each time beside the plain figure.
pub(crate) fn flat(arguments: &Arguments) -> Result<Vec<Group>, Failure> {
    let bytes = text_bytes(arguments)?;
    let (fewer, more) = if arguments.quick { (100, 1_000) } else { (1_000, 10_000) };
    let members = [guests(arguments, fewer, 10, WINDOW)?, guests(arguments, more, 10, WINDOW)?];
    if arguments.addr.is_some() {
        return Ok(vec![flat_group(members, MEMBERS_FLAT)]);
    }
    let (people, rooms) = ROOMMATES;
    let in_rooms = |rooms_each| {
        let crowd = CrowdPlan {
            groups: people / 10,
            rooms_each,
            ..CrowdPlan::of_one_room(people, people / 10, bytes, Identity::Accounts)
        };
        fan_out(arguments, crowd, WINDOW, Load::Plain, false)
    };
    let hundred = CrowdPlan::of_one_room(100, 10, bytes, Identity::Accounts);
    let loaded = |load, kept| fan_out(arguments, hundred, WINDOW, load, kept);
    let idle = Load::Idle(connections(arguments)?);
    let messages = arguments.messages.unwrap_or(if arguments.quick { 10_000 } else { 1_000_000 });
    let filled = Load::Filled(within("--messages", messages, 10_000..=1_000_000_000)?);
    Ok(vec![
        flat_group(members, MEMBERS_FLAT),
        flat_group([in_rooms(ROOMS_PLAIN)?, in_rooms(rooms)?], FLAT),
        flat_group([loaded(Load::Plain, false)?, loaded(idle, false)?], FLAT),
        flat_group([loaded(Load::Plain, true)?, loaded(filled, true)?], FLAT),
    ])
}

fn flat_group(plans: [Plan; 2], most: f64) -> Group {
    Group { plans: plans.to_vec(), flat: Some(most) }
}

#[cfg(test)]
mod tests {
    use super::super::figure::{Kind, Side};
    use super::super::{aims, plan};
    use super::*;
    use argh::FromArgs;

    fn groups(line: &str) -> Vec<Group> {
        let words: Vec<&str> = line.split(' ').collect();
        let arguments = Arguments::from_args(&["jim-bench"], &words).unwrap();
        plan::groups(&arguments, arguments.measure.unwrap()).unwrap()
    }

    #[test]
    fn every_row_that_redis_can_do_has_aims_against_it() {
        let groups = groups("compare");
        for plan in groups.iter().flat_map(|group| &group.plans) {
            assert!(plan.suits(Side::Redis) && !plan.needs_accounts(), "{}", plan.title());
            let against = |kind| !aims::of(plan, kind).is_empty();
            assert!(against(Kind::CPU) || against(Kind::MEMORY), "{}", plan.title());
        }
        assert_eq!(groups.len(), 10);
    }

    #[test]
    fn everything_has_more_rows_than_a_running_server_can_be_asked() {
        assert_eq!(groups("all").len(), 10 + 1 + 1 + 4 + 1 + 1);
        assert_eq!(groups("--addr 127.0.0.1:7777 all").len(), 9);
        assert_eq!(groups("--addr 127.0.0.1:7777 --pid 1 all").len(), 10);
        for group in groups("--addr 127.0.0.1:7777 all") {
            assert!(group.plans.iter().all(|plan| !plan.needs_accounts()));
        }
    }

    #[test]
    fn files_are_measured_beside_the_same_room_without() {
        let groups = groups("transfers --rate 100");
        let titles: Vec<_> = groups[0].plans.iter().map(Plan::title).collect();
        let room = "100 messages a second, 100 members, senders: 10";
        let expected =
            [format!("transfers: none, {room}"), format!("transfers: 10 at a time, {room}")];
        assert_eq!(titles, expected);
        assert_eq!(groups[0].plans[1].world().accounts, 10);
        assert!(groups[0].plans.iter().all(|plan| !plan.suits(Side::Floor)));
    }

    #[test]
    fn rooms_of_ten_are_ten_thousand() {
        let groups = groups("flat");
        let titles: Vec<_> = groups[1].plans.iter().map(Plan::title).collect();
        assert!(titles[0].contains("in 320 rooms of 10,"), "{}", titles[0]);
        assert!(titles[1].contains("in 10000 rooms of 10,"), "{}", titles[1]);
        let world = groups[1].plans[1].world();
        assert_eq!(world.groups * world.rooms_each, 10_000);
        assert!(groups.iter().all(|group| group.flat.is_some()));
    }
}
