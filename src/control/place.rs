//! The socket's place in the data folder: who may reach it, and what is done about one that was left
//! behind.

use rustix::fs::{Mode, OFlags};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

const SOCKET: &str = "control.sock";

/// The socket is made here, where nobody else comes to, until it has its mode.
const NURSERY: &str = "control.new";

/// The longest path that the system takes for a socket, in bytes.
const PATH_BYTES: usize = 107;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// It cannot be made.
    #[error("cannot make the control socket {}: {source}{}", path.display(), hint(path))]
    Make {
        /// Where it was to be.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

fn hint(path: &Path) -> &'static str {
    if path.as_os_str().len() > PATH_BYTES {
        "; the path is longer than a socket's may be: choose a data folder with a shorter one"
    } else {
        ""
    }
}

/// The folder as it is named to the system: a path that is too long for a socket goes by a
/// descriptor of the folder.
struct Named {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

impl Named {
    fn new(folder: &Path) -> io::Result<Self> {
        let longest = folder.as_os_str().len() + 1 + NURSERY.len() + 1 + SOCKET.len();
        if longest <= PATH_BYTES {
            return Ok(Self { path: folder.to_owned(), _folder: None });
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = rustix::fs::open(folder, flags, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        Ok(Self { path, _folder: Some(open) })
    }
}

/// Makes the socket, for its owner alone from the first moment on, in place of one that was left
/// behind. Only for who holds the folder's lock.
///
/// # Errors
/// [`SocketError::Make`].
pub fn open(folder: &Path) -> Result<UnixListener, SocketError> {
    make(folder).map_err(|source| SocketError::Make { path: folder.join(SOCKET), source })
}

fn make(folder: &Path) -> io::Result<UnixListener> {
    let named = Named::new(folder)?;
    let nursery = named.path.join(NURSERY);
    let newborn = nursery.join(SOCKET);
    // What a start that was killed left behind.
    absent(fs::remove_file(&newborn))?;
    absent(fs::remove_dir(&nursery))?;
    DirBuilder::new().mode(0o700).create(&nursery)?;
    let listener = UnixListener::bind(&newborn)?;
    fs::set_permissions(&newborn, Permissions::from_mode(0o600))?;
    fs::rename(&newborn, named.path.join(SOCKET))?;
    fs::remove_dir(&nursery)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes the socket's name away at the server's end. Only for who holds the folder's lock.
pub fn remove(folder: &Path) {
    if let Err(error) = absent(fs::remove_file(folder.join(SOCKET))) {
        log::debug!("cannot remove the control socket: {error}");
    }
}

/// What is not there need not be removed.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Reaches the server of a folder.
pub(super) fn connect(folder: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(Named::new(folder)?.path.join(SOCKET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_its_owners_and_replaces_one_that_was_left() {
        let temp = tempfile::tempdir().unwrap();
        drop(open(temp.path()).unwrap());
        assert!(connect(temp.path()).is_err(), "nobody listens");
        fs::create_dir(temp.path().join(NURSERY)).unwrap();
        drop(UnixListener::bind(temp.path().join(NURSERY).join(SOCKET)).unwrap());
        let _listener = open(temp.path()).unwrap();
        let mode = fs::metadata(temp.path().join(SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        connect(temp.path()).unwrap();
        assert!(!temp.path().join(NURSERY).exists());
        remove(temp.path());
        assert!(!temp.path().join(SOCKET).exists());
        remove(temp.path());
    }

    #[test]
    fn a_path_that_is_too_long_for_a_socket_is_none_for_us() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("long".repeat(40));
        fs::create_dir(&folder).unwrap();
        let _listener = open(&folder).unwrap();
        connect(&folder).unwrap();
        let error = open(&folder.join("none")).unwrap_err().to_string();
        assert!(error.contains("choose a data folder with a shorter one"), "{error}");
    }
}
