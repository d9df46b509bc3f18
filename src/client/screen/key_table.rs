//! The table of what keys do: how each action is called in `client.toml`, its usual keys, and what
//! it does. Dispatch, `/keys`, the manual page and the checks of settings are made of it.

use super::keys::Action;
use crate::message::Language;

/// Something that keys do.
#[derive(Debug)]
pub struct Row {
    /// How it is called in `client.toml`.
    pub name: &'static str,
    pub(super) action: Action,
    /// Its keys where nothing else is said, with blanks between them.
    pub keys: &'static str,
    /// What it does.
    pub english: &'static str,
    russian: &'static str,
}

impl Row {
    /// What it does, in a few words.
    pub(super) const fn does(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Russian => self.russian,
        }
    }
}

const fn row(
    name: &'static str,
    action: Action,
    keys: &'static str,
    english: &'static str,
    russian: &'static str,
) -> Row {
    Row { name, action, keys, english, russian }
}

/// All that keys do but to write letters, in the order of `/keys`.
pub const KEY_ROWS: [Row; 46] = [
    row("send", Action::Enter, "enter", "sends the line, says yes", "посылает строку, да"),
    row(
        "new-line",
        Action::NewLine,
        "alt-enter ctrl-j",
        "begins a new line",
        "начинает новую строку",
    ),
    row("complete", Action::Complete, "tab", "completes the word", "дополняет слово"),
    row(
        "complete-back",
        Action::CompleteBack,
        "shift-tab",
        "goes back to the completion before",
        "возвращает прежнее дополнение",
    ),
    row("left", Action::Left, "left ctrl-b", "goes a letter left", "на букву влево"),
    row("right", Action::Right, "right ctrl-f", "goes a letter right", "на букву вправо"),
    row(
        "word-left",
        Action::WordLeft,
        "ctrl-left alt-left alt-b",
        "goes a word left",
        "на слово влево",
    ),
    row(
        "word-right",
        Action::WordRight,
        "ctrl-right alt-right alt-f",
        "goes a word right",
        "на слово вправо",
    ),
    row("line-start", Action::Start, "home ctrl-a", "goes to the line's start", "в начало строки"),
    row("line-end", Action::End, "end ctrl-e", "goes to the line's end", "в конец строки"),
    row(
        "line-up",
        Action::Up,
        "up",
        "goes a line up, or to what was typed before",
        "на строку вверх или к набранному раньше",
    ),
    row(
        "line-down",
        Action::Down,
        "down",
        "goes a line down, or to what was typed after",
        "на строку вниз или к набранному позже",
    ),
    row(
        "erase-back",
        Action::EraseBack,
        "backspace ctrl-h",
        "erases the letter on the left",
        "стирает букву слева",
    ),
    row(
        "erase-forward",
        Action::EraseForward,
        "delete",
        "erases the letter on the right",
        "стирает букву справа",
    ),
    row(
        "erase-word-back",
        Action::EraseWordBack,
        "ctrl-w alt-backspace ctrl-backspace",
        "erases the word on the left",
        "стирает слово слева",
    ),
    row(
        "erase-word-forward",
        Action::EraseWordForward,
        "alt-d alt-delete ctrl-delete",
        "erases the word on the right",
        "стирает слово справа",
    ),
    row(
        "erase-to-start",
        Action::EraseToStart,
        "ctrl-u",
        "erases up to the line's start",
        "стирает до начала строки",
    ),
    row(
        "erase-to-end",
        Action::EraseToEnd,
        "ctrl-k",
        "erases up to the line's end",
        "стирает до конца строки",
    ),
    row("yank", Action::Yank, "ctrl-y", "puts in what was erased last", "вставляет стёртое"),
    row("undo", Action::Undo, "ctrl-_", "takes the last change back", "отменяет изменение"),
    row(
        "scroll-up",
        Action::PageUp,
        "pageup",
        "a page back; above the top lies the past",
        "на страницу назад; выше верха лежит прошлое",
    ),
    row("scroll-down", Action::PageDown, "pagedown", "a page on", "на страницу вперёд"),
    row(
        "scroll-to-top",
        Action::Oldest,
        "ctrl-home alt-home alt-<",
        "goes to the oldest message here",
        "к самому старому сообщению здесь",
    ),
    row(
        "scroll-to-end",
        Action::Newest,
        "ctrl-end alt-end alt->",
        "goes to the newest message",
        "к самому новому сообщению",
    ),
    row(
        "next-room",
        Action::NextConversation,
        "ctrl-n alt-down ctrl-down",
        "goes to the next conversation",
        "к следующему разговору",
    ),
    row(
        "previous-room",
        Action::FormerConversation,
        "ctrl-p alt-up ctrl-up",
        "goes to the one before",
        "к предыдущему разговору",
    ),
    row(
        "next-unread",
        Action::NextNews,
        "alt-a",
        "goes to the next with something new",
        "к следующему с новым",
    ),
    choose("room-1", 0, "alt-1"),
    choose("room-2", 1, "alt-2"),
    choose("room-3", 2, "alt-3"),
    choose("room-4", 3, "alt-4"),
    choose("room-5", 4, "alt-5"),
    choose("room-6", 5, "alt-6"),
    choose("room-7", 6, "alt-7"),
    choose("room-8", 7, "alt-8"),
    choose("room-9", 8, "alt-9"),
    choose("room-10", 9, "alt-0"),
    row(
        "back",
        Action::Escape,
        "esc",
        "goes to the newest message, says no",
        "к самому новому сообщению, нет",
    ),
    row(
        "interrupt",
        Action::Interrupt,
        "ctrl-c",
        "takes the line away; twice on an empty line it ends",
        "убирает строку; дважды на пустой завершает",
    ),
    row(
        "erase-or-quit",
        Action::EndOfInput,
        "ctrl-d",
        "erases forward; on an empty line it ends",
        "стирает букву справа; на пустой строке завершает",
    ),
    row("quit", Action::Quit, "", "ends, as /quit does", "завершает, как /quit"),
    row(
        "clear",
        Action::Clear,
        "",
        "clears the conversation, as /clear does",
        "очищает, как /clear",
    ),
    row("redraw", Action::Redraw, "ctrl-l", "draws the screen anew", "рисует экран заново"),
    row("suspend", Action::Suspend, "ctrl-z", "stops until the shell's fg", "останавливает до fg"),
    row(
        "keys",
        Action::Keys,
        "f1",
        "lists the keys, as /keys does",
        "показывает клавиши, как /keys",
    ),
    row(
        "help",
        Action::Help,
        "",
        "lists the commands, as /help does",
        "показывает команды, как /help",
    ),
];

const fn choose(name: &'static str, place: usize, keys: &'static str) -> Row {
    row(
        name,
        Action::Choose(place),
        keys,
        "goes to the conversation at this place",
        "к разговору на этом месте",
    )
}
