//! `/history`: the newest messages are read from the server until so many are there, in their places
//! among the others, and the view goes to the first of them.

use super::chat::{Asking, Chat};
use super::conversation::Past;
use super::line::Body;
use crate::client::mode::Turn;
use crate::message::{Language, MessageId, Now, visible};
use log::Level;

/// How much of the past is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    messages: usize,
    /// Where the page that was asked for last ends.
    before: Option<MessageId>,
}

impl Chat {
    /// Looks at a conversation and has so many of its newest messages be there.
    pub(super) fn show_past(&mut self, turn: &Turn<'_>, with: &str, messages: usize) {
        self.switch(|chat| chat.model.choose_with(with));
        if let Some(conversation) = self.model.find_mut(with) {
            conversation.wanted = Some(Wanted { messages, before: None });
            self.pursue_past(turn.now, with);
        }
    }

    /// Asks for what is still lacking, or shows what was wanted.
    pub(super) fn pursue_past(&mut self, now: Now, with: &str) {
        let Some(conversation) = self.model.find_mut(with).filter(|one| !one.is_loading) else {
            return;
        };
        let Some(wanted) = conversation.wanted else { return };
        let before = conversation.oldest();
        // A page that brought nothing would be asked for again for ever.
        let goes_on = before.is_none() || before != wanted.before;
        let is_lacking = conversation.messages() < wanted.messages
            && conversation.past != Past::Complete
            && conversation.has_room();
        if is_lacking && goes_on {
            conversation.is_loading = true;
            conversation.wanted = Some(Wanted { before, ..wanted });
            let with = conversation.with.clone();
            return self.to_ask.push_back(Asking::Older { with, before });
        }
        conversation.wanted = None;
        let there = conversation.messages();
        let is_all = conversation.past == Past::Complete && there <= wanted.messages;
        let text = told(there.min(wanted.messages), is_all, with, self.language());
        self.tell_in(now, with, Body::Told(Level::Info, text));
        let middle = self.areas().middle;
        let drawing = self.drawing(middle.width);
        if let Some(conversation) = self.model.find_mut(with) {
            conversation.scroll_to_newest(&drawing, wanted.messages, usize::from(middle.height));
        }
    }
}

fn told(messages: usize, is_all: bool, with: &str, language: Language) -> String {
    let with = visible(with);
    match (language, messages, is_all) {
        (Language::English, 0, _) => format!("{with} has no messages that you may read"),
        (Language::English, _, true) => {
            format!("above are all messages of {with} that you may read: {messages}")
        }
        (Language::English, ..) => format!("above are the newest messages of {with}: {messages}"),
        (Language::Russian, 0, _) => format!("в {with} нет сообщений, которые вам можно читать"),
        (Language::Russian, _, true) => {
            format!("выше все сообщения {with}, которые вам можно читать: {messages}")
        }
        (Language::Russian, ..) => format!("выше последние сообщения {with}: {messages}"),
    }
}
