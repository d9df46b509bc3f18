//! Content whose row went, from the thread of the store to the one of files, which removes what no
//! other row has.

use crate::message::Sha256;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many may wait, 2 MiB of them. Beyond, all of the folder is looked through.
const WAITING: usize = 65_536;

/// Collects the sums of rows that go, whatever removes them, and forgets them where that is rolled back.
const COLLECT: &str = "
    CREATE TEMP TABLE IF NOT EXISTS gone (sha256 BLOB NOT NULL);
    CREATE TEMP TRIGGER IF NOT EXISTS attachment_gone AFTER DELETE ON main.attachments
        WHEN old.sha256 IS NOT NULL BEGIN
        INSERT INTO gone (sha256) VALUES (old.sha256);
    END;
";

/// Content that may have no row any more. Its copies are one list.
#[derive(Debug, Clone, Default)]
pub struct Orphans(Arc<Mutex<List>>);

#[derive(Debug, Default)]
struct List {
    sums: VecDeque<Sha256>,
    /// Some are not in the list.
    is_cut: bool,
}

impl Orphans {
    /// Has this connection collect what rows it removes.
    pub(super) fn collect(connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch(COLLECT)
    }

    /// Takes over what was collected; only what is committed may be taken.
    pub(super) fn fetch(&self, connection: &Connection) {
        match fetched(connection) {
            Ok(sums) => sums.into_iter().for_each(|sum| self.add(sum)),
            Err(_) => self.list().is_cut = true,
        }
    }

    pub(super) fn add(&self, sum: Sha256) {
        let mut list = self.list();
        if list.sums.len() < WAITING {
            list.sums.push_back(sum);
        } else {
            list.is_cut = true;
        }
    }

    /// The next, if there is one.
    pub(super) fn next(&self) -> Option<Sha256> {
        self.list().sums.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list().sums.is_empty()
    }

    /// Whether some were not taken in since the last call.
    pub(super) fn was_cut(&self) -> bool {
        std::mem::take(&mut self.list().is_cut)
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fetched(connection: &Connection) -> rusqlite::Result<Vec<Sha256>> {
    let sums: Vec<Sha256> = connection
        .prepare_cached("SELECT DISTINCT sha256 FROM temp.gone")?
        .query_map([], |row| row.get(0).map(Sha256))?
        .collect::<Result<_, _>>()?;
    if !sums.is_empty() {
        connection.prepare_cached("DELETE FROM temp.gone")?.execute([])?;
    }
    Ok(sums)
}

#[cfg(test)]
#[path = "orphans_tests.rs"]
mod tests;
