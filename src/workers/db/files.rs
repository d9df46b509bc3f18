//! The content of files, which is in a folder beside the store: whether it is there, and what it was.

use super::super::file_store::{self, sum_of};
use super::super::store_error::{StoreError, fault};
use crate::message::Sha256;
use rusqlite::{Connection, Row, params};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::Path;

/// Rows that are looked at together. In between a running server may remove some, with their content.
const ROWS: u32 = 500;

/// How many faults are named.
const FAULTS: usize = 5;

/// How closely content is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Whether it is there, and how long.
    There,
    /// All of it is read.
    Whole,
}

/// What is wrong with the content of a store's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFaults {
    /// How many files are missing or changed.
    pub wrong: u64,
    /// Of how many that were looked at.
    pub of: u64,
    /// What is wrong with the first of them.
    pub named: Vec<String>,
}

/// A row of a whole file.
struct File {
    id: i64,
    name: String,
    size: u64,
    sum: Sha256,
}

impl File {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let size: i64 = row.get(2)?;
        let size = u64::try_from(size).unwrap_or_default();
        Ok(Self { id: row.get(0)?, name: row.get(1)?, size, sum: Sha256(row.get(3)?) })
    }
}

/// Compares a store's rows with the folder of files in a data folder.
pub(super) fn compare(
    connection: &Connection,
    path: &Path,
    data: &Path,
    look: Look,
) -> Result<FileFaults, StoreError> {
    let (mut found, mut sound, mut after) = (FileFaults::default(), HashSet::new(), i64::MIN);
    let faulty = |error| fault(path, error);
    loop {
        let rows = rows(connection, after).map_err(faulty)?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.id;
        for file in rows {
            let wrong = match sound.contains(&(file.sum, file.size)) {
                true => None,
                false => wrong_with(&file, data, look),
            };
            match wrong {
                None => _ = sound.insert((file.sum, file.size)),
                // It may have been removed, the row first, since the row was read.
                Some(_) if !is_there(connection, file.id).map_err(faulty)? => continue,
                Some(wrong) => found.add(&file, wrong),
            }
            found.of += 1;
        }
    }
}

impl FileFaults {
    fn add(&mut self, file: &File, wrong: &str) {
        self.wrong += 1;
        if self.named.len() < FAULTS {
            self.named.push(format!("{} ({:?}) {wrong}", file.sum, file.name));
        }
    }
}

fn rows(connection: &Connection, after: i64) -> rusqlite::Result<Vec<File>> {
    let sql = "SELECT id, name, size, sha256 FROM attachments
        WHERE sha256 IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2";
    connection.prepare_cached(sql)?.query_map(params![after, ROWS], File::from_row)?.collect()
}

fn is_there(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM attachments WHERE id = ?1")?.exists([id])
}

fn wrong_with(file: &File, data: &Path, look: Look) -> Option<&'static str> {
    let path = file_store::content_path(data, file.sum);
    let found = match look {
        Look::There => path.metadata().map(|found| (found.len(), file.sum)),
        Look::Whole => sum_of(&path),
    };
    match found {
        Ok(found) if found == (file.size, file.sum) => None,
        Ok(_) => Some("is not as it was stored"),
        Err(error) if error.kind() == ErrorKind::NotFound => Some("is missing"),
        Err(_) => Some("cannot be read"),
    }
}
