//! Faults: what attackers, the machine and its operator do to a server, and how those fare meanwhile
//! who do no harm.
//!
//! Members of a `room` write at a steady rate, before, during and after a fault; each delivery must
//! be the next of its sender. The `attack` runs on a thread of its own, with sockets that block
//! (`peer`), and says what it saw: each fault has an outcome that it must have. `traffic`, `crowds`
//! and `machine` have the attacks, `catalogue` lists them, `table` shows what came of them.

mod attack;
mod catalogue;
mod crowds;
mod machine;
mod peer;
mod room;
mod table;
mod traffic;

use super::Failure;
use super::arguments::Arguments;
use super::crowd::{Crowd, CrowdPlan};
use super::dialect::Dialect;
use super::entrance::{Entrance, Farewell, Identity};
use super::machine::check_descriptors;
use super::plan::{time, within};
use super::procfs::Meter;
use super::report::Circumstances;
use super::stage::{Running, Stage};
use super::swarm::clock;
use super::world::{Home, World};
use attack::{Attack, Missed, Outcome};
use catalogue::{FAULTS, Fault, Start};
use machine::SETTINGS;
use room::{Attacking, Measured, PHASES, Room};
use rustix::process::nice;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The length of a member's text.
const TEXT_BYTES: usize = 120;
/// How many of the members write.
const SENDERS: usize = 10;
/// How much the attack leaves its core to the members, who share it.
const ATTACK_NICE: i32 = 19;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct FaultsPlan {
    crowd: CrowdPlan,
    /// Messages a second, all members together.
    rate: f64,
    /// How long each part takes: before, during and after.
    time: Duration,
    /// What many connections are divided by.
    fewer: usize,
    faults: Vec<&'static Fault>,
}

/// What one fault came to.
#[derive(Debug)]
struct Row {
    fault: &'static Fault,
    /// Before, during, after.
    measured: [Measured; PHASES.len()],
    /// What was seen in the last round, or missed in any.
    outcome: Result<String, String>,
}

/// What all came to.
#[derive(Debug)]
pub(crate) struct Report {
    plan: FaultsPlan,
    rows: Vec<Row>,
    /// What could not be done here.
    pub(crate) notes: Vec<String>,
}

impl FaultsPlan {
    /// The faults that were asked for, or all.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let members = within("--members", arguments.members.unwrap_or(50), 2..=1_000)?;
        let crowd =
            CrowdPlan::of_one_room(members, members.min(SENDERS), TEXT_BYTES, Identity::Accounts);
        let only = arguments.only.as_deref().map(|names| names.split(',').collect::<Vec<_>>());
        let faults = match only {
            None => FAULTS.iter().collect(),
            Some(names) => names.into_iter().map(named).collect::<Result<_, _>>()?,
        };
        let fewer = if arguments.quick { 10 } else { 1 };
        let rate = within("--rate", arguments.rate.unwrap_or(500.0), 1.0..=1e4)?;
        let plan = Self { crowd, rate, time: time(arguments)?, fewer, faults };
        check_descriptors(members + crowds::IDLE / fewer)?;
        Ok(plan)
    }

    /// How many steps the progress bar takes.
    pub(crate) fn steps(&self, rounds: usize) -> usize {
        self.faults.len() * rounds
    }

    fn world(&self, fault: &Fault) -> World {
        let insiders = if fault.intrudes { traffic::FLOODERS } else { 0 };
        World {
            accounts: self.crowd.members + insiders,
            outsiders: machine::UPLOADERS,
            full_hash: fault.full_hash,
            ..self.crowd.world()
        }
    }
}

fn named(name: &str) -> Result<&'static Fault, Failure> {
    let found = FAULTS.iter().find(|fault| fault.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        Failure::Usage(format!("--only {name}: no such fault; there are {}", names.join(", ")))
    })
}

/// Has each fault happen.
///
/// # Errors
/// The server lost, doubled or reordered something, cut somebody who did no harm, or went away.
pub(crate) fn run(plan: FaultsPlan, stage: &mut Stage) -> Result<Report, Failure> {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for fault in &plan.faults {
        if fault.start == Start::SmallDisk && !machine::may_mount() {
            notes.push(format!("{}: left out, since no file system can be mounted", fault.name));
            continue;
        }
        let mut measured = Default::default();
        let mut outcome = Ok(String::new());
        for round in 0..stage.rounds {
            let label = format!("{}, round {} of {}", fault.title, round + 1, stage.rounds);
            stage.progress.begin(label);
            match take(&plan, fault, &mut measured, stage)? {
                Ok(seen) if outcome.is_ok() => outcome = Ok(seen.text),
                Ok(_) => {}
                Err(Missed(text)) => outcome = Err(text),
            }
        }
        rows.push(Row { fault, measured, outcome });
    }
    Ok(Report { plan, rows, notes })
}

/// One fault, once, on a server of its own.
fn take(
    plan: &FaultsPlan,
    fault: &'static Fault,
    measured: &mut [Measured; PHASES.len()],
    stage: &mut Stage,
) -> Result<Outcome, Failure> {
    let home = stage.own_home(&plan.world(fault))?;
    if let Some(prepare) = fault.prepare
        && let Err(Missed(said)) = prepare(stage.program()?, home.path())
    {
        let program = stage.program()?.display().to_string();
        return Err(Failure::NotReady { program, said });
    }
    let time_to_midnight = plan.time.mul_f64(1.5);
    let server = stage.start_by(&home, fault.settings, |mut command| {
        if home.path().join(SETTINGS).exists() {
            command.env("JIMD_CONFIG", SETTINGS);
        }
        start_by(fault.start, command, time_to_midnight)
    })?;
    let mut swarm = server.swarm()?;
    let identity = plan.crowd.identity;
    let entrance = move |client| identity.request(client);
    swarm.run(&mut Entrance::asking(plan.crowd.members, entrance), &mut stage.progress)?;
    let intruders =
        if fault.intrudes { traffic::intrusions(plan.crowd.members) } else { Vec::new() };
    let (members, program) = (plan.crowd.members, stage.program()?.to_owned());
    let id = server.id().unwrap_or_default();
    let mut room = Room::new(
        (Crowd::new(plan.crowd, Dialect::Jim)?, members, intruders),
        (plan.rate, plan.time),
        (Meter::new(id), measured),
        (clock(), || begin(plan, fault, &program, (&server, &home))),
    )?;
    swarm.run(&mut room, &mut stage.progress)?;
    let outcome = room.outcome();
    swarm.run(&mut Farewell::new(swarm.len()), &mut stage.progress)?;
    Ok(outcome)
}

