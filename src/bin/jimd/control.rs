//! The commands that speak to a running server, over its control socket.

use crate::user::{self, folder_failure};
use crate::{Failure, stop};
use jim::config::{
    BlockCommand, Command, Config, Exit, UnblockCommand, UserVerb, banned_text, bans_text,
    closed_text, print, print_error, reloaded_text, stats_text, who_text,
};
use jim::control::{Answer, AskError, Asked, Order, Parting, Refusal, ask};
use jim::message::Network;
use jim::workers::{BanError, Bans, DataFolder};

pub(crate) fn run(command: &Command, config: &Config) -> Result<Exit, Failure> {
    match command {
        Command::Who(who) => give(config, &Order::Who {}, who.json),
        Command::Stats(stats) => give(config, &Order::Stats {}, stats.json),
        Command::Kick(kick) => give(config, &Order::Kick { user: kick.user.clone() }, false),
        Command::Ban(ban) => self::ban(config, &ban.target),
        Command::Unban(unban) => self::unban(config, &unban.target),
        Command::Bans(_) => {
            let bans = Bans::of(&folder(config)?).list().map_err(|error| failure(&error))?;
            print(&bans_text(&bans))?;
            Ok(Exit::Done)
        }
        Command::Reload(_) => give(config, &Order::Reload {}, false),
        _ => stop::run(config),
    }
}

/// Gives an order and prints the answer.
fn give(config: &Config, order: &Order, json: bool) -> Result<Exit, Failure> {
    let asked = ask(&config.data, order).map_err(|error| refusal(&error))?;
    let text = match &asked.answer {
        Answer::Who { rows, more } => who_text(rows, *more, json, &jiff::tz::TimeZone::system()),
        Answer::Stats(stats) => stats_text(stats, json),
        Answer::Closed { connections } => closed_text(*connections),
        Answer::Reloaded { applied, restart } => reloaded_text(applied, restart),
        Answer::Banned { .. }
        | Answer::Done {}
        | Answer::Stopping { .. }
        | Answer::Refused { .. } => String::new(),
    };
    print(&text)?;
    Ok(Exit::Done)
}

/// On the disk first: a server that starts meanwhile knows of it.
fn ban(config: &Config, target: &str) -> Result<Exit, Failure> {
    let Ok(network) = target.parse::<Network>() else {
        check_folder(config)?;
        let block = UserVerb::Block(BlockCommand { name: target.to_owned() });
        return user::run(&block, config).map_err(|failure| nobody(failure, target));
    };
    let network = network.as_place();
    Bans::of(&folder(config)?).add(network).map_err(|error| failure(&error))?;
    print(&format!("{network} is banned.\n"))?;
    tell(config, &Order::Ban { network: network.to_string() })
}

fn unban(config: &Config, target: &str) -> Result<Exit, Failure> {
    let Ok(network) = target.parse::<Network>() else {
        check_folder(config)?;
        let unblock = UserVerb::Unblock(UnblockCommand { name: target.to_owned() });
        return user::run(&unblock, config).map_err(|failure| nobody(failure, target));
    };
    let network = network.as_place();
    Bans::of(&folder(config)?).remove(network).map_err(|error| failure(&error))?;
    print(&format!("{network} is no longer banned.\n"))?;
    tell(config, &Order::Unban { network: network.to_string() })
}

/// An account was changed on the disk: a running server closes its connections.
pub(crate) fn part(config: &Config, user: &str, why: Parting) -> Result<Exit, Failure> {
    tell(config, &Order::Part { user: user.to_owned(), why })
}

/// Tells the server of what is on the disk already, if one runs.
fn tell(config: &Config, order: &Order) -> Result<Exit, Failure> {
    match ask(&config.data, order) {
        Ok(Asked { answer: Answer::Banned { connections, proxies }, .. }) => {
            print(&banned_text(connections, &proxies))?;
        }
        Err(AskError::NoServer(_)) => {
            if let Order::Ban { network } = order {
                let network = network.parse::<Network>().ok();
                let throttle = &config.server.throttle;
                let proxies = network.map(|network| throttle.proxies_in(&network));
                print(&banned_text(0, &proxies.unwrap_or_default()))?;
            }
        }
        Ok(_) => {}
        Err(error) => print_error(&format!("jimd: warning: {error}\n")),
    }
    Ok(Exit::Done)
}

/// A mistyped address is no account either.
fn nobody(failure: Failure, target: &str) -> Failure {
    if failure.exit != Exit::NoSuchUser || !target.contains(['.', ':', '/']) {
        return failure;
    }
    let text = format!("{failure}, and {target:?} is no address and no range such as 10.0.0.0/8");
    Failure::new(text, Exit::NoSuchUser)
}

/// Nobody is banned from a server that never was: the folder's name was mistyped.
fn check_folder(config: &Config) -> Result<(), Failure> {
    if config.data.is_dir() {
        return Ok(());
    }
    let text = format!("there is no data folder {}; --data names it", config.data.display());
    Err(Failure::new(text, Exit::Folder))
}

fn folder(config: &Config) -> Result<DataFolder, Failure> {
    check_folder(config)?;
    DataFolder::open(&config.data).map_err(|error| folder_failure(&error))
}

fn failure(error: &BanError) -> Failure {
    let exit = match error {
        BanError::File { .. } | BanError::Line { .. } => Exit::Folder,
        BanError::Full | BanError::NotBanned(_) => Exit::Failed,
    };
    Failure::new(error, exit)
}

pub(crate) fn refusal(error: &AskError) -> Failure {
    let exit = match error {
        AskError::NoServer(_) => Exit::NotRunning,
        AskError::Refused { why: Refusal::NotConnected, .. } => Exit::NoSuchUser,
        AskError::Refused { why: Refusal::Settings, .. } => Exit::Settings,
        AskError::Refused { .. } | AskError::Silent(_) | AskError::Strange(_) => Exit::Failed,
    };
    Failure::new(error, exit)
}
