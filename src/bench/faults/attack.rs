//! What an attack knows, and how it tells what it saw.

use super::peer::{Kind, Peer};
use crate::bench::entrance::{Identity, PASSWORD};
use crate::bench::message::{authenticate, presence};
use crate::bench::process;
use crate::bench::swarm::clock;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How long an outcome may take to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks for it.
const LOOK: Duration = Duration::from_millis(20);

/// The outcome that a fault must have did not come.
#[derive(Debug)]
pub(super) struct Missed(pub(super) String);

impl From<io::Error> for Missed {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What an attack saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// In words.
    pub(super) text: String,
    /// How many messages it wrote to the room.
    pub(super) told: u64,
}

impl From<String> for Seen {
    fn from(text: String) -> Self {
        Self { text, told: 0 }
    }
}

/// How an attack ends.
pub(super) type Outcome = Result<Seen, Missed>;

/// That something is so.
pub(super) fn ensure(is_so: bool, text: impl FnOnce() -> String) -> Result<(), Missed> {
    if is_so { Ok(()) } else { Err(Missed(text())) }
}

/// The server that is attacked, and for how long.
#[derive(Debug)]
pub(super) struct Attack {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// Its process.
    pub(super) pid: u32,
    /// Its program.
    pub(super) program: PathBuf,
    /// The folder with its data, logs and settings.
    pub(super) home: PathBuf,
    /// Those who are in the room and do no harm.
    pub(super) members: usize,
    /// The account behind theirs, and behind those of the room's other members.
    pub(super) outsiders: usize,
    /// What many are divided by.
    pub(super) fewer: usize,
    /// When the attack is over.
    pub(super) until: Instant,
    /// Ends when nobody waits for the attack any more.
    pub(super) wanted: Receiver<()>,
}

impl Attack {
    pub(super) fn goes_on(&self) -> bool {
        clock() < self.until
    }

    /// Waits; no longer than anybody wants the attack.
    pub(super) fn rest(&self, time: Duration) {
        let _ = self.wanted.recv_timeout(time);
    }

    /// Waits until the attack is over.
    pub(super) fn rest_to_the_end(&self) {
        self.rest(self.until.saturating_duration_since(clock()));
    }

    /// Does something so often a second, until the attack is over. Gives how often it was done.
    pub(super) fn at_rate(
        &self,
        a_second: f64,
        mut work: impl FnMut(u64) -> Result<(), Missed>,
    ) -> Result<u64, Missed> {
        let (begun, mut done) = (clock(), 0);
        while self.goes_on() || done == 0 {
            work(done)?;
            done += 1;
            let due = begun + Duration::from_secs_f64(done as f64 / a_second);
            let wait = due.saturating_duration_since(clock());
            if !wait.is_zero() {
                self.rest(wait);
            }
        }
        Ok(done)
    }

    /// Waits for something to be so.
    pub(super) fn wait_until(
        &self,
        what: &str,
        mut is_so: impl FnMut() -> Result<bool, Missed>,
    ) -> Result<(), Missed> {
        let begun = clock();
        while !is_so()? {
            ensure(clock().duration_since(begun) < PATIENCE, || format!("waited for: {what}"))?;
            self.rest(LOOK);
        }
        Ok(())
    }

    pub(super) fn connect(&self) -> Result<Peer, Missed> {
        Ok(Peer::connect(self.address, Kind::Plain)?)
    }

    /// A guest, who is in the common chat and not in the room.
    pub(super) fn guest(&self, name: &str) -> Result<Peer, Missed> {
        self.guest_by(name, Kind::Plain)
    }

    pub(super) fn guest_by(&self, name: &str, kind: Kind) -> Result<Peer, Missed> {
        let mut peer = Peer::connect(self.address, kind)?;
        peer.ask_expecting(presence(name), 200)?;
        Ok(peer)
    }

    /// That whoever comes now is let in and answered.
    pub(super) fn expect_service(&self) -> Result<(), Missed> {
        self.guest("newcomer").map(drop)
    }

    /// The name of an account.
    pub(super) fn name(account: usize) -> String {
        Identity::Accounts.name(account)
    }

    /// An account, logged in.
    pub(super) fn account(&self, account: usize) -> Result<Peer, Missed> {
        let mut peer = self.connect()?;
        peer.ask_expecting(authenticate(&Self::name(account), PASSWORD), 202)?;
        Ok(peer)
    }

    /// The log as it is.
    pub(super) fn log(&self) -> String {
        let bytes = fs::read(self.home.join("logs/jimd.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How often the log has this.
    pub(super) fn logged(&self, text: &str) -> usize {
        self.log().matches(text).count()
    }

    /// How many connections the server says that it has.
    pub(super) fn connections(&self) -> Result<u64, Missed> {
        let stats = process::ask(&self.program, &self.home, &["stats", "--json"])?;
        let stats: serde_json::Value =
            serde_json::from_slice(&stats).map_err(|error| Missed(error.to_string()))?;
        let count = stats.get("connections").and_then(serde_json::Value::as_u64);
        count.ok_or_else(|| Missed(format!("no number of connections in {stats}")))
    }

    /// That nobody is left but the members.
    pub(super) fn expect_members_alone(&self) -> Result<(), Missed> {
        let members = self.members as u64;
        self.wait_until("only the members are connected", || Ok(self.connections()? == members))
    }
}

/// A message to somebody.
pub(super) fn message(from: &str, to: &str, text: &str) -> String {
    format!(
        r#"{{"action":"msg","time":1,"from":"{from}","to":"{to}","message":"{text}"}}{end}"#,
        end = "\n"
    )
}
