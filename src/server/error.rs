//! Why the server could not start.

use std::io;
use std::net::SocketAddr;

/// A start that failed; nothing was left half-started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("port {} is in use on {}: stop the other program or take another port with -p", .0.port(), place(.0))]
    PortInUse(SocketAddr),
    /// The port needs privileges.
    #[error("port {} needs privileges: take one from 1024 up with -p", .0.port())]
    NotPermitted(SocketAddr),
    /// The address is not this machine's.
    #[error("the address {} is not one of this machine's", .0.ip())]
    NotOurs(SocketAddr),
    /// Anything else about an address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The event queue, the waker or the signals could not be set up.
    #[error("cannot set up the event loop: {0}")]
    Loop(#[from] io::Error),
}

/// An address in an operator's words.
fn place(address: &SocketAddr) -> String {
    if address.ip().is_unspecified() {
        "one of this machine's addresses".to_owned()
    } else {
        address.ip().to_string()
    }
}

impl StartError {
    pub(super) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse(address),
            io::ErrorKind::PermissionDenied => Self::NotPermitted(address),
            io::ErrorKind::AddrNotAvailable => Self::NotOurs(address),
            _ => Self::Listen { address, source },
        }
    }
}
