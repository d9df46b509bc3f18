//! What is typed: keys, lines, commands.

use super::chat::{Asking, Chat, done};
use super::completion::{self, Completion, Known};
use super::conversation::{Conversation, Past};
use super::keys::Action;
use super::prompt::Prompt;
use super::words::{either, once_more};
use crate::client::ask::{Ask, What};
use crate::client::bounds::LINES_UNASKED;
use crate::client::commands::{self, Typed, TypedFault};
use crate::client::mode::{Flow, Turn};
use crate::client::outgoing::Request;
use crate::client::passwords::{Asked, Wanted};
use crate::client::reader::Shown;
use crate::client::split::split;
use crate::client::words::Notice;
use crate::limits::Limits;
use crate::message::{Features, Now};
use crossterm::event::Event;
use log::Level;
use std::ops::ControlFlow;

/// What came of a line.
enum Done {
    /// It is dealt with.
    Yes,
    /// It cannot be done now: it stays in the input line.
    NotNow,
    /// It ends the client.
    Quit,
}

impl Chat {
    /// The terminal says something.
    ///
    /// # Errors
    /// `Break`: the client ends.
    pub fn handle_event(&mut self, turn: &mut Turn<'_>, event: Event) -> Flow {
        let flow = match event {
            Event::Key(key) => match self.wishes.preferences.keys.action(key) {
                Some(action) => self.handle_action(turn, action),
                None => ControlFlow::Continue(()),
            },
            Event::Paste(text) => {
                self.handle_paste(turn, &text);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        };
        self.settle(turn);
        flow
    }

    fn handle_paste(&mut self, turn: &mut Turn<'_>, text: &str) {
        self.completion = None;
        self.sending = None;
        if let Some(prompt) = &mut self.prompt {
            prompt.paste(text);
        } else if !self.input.paste(text) {
            let text =
                either(self.language(), "what was pasted is too long", "вставка слишком длинная");
            self.tell(turn.now, Level::Error, text.to_owned());
        }
    }

    fn handle_action(&mut self, turn: &mut Turn<'_>, action: Action) -> Flow {
        let was_interrupted = std::mem::take(&mut self.interrupted);
        if let Some(prompt) = &mut self.prompt {
            if let Some(asked) = prompt.handle(action) {
                self.prompt = None;
                self.handle_passwords(turn, asked);
            }
            return ControlFlow::Continue(());
        }
        if let Some(lines) = self.sending.take() {
            let is_sent = matches!(action, Action::Enter | Action::Insert('y' | 'Y' | 'д' | 'Д'));
            if is_sent && lines == self.input.full_lines().len() {
                return self.send_lines(turn);
            }
            if is_sent || action == Action::Escape {
                return ControlFlow::Continue(());
            }
        }
        if !matches!(action, Action::Complete | Action::CompleteBack) {
            self.completion = None;
        }
        if self.input.edit(action) {
            return ControlFlow::Continue(());
        }
        self.handle_other(turn, action, was_interrupted)
    }

    fn handle_other(&mut self, turn: &mut Turn<'_>, action: Action, was_interrupted: bool) -> Flow {
        match action {
            Action::Enter => return self.enter_lines(turn),
            Action::Complete => self.complete(true),
            Action::CompleteBack => self.complete(false),
            Action::PageUp => self.scroll_up(false),
            Action::Oldest => self.scroll_up(true),
            Action::PageDown => self.scroll_down(),
            Action::Newest | Action::Escape => {
                self.model.current_mut().into_iter().for_each(Conversation::scroll_to_end);
            }
            Action::NextConversation => self.switch(|chat| chat.model.step(true)),
            Action::FormerConversation => self.switch(|chat| chat.model.step(false)),
            Action::NextNews => self.switch(|chat| chat.model.step_to_news()),
            Action::Choose(place) => self.switch(|chat| chat.model.choose(place)),
            Action::Interrupt if was_interrupted => return ControlFlow::Break(done()),
            Action::Interrupt => self.interrupt(turn),
            Action::EndOfInput if self.input.is_empty() => return ControlFlow::Break(done()),
            Action::EndOfInput => drop(self.input.edit(Action::EraseForward)),
            Action::Quit => return ControlFlow::Break(done()),
            Action::Clear => self.clear(),
            Action::Keys => self.list_keys(turn.now),
            Action::Help => self.list_commands(turn.now, None),
            Action::Suspend => self.suspends = true,
            Action::Redraw => self.redraws = true,
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// Ctrl-C takes the line away; on an empty line it ends the client when it is typed twice.
    fn interrupt(&mut self, turn: &mut Turn<'_>) {
        if self.input.is_empty() {
            self.interrupted = true;
            let text = once_more(&self.wishes.preferences.keys, self.language());
            return self.tell(turn.now, Level::Info, text);
        }
        for line in self.input.full_lines() {
            self.input.remember(&line);
        }
        self.input.clear();
    }

    fn clear(&mut self) {
        self.model.current_mut().into_iter().for_each(Conversation::clear);
    }

    fn list_keys(&mut self, now: Now) {
        let text = self.wishes.preferences.keys.help(self.language());
        self.list(now, Level::Info, text.trim_start_matches('\n').to_owned());
    }

    fn list_commands(&mut self, now: Now, command: Option<String>) {
        let notice = Notice::help(command);
        self.list(now, notice.level(), notice.text(self.language()));
    }

    /// Says something that may be longer than the screen, and shows it from its first line on.
    fn list(&mut self, now: Now, level: Level, text: String) {
        self.tell(now, level, text);
        let middle = self.areas().middle;
        let drawing = self.drawing(middle.width);
        if let Some(current) = self.model.current_mut() {
            current.scroll_to_last(&drawing, usize::from(middle.height));
        }
    }

    /// Looks at another conversation; what is typed stays with the one that is left.
    pub(super) fn switch(&mut self, choose: impl FnOnce(&mut Self)) {
        let before = self.model.to();
        choose(self);
        if self.model.is_current(&before) {
            return;
        }
        let typed = self.input.clear();
        if let Some(left) = self.model.find_mut(&before) {
            left.draft = typed;
        }
        let draft = self.model.current_mut().map(|current| std::mem::take(&mut current.draft));
        self.input.set(draft.unwrap_or_default());
        self.completion = None;
    }

    // Scrolling.

    fn scroll_up(&mut self, to_top: bool) {
        let areas = self.areas();
        let drawing = self.drawing(areas.middle.width);
        let height = usize::from(areas.middle.height);
        let rows = if to_top { usize::MAX / 4 } else { height.saturating_sub(2).max(1) };
        let Some(current) = self.model.current_mut() else { return };
        if current.scroll_up(&drawing, rows, height) {
            self.ask_older();
        }
    }

    fn scroll_down(&mut self) {
        let areas = self.areas();
        let drawing = self.drawing(areas.middle.width);
        let rows = usize::from(areas.middle.height).saturating_sub(2).max(1);
        if let Some(current) = self.model.current_mut() {
            current.scroll_down(&drawing, rows);
        }
    }

    /// Asks for what was written before the first line.
    fn ask_older(&mut self) {
        let is_kept = self.model.current().is_some_and(|current| self.is_kept(&current.kind));
        let Some(current) = self.model.current_mut() else { return };
        if !is_kept || current.past != Past::More || current.is_loading || !current.has_room() {
            return;
        }
        current.is_loading = true;
        let (with, before) = (current.with.clone(), current.oldest());
        self.to_ask.push_back(Asking::Older { with, before });
    }

    // Completion.

    fn complete(&mut self, forward: bool) {
        let (chars, word) = match &mut self.completion {
            Some(completion) => (completion.step(forward), completion.word().to_owned()),
            None => {
                let mut known = self.known();
                let (before, _) = self.input.around_cursor();
                if let Some(path) = completion::path(before) {
                    known.paths = self.paths.find(path);
                }
                let Some(found) = Completion::new(before, &known) else { return };
                let replaced = (found.chars, found.word().to_owned());
                self.completion = (found.candidates.len() > 1).then_some(found);
                replaced
            }
        };
        self.input.replace_before(chars, &word);
    }

    fn known(&self) -> Known {
        let mut known = Known::default();
        let add = |names: &mut Vec<String>, name: &str| {
            if name != self.entry.name() && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        if let Some(current) = self.model.current() {
            current.writers().into_iter().for_each(|name| add(&mut known.people, name));
            current.people.iter().for_each(|person| add(&mut known.people, &person.name));
        }
        for conversation in self.model.all() {
            let names = match conversation.kind {
                Shown::User(_) => &mut known.people,
                _ => &mut known.rooms,
            };
            add(names, &conversation.with);
        }
        known.transfers = self.files.names();
        self.rooms.iter().for_each(|room| add(&mut known.rooms, room));
        known
    }

    // Lines.

    fn enter_lines(&mut self, turn: &mut Turn<'_>) -> Flow {
        let lines = self.input.full_lines();
        if lines.len() > LINES_UNASKED {
            self.sending = Some(lines.len());
            return ControlFlow::Continue(());
        }
        self.send_lines(turn)
    }

    fn send_lines(&mut self, turn: &mut Turn<'_>) -> Flow {
        let lines = self.input.full_lines();
        let confirming = self.confirming.take();
        let handled = match lines.as_slice() {
            [line] if is_command(line) => self.handle_command(turn, line, confirming),
            lines => {
                let to = self.model.to();
                self.say(turn, &to, lines)
            }
        };
        match handled {
            Done::Yes => self.input_sent(turn.now, &lines),
            Done::NotNow => {}
            Done::Quit => return ControlFlow::Break(done()),
        }
        ControlFlow::Continue(())
    }

    /// Takes away what was sent. A command may have changed the conversation, and the line with it:
    /// then it was taken along.
    fn input_sent(&mut self, now: Now, lines: &[String]) {
        lines.iter().for_each(|line| self.keep_typed(now, line));
        if self.input.full_lines() == lines {
            self.input.take_all();
        } else {
            lines.iter().for_each(|line| self.input.remember(line));
        }
        for conversation in self.model.iter_mut().filter(|one| one.draft == lines) {
            conversation.draft.clear();
        }
    }

    /// Sends lines, all or none.
    fn say(&mut self, turn: &mut Turn<'_>, to: &str, lines: &[String]) -> Done {
        let limit = Limits::default().message_chars;
        let bare = |line: &String| match line.strip_prefix("//") {
            Some(rest) if lines.len() == 1 => format!("/{rest}"),
            _ => line.clone(),
        };
        let lines: Vec<String> = lines.iter().map(bare).collect();
        for (number, line) in (1..).zip(&lines) {
            let chars = line.chars().count();
            if chars > limit && !self.wishes.splits {
                turn.screen.notice(&Notice::LineTooLong { line: number, chars, limit });
                return Done::NotNow;
            }
        }
        let texts: Vec<String> = lines.iter().flat_map(|line| split(line, limit)).collect();
        let has_room = self.has_room(texts.len());
        for text in texts {
            if !has_room || !self.post(turn.now, to, text) {
                let text = either(
                    self.language(),
                    "too many lines wait already",
                    "уже ждёт слишком много строк",
                );
                self.tell(turn.now, Level::Error, text.to_owned());
                return Done::NotNow;
            }
        }
        Done::Yes
    }

    // Commands.

    fn handle_command(&mut self, turn: &mut Turn<'_>, line: &str, confirming: Option<Ask>) -> Done {
        // What it says stands at the end.
        self.model.current_mut().into_iter().for_each(Conversation::scroll_to_end);
        match commands::read(line, &self.model.to()) {
            Ok(Typed::Quit) => return Done::Quit,
            Ok(Typed::To(to)) => self.talk_to(turn, &to),
            Ok(Typed::Msg { to, text }) => return self.say(turn, &to, &[text]),
            Ok(Typed::Cancel(which)) => self.files.cancel(turn, which.as_deref()),
            Ok(Typed::Help(command)) => self.list_commands(turn.now, command),
            Ok(Typed::Keys) => self.list_keys(turn.now),
            Ok(Typed::Clear) => self.clear(),
            Ok(Typed::Leave(room)) if self.model.find(&room).is_some_and(|one| !one.is_joined) => {
                self.switch(|chat| chat.model.close(&room));
            }
            Ok(typed) => return self.handle_request(turn, typed, confirming),
            Err(TypedFault::Form(form)) => turn.screen.notice(&Notice::BadForm { form }),
            Err(TypedFault::OpenQuote) => turn.screen.notice(&Notice::OpenQuote),
            Err(TypedFault::Surplus) => turn.screen.notice(&Notice::Surplus),
            Err(TypedFault::Unknown(meant)) => {
                let text = line.split_whitespace().next().unwrap_or(line).to_owned();
                turn.screen.notice(&Notice::UnknownCommand { text, meant });
            }
        }
        Done::Yes
    }

    fn talk_to(&mut self, turn: &mut Turn<'_>, to: &str) {
        if to.is_empty() {
            let to = self.model.to();
            return turn.screen.notice(&Notice::LinesGoTo { to });
        }
        self.switch(|chat| chat.model.choose_with(to));
    }

    /// What needs the server.
    fn handle_request(
        &mut self,
        turn: &mut Turn<'_>,
        typed: Typed,
        confirming: Option<Ask>,
    ) -> Done {
        if !self.is_online() || self.changing.is_under_way() {
            let text = either(
                self.language(),
                "this needs the connection; the line stays below",
                "для этого нужна связь; строка остаётся внизу",
            );
            self.tell(turn.now, Level::Warn, text.to_owned());
            return Done::NotNow;
        }
        let user = self.entry.name().to_owned();
        match typed {
            Typed::Join(room) => {
                self.go_to_join(&room);
                self.join(turn, room);
            }
            Typed::Leave(room) => {
                turn.session.send(turn.now, &Request::Leave { user, room: room.clone() });
                self.leaving.push_back(room);
            }
            Typed::Send { file, text } => self.send_file(turn, &file, text),
            Typed::Get(id) => self.get_file(turn, id),
            Typed::Passwd if !self.entry.is_user() => turn.screen.notice(&Notice::NoAccount),
            Typed::Passwd => self.ask_passwords(Wanted::Change { user }),
            Typed::LogIn(user) => self.ask_passwords(Wanted::LogIn { user }),
            Typed::Register { name: user, invite } => {
                self.ask_passwords(Wanted::Register { user, invite });
            }
            Typed::Nick(name) => self.changing.begin_nick(turn, &self.entry, name),
            Typed::Status(status) => self.changing.begin_status(turn, &self.entry, status),
            Typed::More => match self.more.take() {
                Some(ask) => self.ask(turn, ask, None),
                None => turn.screen.notice(&Notice::NoMore),
            },
            Typed::Ask(ask) => self.ask(turn, ask, confirming),
            _ => {}
        }
        Done::Yes
    }

    /// Looks at a room that is to be joined.
    fn go_to_join(&mut self, room: &str) {
        let from = self.model.to();
        let is_new = self.model.find(room).is_none();
        self.switch(|chat| chat.model.choose_with(room));
        if let Some(room) = self.model.find_mut(room).filter(|_| is_new) {
            room.came_from = Some(from);
        }
    }

    fn ask_passwords(&mut self, wanted: Wanted) {
        self.prompt = Some(Prompt::new(wanted, self.language()));
    }

    fn handle_passwords(&mut self, turn: &mut Turn<'_>, asked: Asked) {
        match asked {
            Asked::Typed(change) if self.is_online() => {
                self.changing.begin(turn, &self.entry, change)
            }
            Asked::Differ => turn.screen.notice(&Notice::PasswordsDiffer),
            _ => turn.screen.notice(&Notice::PasswordStays),
        }
    }

    /// Asks for one of the added actions. What cannot be undone has to be typed twice.
    fn ask(&mut self, turn: &mut Turn<'_>, ask: Ask, confirming: Option<Ask>) {
        let has_history = self.entry.granted().has(Features::HISTORY);
        if let Some(notice) = ask.hindrance(has_history, confirming.as_ref()) {
            turn.screen.notice(&notice);
            self.confirming = Some(ask).filter(|ask| ask.what == What::Destroy);
            return;
        }
        if let (What::History, Some(with), Some(limit)) = (ask.what, &ask.with, ask.limit)
            && self.is_kept(&Shown::of(Some(with)))
        {
            return self.show_past(turn, with, usize::try_from(limit).unwrap_or(usize::MAX));
        }
        self.to_ask.push_back(Asking::Typed(Box::new(ask)));
    }
}

/// Whether a line that was typed alone is a command.
fn is_command(line: &str) -> bool {
    commands::is_command(line) && !line.starts_with("//")
}
