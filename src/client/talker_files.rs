//! Files beside a chat: `/send` and `/get`.

use super::entry::Entry;
use super::mode::Turn;
use super::talker::Talker;
use super::transfer::{FileNotice, Place, Source, Stop};
use super::words::Notice;
use crate::message::{Features, MessageId};
use std::path::{Path, PathBuf};

impl Talker {
    /// We are in: what waits goes on, where the server takes files from us.
    pub(super) fn begin_files(&mut self, turn: &mut Turn<'_>) {
        match self.no_files() {
            None => self.files.begin(turn, self.server.clone(), self.entry.name()),
            Some(stop) => self.files.refuse(turn, &stop),
        }
    }

    /// `/send`
    pub(super) fn send_file(&mut self, turn: &mut Turn<'_>, file: &str, text: Option<String>) {
        let opened = self.no_files().map_or_else(|| Source::open(&home(file)), Err);
        match opened {
            Ok(source) => self.files.send(turn, source, self.to.clone(), text),
            Err(stop) => tell(turn, file.to_owned(), stop),
        }
    }

    /// `/get`
    pub(super) fn get_file(&mut self, turn: &mut Turn<'_>, id: MessageId) {
        match self.no_files() {
            None => self.files.get(turn, id, Place::HERE),
            Some(stop) => tell(turn, id.to_string(), stop),
        }
    }

    fn no_files(&self) -> Option<Stop> {
        no_files(&self.entry)
    }
}

/// Why no files are sent and got by whom a server has let in so.
pub(super) fn no_files(entry: &Entry) -> Option<Stop> {
    if !entry.granted().has(Features::FILES) {
        return Some(Stop::NoFiles);
    }
    (!entry.is_user()).then_some(Stop::NoAccount)
}

/// Tells why a file is not sent or got.
pub(super) fn tell(turn: &mut Turn<'_>, name: String, stop: Stop) {
    turn.screen.notice(&Notice::File(FileNotice::Stopped { name, stop }));
}

/// `~/` is no shell's here, and yet meant.
pub(super) fn home(typed: &str) -> PathBuf {
    let folder = std::env::home_dir().filter(|_| typed.starts_with("~/"));
    match folder.zip(typed.strip_prefix("~/")) {
        Some((folder, rest)) => folder.join(rest),
        None => Path::new(typed).to_owned(),
    }
}
