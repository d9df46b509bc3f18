//! A client that another program started ends with it, also where that is killed and can tell
//! nobody.

use rustix::process::{Pid, getpid, getppid};
use std::process::Command;

/// Tells a client who started it.
const PARENT: &str = "JIM_CLIENT_PARENT";

/// The parent had gone before its client was ready to hear of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orphaned;

/// Makes the client that is to be started end with this program.
pub(super) fn tie(command: &mut Command) {
    command.env(PARENT, getpid().as_raw_nonzero().to_string());
}

/// Makes this client end with the program that started it, if that asked for it.
///
/// # Errors
/// That program has ended already.
pub fn end_with_parent() -> Result<(), Orphaned> {
    let Ok(parent) = std::env::var(PARENT) else { return Ok(()) };
    watch_parent();
    // It may have ended before the system was told to watch it.
    let is_there = getppid().map(Pid::as_raw_nonzero).map(|pid| pid.to_string()) == Some(parent);
    if is_there { Ok(()) } else { Err(Orphaned) }
}

/// Elsewhere a writer hears of it by the end of its input, and a reader when nobody takes its lines.
#[cfg(target_os = "linux")]
fn watch_parent() {
    use rustix::process::{Signal, set_parent_process_death_signal};
    let _ = set_parent_process_death_signal(Some(Signal::TERM));
}

#[cfg(not(target_os = "linux"))]
const fn watch_parent() {}
