//! The measuring tool: loads on a real server, every delivery counted, each figure beside the
//! same figure of the least server that could do it.
//!
//! - [`arguments`] says what can be asked for, `plan` what it comes to, `rows` what the table has,
//!   `aims` what that should reach.
//! - `rounds` has the server, the floors and Redis take turns; `stage` starts them (`process`), with
//!   accounts and rooms of a `world`.
//! - A measure (`fanout`, `pingpong`, `latency`, `stored`, `logins`, `idle`, `transfers`) is a `swarm::Script`: it says
//!   what each client sends and looks at all that comes. `swarm` is its event loop, `dialect` what
//!   it speaks; `entrance` brings clients in and lets them leave; `crowd` and `ledger` keep account
//!   of who got what.
//! - `archive` is one of its own: it writes a long history once and asks about it. So is
//!   `instructions`, which counts them with callgrind, and [`faults`], which has a server attacked.
//! - [`floor`] is the least server. `companions` finds Redis and NATS where they are installed;
//!   `keepers` has them keep what they answer, `nats` speaks with the latter; `commits` reads from a
//!   server's log how large its batches grew.
//! - `procfs` reads what a server used; `figure`, `report` and `markdown` turn it into tables and JSON.
//!
//! One process and thread makes the load, so that a server on another core has that core alone.

mod aims;
mod archive;
pub mod arguments;
mod commits;
mod companions;
mod crowd;
mod dialect;
mod entrance;
mod failure;
mod fanout;
mod faults;
mod figure;
pub mod floor;
mod histogram;
mod idle;
mod instructions;
mod keepers;
mod latency;
mod ledger;
mod lockstep;
mod logins;
mod machine;
mod markdown;
mod message;
mod nats;
mod pingpong;
mod plan;
mod process;
mod procfs;
mod progress;
mod report;
mod rounds;
mod rows;
mod stage;
mod stored;
mod swarm;
#[cfg(test)]
mod tests;
mod transfers;
mod world;

pub use failure::Failure;
pub use machine::raise_descriptor_limit;
pub use plan::check_arguments;

use arguments::{Arguments, Measure};
use companions::Companions;
use figure::Side;
use machine::Cores;
use markdown::Part;
use plan::Plan;
use progress::Progress;
use report::Circumstances;
use rounds::Group;
use stage::{Stage, Subject};
use std::net::ToSocketAddrs;

/// The tool's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a measurement gives.
#[derive(Debug)]
pub struct Outcome {
    /// To print: a table or JSON; nothing where it went into a file.
    pub text: String,
    /// What the user should know, a line each.
    pub notes: Vec<String>,
    /// What a fault did that it must not, though all was measured.
    pub missed: Option<Failure>,
}

/// Measures, and gives what to print, or writes it into the file that was named.
///
/// # Errors
/// Whatever kept a figure from being right; then no figure is given at all.
pub fn measure(arguments: &Arguments, measure: Measure) -> Result<Outcome, Failure> {
    let mut groups = plan::groups(arguments, measure)?;
    let part = match measure {
        Measure::Instructions => Part::Instructions,
        Measure::Faults => Part::Faults,
        _ => Part::Figures,
    };
    if let Some(file) = &arguments.file {
        markdown::check(file, part)?;
    }
    let subject = subject(arguments)?;
    check(&groups, &subject)?;
    let companions = Companions::find(arguments, measure)?;
    companions.inform(&mut groups);
    let mut stage = stage(arguments, measure, subject, &groups, &companions)?;
    stage.progress.heed_signals()?;
    let mut outcome = Outcome { text: String::new(), notes: companions.notes(), missed: None };
    match measure {
        Measure::Instructions => outcome.text = instructions::run(&mut stage)?,
        Measure::Faults => have_faults(arguments, &mut stage, &mut outcome)?,
        _ => {
            take_all(&groups, &mut stage)?;
            outcome.text = report(arguments, measure, &stage, &companions)?;
        }
    }
    stage.progress.clear();
    if let Some(file) = &arguments.file {
        markdown::replace(file, part, &outcome.text)?;
        outcome.text.clear();
    }
    Ok(outcome)
}

fn have_faults(
    arguments: &Arguments,
    stage: &mut Stage,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut report = faults::run(faults::FaultsPlan::new(arguments)?, stage)?;
    let circumstances = circumstances(stage, &Companions::default());
    outcome.text = if arguments.json {
        report.json(&circumstances).map_err(no_json)?
    } else if arguments.markdown || arguments.file.is_some() {
        report.markdown(&circumstances)
    } else {
        report.text(&circumstances)
    };
    outcome.notes.append(&mut report.notes);
    outcome.missed = report.missed();
    Ok(())
}

