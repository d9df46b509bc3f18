//! What an operator of the running server asks and does: it needs no session.

use super::probe::Probes;
use super::session::Who;
use super::{Chat, CloseReason, Policy, Probe, common_names};
use crate::limits::Limits;
use crate::message::{ConnectionId, Name, Now};
use std::time::Duration;

/// Who a connection is, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About<'c> {
    /// The name that it goes by.
    pub name: Option<&'c Name>,
    /// What it is.
    pub standing: Standing,
    /// Since when it goes by that name, in microseconds since 1970.
    pub since_unix_micros: u64,
    /// How long it has said nothing.
    pub idle: Duration,
}

/// What a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It said neither who it is nor that it is here.
    Stranger,
    /// It is here without a log-in.
    Guest,
    /// It logged in.
    Account,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Accounts.
    pub accounts: usize,
    /// Accounts that are connected.
    pub users: usize,
    /// Names of guests.
    pub guests: usize,
    /// Rooms.
    pub rooms: usize,
}

impl Chat {
    /// Who a connection is.
    #[must_use]
    pub fn about(&self, connection: ConnectionId, now: Now) -> Option<About<'_>> {
        let session = self.sessions.get(connection)?;
        Some(About {
            name: session.name(),
            standing: session.standing(),
            since_unix_micros: session.since_unix_micros,
            idle: now.uptime.saturating_sub(session.last_heard),
        })
    }

    /// How many there are. It looks at every account.
    #[must_use]
    pub fn census(&self) -> Census {
        let (guests, users): (Vec<_>, Vec<_>) =
            self.users.connected().map(|one| one.is_guest).partition(|is_guest| *is_guest);
        Census {
            accounts: self.users.accounts().count(),
            users: users.len(),
            guests: guests.len(),
            rooms: self.rooms.len(),
        }
    }

    /// The rules are others from now on. What was done by the old ones stays done.
    pub fn renew(&mut self, now: Now, policy: Policy, limits: Limits) {
        self.now = now;
        let has_new_probes =
            (self.policy.probe, self.policy.probe_after, self.policy.probe_timeout)
                != (policy.probe, policy.probe_after, policy.probe_timeout);
        self.common = common_names(&policy);
        self.policy = policy;
        self.limits = limits;
        if has_new_probes {
            self.watch_anew();
        }
    }

    /// Looks at every connection as if it had just been heard for the first time.
    fn watch_anew(&mut self) {
        self.probes = Probes::default();
        for session in self.sessions.iter_mut() {
            session.probed_at = None;
            let is_probed = match self.policy.probe {
                Probe::All => true,
                Probe::Features => session.asked_features,
                Probe::Off => false,
            };
            if is_probed {
                self.probes.watch(session.id, session.last_heard + self.policy.probe_after);
            }
        }
    }

    /// Closes all connections that go by this name, an account's or guests', and says how many.
    pub fn handle_kick(&mut self, now: Now, name: &str, reason: CloseReason) -> usize {
        self.now = now;
        let name = Name::nfc(name);
        let found = self.users.connected().find(|one| one.name.as_str() == name);
        let connections = found.map(|one| one.connections.to_vec()).unwrap_or_default();
        for connection in &connections {
            self.close(*connection, reason);
        }
        connections.len()
    }

    /// The same for an account alone: it was changed on the disk.
    pub fn handle_changed(&mut self, now: Now, account: &str, reason: CloseReason) -> usize {
        let account = self.users.account_named(&Name::nfc(account));
        match account.map(|account| account.record.name.clone()) {
            Some(name) => self.handle_kick(now, name.as_str(), reason),
            None => 0,
        }
    }
}

impl super::session::Session {
    /// What the connection is.
    pub(super) const fn standing(&self) -> Standing {
        match self.who {
            Who::Stranger => Standing::Stranger,
            Who::Guest(_) => Standing::Guest,
            Who::Account { .. } => Standing::Account,
        }
    }
}
