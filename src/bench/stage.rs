//! Rounds: the server and the floor take turns, each time started afresh, so that whatever else
//! the machine does meets both alike.

use super::Failure;
use super::entrance::{Identity, PASSWORD};
use super::figure::{Figure, Sample};
use super::machine::Cores;
use super::process::{self, Process, Workspace};
use super::procfs::Meter;
use super::progress::Progress;
use super::swarm::clock;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The most connections that a `jimd` is told to take: more than any measure makes, and far enough
/// above for it never to see itself as nearly full.
const CONNECTIONS: usize = 200_000;

/// Environment variables for a server.
pub(crate) type Settings<'a> = &'a [(&'static str, &'static str)];

/// What is measured, and on which servers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// What is done, with its numbers.
    pub(crate) title: &'a str,
    /// The server's settings.
    pub(crate) settings: Settings<'a>,
    /// Whether the floor can do it at all.
    pub(crate) has_floor: bool,
}

/// Whose figures are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A `jimd` that is started for each round.
    Program(PathBuf),
    /// A server that runs already.
    Running {
        /// Where it listens.
        address: SocketAddr,
        /// Its process on this machine, without which its CPU and memory are not known.
        pid: Option<u32>,
    },
}

/// A server, for one round.
#[derive(Debug)]
pub(crate) struct Running {
    address: SocketAddr,
    meter: Option<Meter>,
    /// Ends with the round.
    _process: Option<Process>,
}

impl Running {
    /// A server that was started by somebody else.
    pub(crate) fn elsewhere(address: SocketAddr, pid: Option<u32>) -> Self {
        Self { address, meter: pid.map(Meter::new), _process: None }
    }

    fn started((process, address): (Process, SocketAddr)) -> Self {
        Self { address, meter: Some(Meter::new(process.id())), _process: Some(process) }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CPU time that it has used; `None` where its process is not known.
    pub(crate) fn cpu(&self) -> Result<Option<Duration>, Failure> {
        self.meter.as_ref().map(Meter::cpu).transpose()
    }

    /// The CPU time that its first thread has used; `None` where that is not known.
    pub(crate) fn main_thread_cpu(&self) -> Result<Option<Duration>, Failure> {
        Ok(self.meter.as_ref().and_then(Meter::main_thread_cpu))
    }

    /// Its resident memory; `None` where its process is not known.
    pub(crate) fn resident_bytes(&self) -> Result<Option<u64>, Failure> {
        self.meter.as_ref().map(Meter::resident_bytes).transpose()
    }
}

/// The seconds between two readings, where there are two.
pub(crate) fn seconds_of(before: Option<Duration>, after: Option<Duration>) -> Option<f64> {
    Some(after?.saturating_sub(before?).as_secs_f64())
}

/// What all measures have in common.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Whose figures.
    pub(crate) subject: Subject,
    /// Whether the floor is measured beside it.
    pub(crate) floor: bool,
    /// How often each is measured.
    pub(crate) rounds: usize,
    /// Cores of their own for servers and load.
    pub(crate) cores: Option<Cores>,
    /// The bar.
    pub(crate) progress: Progress,
    /// Where data and logs go.
    pub(crate) workspace: Workspace,
    /// How many accounts there are already.
    pub(crate) accounts: usize,
    /// What was measured so far.
    pub(crate) figures: Vec<Figure>,
}

impl Stage {
    /// Runs a measure in rounds and adds its figures.
    pub(crate) fn measure(
        &mut self,
        case: &Case<'_>,
        run: impl Fn(&Running, &mut Progress) -> Result<Vec<Sample>, Failure>,
    ) -> Result<(), Failure> {
        let Case { title, settings, has_floor } = *case;
        let mut figures = Vec::new();
        for round in 1..=self.rounds {
            self.progress.begin(format!("{title}: server, round {round} of {}", self.rounds));
            let server = self.start_server(settings)?;
            let samples = run(&server, &mut self.progress)?;
            drop(server);
            samples.iter().for_each(|sample| add(&mut figures, title, *sample, Side::Server));
            if self.floor && has_floor {
                self.progress.begin(format!("{title}: floor, round {round} of {}", self.rounds));
                let floor = self.start_floor()?;
                let samples = run(&floor, &mut self.progress)?;
                samples.iter().for_each(|sample| add(&mut figures, title, *sample, Side::Floor));
            }
        }
        self.figures.append(&mut figures);
        Ok(())
    }