/// Begins the attack, on a thread of its own that takes what the members leave.
fn begin(
    plan: &FaultsPlan,
    fault: &'static Fault,
    program: &std::path::Path,
    (server, home): (&Running, &Home),
) -> Attacking {
    let (wanted, receiver) = channel();
    let (address, pid) = (server.address(), server.id().unwrap_or_default());
    let (home, program) = (home.path().to_owned(), program.to_owned());
    let World { accounts: outsiders, .. } = plan.world(fault);
    let (members, fewer, time) = (plan.crowd.members, plan.fewer, plan.time);
    let thread = thread::spawn(move || {
        // Where it is refused, the members are later, which is shown.
        let _ = nice(ATTACK_NICE);
        let wanted: Receiver<()> = receiver;
        let until = clock() + time;
        let attack =
            Attack { address, pid, program, home, members, outsiders, fewer, until, wanted };
        (fault.attack)(&attack)
    });
    Attacking { thread, wanted }
}

fn start_by(start: Start, mut command: Command, time_to_midnight: Duration) -> Command {
    match start {
        Start::Plain => command,
        Start::SmallDisk => machine::with_small_disk(&command),
        Start::BeforeMidnight => {
            command.env("TZ", zone_before_midnight(unix_time(), time_to_midnight));
            command
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the day of the log is to end soon")]
fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A time zone (POSIX) in which the day ends so long after this moment.
fn zone_before_midnight(now: Duration, time: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    // West of Greenwich the sign is plus.
    let behind = (now.as_secs() % DAY + time.as_secs().max(1)) % DAY;
    format!("JIM+{}:{:02}:{:02}", behind / 3600, behind / 60 % 60, behind % 60)
}

impl Report {
    /// What was missed, if anything was.
    pub(crate) fn missed(&self) -> Option<Failure> {
        let missed = self.rows.iter().filter_map(|row| {
            row.outcome.as_ref().err().map(|text| format!("{}: {text}", row.fault.name))
        });
        let missed: Vec<_> = missed.collect();
        (!missed.is_empty()).then(|| Failure::Missed(missed.join("; ")))
    }

    /// A table for people.
    pub(crate) fn text(&self, circumstances: &Circumstances) -> String {
        table::text(circumstances, &self.plan, &self.rows)
    }

    /// A table in Markdown.
    pub(crate) fn markdown(&self, circumstances: &Circumstances) -> String {
        table::markdown(circumstances, &self.plan, &self.rows)
    }

    /// All of it as JSON.
    pub(crate) fn json(&self, circumstances: &Circumstances) -> Result<String, serde_json::Error> {
        table::json(circumstances, &self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argh::FromArgs;

    fn plan(line: &str) -> Result<FaultsPlan, Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        FaultsPlan::new(&Arguments::from_args(&["jim-bench"], &words).unwrap())
    }

    #[test]
    fn those_that_are_named_are_taken_in_that_order_and_others_refused() {
        let plan = plan("--quick --only resets,half-close faults").unwrap();
        let names: Vec<_> = plan.faults.iter().map(|fault| fault.name).collect();
        assert_eq!(names, ["resets", "half-close"]);
        assert_eq!((plan.fewer, plan.steps(3)), (10, 6));
        let refused = super::tests::plan("--quick --only rain faults").unwrap_err();
        assert!(refused.to_string().starts_with("--only rain: no such fault"), "{refused}");
    }

    #[test]
    fn every_fault_has_a_name_and_a_title_of_its_own() {
        for (at, fault) in FAULTS.iter().enumerate() {
            assert!(FAULTS[..at].iter().all(|other| other.name != fault.name));
            assert!(FAULTS[..at].iter().all(|other| other.title != fault.title));
        }
    }

    #[test]
    fn an_outcome_that_was_missed_is_an_error_that_names_its_fault() {
        let row = |fault, outcome| Row { fault, measured: Default::default(), outcome };
        let mut report = Report {
            plan: plan("--only resets faults").unwrap(),
            rows: vec![row(&FAULTS[0], Ok("as it must be".to_owned()))],
            notes: Vec::new(),
        };
        assert!(report.missed().is_none());
        report.rows.push(row(&FAULTS[1], Err("nobody came".to_owned())));
        let missed = report.missed().unwrap();
        assert_eq!(missed.to_string(), format!("{}: nobody came", FAULTS[1].name));
        assert_eq!(missed.exit_code(), 4);
    }

    #[test]
    fn midnight_comes_when_it_is_wanted() {
        // It is 20:00:00, and there 23:59:56.
        let zone = zone_before_midnight(Duration::from_secs(20 * 3600), Duration::from_secs(4));
        assert_eq!(zone, "JIM+20:00:04");
        let late = zone_before_midnight(Duration::from_secs(86_399), Duration::from_secs(3));
        assert_eq!(late, "JIM+0:00:02");
    }
}
