//! Files that no row speaks of any more go: what was uploaded too slowly or given up, and content
//! whose last row went.
//!
//! A sweep goes through the folder in small steps, while no job waits. It looks at a file's rows at
//! the moment of removing it, on the one thread that makes files. Content that the store names goes
//! without a sweep, before more is written: what is on the disk stays within the quotas. Content from before the store came to
//! its folder stays for a week: another store may be about to be put back.

use super::file_store::FileStore;
use super::orphans::Orphans;
use super::reader::Reader;
use super::store_error::StoreError;
use crate::message::{MessageId, Sha256};
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};
use thiserror::Error;

/// From the end of one sweep to the start of the next.
const GAP: Duration = Duration::from_secs(3600);

/// The same where the disk is full, or more went than could be named.
const SHORT_GAP: Duration = Duration::from_secs(10);

/// The most files that one step looks at.
const FILES: usize = 64;

/// The most named contents that one step looks at. A file counts for 4 KiB at least and a piece has
/// 64 KiB at most, so that a step before each piece removes more than that brings.
const NAMED: usize = 32;

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
    /// When the last sweep had its last step; `None` before the first.
    ended: Option<Instant>,
    /// Whether the next one is needed soon.
    is_urgent: bool,
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
        let gap = if self.is_urgent { SHORT_GAP } else { GAP };
        match self.ended {
            Some(ended) if self.sweep.is_none() => (ended + gap).saturating_duration_since(now),
            _ => Duration::ZERO,
        }
    }

    /// Has the next sweep start soon.
    pub(super) const fn hasten(&mut self) {
        self.is_urgent = true;
    }

    /// A step. A sweep that fails is given up until the next one is due.
    pub(super) fn step(
        &mut self,
        files: &mut FileStore,
        reader: &Reader,
        now: Instant,
        unix_micros: u64,
    ) -> Result<(), SweepError> {
        self.ended = Some(now);
        let mut sweep = match self.sweep.take() {
            Some(sweep) => sweep,
            None => {
                self.is_urgent = false;
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

/// Removes some of the content that the store, or the end of an upload, named.
pub(super) fn remove_named(
    files: &FileStore,
    reader: &Reader,
    orphans: &Orphans,
    unix_micros: u64,
) -> Result<(), SweepError> {
    std::iter::from_fn(|| orphans.next())
        .take(NAMED)
        .try_for_each(|sum| sweep_content(files, reader, sum, unix_micros))
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