    /// Adds the figures of a measure that is taken once, in its own way.
    pub(crate) fn add(&mut self, title: &str, samples: &[Sample]) {
        let mut figures = Vec::new();
        samples.iter().for_each(|sample| add(&mut figures, title, *sample, Side::Server));
        self.figures.append(&mut figures);
    }

    /// Sees to it that there are this many accounts.
    pub(crate) fn provide_accounts(&mut self, wanted: usize) -> Result<(), Failure> {
        let Subject::Program(program) = &self.subject else {
            return Err(Failure::Usage(
                "accounts can be made only for a server that is started here, without --addr"
                    .to_owned(),
            ));
        };
        let missing = wanted.saturating_sub(self.accounts);
        self.progress.begin(format!("making {missing} accounts"));
        for account in self.accounts..wanted {
            let name = Identity::Accounts.name(account);
            process::add_account(program, self.workspace.path(), &name, PASSWORD)?;
            self.accounts = account + 1;
            self.progress.show(clock(), self.accounts as f64 / wanted as f64);
            self.progress.check()?;
        }
        Ok(())
    }

    /// Starts a server with these settings; one that runs already has its own.
    pub(crate) fn start_server(&self, settings: Settings<'_>) -> Result<Running, Failure> {
        match &self.subject {
            Subject::Running { address, pid } => Ok(Running::elsewhere(*address, *pid)),
            Subject::Program(program) => {
                let command = |port| {
                    let folder = self.workspace.path();
                    let mut command = process::jimd(program, folder, port, CONNECTIONS);
                    command.envs(settings.iter().copied());
                    command
                };
                Process::start(command, self.cores).map(Running::started)
            }
        }
    }

    fn start_floor(&self) -> Result<Running, Failure> {
        let own = std::env::current_exe();
        let own = own.map_err(Failure::while_doing("finding this program"))?;
        let command = |port: u16| {
            let mut command = Command::new(&own);
            command.args(["floor", "--port", &port.to_string()]);
            command
        };
        Process::start(command, self.cores).map(Running::started)
    }
}

/// Whose a sample is.
#[derive(Clone, Copy)]
enum Side {
    Server,
    Floor,
}

/// Adds a sample to the figure of its kind, which the first one makes.
fn add(figures: &mut Vec<Figure>, measure: &str, sample: Sample, side: Side) {
    let known = figures.iter_mut().find(|figure| figure.kind == sample.kind);
    let figure = match known {
        Some(figure) => figure,
        None => figures.push_mut(Figure {
            measure: measure.to_owned(),
            kind: sample.kind,
            aim: sample.aim,
            server: Vec::new(),
            floor: Vec::new(),
        }),
    };
    match side {
        Side::Server => figure.server.push(sample.value),
        Side::Floor => figure.floor.push(sample.value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figure::Kind;
    use super::*;

    #[test]
    fn samples_of_one_kind_make_one_figure() {
        let mut figures = Vec::new();
        for (kind, value, side) in [
            (Kind::CPU, 1.0, Side::Server),
            (Kind::DELIVERIES, 9.0, Side::Server),
            (Kind::CPU, 2.0, Side::Floor),
            (Kind::CPU, 3.0, Side::Server),
        ] {
            add(&mut figures, "test", kind.sample(value), side);
        }
        assert_eq!(figures.len(), 2);
        assert_eq!((&*figures[0].server, &*figures[0].floor), (&[1.0, 3.0][..], &[2.0][..]));
    }

    #[test]
    fn time_used_needs_two_readings() {
        let reading = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(seconds_of(reading(3), reading(5)), Some(2.0));
        assert_eq!(seconds_of(None, reading(5)), None);
    }
}
