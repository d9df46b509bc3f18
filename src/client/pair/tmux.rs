//! Two panes of tmux: the reader above, the writer below, where the keyboard stays.

use super::{Pairing, WRITER};
use crate::client::exit::Exit;
use signal_hook::consts::SIGINT;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How many rows the writer's pane has.
const WRITER_ROWS: &str = "6";

/// The reader's pane; it is closed when this is dropped.
struct Pane(String);

impl Drop for Pane {
    fn drop(&mut self) {
        let mut tmux = Command::new("tmux");
        tmux.args(["kill-pane", "-t", &self.0]).stdout(Stdio::null()).stderr(Stdio::null());
        // Its client may have ended, and the pane with it.
        let _ = tmux.status();
    }
}

/// Runs both until the writer ends.
///
/// # Errors
/// tmux or a client cannot be started.
pub(super) fn run(pairing: &Pairing, program: &Path) -> io::Result<Exit> {
    // Ctrl-C is for the writer, behind whom the pane is closed.
    signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))?;
    let _pane = open(pairing, program)?;
    let status = Command::new(program).args(pairing.writer()).env(WRITER, "1").status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(Exit::System, Exit::of_code))
}

/// Opens a pane above this one with a reader in it.
fn open(pairing: &Pairing, program: &Path) -> io::Result<Pane> {
    let mut tmux = Command::new("tmux");
    tmux.args(["split-window", "-b", "-d", "-v", "-P", "-F", "#{pane_id}", "--"]);
    let output = tmux.arg(program).args(pairing.reader()).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("tmux opens no pane: {said}")));
    }
    let pane = Pane(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if let Ok(own) = std::env::var("TMUX_PANE") {
        let mut tmux = Command::new("tmux");
        tmux.args(["resize-pane", "-t", &own, "-y", WRITER_ROWS]);
        // The window may be too low for that.
        let _ = tmux.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
    Ok(pane)
}
