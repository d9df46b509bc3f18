//! For tests: what a piece of code logs, caught on its own thread.

use super::line::function_of;
use log::{LevelFilter, Log, Metadata, Record};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// A record that was caught.
pub(crate) struct Captured {
    pub(crate) level: log::Level,
    pub(crate) target: String,
    pub(crate) function: String,
    pub(crate) message: String,
}

impl fmt::Display for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.level, self.target, self.function, self.message)
    }
}

thread_local! {
    static LEVEL: Cell<LevelFilter> = const { Cell::new(LevelFilter::Off) };
    static CAUGHT: RefCell<Vec<Captured>> = const { RefCell::new(Vec::new()) };
}

struct Catcher;

impl Log for Catcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LEVEL.get()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let captured = Captured {
            level: record.level(),
            target: record.target().to_owned(),
            function: function_of(record, |name| name.unwrap_or("-").to_owned()),
            message: record.args().to_string(),
        };
        CAUGHT.with_borrow_mut(|caught| caught.push(captured));
    }

    fn flush(&self) {}
}

/// The greatest level at which anything is logged is the process's, and the tests are its threads:
/// a test that sets it or relies on it holds this.
pub(crate) fn hold_max_level() -> MutexGuard<'static, ()> {
    static HELD: Mutex<()> = Mutex::new(());
    // A test that failed leaves nothing that the next one does not set.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a piece of code and returns what it logged on this thread up to a level.
pub(crate) fn capture<T>(level: LevelFilter, code: impl FnOnce() -> T) -> Vec<Captured> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| log::set_logger(&Catcher).expect("no test sets another logger"));
    let _held = hold_max_level();
    log::set_max_level(LevelFilter::Trace);
    LEVEL.set(level);
    code();
    LEVEL.set(LevelFilter::Off);
    CAUGHT.take()
}
