//! `jim-client`: reads, writes and plays scripts in a JIM chat.

use jim::client::exit::Exit;
use jim::client::options::{Args, OptionFault, Options};
use jim::client::pair;
use jim::client::profile;
use jim::client::setup::{SetupError, Surroundings, plan};
use jim::client::spawn::{self, end_with_parent};
use jim::config::{Opt, Program, normalise, parse};
use jim::message::visible;
use jim::terminal::{ask_password, ask_password_twice};
use log::LevelFilter;
use simplelog::{ConfigBuilder, WriteLogger};
use std::io::Write;
use std::process::ExitCode;

/// What the command line may hold.
const JIM_CLIENT: Program = Program {
    name: "jim-client",
    options: &[
        Opt::value("--address", Some('a')).or(&["--addr", "--host"]),
        Opt::value("--port", Some('p')),
        Opt::switch("--read", Some('r')),
        Opt::switch("--write", Some('w')),
        Opt::value("--profile", None),
        Opt::value("--set", None),
        Opt::value("--user", Some('u')),
        Opt::value("--password-file", None),
        Opt::value("--name", None),
        Opt::value("--to", None),
        Opt::value("--script", None),
        Opt::switch("--console-chat", None),
        Opt::value("--exchange", None),
        Opt::switch("--json", None),
        Opt::value("--history", None),
        Opt::value("--since", None),
        Opt::switch("--follow", None),
        Opt::value("--invite", None),
        Opt::value("--message", None),
        Opt::value("--output", Some('o')),
        Opt::switch("--tls", None),
        Opt::value("--ca", None),
        Opt::value("--pin", None),
        Opt::value("--count", None),
        Opt::value("--timeout", None),
        Opt::switch("--split", None),
        Opt::switch("--plain", None),
        Opt::switch("--bell", None),
        Opt::value("--notify", None),
        Opt::switch("--no-memory", None),
        Opt::value("--lang", None),
        Opt::switch("--quiet", Some('q')),
        Opt::switch("--verbose", Some('v')),
        Opt::switch("--version", Some('V')),
    ],
    commands: &[],
};

fn main() -> ExitCode {
    ExitCode::from(run().code())
}

fn run() -> Exit {
    if end_with_parent().is_err() {
        return Exit::Gone;
    }
    let mut args: Args = match parse(&JIM_CLIENT, std::env::args_os().skip(1)) {
        Ok(args) => args,
        Err(leave) if leave.exit == jim::config::Exit::Done => {
            say(&leave.text);
            return Exit::Done;
        }
        Err(leave) => {
            let _ = std::io::stderr().write_all(leave.text.as_bytes());
            return Exit::Usage;
        }
    };
    if args.version {
        say(concat!("jim-client ", env!("CARGO_PKG_VERSION"), "\n"));
        return Exit::Done;
    }
    start_log(args.verbose, args.quiet);
    if let Some(spawning) = args.spawning(&typed()) {
        return start(spawning, spawn::run);
    }
    if let Some(pairing) = args.pairing(&typed()) {
        return start(pairing, pair::run);
    }
    let understood = match args.completions() {
        Some(Ok(script)) => {
            say(&script);
            return Exit::Done;
        }
        Some(Err(fault)) => Err(fault),
        None => match args.take_profile(profile::path(variable).as_deref()) {
            Ok(preferences) => args.understand().map(|options| Options { preferences, ..options }),
            Err(fault) => {
                for line in fault.to_string().lines() {
                    log::error!(target: "jim-client", "{}", visible(line));
                }
                return Exit::Usage;
            }
        },
    };
    let options = match understood {
        Ok(options) => options,
        Err(fault) => {
            let fault = fault.to_string();
            log::error!(target: "jim-client", "{}\nTry 'jim-client --help'.", visible(&fault));
            return Exit::Usage;
        }
    };
    let surroundings = Surroundings {
        variable: &variable,
        ask_password: &ask_password,
        ask_password_twice: &|prompt, again| {
            ask_password_twice(prompt, again).map(|(first, second)| [first, second])
        },
    };
    let outcome = match plan(options, &surroundings) {
        Ok(plan) => plan.run(),
        Err(SetupError::Interrupted) => return Exit::INTERRUPTED,
        Err(error) => {
            log::error!(target: "jim-client", "{}", visible(&error.to_string()));
            return error.exit();
        }
    };
    outcome.unwrap_or_else(|error| {
        log::error!(target: "jim-client", "{error}");
        Exit::System
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The command line once more, in the form that argh reads.
fn typed() -> Vec<String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    normalise(&JIM_CLIENT, &words).unwrap_or_default()
}

/// Starts other clients, if what was typed makes sense.
fn start<T>(wanted: Result<T, OptionFault>, run: impl FnOnce(&T) -> std::io::Result<Exit>) -> Exit {
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(fault) => {
            let fault = fault.to_string();
            log::error!(target: "jim-client", "{}\nTry 'jim-client --help'.", visible(&fault));
            return Exit::Usage;
        }
    };
    run(&wanted).unwrap_or_else(|error| {
        log::error!(target: "jim-client", "cannot start the clients: {error}");
        Exit::System
    })
}

/// Prints what was asked for. A closed pipe wants no more of it.
fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Messages about the client itself: `jim-client: TEXT` on standard error, without colours.
fn start_log(verbose: bool, quiet: bool) {
    let level = match (verbose, quiet) {
        (true, _) => LevelFilter::Debug,
        (false, true) => LevelFilter::Warn,
        (false, false) => LevelFilter::Info,
    };
    let config = ConfigBuilder::new()
        .set_max_level(LevelFilter::Off)
        .set_time_level(LevelFilter::Off)
        .set_thread_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Error)
        .add_filter_allow_str("jim-client")
        .build();
    // It fails only where a log was started before.
    let _ = WriteLogger::init(level, config, std::io::stderr());
}
