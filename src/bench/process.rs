//! Servers that are started for a measurement, and the folder that they live in.

use super::Failure;
use super::keepers::nats_settings;
use super::machine::Cores;
use super::stored::Keeping;
use super::swarm::clock;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// How long a server may take to listen: under valgrind everything takes its time.
const START: Duration = Duration::from_secs(60);
/// How long a server may take to end when it is asked to; then it is killed.
const STOP: Duration = Duration::from_secs(30);
/// How often a server that is starting is tried, if it says nothing.
const TRY: Duration = Duration::from_micros(200);
/// How long the last words of a server that ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// One piece of what a server says on standard error.
const PIECE_BYTES: usize = 1024;
/// How many pieces wait to be looked at; later ones are dropped.
const PIECES: usize = 64;
/// How much of it an error shows.
const SAID_BYTES: usize = 2048;

/// A folder of one's own for a measurement, removed at its end.
#[derive(Debug)]
pub(crate) struct Workspace(PathBuf);

impl Workspace {
    /// Makes one in the system's folder for such.
    pub(crate) fn new() -> Result<Self, Failure> {
        let mut random = [0; 8];
        let _ = getrandom::fill(&mut random);
        let name = format!("jim-bench-{}-{:016x}", std::process::id(), u64::from_le_bytes(random));
        let path = std::env::temp_dir().join(name);
        // Refused where the name exists already: nobody can have put anything there.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(Failure::while_doing("making a folder for the measurement"))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's folder for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that was started, and that listens.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    said: Receiver<Vec<u8>>,
}

impl Process {
    /// Starts a server by a command that is told the port, on a core of its own if `cores` says
    /// which, and waits until it listens.
    pub(crate) fn start(
        command: impl Fn(u16) -> Command,
        cores: Option<Cores>,
    ) -> Result<(Self, SocketAddr), Failure> {
        let port = free_port()?;
        let mut command = command(port);
        let program = command.get_program().to_string_lossy().into_owned();
        if let Some(cores) = cores {
            cores.take_server_core();
        }
        // A group of its own: Ctrl-C is for the measurement, which then ends its servers.
        command.process_group(0);
        let spawned =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        if let Some(cores) = cores {
            cores.take_load_core();
        }
        let mut child =
            spawned.map_err(|source| Failure::Start { program: program.clone(), source })?;
        let (pieces, said) = sync_channel(PIECES);
        if let Some(stderr) = child.stderr.take() {
            thread::spawn(move || listen_to(stderr, &pieces));
        }
        let mut process = Self { child, said };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        process.wait_until_listening(address, &program)?;
        Ok((process, address))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn wait_until_listening(&mut self, address: SocketAddr, program: &str) -> Result<(), Failure> {
        let begun = clock();
        let mut said = Vec::new();
        while TcpStream::connect_timeout(&address, START).is_err() {
            let ended = matches!(self.child.try_wait(), Ok(Some(_)));
            // What it said last may be on its way still.
            match self.said.recv_timeout(if ended { LAST_WORDS } else { TRY }) {
                Ok(piece) => said.extend(piece),
                Err(_) if ended || clock().duration_since(begun) > START => {
                    return Err(Failure::NotReady {
                        program: program.to_owned(),
                        said: tail(&said),
                    });
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Asks it to end and waits for that; its standard error closes with it.
    fn stop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let asked = clock();
        while clock().duration_since(asked) < STOP {
            if let Err(RecvTimeoutError::Disconnected) = self.said.recv_timeout(STOP) {
                break;
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a server says until it ends, so that it never waits for a reader.
fn listen_to(mut stderr: ChildStderr, pieces: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; PIECE_BYTES];
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        let _ = pieces.try_send(buffer.get(..read).unwrap_or_default().to_vec());
    }
}

/// A port that nobody listened on a moment ago.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(Failure::while_doing("looking for a free port"))?.port())
}

/// A `jimd` with its data and logs in this folder, and no setting from elsewhere.
fn jimd_in(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"JIMD_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).arg("--data").arg(folder.join("data"));
    command.env("LOGS_DIRECTORY", folder.join("logs"));
    command
}

/// The command that starts a `jimd` on a port of this machine, for this many connections at most.
pub(crate) fn jimd(program: &Path, folder: &Path, port: u16, connections: usize) -> Command {
    let mut command = jimd_in(program, folder);
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]);
    for limit in ["JIMD_MAX_CONNECTIONS", "JIMD_MAX_CONNECTIONS_PER_ADDRESS"] {
        command.env(limit, connections.to_string());
    }
    command
}

/// Reads an export into the data in this folder.
pub(crate) fn import(program: &Path, folder: &Path, file: &Path) -> Result<(), Failure> {
    let mut command = jimd_in(program, folder);
    let output = command.args(["db", "import"]).arg(file).stdin(Stdio::null()).output();
    let output = output
        .map_err(|source| Failure::Start { program: program.display().to_string(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let program = format!("{} db import", program.display());
    Err(Failure::NotReady { program, said: tail(&output.stderr) })
}

/// What a `jimd` with the data in this folder answers to a command.
pub(crate) fn ask(program: &Path, folder: &Path, words: &[&str]) -> io::Result<Vec<u8>> {
    let output = jimd_in(program, folder).args(words).stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(io::Error::other(tail(&output.stderr))),
    }
}

/// Another program with a command's folder and variables, which is told the command by arguments.
pub(crate) fn within(program: &str, command: &Command) -> Command {
    let mut wrapped = Command::new(program);
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}

/// What valgrind's package calls it.
pub(crate) const VALGRIND: &str = "valgrind";

/// A command with each thread's instructions counted into files whose names begin with this one.
pub(crate) fn counted(command: &Command, out: &Path) -> Command {
    let mut counted = within(VALGRIND, command);
    let mut file = OsString::from("--callgrind-out-file=");
    file.push(out);
    counted.args(["--tool=callgrind", "--separate-threads=yes"]).arg(file);
    counted.arg(command.get_program()).args(command.get_args());
    counted
}

/// The command that starts Redis on a port of this machine, with its limits and disk off.
pub(crate) fn redis(folder: &Path, port: u16, connections: usize) -> Command {
    let mut command = Command::new(REDIS);
    let (port, connections) = (port.to_string(), connections.to_string());
    command.current_dir(folder).args(["--port", &port, "--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--maxclients", &connections]);
    command.args(["--client-output-buffer-limit", "pubsub", "0", "0", "0"]);
    command.args(["--daemonize", "no", "--loglevel", "warning"]);
    command
}

/// What Redis's package calls its server.
const REDIS: &str = "redis-server";

/// What a program that is installed says of its version; `None` where there is none.
pub(crate) fn version_of(program: impl AsRef<OsStr>) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| tail(text.lines().next().unwrap_or_default().as_bytes()))
}

/// Redis's version, where it is installed.
pub(crate) fn redis_version() -> Option<String> {
    let text = version_of(REDIS)?;
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    Some(version.to_owned())
}

/// What the package of NATS calls its server, and where some systems have it, which is in the path
/// of administrators alone.
const NATS: [&str; 2] = ["nats-server", "/usr/sbin/nats-server"];

/// The program that NATS is started by.
pub(crate) fn nats() -> &'static str {
    NATS.into_iter().find(|program| version_of(program).is_some()).unwrap_or(NATS[0])
}

/// The version of NATS, where it is installed.
pub(crate) fn nats_version() -> Option<String> {
    let text = NATS.into_iter().find_map(version_of)?;
    let version = text.split_whitespace().find_map(|word| word.strip_prefix('v'))?;
    Some(version.to_owned())
}

/// Whether the NATS that is installed knows the setting that has it sync before it answers: it
/// refuses settings that it does not know.
pub(crate) fn nats_can_sync() -> Result<bool, Failure> {
    let workspace = Workspace::new()?;
    let settings = workspace.path().join("nats.conf");
    let written = fs::write(&settings, nats_settings(Keeping::Fsync));
    written.map_err(Failure::while_doing("writing the settings of nats-server"))?;
    let mut command = Command::new(nats());
    command.current_dir(workspace.path()).arg("-t").arg("-c").arg(&settings);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|source| Failure::Start { program: NATS[0].to_owned(), source })?;
    Ok(output.status.success())
}

/// The `jimd` beside this program.
pub(crate) fn sibling(name: impl AsRef<OsStr>) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe();
    let own = own.map_err(Failure::while_doing("finding the folder of this program"))?;
    Ok(own.with_file_name(name.as_ref()))
}

/// The last that was said, with nothing in it that could drive a terminal but line ends.
fn tail(said: &[u8]) -> String {
    let start = said.len().saturating_sub(SAID_BYTES);
    let text = String::from_utf8_lossy(said.get(start..).unwrap_or_default());
    match text.trim() {
        "" => "it said nothing".to_owned(),
        text => text.replace(|c: char| c.is_control() && c != '\n', "?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &'static str) -> impl Fn(u16) -> Command {
        move |_| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            command
        }
    }

    #[test]
    fn a_server_that_ends_at_once_is_quoted() {
        let failure = Process::start(shell("echo 'no \x1b such port' >&2; exit 3"), None);
        let text = failure.unwrap_err().to_string();
        assert!(text.ends_with("did not do its work: no ? such port"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = Process::start(|_| Command::new("/nonexistent/jimd"), None).unwrap_err();
        assert!(failure.to_string().starts_with("cannot start /nonexistent/jimd"), "{failure}");
        assert_eq!(failure.exit_code(), 3);
    }

    #[test]
    fn what_is_counted_is_the_same_command() {
        let mut command = Command::new("/bin/server");
        command.args(["-p", "1"]).env("A", "1").env_remove("B").current_dir("/");
        let counted = counted(&command, Path::new("/out"));
        let arguments: Vec<_> = counted.get_args().collect();
        assert_eq!(arguments[2..], ["--callgrind-out-file=/out", "/bin/server", "-p", "1"]);
        assert_eq!(counted.get_current_dir(), Some(Path::new("/")));
        assert_eq!(counted.get_envs().count(), 2);
    }

    #[test]
    fn the_workspace_goes_with_its_owner() {
        let workspace = Workspace::new().unwrap();
        let path = workspace.path().to_owned();
        fs::write(path.join("file"), "text").unwrap();
        drop(workspace);
        assert!(!path.exists());
    }
}
