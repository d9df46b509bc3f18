//! The rows of files that are kept no longer go: uploads that took too long, files that are too old,
//! and those whose message, room or account is no more. Their content goes later, with the
//! `file_sweeper`.
//!
//! A sweep goes through the rows in small steps. What it removes is committed before the content
//! goes; a power cut brings a row back without it only where commits do not wait for the disk.

use super::retention::{follow_clock, is_there};
use crate::limits::UPLOAD_TIME;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};
use std::time::{Duration, Instant};

/// From the end of one sweep to the start of the next.
const GAP: Duration = Duration::from_secs(600);

/// The most rows that one step looks at.
const ROWS: u32 = 200;

const DAY_MICROS: u64 = 86_400_000_000;

/// Under this name the store remembers the sweep's own clock.
const CLOCK: &str = "attachments_swept";

/// Removes rows of files.
pub(super) struct AttachmentSweeper {
    /// For how many days a file stays; 0: as long as its message.
    days: u32,
    /// When the next sweep starts; `None` for at once.
    due: Option<Instant>,
    sweep: Option<Sweep>,
}

/// A sweep under way.
#[derive(Clone, Copy)]
struct Sweep {
    /// The last row that was looked at.
    at: i64,
    /// Uploads from before this moment took too long, in microseconds since 1970.
    open_since: u64,
    /// Files from before this one are too old.
    whole_since: u64,
}

/// What decides about a row.
struct Candidate {
    id: i64,
    created: u64,
    at: (i64, i64),
    is_whole: bool,
    message: Option<i64>,
}

impl Candidate {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let created: i64 = row.get(1)?;
        Ok(Self {
            id: row.get(0)?,
            created: u64::try_from(created).unwrap_or_default(),
            at: (row.get(2)?, row.get(3)?),
            is_whole: row.get(4)?,
            message: row.get(5)?,
        })
    }
}

impl AttachmentSweeper {
    pub(super) const fn new(days: u32) -> Self {
        Self { days, due: None, sweep: None }
    }

    /// Whether a sweep is under way, or may start.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.sweep.is_some() || self.due.is_none_or(|due| now >= due)
    }

    /// A step, after which there is more to do as long as [`Self::is_due`]. A sweep that fails is
    /// given up until the next one is due.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        now: Instant,
        unix_micros: u64,
    ) -> rusqlite::Result<()> {
        self.due = Some(now + GAP);
        let sweep = match self.sweep.take() {
            Some(sweep) => sweep,
            None => self.start(connection, unix_micros)?,
        };
        let candidates = candidates(connection, sweep.at)?;
        let mut gone = Vec::new();
        for candidate in &candidates {
            if sweep.is_over(connection, candidate)? {
                gone.push(candidate.id);
            }
        }
        remove(connection, &gone)?;
        let last = candidates.last().filter(|_| candidates.len() == ROWS as usize);
        self.sweep = last.map(|last| Sweep { at: last.id, ..sweep });
        Ok(())
    }

    fn start(&self, connection: &Connection, unix_micros: u64) -> rusqlite::Result<Sweep> {
        let upload_micros = u64::try_from(UPLOAD_TIME.as_micros()).unwrap_or(u64::MAX);
        let whole_since = match self.days {
            0 => 0,
            days => follow_clock(connection, CLOCK, unix_micros)?
                .saturating_sub(u64::from(days) * DAY_MICROS),
        };
        let open_since = unix_micros.saturating_sub(upload_micros);
        Ok(Sweep { at: i64::MIN, open_since, whole_since })
    }
}

impl Sweep {
    fn is_over(&self, connection: &Connection, file: &Candidate) -> rusqlite::Result<bool> {
        if !file.is_whole {
            return Ok(file.created < self.open_since);
        }
        if file.created < self.whole_since {
            return Ok(true);
        }
        match file.message {
            Some(message) => {
                let sql = "SELECT 1 FROM messages WHERE id = ?1";
                Ok(!connection.prepare_cached(sql)?.exists([message])?)
            }
            None => Ok(!is_there(connection, file.at)?),
        }
    }
}

fn candidates(connection: &Connection, after: i64) -> rusqlite::Result<Vec<Candidate>> {
    let sql = "SELECT id, created, place, peer, sha256 IS NOT NULL, message FROM attachments
        WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(params![after, ROWS], Candidate::from_row)?.collect()
}

fn remove(connection: &Connection, ids: &[i64]) -> rusqlite::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for id in ids {
        tx.prepare_cached("DELETE FROM attachments WHERE id = ?1")?.execute([id])?;
    }
    tx.commit()
}
