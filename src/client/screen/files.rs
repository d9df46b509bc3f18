//! Files in the full screen: `/send` and `/get`, and how far they are.

use super::chat::Chat;
use crate::client::mode::Turn;
use crate::client::render::Screen;
use crate::client::session::Session;
use crate::client::talker_files::{home, no_files, tell};
use crate::client::transfer::{Memory, Place, Source, Style, Transfers};
use crate::message::MessageId;

impl Chat {
    /// The same with a memory of uploads that were interrupted.
    pub(in crate::client) fn keeping(mut self, memory: Memory) -> Self {
        self.files = Transfers::new(Style::InAStatusLine, memory);
        self
    }

    /// We are in: what waits goes on, where the server takes files from us.
    pub(super) fn begin_files(&mut self, turn: &mut Turn<'_>) {
        match no_files(&self.entry) {
            None => self.files.begin(turn, self.address.clone(), self.entry.name()),
            Some(stop) => self.files.refuse(turn, &stop),
        }
    }

    /// `/send`
    pub(super) fn send_file(&mut self, turn: &mut Turn<'_>, file: &str, text: Option<String>) {
        match no_files(&self.entry).map_or_else(|| Source::open(&home(file)), Err) {
            Ok(source) => self.files.send(turn, source, self.model.to(), text),
            Err(stop) => tell(turn, file.to_owned(), stop),
        }
    }

    /// `/get`
    pub(super) fn get_file(&mut self, turn: &mut Turn<'_>, id: MessageId) {
        match no_files(&self.entry) {
            None => self.files.get(turn, id, Place::HERE),
            Some(stop) => tell(turn, id.to_string(), stop),
        }
    }

    /// Whether there is more to be sent as soon as the former has gone.
    #[must_use]
    pub fn has_more_output(&self, session: &Session) -> bool {
        self.files.has_more(session)
    }

    /// The client is over, for whatever reason.
    pub fn handle_ended(&mut self, screen: &mut Screen) {
        self.files.give_up(screen);
        self.save_marks();
        // Nobody is there any more to be told.
        let _ = self.typed.flush();
    }
}
