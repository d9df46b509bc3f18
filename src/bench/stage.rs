//! Servers, each started afresh for one round of one measure, with data of its own.

use super::Failure;
use super::dialect::Dialect;
use super::figure::{Figure, Side};
use super::keepers;
use super::machine::Cores;
use super::process::{self, Process, Workspace};
use super::procfs::Meter;
use super::progress::Progress;
use super::stored::Keeping;
use super::swarm::Swarm;
use super::world::{Home, World};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The most connections that a server is told to take: more than any measure makes, and far enough
/// above for it never to see itself as nearly full.
const CONNECTIONS: usize = 200_000;

/// Environment variables for a server.
pub(crate) type Settings<'a> = &'a [(&'static str, &'static str)];

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
    dialect: Dialect,
    meter: Option<Meter>,
    /// Ends with the round, and then what it kept goes.
    process: Option<Process>,
    home: Option<Home>,
}

impl Running {
    /// A server that was started by somebody else.
    pub(crate) fn elsewhere(address: SocketAddr, pid: Option<u32>) -> Self {
        let (dialect, meter) = (Dialect::Jim, pid.map(Meter::new));
        Self { address, dialect, meter, process: None, home: None }
    }

    fn started((process, address): (Process, SocketAddr)) -> Self {
        let meter = Some(Meter::new(process.id()));
        Self { address, dialect: Dialect::Jim, meter, process: Some(process), home: None }
    }

    fn living_in(self, home: Option<Home>) -> Self {
        Self { home, ..self }
    }

    fn speaking(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Ends it, and gives what it kept.
    pub(crate) fn end(self) -> Option<Home> {
        drop(self.process);
        self.home
    }

    /// A load on it, without connections yet.
    pub(crate) fn swarm(&self) -> Result<Swarm, Failure> {
        Swarm::new(self.address, self.dialect)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process, if it was started here.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// What it understands.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
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
    /// What is measured beside it.
    pub(crate) others: Vec<Side>,
    /// How often each is measured.
    pub(crate) rounds: usize,
    /// Cores of their own for servers and load.
    pub(crate) cores: Option<Cores>,
    /// The bar.
    pub(crate) progress: Progress,
    /// Where data and logs go.
    pub(crate) workspace: Workspace,
    /// How many homes were made.
    pub(crate) homes: usize,
    /// What was measured so far.
    pub(crate) figures: Vec<Figure>,
}

impl Stage {
    /// Starts the server of one side, with these accounts and settings where it has such.
    pub(crate) fn start(
        &mut self,
        side: Side,
        world: &World,
        settings: Settings<'_>,
    ) -> Result<Running, Failure> {
        match side {
            Side::Server => {
                let home = self.home(world)?;
                let server = self.start_in(home.as_ref(), settings)?;
                Ok(server.living_in(home))
            }
            Side::Floor => self.start_floor(&[]),
            Side::Waiting => self.start_floor(&["--waiting"]),
            // NATS is measured by what it keeps alone.
            Side::Nats => self.start_keeper(side, Keeping::Os),
            Side::Redis => {
                let folder = self.workspace.path();
                let command = |port| process::redis(folder, port, CONNECTIONS);
                let server = Process::start(command, self.cores).map(Running::started)?;
                Ok(server.speaking(Dialect::Redis))
            }
        }
    }

    /// Starts Redis or NATS with an empty folder, so that it keeps what it answers.
    pub(crate) fn start_keeper(
        &mut self,
        side: Side,
        keeping: Keeping,
    ) -> Result<Running, Failure> {
        let home = Home::new(self.next_home(), Path::new(""), &World::default())?;
        let (dialect, command) = keepers::command(side, keeping, home.path(), CONNECTIONS)?;
        let server = Process::start(command, self.cores).map(Running::started)?;
        Ok(server.speaking(dialect).living_in(Some(home)))
    }

    /// A folder with these accounts for a server that is started here.
    pub(crate) fn home(&mut self, world: &World) -> Result<Option<Home>, Failure> {
        let Subject::Program(program) = &self.subject else { return Ok(None) };
        let program = program.clone();
        Home::new(self.next_home(), &program, world).map(Some)
    }

    /// The same where nothing can be measured without one.
    pub(crate) fn own_home(&mut self, world: &World) -> Result<Home, Failure> {
        let program = self.program()?.to_owned();
        Home::new(self.next_home(), &program, world)
    }

    fn next_home(&mut self) -> PathBuf {
        self.homes += 1;
        self.workspace.path().join(format!("home-{}", self.homes))
    }

    /// Starts a server in a folder; one that runs already has its own, and its own settings.
    pub(crate) fn start_in(
        &self,
        home: Option<&Home>,
        settings: Settings<'_>,
    ) -> Result<Running, Failure> {
        match (&self.subject, home) {
            (Subject::Running { address, pid }, _) => Ok(Running::elsewhere(*address, *pid)),
            (Subject::Program(program), home) => {
                let folder = home.map_or(self.workspace.path(), Home::path);
                let command = |port| {
                    let mut command = process::jimd(program, folder, port, CONNECTIONS);
                    command.envs(settings.iter().copied());
                    command
                };
                Process::start(command, self.cores).map(Running::started)
            }
        }
    }

    /// The program of the servers that are started here.
    pub(crate) fn program(&self) -> Result<&Path, Failure> {
        match &self.subject {
            Subject::Program(program) => Ok(program),
            Subject::Running { .. } => Err(Failure::Usage(
                "this is measured on servers that are started here, without --addr".to_owned(),
            )),
        }
    }

    /// Starts a `jimd` in a folder by another command than usual.
    pub(crate) fn start_by(
        &self,
        home: &Home,
        settings: Settings<'_>,
        other: impl Fn(Command) -> Command,
    ) -> Result<Running, Failure> {
        let program = self.program()?;
        let command = |port| {
            let mut command = process::jimd(program, home.path(), port, CONNECTIONS);
            command.envs(settings.iter().copied());
            other(command)
        };
        Process::start(command, self.cores).map(Running::started)
    }

    fn start_floor(&self, options: &[&str]) -> Result<Running, Failure> {
        let own = std::env::current_exe();
        let own = own.map_err(Failure::while_doing("finding this program"))?;
        let command = |port: u16| {
            let mut command = Command::new(&own);
            command.args(["floor", "--port", &port.to_string()]).args(options);
            command
        };
        Process::start(command, self.cores).map(Running::started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_used_needs_two_readings() {
        let reading = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(seconds_of(reading(3), reading(5)), Some(2.0));
        assert_eq!(seconds_of(None, reading(5)), None);
    }
}
