//! What a service manager is told, where one started the server (systemd's `Type=notify-reload`):
//! that it is ready, reads its configuration anew, stops, and that its loop turns.

use sd_notify::NotifyState;
use std::time::Duration;

/// Tells the manager, if there is one.
#[derive(Debug)]
pub(super) struct Announcer {
    /// How often the manager is told that the loop turns: at twice this silence it starts another.
    every: Option<Duration>,
    due: Duration,
}

impl Announcer {
    /// By the process's environment.
    pub(super) fn of_process() -> Self {
        Self { every: sd_notify::watchdog_enabled().map(|within| within / 2), due: Duration::ZERO }
    }

    /// Who comes is served now, by the configuration that was read last.
    pub(super) fn ready() {
        tell(&[NotifyState::Ready]);
    }

    /// The configuration is being read anew.
    pub(super) fn reloading() {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => log::warn!("cannot tell the service manager the time: {error}"),
        }
    }

    /// Nothing is accepted any more.
    pub(super) fn stopping() {
        tell(&[NotifyState::Stopping]);
    }

    /// When the manager is to hear again that the loop turns.
    pub(super) fn due(&self) -> Option<Duration> {
        self.every.map(|_| self.due)
    }

    /// The loop turns.
    pub(super) fn turn(&mut self, uptime: Duration) {
        if let Some(every) = self.every
            && uptime >= self.due
        {
            self.due = uptime + every;
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::warn!("cannot tell the service manager: {error}");
    }
}
