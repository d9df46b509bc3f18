//! `jimd`, the chat server: see `jimd --help`.

mod cert;
mod control;
mod db;
mod inherited;
mod invite;
mod reload;
mod serve;
mod stop;
mod user;

use argh::ArgsInfo;
use jim::config::{
    Args, Command, Config, ConfigError, Environment, Exit, VERSION, completions, config_text,
    print, print_error, resolve, resolve_offline,
};
use jim::message::visible;
use std::process::ExitCode;

/// A sentence for the operator, and how the program ends.
pub(crate) struct Failure {
    text: String,
    exit: Exit,
}

impl Failure {
    pub(crate) fn new(error: impl std::fmt::Display, exit: Exit) -> Self {
        Self { text: format!("jimd: {error}"), exit }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text.trim_start_matches("jimd: ").trim_end())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = error.exit();
        Self::new(error, exit)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error, Exit::Failed)
    }
}

fn main() -> ExitCode {
    let exit = run().unwrap_or_else(|failure| {
        // What was typed, or stands in a file, is shown and drives no terminal.
        let lines = failure.text.trim_end().lines();
        print_error(&lines.map(|line| format!("{}\n", visible(line))).collect::<String>());
        failure.exit
    });
    exit.into()
}

fn run() -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let args = match Args::parse(std::env::args_os().skip(1)) {
        Ok(args) => args,
        Err(leave) => return Ok(leave.say()?),
    };
    if args.version {
        print(VERSION)?;
        return Ok(Exit::Done);
    }
    match &args.command {
        Some(Command::Config(command)) => {
            print(&config_text(&command.verb)?)?;
            Ok(Exit::Done)
        }
        Some(Command::Completions(command)) => {
            print(&completions("jimd", &Args::get_args_info(), &[], command.shell))?;
            Ok(Exit::Done)
        }
        Some(Command::User(command)) => {
            let config = settled(resolve_offline(&args, &environment)?);
            user::run(&command.verb, &config)
        }
        Some(Command::Db(command)) => {
            let config = settled(resolve_offline(&args, &environment)?);
            db::run(&command.verb, args.force, &config)
        }
        Some(Command::Invite(command)) => {
            let config = settled(resolve_offline(&args, &environment)?);
            invite::run(&command.verb, &config)
        }
        Some(Command::Cert(command)) => {
            let config = settled(resolve_offline(&args, &environment)?);
            cert::run(&command.verb, &args.host, args.force, &config)
        }
        Some(command) => {
            let config = settled(resolve_offline(&args, &environment)?);
            control::run(command, &config)
        }
        None => {
            let resolved = resolve(&args, &environment)?;
            let given = resolved.settled.clone();
            serve::run(&settled(resolved), args, environment, given)
        }
    }
}

/// The configuration, once the operator has heard of what was odd on the way to it.
fn settled(resolved: jim::config::Resolved) -> Config {
    for warning in &resolved.warnings {
        print_error(&format!("jimd: warning: {warning}\n"));
    }
    resolved.config
}
