//! The bar on standard error: how far all is, what is being measured, and whether to go on.

use super::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the bar is drawn at most.
const REDRAW: Duration = Duration::from_millis(100);
/// How wide it is, in characters.
const WIDTH: usize = 30;

/// A bar over a known number of steps. Silent where standard error is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    coloured: bool,
    steps: usize,
    /// The step under way, from 1; 0 before the first.
    step: usize,
    label: String,
    drawn: Option<Instant>,
    /// A signal asked for the end.
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// A bar on standard error, coloured unless `NO_COLOR` is set.
    pub(crate) fn new(steps: usize) -> Self {
        let coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let shown = io::stderr().is_terminal();
        let (label, stop) = (String::new(), Arc::default());
        Self { shown, coloured, steps, step: 0, label, drawn: None, stop }
    }

    /// From now on Ctrl-C, or being asked to end, ends the measurement in order, so that servers
    /// and folders go with it; a second one ends at once.
    pub(crate) fn heed_signals(&self) -> Result<(), Failure> {
        for signal in [SIGINT, SIGTERM] {
            let at_once = flag::register_conditional_shutdown(signal, 130, Arc::clone(&self.stop));
            let in_order = at_once.and_then(|_| flag::register(signal, Arc::clone(&self.stop)));
            in_order.map_err(Failure::while_doing("preparing for signals"))?;
        }
        Ok(())
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] where not.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.stop.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// A bar that nobody sees.
    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        let mut bar = Self::new(1);
        bar.shown = false;
        bar
    }

    /// Begins the next step.
    pub(crate) fn begin(&mut self, label: impl Into<String>) {
        self.step += 1;
        self.label = label.into();
        self.drawn = None;
    }

    /// Draws the bar, if it is time to: the step under way is done to this fraction.
    pub(crate) fn show(&mut self, now: Instant, fraction: f64) {
        let due = self.drawn.is_none_or(|drawn| now.duration_since(drawn) >= REDRAW);
        if self.shown && due {
            self.drawn = Some(now);
            // A closed standard error is no reason to stop measuring.
            let _ = write!(io::stderr(), "\r{}\x1b[K", self.line(fraction));
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&mut self) {
        if self.shown && self.drawn.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn line(&self, fraction: f64) -> String {
        let before = self.step.saturating_sub(1) as f64;
        let all = (before + fraction.clamp(0.0, 1.0)) / self.steps.max(1) as f64;
        let full = ((all * WIDTH as f64) as usize).min(WIDTH);
        let (on, off) = if self.coloured { ("\x1b[32m", "\x1b[0m") } else { ("", "") };
        let bar = format!("[{on}{}{off}{}]", "#".repeat(full), "-".repeat(WIDTH - full));
        format!("{bar} {:3.0} % {}", all * 100.0, self.label)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_the_measurement() {
        let bar = Progress::hidden();
        assert!(bar.check().is_ok());
        bar.stop.store(true, Ordering::Relaxed);
        assert_eq!(bar.check().unwrap_err().exit_code(), 130);
    }

    #[test]
    fn the_bar_grows_with_steps_and_within_them() {
        let mut bar = Progress::hidden();
        (bar.coloured, bar.steps) = (false, 2);
        bar.begin("first");
        assert_eq!(bar.line(0.0), format!("[{}]   0 % first", "-".repeat(30)));
        bar.begin("second");
        let half = format!("[{}{}]  75 % second", "#".repeat(22), "-".repeat(8));
        assert_eq!(bar.line(0.5), half);
        assert_eq!(bar.line(7.0), format!("[{}] 100 % second", "#".repeat(30)));
    }
}
