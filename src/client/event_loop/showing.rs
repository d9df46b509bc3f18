//! What the screen holds goes to standard output and the log.

use super::{Client, OUTPUT};
use crate::client::exit::Exit;
use crate::client::mode::{Ending, Flow};
use crate::client::output;
use crate::client::words::Notice;
use mio::Interest;
use mio::unix::SourceFd;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Client {
    /// Has `poll` tell when nobody reads standard output any more. Only a pipe can.
    pub(super) fn watch_output(&mut self) -> io::Result<()> {
        let fd = io::stdout().as_raw_fd();
        if std::mem::replace(&mut self.watches_output, true) {
            return Ok(());
        }
        match self.poll.registry().register(&mut SourceFd(&fd), OUTPUT, Interest::WRITABLE) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the screen's lines and notices; a closed pipe ends the client quietly.
    pub(super) fn show(&mut self) -> Flow {
        let mut flow = ControlFlow::Continue(());
        for (lines, notice) in self.screen.poll_parts() {
            if !lines.is_empty() || notice.is_some() {
                self.bar.hide();
            }
            // Notices are told also where nobody reads the lines.
            if flow.is_continue() {
                flow = self.write(&lines);
            }
            if let Some((level, text)) = notice {
                log::log!(target: "jim-client", level, "{text}");
            }
        }
        let (progress, language) = (self.screen.shown_progress(), self.screen.language());
        self.bar.draw(progress, language, self.start.elapsed());
        flow
    }

    fn write(&mut self, lines: &str) -> Flow {
        if lines.is_empty() {
            return ControlFlow::Continue(());
        }
        match output::write(io::stdout(), lines.as_bytes(), || self.patience()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                ControlFlow::Break(Ending::Quitting(Exit::Done))
            }
            Err(error) => {
                self.screen.notice(&Notice::System { why: error.to_string() });
                ControlFlow::Break(Ending::Quitting(Exit::System))
            }
        }
    }

    /// How long a reader of standard output may be waited for now.
    fn patience(&self) -> Option<Duration> {
        let left = self.time_limit.map(|limit| limit.saturating_sub(self.start.elapsed()));
        let left = left.unwrap_or(Duration::MAX);
        (!left.is_zero() && !self.hasty.load(Ordering::Relaxed)).then_some(left)
    }

    pub(super) fn log_notices(&mut self) {
        for (level, text) in self.screen.poll_notices() {
            self.bar.hide();
            log::log!(target: "jim-client", level, "{text}");
        }
    }
}
