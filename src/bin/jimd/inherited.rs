//! Sockets that the service manager opened and listens on, also while the server is restarted.

use listenfd::ListenFd;
use std::io;
use std::net::TcpListener;

/// Takes them over, once; none where nobody gave any.
pub(crate) fn listeners() -> io::Result<Vec<TcpListener>> {
    let mut given = ListenFd::from_env();
    let taken = (0..given.len()).map(|index| given.take_tcp_listener(index));
    taken.filter_map(Result::transpose).collect()
}