fn no_json(error: serde_json::Error) -> Failure {
    Failure::System { doing: "writing JSON", source: error.into() }
}

fn take_all(groups: &[Group], stage: &mut Stage) -> Result<(), Failure> {
    for group in groups {
        match group.plans.as_slice() {
            [plan @ Plan::Archive(archive)] => {
                let samples = archive::run(archive, stage)?;
                let mut figures = Vec::new();
                samples
                    .iter()
                    .for_each(|each| rounds::add(&mut figures, plan, *each, Side::Server));
                stage.figures.append(&mut figures);
            }
            _ => rounds::measure(group, stage)?,
        }
    }
    stored::compare(&mut stage.figures);
    Ok(())
}

fn subject(arguments: &Arguments) -> Result<Subject, Failure> {
    match (&arguments.addr, &arguments.jimd, arguments.pid) {
        (Some(_), Some(_), _) => {
            Err(Failure::Usage("--addr and --jimd exclude each other".to_owned()))
        }
        (Some(text), None, pid) => {
            let mut addresses = text
                .to_socket_addrs()
                .map_err(|error| Failure::Usage(format!("--addr {text}: {error}")))?;
            let found = addresses.next();
            let address =
                found.ok_or_else(|| Failure::Usage(format!("--addr {text}: no such host")))?;
            Ok(Subject::Running { address, pid })
        }
        (None, _, Some(_)) => Err(Failure::Usage("--pid goes with --addr".to_owned())),
        (None, Some(path), None) => std::path::absolute(path)
            .map(Subject::Program)
            .map_err(|error| Failure::Usage(format!("--jimd {}: {error}", path.display()))),
        (None, None, None) => process::sibling("jimd").map(Subject::Program),
    }
}

fn check(groups: &[Group], subject: &Subject) -> Result<(), Failure> {
    let mut plans = groups.iter().flat_map(|group| &group.plans);
    for plan in plans.clone() {
        machine::check_descriptors(plan.connections())?;
    }
    let Subject::Running { pid, .. } = subject else { return Ok(()) };
    if plans.clone().any(Plan::needs_accounts) {
        let text = "accounts can be made only for a server that is started here, without --addr";
        return Err(Failure::Usage(text.to_owned()));
    }
    if pid.is_none() && plans.any(|plan| matches!(plan, Plan::Idle(_))) {
        let text = "idle connections are measured by memory: give --pid";
        return Err(Failure::Usage(text.to_owned()));
    }
    Ok(())
}

fn stage(
    arguments: &Arguments,
    measure: Measure,
    subject: Subject,
    groups: &[Group],
    companions: &Companions,
) -> Result<Stage, Failure> {
    let usual = if arguments.quick || measure == Measure::Faults { 1 } else { 3 };
    let rounds = arguments.rounds.unwrap_or(usual);
    let rounds = plan::within("--rounds", rounds, 1..=1_000)?;
    let floors = [Side::Floor, Side::Waiting].into_iter().filter(|_| !arguments.no_floor);
    let others: Vec<Side> = floors.chain(companions.sides()).collect();
    let steps = match groups {
        [] if measure == Measure::Faults => faults::FaultsPlan::new(arguments)?.steps(rounds),
        [] => instructions::STEPS,
        groups => groups.iter().map(|group| group.steps(rounds, &others)).sum(),
    };
    Ok(Stage {
        subject,
        others,
        rounds,
        cores: if arguments.no_pin { None } else { Cores::choose() },
        progress: Progress::new(steps),
        workspace: process::Workspace::new()?,
        homes: 0,
        figures: Vec::new(),
    })
}

fn report(
    arguments: &Arguments,
    measure: Measure,
    stage: &Stage,
    companions: &Companions,
) -> Result<String, Failure> {
    let circumstances = circumstances(stage, companions);
    if arguments.json {
        report::json(&circumstances, &stage.figures).map_err(no_json)
    } else if arguments.markdown || measure == Measure::Table {
        Ok(markdown::table(&circumstances, &stage.figures))
    } else {
        Ok(report::table(&circumstances, &stage.figures))
    }
}

/// What a table says of how it came about.
fn circumstances(stage: &Stage, companions: &Companions) -> Circumstances {
    let (server, version) = match &stage.subject {
        Subject::Program(path) => (path.display().to_string(), process::version_of(path)),
        Subject::Running { address, .. } => (address.to_string(), Some(address.to_string())),
    };
    Circumstances {
        version: VERSION,
        server,
        rounds: stage.rounds,
        pinned: stage.cores.is_some(),
        system: machine::describe(),
        programs: version.into_iter().chain(companions.programs()).collect(),
    }
}
