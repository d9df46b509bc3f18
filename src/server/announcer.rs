//! What a service manager is told, where one started the server (systemd's `Type=notify-reload`):
//! that it is ready, reads its configuration anew, stops, and that its loop turns. A manager that
//! does not listen holds nobody up.

use sd_notify::NotifyState;
use std::collections::VecDeque;
use std::env;
use std::io::{self, ErrorKind};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a manager had no room for is told again so much later.
const RETRY: Duration = Duration::from_millis(100);

/// So much of what it had no room for is kept, the newest.
const UNTOLD: usize = 8;

/// Tells the manager, if there is one.
#[derive(Debug)]
pub(super) struct Announcer {
    /// Where the manager listens.
    socket: Option<PathBuf>,
    /// How often the manager is told that the loop turns: at twice this silence it starts another.
    every: Option<Duration>,
    due: Duration,
    /// What it had no room for, oldest first.
    untold: VecDeque<String>,
    retry_due: Duration,
}

impl Announcer {
    /// By the process's environment.
    pub(super) fn of_process() -> Self {
        Self {
            socket: env::var_os("NOTIFY_SOCKET").map(PathBuf::from),
            every: sd_notify::watchdog_enabled().map(|within| within / 2),
            due: Duration::ZERO,
            untold: VecDeque::new(),
            retry_due: Duration::ZERO,
        }
    }

    /// Who comes is served now, by the configuration that was read last.
    pub(super) fn ready(&mut self, uptime: Duration) {
        self.tell(&[NotifyState::Ready], uptime);
    }

    /// The configuration is being read anew.
    pub(super) fn reloading(&mut self, uptime: Duration) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now], uptime),
            Err(error) => log::warn!("cannot tell the service manager the time: {error}"),
        }
    }

    /// Nothing is accepted any more.
    pub(super) fn stopping(&mut self, uptime: Duration) {
        self.tell(&[NotifyState::Stopping], uptime);
    }

    /// When the manager is to hear again that the loop turns, or what it had no room for.
    pub(super) fn due(&self) -> Option<Duration> {
        let retry = (!self.untold.is_empty()).then_some(self.retry_due);
        self.every.map(|_| self.due).into_iter().chain(retry).min()
    }

    /// The loop turns.
    pub(super) fn turn(&mut self, uptime: Duration) {
        if !self.untold.is_empty() && uptime >= self.retry_due {
            self.tell_untold(uptime);
        }
        if let Some(every) = self.every
            && uptime >= self.due
        {
            self.due = uptime + every;
            // One that has no room has not missed it: it will hear the next one.
            drop(self.send(&text_of(&[NotifyState::Watchdog])));
        }
    }

    fn tell(&mut self, states: &[NotifyState<'_>], uptime: Duration) {
        if self.socket.is_none() {
            return;
        }
        if self.untold.len() == UNTOLD {
            self.untold.pop_front();
        }
        self.untold.push_back(text_of(states));
        self.tell_untold(uptime);
    }

    fn tell_untold(&mut self, uptime: Duration) {
        while let Some(text) = self.untold.front() {
            if let Err(error) = self.send(text) {
                if error.kind() == ErrorKind::WouldBlock {
                    self.retry_due = uptime + RETRY;
                    return;
                }
                log::warn!("cannot tell the service manager: {error}");
            }
            self.untold.pop_front();
        }
    }

    /// Each time by a socket of its own: a manager that began anew has another one.
    fn send(&self, text: &str) -> io::Result<()> {
        let Some(path) = &self.socket else { return Ok(()) };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.send_to_addr(text.as_bytes(), &address_of(path)?).map(drop)
    }
}

/// A path, or behind `@` a name that is in no file system (sd_notify(3)).
fn address_of(path: &Path) -> io::Result<SocketAddr> {
    match path.as_os_str().as_bytes() {
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(path),
    }
}

fn text_of(states: &[NotifyState<'_>]) -> String {
    states.iter().map(|state| format!("{state}\n")).collect()
}
