//! The measuring tool: loads on a real server, every delivery counted, each figure beside the
//! same figure of the least server that could do it.
//!
//! - [`arguments`] says what can be asked for, `plan` what it comes to.
//! - `stage` starts servers (`process`), in rounds, server and floor in turn.
//! - A measure (`fanout`, `pingpong`, `latency`, `stored`, `logins`, `idle`) is a `swarm::Script`: it says
//!   what each client sends and looks at all that comes. `swarm` is its event loop; `entrance`
//!   brings clients in and lets them leave; `crowd` and `ledger` keep account of who got what.
//! - `archive` is one of its own: it writes a long history once and asks about it.
//! - [`floor`] is the least server.
//! - `procfs` reads what a server used; `figure` and `report` turn it into a table or JSON.
//!
//! One process and thread makes the load, so that a server on another core has that core alone.

mod archive;
pub mod arguments;
mod crowd;
mod entrance;
mod failure;
mod fanout;
mod figure;
pub mod floor;
mod histogram;
mod idle;
mod latency;
mod ledger;
mod logins;
mod machine;
mod message;
mod pingpong;
mod plan;
mod process;
mod procfs;
mod progress;
mod report;
mod stage;
mod stored;
mod swarm;
#[cfg(test)]
mod tests;

pub use failure::Failure;
pub use machine::raise_descriptor_limit;
pub use plan::check_arguments;

use arguments::{Arguments, Measure};
use machine::Cores;
use plan::Plan;
use progress::Progress;
use report::Circumstances;
use stage::{Case, Stage, Subject};
use std::net::ToSocketAddrs;

/// The tool's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Measures, and gives the table or the JSON to print.
///
/// # Errors
/// Whatever kept a figure from being right; then no figure is given at all.
pub fn measure(arguments: &Arguments, measure: Measure) -> Result<String, Failure> {
    let plans = plan::plans(arguments, measure)?;
    let subject = subject(arguments)?;
    check(&plans, &subject)?;
    let mut stage = stage(arguments, subject, &plans)?;
    stage.progress.heed_signals()?;
    for plan in &plans {
        if plan.accounts() > stage.accounts {
            stage.provide_accounts(plan.accounts())?;
        }
        match plan {
            Plan::Archive(archive) => {
                let samples = archive::run(archive, &mut stage)?;
                stage.add(&plan.title(), &samples);
            }
            plan => measure_in_rounds(plan, &mut stage)?,
        }
    }
    stored::compare(&mut stage.figures);
    stage.progress.clear();
    report(arguments, &stage)
}

fn measure_in_rounds(plan: &Plan, stage: &mut Stage) -> Result<(), Failure> {
    let title = plan.title();
    let case = Case { title: &title, settings: plan.settings(), has_floor: plan.has_floor() };
    stage.measure(&case, |server, progress| plan.run(server, progress))
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

fn check(plans: &[Plan], subject: &Subject) -> Result<(), Failure> {
    for plan in plans {
        machine::check_descriptors(plan.connections())?;
    }
    let needs_pid = plans.iter().any(|plan| matches!(plan, Plan::Idle(_)));
    match subject {
        Subject::Running { pid: None, .. } if needs_pid => {
            Err(Failure::Usage("idle connections are measured by memory: give --pid".to_owned()))
        }
        _ => Ok(()),
    }
}

fn stage(arguments: &Arguments, subject: Subject, plans: &[Plan]) -> Result<Stage, Failure> {
    let rounds = arguments.rounds.unwrap_or(if arguments.quick { 1 } else { 3 });
    let rounds = plan::within("--rounds", rounds, 1..=1_000)?;
    let steps = plans.iter().map(|plan| plan.steps(rounds, !arguments.no_floor)).sum();
    Ok(Stage {
        subject,
        floor: !arguments.no_floor,
        rounds,
        cores: if arguments.no_pin { None } else { Cores::choose() },
        progress: Progress::new(steps),
        workspace: process::Workspace::new()?,
        accounts: 0,
        figures: Vec::new(),
    })
}

fn report(arguments: &Arguments, stage: &Stage) -> Result<String, Failure> {
    let server = match &stage.subject {
        Subject::Program(path) => path.display().to_string(),
        Subject::Running { address, .. } => address.to_string(),
    };
    let circumstances = Circumstances {
        version: VERSION,
        server,
        rounds: stage.rounds,
        pinned: stage.cores.is_some(),
    };
    if arguments.json {
        report::json(&circumstances, &stage.figures)
            .map_err(|error| Failure::System { doing: "writing JSON", source: error.into() })
    } else {
        Ok(report::table(&circumstances, &stage.figures))
    }
}
