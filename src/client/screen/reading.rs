//! What is new since the last time that this client was here, and how far is read until the next.

use super::chat::{Asking, Chat};
use super::conversation::Conversation;
use super::marks::Marks;
use super::text::mentions;
use super::typed::TypedLines;
use super::words::either;
use crate::client::bounds::{MARKS_WAIT, UNREAD_ASKED};
use crate::client::incoming::Answer;
use crate::client::listing::Listing;
use crate::client::mode::Turn;
use crate::client::reader::Shown;
use crate::message::{Features, MessageId, Now, visible};
use log::Level;
use std::path::Path;

impl Chat {
    /// The same with what is known from before, in this folder.
    pub(in crate::client) fn remembering(mut self, folder: &Path) -> Self {
        self.typed = TypedLines::at(folder.join("typed"));
        for line in self.typed.read() {
            self.input.remember(&line);
        }
        self.marks = Marks::at(folder.join("read"));
        self
    }

    /// Keeps a line that was typed.
    pub(super) fn keep_typed(&mut self, now: Now, line: &str) {
        if let Err(error) = self.typed.add(line) {
            self.typed = TypedLines::default();
            let lead = either(
                self.language(),
                "lines typed are not kept for the next start:",
                "набранные строки не сохраняются до следующего запуска:",
            );
            let why = error.to_string();
            self.tell(now, Level::Warn, format!("{lead} {}", visible(&why)));
        }
    }

    /// We are in: asks what is new where messages are kept, unless that was asked before.
    pub(super) fn begin_marks(&mut self) {
        if !self.entry.is_user() || !self.entry.granted().has(Features::HISTORY) {
            return self.marks.end();
        }
        let known = self.marks.begin(&self.wishes.server, self.entry.name());
        let now = self.entry.server_unix_micros().map(MessageId::at);
        self.marks.start = self.marks.start.or(now);
        let mut known: Vec<(String, MessageId)> =
            known.into_iter().filter(|(with, _)| self.is_kept(&Shown::of(Some(with)))).collect();
        known.sort_by_key(|(_, id)| std::cmp::Reverse(*id));
        let asked = known.into_iter().take(UNREAD_ASKED);
        self.to_ask.extend(asked.map(|(with, after)| Asking::Unread { with, after }));
    }

    /// What was written behind a mark.
    pub(super) fn handle_unread(
        &mut self,
        turn: &mut Turn<'_>,
        with: &str,
        after: MessageId,
        answer: Answer,
    ) {
        let more = answer.more;
        // A room that we are no longer in, say.
        let Some(Listing::Messages(messages)) = answer.listing else { return };
        let me = self.entry.name().to_owned();
        let others = messages.iter().filter(|message| message.from != me);
        let new: Vec<(MessageId, bool)> = others
            .filter_map(|message| Some((message.id?, mentions(&message.text, &me))))
            .collect();
        let is_current = self.model.is_current(with);
        let found = match new.last() {
            Some(_) => self.model.open(with),
            None => self.model.find_mut(with),
        };
        let Some(conversation) = found else { return };
        conversation.begin_at(after);
        let Some((last, _)) = new.last() else { return };
        conversation.counted = Some(*last);
        // What has arrived since is counted already.
        let new: Vec<bool> =
            new.iter().filter(|(id, _)| !conversation.has(*id)).map(|(_, calls)| *calls).collect();
        if !is_current && !new.is_empty() {
            let is_direct = matches!(conversation.kind, Shown::User(_));
            conversation.unread += new.len();
            conversation.is_unread_more |= more;
            conversation.is_called |= is_direct || new.contains(&true);
        }
        self.settle_marks(turn.now);
    }

    /// Something may have been read.
    pub(super) fn settle_marks(&mut self, now: Now) {
        if self.marks.are_kept() && self.marks.due.is_none() {
            self.marks.due = Some(now.uptime + MARKS_WAIT);
        }
    }

    /// Saves how far is read, where that is due.
    pub(super) fn save_marks_when_due(&mut self, now: Now) {
        if self.marks.due.is_some_and(|due| due <= now.uptime) {
            self.save_marks();
        }
    }

    /// Saves how far is read.
    pub(super) fn save_marks(&mut self) {
        if !self.marks.are_kept() {
            return;
        }
        let (start, current) = (self.marks.start, self.model.place());
        let kept = self.model.all().iter().enumerate().filter(|(_, one)| self.is_read_here(one));
        let read: Vec<(String, MessageId)> = kept
            .filter_map(|(place, one)| {
                let known = self.marks.of(&one.with).or(start);
                let read_to = one.read_to(place == current).or(known)?;
                Some((one.with.clone(), read_to))
            })
            .collect();
        self.marks.save(read.into_iter());
    }

    /// Whether marks are kept of such a conversation.
    fn is_read_here(&self, conversation: &Conversation) -> bool {
        self.is_kept(&conversation.kind)
    }
}
