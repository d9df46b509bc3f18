//! Uploads that were begun, so that an interrupted one is taken up again by the next program.

use super::hash::hex_of;
use super::source::Stamp;
use super::upload::Upload;
use crate::client::bounds::{RECORD_BYTES, RECORDS_LOOKED_AT, UPLOAD_KEPT};
use crate::client::state;
use crate::message::{MessageId, Now};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One upload, in a file of its own.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// The file, for people: what it is looked for by is the record's name.
    file: String,
    #[serde(flatten)]
    stamp: Stamp,
    /// The upload's number.
    upload: String,
    /// When it was begun, in seconds since 1970.
    begun: u64,
}

/// Where the records are.
#[derive(Debug, Clone, Default)]
pub(in crate::client) struct Memory {
    folder: Option<PathBuf>,
}

/// What an upload is found again by, besides its file's size and time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    /// The server's address.
    pub(super) server: &'a str,
    /// Who sends.
    pub(super) user: &'a str,
    /// To whom.
    pub(super) to: &'a str,
    /// The text that goes with it.
    pub(super) message: Option<&'a str>,
    /// The file's absolute name.
    pub(super) path: &'a Path,
}

impl<'a> Key<'a> {
    /// An upload's.
    pub(super) fn of(upload: &'a Upload, server: &'a str, user: &'a str) -> Self {
        let (to, message) = (upload.to(), upload.message());
        Self { server, user, to, message, path: upload.source().path() }
    }

    fn file_name(&self) -> String {
        let message = self.message.map(|text| format!("+{text}")).unwrap_or_default();
        let texts = [self.server, self.user, self.to, &message].map(str::as_bytes);
        let path = self.path.as_os_str().as_bytes();
        let parts: Vec<&[u8]> = texts.into_iter().chain([path]).collect();
        format!("{}.json", hex_of(&parts.join(&0)))
    }
}

impl Memory {
    /// The user's own: below `$XDG_STATE_HOME`, else below `~/.local/state`. Without either nothing
    /// is remembered.
    pub(in crate::client) fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        Self { folder: state::folder(variable).map(|folder| folder.join("uploads")) }
    }

    /// The number of an upload that was begun and may still be open.
    pub(super) fn find(&self, key: Key<'_>, stamp: Stamp, now: Now) -> Option<MessageId> {
        let record = read(&self.folder.as_ref()?.join(key.file_name()))?;
        let is_usable = record.stamp == stamp && !is_old(&record, now);
        MessageId::parse(&record.upload).filter(|_| is_usable)
    }

    /// Remembers an upload, and forgets those that are too old.
    ///
    /// # Errors
    /// The system's: it cannot be taken up again then.
    pub(super) fn keep(
        &self,
        key: Key<'_>,
        stamp: Stamp,
        id: MessageId,
        now: Now,
    ) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        forget_old(folder, now);
        let file = key.path.display().to_string();
        let (upload, begun) = (id.to_string(), now.unix_micros / 1_000_000);
        let text = serde_json::to_vec(&Record { file, stamp, upload, begun })?;
        let path = folder.join(key.file_name());
        let new = path.with_extension("new");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        fs::rename(new, path)
    }

    /// Forgets an upload.
    pub(super) fn forget(&self, key: Key<'_>) {
        if let Some(folder) = &self.folder {
            // It may not have been remembered.
            let _ = fs::remove_file(folder.join(key.file_name()));
        }
    }
}

fn read(path: &Path) -> Option<Record> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(RECORD_BYTES).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn is_old(record: &Record, now: Now) -> bool {
    record.begun.saturating_add(UPLOAD_KEPT.as_secs()) <= now.unix_micros / 1_000_000
}

fn forget_old(folder: &Path, now: Now) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().take(RECORDS_LOOKED_AT).map(|entry| entry.path()) {
        if read(&path).is_some_and(|record| is_old(&record, now)) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn at(seconds: u64) -> Now {
        Now { unix_micros: seconds * 1_000_000, ..Now::default() }
    }

    #[test]
    fn an_upload_is_found_again_if_nothing_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "text").unwrap();
        let stamp = Source::open(&file).unwrap().stamp();
        let key = Key { server: "127.0.0.1:1", user: "anna", to: "#r", message: None, path: &file };
        let root = folder.path().to_str().unwrap().to_owned();
        let memory = Memory::of(&|name| (name == "XDG_STATE_HOME").then(|| root.clone()));
        assert_eq!(memory.find(key, stamp, at(9)), None);
        memory.keep(key, stamp, MessageId(7), at(9)).unwrap();
        assert_eq!(memory.find(key, stamp, at(9)), Some(MessageId(7)));
        for other in [
            Key { server: "127.0.0.1:2", ..key },
            Key { user: "boris", ..key },
            Key { to: "#s", ..key },
            Key { message: Some(""), ..key },
        ] {
            assert_eq!(memory.find(other, stamp, at(9)), None);
        }
        let day = UPLOAD_KEPT.as_secs();
        assert_eq!(memory.find(key, stamp, at(8 + day)), Some(MessageId(7)));
        assert_eq!(memory.find(key, stamp, at(9 + day)), None);
        fs::write(&file, "another").unwrap();
        let changed = Source::open(&file).unwrap().stamp();
        assert_eq!(memory.find(key, changed, at(9)), None);
        memory.forget(key);
        assert_eq!(memory.find(key, stamp, at(9)), None);
    }

    #[test]
    fn what_is_too_old_is_forgotten_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "text").unwrap();
        let stamp = Source::open(&file).unwrap().stamp();
        let root = folder.path().to_str().unwrap().to_owned();
        let memory = Memory::of(&|name| (name == "HOME").then(|| root.clone()));
        let key = |to| Key { server: "s", user: "anna", to, message: None, path: &file };
        memory.keep(key("a"), stamp, MessageId(1), at(0)).unwrap();
        memory.keep(key("b"), stamp, MessageId(2), at(UPLOAD_KEPT.as_secs())).unwrap();
        let uploads = folder.path().join(".local/state/jim/uploads");
        assert_eq!(fs::read_dir(&uploads).unwrap().count(), 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&uploads), 0o700);
        assert_eq!(mode(&uploads.join(key("b").file_name())), 0o600);
        fs::write(uploads.join(key("b").file_name()), "{").unwrap();
        assert_eq!(memory.find(key("b"), stamp, at(1)), None);
        let nowhere = Memory::of(&|_| None);
        nowhere.keep(key("a"), stamp, MessageId(1), at(0)).unwrap();
        assert_eq!(nowhere.find(key("a"), stamp, at(0)), None);
    }
}
