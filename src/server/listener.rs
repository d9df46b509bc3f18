//! The listening sockets, and when accepting pauses.

use super::StartError;
use mio::net::TcpListener;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::time::Duration;

/// How many connections the kernel keeps for us until we accept them.
const BACKLOG: i32 = 1024;

/// How long accepting pauses when no descriptor is left.
const PAUSE: Duration = Duration::from_millis(100);

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
    pub(super) fn pause(&mut self, uptime: Duration, error: &io::Error) {
        self.paused_until = Some(uptime + PAUSE);
        if self.logged_at.is_none_or(|at| uptime >= at + LOG_EVERY) {
            self.logged_at = Some(uptime);
            log::error!("cannot accept connections, trying again all the time: {error}");
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
