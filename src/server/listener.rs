//! The listening sockets, and when accepting pauses.

use super::StartError;
use mio::net::TcpListener;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::time::Duration;

/// How many connections the kernel keeps for us until we accept them, unless it has a lower bound.
/// Whoever finds no place there waits a second before it knocks again.
const BACKLOG: i32 = 4096;

/// How long accepting pauses when no descriptor is left.
const PAUSE: Duration = Duration::from_millis(100);

/// Descriptors that connections leave to files, the operator's commands and whom we only refuse.
const RESERVE: usize = 64;

/// How often running out of descriptors is logged.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Opens the listening sockets, all or none.
pub(super) fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = match open(*address) {
            // A machine without IPv6: all addresses are then the IPv4 ones.
            Err(error) if is_no_ipv6(&error) && address.ip().is_unspecified() => {
                let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
                open(address).map_err(|error| StartError::listen(address, error))?
            }
            opened => opened.map_err(|error| StartError::listen(*address, error))?,
        };
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Takes over sockets that somebody else listens on for us.
pub(super) fn adopt(sockets: Vec<StdListener>) -> io::Result<Vec<TcpListener>> {
    let adopt = |socket: StdListener| {
        socket.set_nonblocking(true)?;
        Ok(TcpListener::from_std(socket))
    };
    sockets.into_iter().map(adopt).collect()
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A port that was just ours is free again; two servers on one port are still refused.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn is_no_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
        || error.kind() == io::ErrorKind::AddrNotAvailable
}

/// How many descriptors there may be, and so how many connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descriptors {
    most: usize,
}

impl Descriptors {
    /// What the system allows now.
    pub(super) fn allowed() -> Self {
        let soft = getrlimit(Resource::Nofile).current;
        let most = soft.and_then(|most| usize::try_from(most).ok());
        Self { most: most.unwrap_or(usize::MAX) }
    }

    /// How many connections there may be where the settings say so many.
    pub(super) fn connections(self, setting: usize) -> usize {
        setting.min(self.most.saturating_sub(RESERVE.min(self.most / 4))).max(1)
    }

    /// How many connections beyond those may be told why they are refused, `limit` at most: what is
    /// reserved is not for them alone.
    pub(super) fn refusals(self, setting: usize, limit: usize) -> usize {
        limit.min(self.most.saturating_sub(self.connections(setting)) / 4)
    }

    /// Tells the log where the settings allow more connections than there may be.
    pub(super) fn log(self, setting: usize) {
        let most = self.connections(setting);
        if most < setting {
            log::warn!(
                "max_connections is {setting}, the file descriptors are enough for {most}: \
                 more are refused"
            );
        }
    }
}

/// The soft limit on descriptors is raised to the hard one; both are logged.
pub(super) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let show = |bound: Option<u64>| bound.map_or("unlimited".to_owned(), |n| n.to_string());
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => log::info!(
            "file descriptors: up to {} (the soft limit was {})",
            show(limit.maximum),
            show(limit.current)
        ),
        Err(error) => log::warn!(
            "file descriptors: the soft limit stays {}, the system says: {error}",
            show(limit.current)
        ),
    }
}

/// Whether we accept, and if not, until when.
#[derive(Debug, Default)]
pub(super) struct Accepting {
    paused_until: Option<Duration>,
    logged_at: Option<Duration>,
    /// A stop was asked for: nothing is accepted any more.
    pub(super) stopped: bool,
}

impl Accepting {
    /// No descriptor is left, or another such failure: wait, do not spin.
    pub(super) fn pause(&mut self, uptime: Duration, error: &io::Error, what: &str) {
        self.paused_until = Some(uptime + PAUSE);
        if self.logged_at.is_none_or(|at| uptime >= at + LOG_EVERY) {
            self.logged_at = Some(uptime);
            log::error!("cannot accept {what}, trying again all the time: {error}");
        }
    }

    /// When to try again.
    pub(super) const fn due(&self) -> Option<Duration> {
        self.paused_until
    }

    /// Whether to accept now; a pause that is over ends here.
    pub(super) fn is_open(&mut self, uptime: Duration) -> bool {
        if self.paused_until.is_some_and(|until| uptime >= until) {
            self.paused_until = None;
        }
        !self.stopped && self.paused_until.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_the_rest() {
        let rows = [
            (usize::MAX, 20_000, (20_000, 64)),
            (1_048_576, 20_000, (20_000, 64)),
            (20_000, 20_000, (19_936, 16)),
            (20_000, 19_800, (19_800, 50)),
            (256, 20_000, (192, 16)),
            (200, 20_000, (150, 12)),
            (200, 10, (10, 47)),
            (2, 20_000, (2, 0)),
            (0, 20_000, (1, 0)),
        ];
        for (most, setting, expected) in rows {
            let descriptors = Descriptors { most };
            let allowed = (descriptors.connections(setting), descriptors.refusals(setting, 64));
            assert_eq!(allowed, expected, "{most} {setting}");
        }
    }
}
