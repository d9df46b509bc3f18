//! Up to where the conversations of an account were read, for the next start: a small file for each
//! server and account.

use crate::client::bounds::{MARKS, MARKS_BYTES};
use crate::client::state::replace;
use crate::client::transfer::hex_of;
use crate::message::MessageId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    /// For people: what it is looked for by is the file's name.
    server: String,
    user: String,
    /// The conversations, each with the number of the last message that was read.
    read: BTreeMap<String, String>,
}

/// Whose marks they are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    server: String,
    user: String,
    path: PathBuf,
}

/// The marks of one account, where they are kept.
#[derive(Debug, Default)]
pub(super) struct Marks {
    folder: Option<PathBuf>,
    owner: Option<Owner>,
    /// As they are in the file.
    saved: BTreeMap<String, MessageId>,
    /// When, in uptime, they are to be saved.
    pub(super) due: Option<Duration>,
    /// What was written before that was not missed where there is no mark.
    pub(super) start: Option<MessageId>,
}

impl Marks {
    /// Marks in files of this folder.
    pub(super) fn at(folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..Self::default() }
    }

    /// We are in as this user. Gives its marks where it was someone else before.
    pub(super) fn begin(&mut self, server: &str, user: &str) -> BTreeMap<String, MessageId> {
        let Some(folder) = &self.folder else { return BTreeMap::new() };
        let name = hex_of(format!("{server}\0{user}").as_bytes());
        let path = folder.join(format!("{name}.json"));
        let (server, user) = (server.to_owned(), user.to_owned());
        let owner = Some(Owner { server, user, path });
        if self.owner == owner {
            return BTreeMap::new();
        }
        self.saved = owner.as_ref().map(|owner| read(&owner.path)).unwrap_or_default();
        (self.owner, self.start) = (owner, None);
        self.saved.clone()
    }

    /// We are in as nobody who has marks.
    pub(super) fn end(&mut self) {
        (self.owner, self.due) = (None, None);
        self.saved.clear();
    }

    /// Whether anything is kept.
    pub(super) const fn are_kept(&self) -> bool {
        self.owner.is_some()
    }

    /// How far a conversation was read before.
    pub(super) fn of(&self, with: &str) -> Option<MessageId> {
        self.saved.get(with).copied()
    }

    /// Saves how far conversations are read, if that is news. What another client of the account has
    /// read meanwhile stays read.
    pub(super) fn save(&mut self, read_to: impl Iterator<Item = (String, MessageId)>) {
        self.due = None;
        let Some(owner) = &self.owner else { return };
        let mut all = self.saved.clone();
        merge(&mut all, read_to);
        if all == self.saved {
            return;
        }
        merge(&mut all, read(&owner.path).into_iter());
        forget_oldest(&mut all);
        let text = |(with, id): (&String, &MessageId)| (with.clone(), id.to_string());
        let (server, user) = (owner.server.clone(), owner.user.clone());
        let record = Record { server, user, read: all.iter().map(text).collect() };
        // What cannot be saved, or not now, may go well the next time.
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        if matches!(replace(&owner.path, &bytes), Ok(true)) {
            self.saved = all;
        }
    }
}

fn merge(all: &mut BTreeMap<String, MessageId>, others: impl Iterator<Item = (String, MessageId)>) {
    for (with, id) in others {
        let known = all.entry(with).or_insert(id);
        *known = id.max(*known);
    }
}

/// Keeps the marks of those conversations that were read last.
fn forget_oldest(all: &mut BTreeMap<String, MessageId>) {
    if all.len() > MARKS {
        let mut ids: Vec<MessageId> = all.values().copied().collect();
        ids.sort_unstable();
        let first = ids.get(ids.len() - MARKS).copied().unwrap_or_default();
        all.retain(|_, id| *id >= first);
    }
}

/// The marks of a file; none where there is none that makes sense. It is read without being had
/// alone: others put whole files in its place.
fn read(path: &Path) -> BTreeMap<String, MessageId> {
    let mut text = Vec::new();
    // Opening a pipe, say, could block.
    let file = Some(path).filter(|path| path.is_file()).and_then(|path| File::open(path).ok());
    let is_read = file.is_some_and(|file| file.take(MARKS_BYTES).read_to_end(&mut text).is_ok());
    let record: Record = match serde_json::from_slice(&text) {
        Ok(record) if is_read => record,
        _ => Record::default(),
    };
    let marks = record.read.into_iter();
    marks.filter_map(|(with, id)| Some((with, MessageId::parse(&id)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn marks(pairs: &[(&str, i64)]) -> BTreeMap<String, MessageId> {
        pairs.iter().map(|(with, id)| ((*with).to_owned(), MessageId(*id))).collect()
    }

    #[test]
    fn marks_are_found_again_by_server_and_user() {
        let folder = tempfile::tempdir().unwrap();
        let start = || Marks::at(folder.path().join("read"));
        let mut one = start();
        assert!(one.begin("s:1", "anna").is_empty());
        one.save(marks(&[("#tea", 5), ("boris", 7)]).into_iter());
        let mut other = start();
        assert_eq!(other.begin("s:1", "anna"), marks(&[("#tea", 5), ("boris", 7)]));
        assert!(other.begin("s:1", "anna").is_empty(), "they are given once");
        // Two at once: what either has read is read.
        other.save(marks(&[("#tea", 9), ("boris", 6)]).into_iter());
        one.save(marks(&[("#tea", 6), ("boris", 8)]).into_iter());
        assert_eq!(start().begin("s:1", "anna"), marks(&[("#tea", 9), ("boris", 8)]));
        assert!(start().begin("s:1", "boris").is_empty());
        assert!(start().begin("s:2", "anna").is_empty());
        let mut nowhere = Marks::default();
        assert!(nowhere.begin("s:1", "anna").is_empty() && !nowhere.are_kept());
    }

    #[test]
    fn a_damaged_file_is_no_obstacle_and_none_is_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = {
            let mut marks = Marks::at(folder.path().to_owned());
            marks.begin("s", "anna");
            marks.owner.unwrap().path
        };
        let mut mine = Marks::at(folder.path().to_owned());
        fs::write(&path, "{\"server\":").unwrap();
        assert!(mine.begin("s", "anna").is_empty());
        let many = (0..).map(|number| (format!("#{number}"), MessageId(number)));
        mine.save(many.take(MARKS + 9));
        let read = read(&path);
        assert_eq!(read.len(), MARKS);
        assert_eq!(read.values().min(), Some(&MessageId(9)));
        fs::write(&path, "{\"server\":\"\",\"user\":\"\",\"read\":{\"#a\":\"x\"}}").unwrap();
        assert!(super::read(&path).is_empty());
        assert!(fs::metadata(&path).unwrap().len() < MARKS_BYTES);
    }
}
