//! Asking silent connections whether they are there (seed 001's `probe`).

use super::{Chat, CloseReason, Effect, Policy};
use crate::chat::session::Session;
use crate::message::{ConnectionId, Now};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// When to look at which connection. A look that comes too early is put off, so a request costs
/// nothing here.
#[derive(Debug, Default)]
pub(super) struct Probes {
    looks: BinaryHeap<Reverse<(Duration, ConnectionId)>>,
}

impl Probes {
    /// Looks at a connection at this time.
    pub(super) fn watch(&mut self, connection: ConnectionId, at: Duration) {
        self.looks.push(Reverse((at, connection)));
    }

    /// The time of the next look.
    pub(super) fn next(&self) -> Option<Duration> {
        self.looks.peek().map(|Reverse((at, _))| *at)
    }

    fn pop_due(&mut self, now: Duration) -> Option<ConnectionId> {
        if self.next()? > now {
            return None;
        }
        self.looks.pop().map(|Reverse((_, connection))| connection)
    }
}

/// What a look at a connection shows.
enum Look {
    /// It was heard lately: look again then.
    Later(Duration),
    /// It is silent: probe it.
    Probe,
    /// It did not answer.
    Silent,
}

fn look(policy: &Policy, session: &Session, now: Duration) -> Look {
    let due = match session.probed_at {
        Some(probed_at) => probed_at + policy.probe_timeout,
        None => session.last_heard + policy.probe_after,
    };
    match session.probed_at {
        _ if due > now => Look::Later(due),
        None => Look::Probe,
        Some(_) => Look::Silent,
    }
}

pub(super) fn handle_timeout(chat: &mut Chat, now: Now) {
    while let Some(connection) = chat.probes.pop_due(now.uptime) {
        let Some(session) = chat.sessions.get_mut(connection) else { continue };
        match look(&chat.policy, session, now.uptime) {
            Look::Later(at) => chat.probes.watch(connection, at),
            Look::Probe => {
                session.probed_at = Some(now.uptime);
                chat.probes.watch(connection, now.uptime + chat.policy.probe_timeout);
                chat.effects.push_back(Effect::Probe { to: connection });
            }
            Look::Silent if chat.policy.drop_silent => {
                chat.close(connection, CloseReason::Silent);
            }
            Look::Silent => {
                session.away = true;
                // It is asked again after as long a silence as before.
                session.probed_at = None;
                session.last_heard = now.uptime;
                chat.probes.watch(connection, now.uptime + chat.policy.probe_after);
            }
        }
    }
}
