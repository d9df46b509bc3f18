//! What keys do.

use super::key::Key;
use super::key_table::{KEY_ROWS, Row};
use crate::message::Language;
use crossterm::event::{KeyEvent, KeyEventKind};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Insert(char),
    Enter,
    NewLine,
    EraseBack,
    EraseForward,
    EraseWordBack,
    EraseWordForward,
    EraseToStart,
    EraseToEnd,
    Yank,
    Undo,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Up,
    Down,
    PageUp,
    PageDown,
    Oldest,
    Newest,
    NextConversation,
    FormerConversation,
    NextNews,
    /// The conversation at this place, from 0.
    Choose(usize),
    Complete,
    CompleteBack,
    Escape,
    Interrupt,
    EndOfInput,
    Quit,
    Clear,
    Suspend,
    Redraw,
    Keys,
    Help,
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    /// In the order of the table.
    bound: Vec<(Key, Action)>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::with(&BTreeMap::new())
    }
}

impl Keymap {
    /// The usual keys, but for actions that have keys of their own here. What these take is taken
    /// from what it usually does.
    #[must_use]
    pub fn with(own: &BTreeMap<&'static str, Vec<Key>>) -> Self {
        let is_taken = |key: &Key| own.values().any(|keys| keys.contains(key));
        let keys_of = |row: &Row| match own.get(row.name) {
            Some(keys) => keys.clone(),
            None => usual(row).filter(|key| !is_taken(key)).collect(),
        };
        let bound = KEY_ROWS
            .iter()
            .flat_map(|row| keys_of(row).into_iter().map(|key| (key, row.action)))
            .collect();
        Self { bound }
    }

    /// What a key asks for, if anything.
    pub(super) fn action(&self, event: KeyEvent) -> Option<Action> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let key = Key::of(event);
        let bound = key.readings().find_map(|key| {
            self.bound.iter().find(|(known, _)| *known == key).map(|(_, action)| *action)
        });
        bound.or_else(|| key.letter().map(Action::Insert))
    }

    /// Whether there is a key that sends a line.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.keys(Action::Enter).next().is_some()
    }

    /// How the first key for something is called in a sentence; `None` where it has none.
    pub(super) fn title(&self, action: Action) -> Option<String> {
        self.keys(action).next().map(Key::title)
    }

    fn keys(&self, action: Action) -> impl Iterator<Item = Key> {
        self.bound.iter().filter(move |(_, known)| *known == action).map(|(key, _)| *key)
    }

    /// What `/keys` shows: a line for each action that has a key, with its name in `client.toml`.
    #[must_use]
    pub fn help(&self, language: Language) -> String {
        let mut text = String::new();
        for row in &KEY_ROWS {
            let keys: Vec<String> = self.keys(row.action).map(|key| key.to_string()).collect();
            if !keys.is_empty() {
                // Writing into a `String` cannot fail.
                let (keys, does) = (keys.join(" "), row.does(language));
                let _ = write!(text, "\n  {keys:<22}  {does} ({})", row.name);
            }
        }
        text
    }
}

/// The keys that an action has where nothing else is said.
fn usual(row: &Row) -> impl Iterator<Item = Key> {
    row.keys.split_whitespace().filter_map(|name| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
    const ALT: KeyModifiers = KeyModifiers::ALT;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

    fn key(map: &Keymap, code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        map.action(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn keys_do_what_readline_users_expect() {
        let usual = Keymap::default();
        for (code, modifiers, expected) in [
            (KeyCode::Char('ж'), NONE, Action::Insert('ж')),
            (KeyCode::Char('Ж'), SHIFT, Action::Insert('Ж')),
            (KeyCode::Char('w'), CONTROL, Action::EraseWordBack),
            (KeyCode::Char('u'), CONTROL, Action::EraseToStart),
            (KeyCode::Char('7'), CONTROL, Action::Undo),
            (KeyCode::Backspace, ALT, Action::EraseWordBack),
            (KeyCode::Left, CONTROL, Action::WordLeft),
            (KeyCode::Left, SHIFT, Action::Left),
            (KeyCode::PageUp, CONTROL, Action::PageUp),
            (KeyCode::BackTab, SHIFT, Action::CompleteBack),
            (KeyCode::Char('3'), ALT, Action::Choose(2)),
            (KeyCode::Char('0'), ALT, Action::Choose(9)),
            (KeyCode::Char('>'), ALT | SHIFT, Action::Newest),
            (KeyCode::Up, ALT, Action::FormerConversation),
            (KeyCode::Enter, ALT, Action::NewLine),
        ] {
            assert_eq!(key(&usual, code, modifiers), Some(expected), "{code:?} {modifiers:?}");
        }
        assert_eq!(key(&usual, KeyCode::Char('x'), CONTROL | ALT), None);
        assert_eq!(key(&usual, KeyCode::F(2), NONE), None);
    }

    #[test]
    fn the_table_has_each_key_once() {
        let mut keys: Vec<&str> =
            KEY_ROWS.iter().flat_map(|row| row.keys.split_whitespace()).collect();
        for name in &keys {
            // A key that is written otherwise, or none, would not be found.
            assert_eq!(name.parse::<Key>().unwrap().to_string(), *name);
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((keys.len(), Keymap::default().bound.len()), (count, count));
        let mut names: Vec<&str> = KEY_ROWS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEY_ROWS.len());
    }

    #[test]
    fn own_keys_take_the_place_of_the_usual_ones() {
        let keys = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let own = BTreeMap::from([("next-room", keys(&["ctrl-j", "f5"])), ("yank", keys(&[]))]);
        let map = Keymap::with(&own);
        assert_eq!(key(&map, KeyCode::Char('j'), CONTROL), Some(Action::NextConversation));
        assert_eq!(key(&map, KeyCode::F(5), NONE), Some(Action::NextConversation));
        for gone in ['n', 'y'] {
            assert_eq!(key(&map, KeyCode::Char(gone), CONTROL), None);
        }
        assert_eq!(key(&map, KeyCode::Enter, ALT), Some(Action::NewLine), "it has another key");
        let help = map.help(Language::English);
        assert!(help.contains("\n  ctrl-j f5 ") && help.contains("(next-room)"), "{help}");
        assert!(help.contains("\n  alt-enter ") && help.contains("(new-line)"), "{help}");
        assert!(!help.contains("yank"));
        assert_eq!(map.title(Action::Interrupt).as_deref(), Some("Ctrl-C"));
        assert_eq!(map.title(Action::Yank), None);
    }
}
