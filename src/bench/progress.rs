//! The bar on standard error: how far all is, and what is being measured.

use std::io::{self, IsTerminal, Write};
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
}

impl Progress {
    /// A bar on standard error, coloured unless `NO_COLOR` is set.
    pub(crate) fn new(steps: usize) -> Self {
        let coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let shown = io::stderr().is_terminal();
        Self { shown, coloured, steps, step: 0, label: String::new(), drawn: None }
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
