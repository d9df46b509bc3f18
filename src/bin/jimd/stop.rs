//! `jimd stop`: the order, and then the wait until nobody works on the data folder.

use crate::Failure;
use crate::control::refusal;
use jim::config::{Config, Exit, print};
use jim::control::{Answer, AskError, Asked, Order, ask};
use jim::workers::FolderHolder;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;
use std::{io, thread};

/// Beyond what the server says, for its threads and files.
const END_TIME: Duration = Duration::from_secs(20);

/// How often a server that was not reached is asked again: it may not have listened yet.
const LOOK: Duration = Duration::from_millis(50);

/// A server on its end listens no more and holds its folder for a while yet.
pub(crate) fn run(config: &Config) -> Result<Exit, Failure> {
    // Who cannot look is told by the order why.
    let met = FolderHolder::of(&config.data).unwrap_or_default();
    match ask(&config.data, &Order::Stop {}) {
        Ok(asked) => told(asked),
        Err(error) if error.is_nobody() => match met {
            Some(holder) => unheard(config, holder),
            None => gone(config, &error),
        },
        Err(error) => Err(refusal(&error)),
    }
}

/// Nobody held the folder before the order; somebody may have begun to meanwhile.
fn gone(config: &Config, error: &AskError) -> Result<Exit, Failure> {
    match FolderHolder::of(&config.data).unwrap_or_default() {
        Some(holder) => unheard(config, holder),
        None if matches!(error, AskError::NoServer(_)) => Err(refusal(error)),
        None => done(),
    }
}

/// Waits for one that was not reached, and gives it the order as soon as it is.
fn unheard(config: &Config, holder: FolderHolder) -> Result<Exit, Failure> {
    let pid = holder.pid();
    let end = end_of(holder)?;
    let looks = (config.server.grace + END_TIME).as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        match end.recv_timeout(LOOK) {
            Ok(ended) => return ended.map_err(Failure::from).and_then(|()| done()),
            Err(RecvTimeoutError::Disconnected) => return done(),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = FolderHolder::of(&config.data).unwrap_or_default();
        if now.is_none_or(|now| is_another(pid, now.pid())) {
            return done();
        }
        match ask(&config.data, &Order::Stop {}) {
            Ok(asked) => return told(asked),
            Err(error) if error.is_nobody() => {}
            Err(error) => return Err(refusal(&error)),
        }
    }
    let number = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    let folder = config.data.display();
    let text = format!("a jimd{number} holds the data folder {folder}, and takes no orders");
    Err(Failure::new(text, Exit::Failed))
}

/// Reports when nobody works on the folder any more.
fn end_of(holder: FolderHolder) -> io::Result<Receiver<io::Result<()>>> {
    let (ended, end) = mpsc::channel();
    let wait = move || {
        // Who does not wait any longer does not hear it.
        let _ = ended.send(holder.wait_for_end());
    };
    thread::Builder::new().name("lock".to_owned()).spawn(wait)?;
    Ok(end)
}

/// Whether the one that was met has ended, and another has begun: that one goes on.
fn is_another(met: Option<u32>, now: Option<u32>) -> bool {
    met.zip(now).is_some_and(|(met, now)| met != now)
}

fn told(asked: Asked) -> Result<Exit, Failure> {
    let within = match asked.answer {
        Answer::Stopping { within_seconds } => Duration::from_secs(within_seconds) + END_TIME,
        _ => END_TIME,
    };
    if !asked.wait_for_end(within) {
        return Err(Failure::new("it was told to stop, and has not ended yet", Exit::Failed));
    }
    done()
}

fn done() -> Result<Exit, Failure> {
    print("jimd has stopped.\n")?;
    Ok(Exit::Done)
}
