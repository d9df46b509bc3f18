//! What is watched, counted and made to fail.

use crate::recording::{Event, Files, Recording};
use crate::shim;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An operation on a file that a disk may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Bytes are written. A refused write has written the first half of them.
    Write,
    /// What was written is made to last.
    Sync,
    /// A file is cut.
    Truncate,
}

/// What the disk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// It failed.
    Io,
    /// It is full.
    Full,
}

/// What is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which kind of operation.
    pub operation: Operation,
    /// Which of them, counted from 0 since [`Watch::inject`].
    pub number: u64,
    /// With what.
    pub error: Error,
    /// Whether all of that kind behind it fail too, until [`Watch::heal`].
    pub lasting: bool,
}

/// The state of a watched folder.
#[derive(Debug, Default)]
pub(crate) struct State {
    fault: Option<Fault>,
    /// Operations of the fault's kind so far.
    met: u64,
    fired: u64,
    recording: Option<Recording>,
}

impl State {
    /// Whether this operation fails, and with what.
    pub(crate) fn refusal(&mut self, operation: Operation) -> Option<Error> {
        let fault = self.fault.filter(|fault| fault.operation == operation)?;
        let number = self.met;
        self.met += 1;
        let fails = number == fault.number || (fault.lasting && number > fault.number);
        fails.then(|| {
            self.fired += 1;
            fault.error
        })
    }

    pub(crate) fn record(&mut self, event: impl FnOnce() -> Event) {
        if let Some(recording) = &mut self.recording {
            recording.events.push(event());
        }
    }
}

/// A state that several files share.
pub(crate) type Shared = Arc<Mutex<State>>;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static WATCHED: Mutex<Vec<(PathBuf, Shared)>> = Mutex::new(Vec::new());

/// Who watches the folder that this file is in.
pub(crate) fn watcher(file: &Path) -> Option<Shared> {
    let folder = file.parent()?;
    let watched = lock(&WATCHED);
    watched.iter().find(|(path, _)| path == folder).map(|(_, state)| Arc::clone(state))
}

/// The name of a file in its folder.
pub(crate) fn name_of(file: &Path) -> String {
    file.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned()
}

/// The watch over one folder. It ends when dropped; files that are open then are watched to their
/// end.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    state: Shared,
}

impl Watch {
    /// Watches what SQLite opens in this folder from now on.
    ///
    /// # Panics
    /// There is no such folder, or SQLite refuses.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        shim::install();
        let folder = folder.canonicalize().expect("a folder");
        let state = Shared::default();
        lock(&WATCHED).push((folder.clone(), Arc::clone(&state)));
        Self { folder, state }
    }

    /// From now on this fails.
    pub fn inject(&self, fault: Fault) {
        let mut state = lock(&self.state);
        (state.fault, state.met, state.fired) = (Some(fault), 0, 0);
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        lock(&self.state).fault = None;
    }

    /// How often the last fault that was injected has been met.
    #[must_use]
    pub fn fired(&self) -> u64 {
        lock(&self.state).fired
    }

    /// Records from now on. Nothing has the folder's files open.
    ///
    /// # Panics
    /// The folder cannot be read.
    pub fn record(&self) {
        let start = Files::read(&self.folder).expect("a folder that can be read");
        lock(&self.state).recording = Some(Recording { start, events: Vec::new() });
    }

    /// Enters a mark into the recording: what was promised by now.
    pub fn mark(&self, mark: u64) {
        lock(&self.state).record(|| Event::Mark(mark));
    }

    /// Ends the recording.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn recording(&self) -> Recording {
        lock(&self.state).recording.take().expect("a recording")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&WATCHED).retain(|(_, state)| !Arc::ptr_eq(state, &self.state));
    }
}
