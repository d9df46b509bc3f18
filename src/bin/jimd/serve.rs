//! `jimd` without a command: everything is opened in turn, so that nothing is left half-started,
//! and then served until a signal.

use crate::reload::{Reading, log_options};
use crate::user::{folder_failure, store_failure};
use crate::{Failure, cert, inherited};
use jim::config::{
    Args, Config, Environment, Exit, Programs, Settled, banner, listening, print_error, started,
};
use jim::control;
use jim::logging::{self, Console, LogError, LogHandle, log};
use jim::message::{Now, Reply, Retention, Snapshot};
use jim::server::{Observer, Server, ServerTls, Settings, StartError, Stopped, Unwritten, Workers};
use jim::workers::{
    Bans, DataFolder, FileStore, FileWorker, PasswordWorker, ReadWorker, Reader, StorageWorker,
    Store,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long the last lines may take to the terminal.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The operator's view of the answers.
struct Answers(Console);

impl Observer for Answers {
    fn answered(&mut self, now: Now, reply: &Reply) {
        self.0.reply(now, reply);
    }

    fn renewed(&mut self, settings: &Settings) {
        self.0.speak(settings.language);
    }
}

pub(crate) fn run(
    config: &Config,
    args: Args,
    environment: Environment,
    settled: Settled,
) -> Result<Exit, Failure> {
    let folder = DataFolder::open(&config.data).map_err(|error| folder_failure(&error))?;
    let _lock = folder.lock().map_err(|error| folder_failure(&error))?;
    let tls = cert::load(config, |oddity| print_error(&format!("jimd: warning: {oddity}\n")))?;
    let answers = Answers(Console::start(config.language())?);
    let server = match inherited::listeners()? {
        sockets if sockets.is_empty() => Server::bind(config.server.clone(), answers),
        sockets => Server::adopt(config.server.clone(), sockets, answers),
    };
    let mut server = server.map_err(|error| start_failure(&error))?;
    let fingerprint = tls.as_ref().map(|tls| tls.fingerprint().to_string());
    let shown = tls.as_ref().map(ServerTls::shown);
    server.set_tls(tls);
    server.ban(Bans::of(&folder).list().map_err(|error| Failure::new(error, Exit::Folder))?);
    let log = Arc::new(start_log(config)?);
    listen_to_orders(&folder, &mut server);
    let surroundings = environment.clone();
    let listen = config.server.listen.clone();
    let log_too = Arc::clone(&log);
    let mut reading = Reading { args, environment, settled, listen, shown, log: log_too };
    server.reload_by(move || reading.read())?;
    let ended = open_and_serve(config, &surroundings, &folder, server, fingerprint.as_deref());
    control::remove(folder.path());
    if let Err(failure) = &ended {
        log::error!("{failure}");
    }
    log.shutdown();
    ended
}

/// Without the socket the chat goes on: only `jimd who` and the like do not reach it.
fn listen_to_orders(folder: &DataFolder, server: &mut Server<Answers>) {
    let taken = control::open(folder.path()).map_err(|error| error.to_string());
    if let Err(error) =
        taken.and_then(|socket| server.take_orders(socket).map_err(|error| error.to_string()))
    {
        log::warn!("{error}");
        print_error(&format!("jimd: warning: {error}\n"));
    }
}

/// From the store on, all that goes well or wrong is in the log too.
fn open_and_serve(
    config: &Config,
    environment: &Environment,
    folder: &DataFolder,
    server: Server<Answers>,
    fingerprint: Option<&str>,
) -> Result<Exit, Failure> {
    let (mut store, snapshot) = open_store(config, folder)?;
    let orphans = store.orphans().map_err(|error| store_failure(&error))?;
    let policy = &config.server.policy;
    let retention = Retention {
        kept: policy.kept,
        rooms: policy.kept_rooms.clone(),
        attachments: policy.attachments,
    };
    let files = FileStore::open(folder, config.durability);
    let files = files.map_err(|error| folder_failure(&error))?;
    let workers = Workers {
        storage: StorageWorker::spawn(store, retention, server.wake())?,
        reader: ReadWorker::spawn(open_reader(folder)?, server.wake())?,
        files: FileWorker::spawn(files, open_reader(folder)?, orphans, server.wake())?,
        passwords: PasswordWorker::spawn(server.wake())?,
    };
    greet(config, environment, &server, fingerprint);
    log::info!(
        "jimd {} serves {:?}: {} accounts, {} rooms",
        env!("CARGO_PKG_VERSION"),
        server.addresses(),
        snapshot.accounts.len(),
        snapshot.rooms.len()
    );
    let (stopped, Answers(console)) = server.run(snapshot, workers)?;
    console.flush(LAST_LINES);
    log::info!("{}", how(stopped));
    Ok(match stopped {
        Stopped::Cleanly | Stopped::Cut(_) | Stopped::Late(_) => Exit::Done,
        Stopped::AtOnce(_) => Exit::Interrupted,
    })
}

#[log(show(config))]
fn open_store(config: &Config, folder: &DataFolder) -> Result<(Store, Snapshot), Failure> {
    let store = Store::open(folder, config.durability);
    let mut store = store.map_err(|error| store_failure(&error))?;
    let snapshot = store.start().map_err(|error| store_failure(&error))?;
    Ok((store, snapshot))
}

/// Beside the store, which was opened before.
fn open_reader(folder: &DataFolder) -> Result<Reader, Failure> {
    Reader::open(folder).map_err(|error| store_failure(&error))
}

fn how(stopped: Stopped) -> String {
    match stopped {
        Stopped::Cleanly => "stopped: all that was owed to clients was written".to_owned(),
        Stopped::Cut(unwritten) => {
            format!("stopped: {}, all else that was owed was written", what_was_not(unwritten))
        }
        Stopped::Late(unwritten) => {
            format!("stopped: the grace time was over, {}", what_was_not(unwritten))
        }
        Stopped::AtOnce(unwritten) => {
            format!("stopped at once, as a second signal asked, {}", what_was_not(unwritten))
        }
    }
}

/// What clients were owed and did not get.
fn what_was_not(Unwritten { connections, bytes, at_most }: Unwritten) -> String {
    let up_to = if at_most { "up to " } else { "" };
    match connections {
        1 => format!("1 connection ended with {up_to}{bytes} bytes unwritten"),
        _ => format!("{connections} connections ended with {up_to}{bytes} bytes unwritten"),
    }
}

fn start_log(config: &Config) -> Result<LogHandle, Failure> {
    let options = log_options(config);
    logging::init(&options).map_err(|error| {
        let exit = match &error {
            LogError::Open { .. } => Exit::Folder,
            LogError::Read { .. } | LogError::Wrong { .. } => Exit::Settings,
            LogError::AlreadySet => Exit::Failed,
        };
        Failure::new(error, exit)
    })
}

/// What is open to whom, in plain words, and then seed 000's first line.
fn greet(
    config: &Config,
    environment: &Environment,
    server: &Server<Answers>,
    fingerprint: Option<&str>,
) {
    let addresses = server.addresses();
    let called = std::env::args_os().next().unwrap_or_default();
    let programs = Programs::found(Path::new(&called), environment);
    print_error(&banner(config, &addresses, &programs, fingerprint));
    if let Some(line) = listening(std::env::args_os().skip(1), &addresses) {
        print_error(&line);
    }
    server.observer().0.line(server.now(), |line| line.push_str(&started(config, &addresses)));
}

fn start_failure(error: &StartError) -> Failure {
    let exit = match error {
        StartError::PortInUse(_) => Exit::PortInUse,
        StartError::NotPermitted(_) => Exit::NotPermitted,
        StartError::NotOurs(_) => Exit::BadAddress,
        StartError::Listen { source, .. } => Exit::of_listening(source),
        StartError::Loop(_) => Exit::Failed,
    };
    Failure::new(error, exit)
}
