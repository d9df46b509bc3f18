//! Files that no row speaks of any more go: what was uploaded too slowly or given up, and content
//! whose last row went.
//!
//! A sweep goes through the folder in small steps, while no job waits. It looks at a file's rows at
//! the moment of removing it, on the one thread that makes files. Content from before the store came to
//! its folder stays for a week: another store may be about to be put back.

use super::file_store::FileStore;
use super::reader::Reader;
use super::store_error::StoreError;
use crate::message::{MessageId, Sha256};
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};
use thiserror::Error;

/// From the end of one sweep to the start of the next.
const GAP: Duration = Duration::from_secs(3600);

/// The most files that one step looks at.
const FILES: usize = 64;

/// For how long content stays that may be another store's.
const STRANGE_MICROS: u64 = 7 * 86_400_000_000;

/// Why a sweep was given up.
#[derive(Debug, Error)]
pub(super) enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the files cannot be looked through: {0}")]
    Io(#[from] io::Error),
}

/// Removes files.
#[derive(Debug, Default)]
pub(super) struct FileSweeper {
    /// When the next sweep starts; `None` for at once.
    due: Option<Instant>,
    sweep: Option<Sweep>,
}

/// A sweep under way.
#[derive(Debug)]
struct Sweep {
    /// What is to be looked at next.
    found: VecDeque<Found>,
    /// Where the sweep goes then; none at its end.
    next_folder: Option<u8>,
}

/// A file of the folder.
#[derive(Debug, Clone, Copy)]
enum Found {
    Part(MessageId),
    Content(Sha256),
}

impl FileSweeper {
    /// When the next step is due: at once where a sweep is under way.
    pub(super) fn due(&self, now: Instant) -> Duration {
        match self.due {
            Some(due) if self.sweep.is_none() => due.saturating_duration_since(now),
            _ => Duration::ZERO,
        }
    }

    /// A step. A sweep that fails is given up until the next one is due.
    pub(super) fn step(
        &mut self,
        files: &mut FileStore,
        reader: &Reader,
        now: Instant,
        unix_micros: u64,
    ) -> Result<(), SweepError> {
        self.due = Some(now + GAP);
        let mut sweep = match self.sweep.take() {
            Some(sweep) => sweep,
            None => {
                let found = files.uploads()?.into_iter().map(Found::Part).collect();
                Sweep { found, next_folder: Some(0) }
            }
        };
        for _ in 0..FILES {
            let Some(found) = sweep.found.pop_front() else { break };
            match found {
                Found::Part(upload) => sweep_part(files, reader, upload)?,
                Found::Content(sum) => sweep_content(files, reader, sum, unix_micros)?,
            }
        }
        if sweep.found.is_empty() {
            let Some(folder) = sweep.next_folder else { return Ok(()) };
            sweep.found = files.contents(folder)?.into_iter().map(Found::Content).collect();
            sweep.next_folder = folder.checked_add(1);
        }
        self.sweep = Some(sweep);
        Ok(())
    }
}

fn sweep_part(files: &mut FileStore, reader: &Reader, upload: MessageId) -> Result<(), SweepError> {
    if !reader.is_open_upload(upload)? {
        files.drop_pieces(upload)?;
    }
    Ok(())
}

fn sweep_content(
    files: &FileStore,
    reader: &Reader,
    sum: Sha256,
    unix_micros: u64,
) -> Result<(), SweepError> {
    if files.is_promised(sum) || reader.has_content(sum)? {
        return Ok(());
    }
    let since = reader.files_since()?;
    let is_own = files.written_unix_micros(sum) >= since;
    if is_own || unix_micros >= since.saturating_add(STRANGE_MICROS) {
        files.remove_content(sum)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "file_sweeper_tests.rs"]
mod tests;
