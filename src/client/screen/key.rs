//! Keys by their names, as far as a terminal tells them apart.

use crate::config::nearest;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A key with what is held down beside it: what a terminal sends as one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Why a name is no key that something can be bound to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// There is no such key.
    #[error("there is no key '{name}'{}", nearest.map(|word| format!("; did you mean {word}?")).unwrap_or_default())]
    Unknown {
        /// What stands there.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A terminal makes another key of it.
    #[error("terminals send {name} as {sent}, so it cannot be told from it")]
    SentAs {
        /// What stands there.
        name: String,
        /// What arrives.
        sent: String,
    },
    /// A terminal makes nothing of it that arrives as one key.
    #[error("terminals do not send {0}")]
    NotSent(String),
    /// It is typed into the line.
    #[error("{0} is typed into the line; put ctrl- or alt- before it")]
    Letter(String),
}

/// Keys that write nothing; where one has two names, the first is shown.
const NAMED: [(&str, KeyCode); 20] = [
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("del", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pgup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("pgdn", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("space", KeyCode::Char(' ')),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("ctrl", KeyModifiers::CONTROL), ("alt", KeyModifiers::ALT), ("shift", KeyModifiers::SHIFT)];

/// The last function key that terminals have sequences for.
const LAST_FUNCTION: u8 = 20;

impl Key {
    /// The key of an event.
    pub(super) fn of(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(character) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(one_of_control(character))
            }
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    /// What it writes.
    pub(super) const fn letter(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }

    /// It, and what it counts as where nothing is bound to it: a key that writes nothing is itself
    /// whatever is held down.
    pub(super) fn readings(self) -> impl Iterator<Item = Self> {
        let is_letter = matches!(self.code, KeyCode::Char(_));
        let less = [self.modifiers - KeyModifiers::SHIFT, KeyModifiers::NONE];
        let others = less.into_iter().filter(move |_| !is_letter);
        std::iter::once(self).chain(others.map(move |modifiers| Self { modifiers, ..self }))
    }

    /// How it is called in a sentence: `Ctrl-C`.
    pub(super) fn title(self) -> String {
        let name = self.to_string();
        let is_letter = matches!(self.code, KeyCode::Char(_));
        let is_control = self.modifiers == KeyModifiers::CONTROL;
        let mut all = String::new();
        let mut parts = name.split_inclusive('-').peekable();
        while let Some(part) = parts.next() {
            // With Alt the case of a letter counts.
            let stays = parts.peek().is_none() && is_letter && !is_control;
            let mut rest = part.chars();
            match rest.next() {
                Some(first) if !stays => all.extend(first.to_uppercase().chain(rest)),
                _ => all += part,
            }
        }
        all.replace("Pageup", "PageUp").replace("Pagedown", "PageDown")
    }
}

/// Keys with Ctrl that arrive as the same byte, by one of their names.
const fn one_of_control(character: char) -> char {
    match character.to_ascii_lowercase() {
        '2' | '@' => ' ',
        '4' => '\\',
        '5' => ']',
        '6' => '^',
        '7' | '/' => '_',
        other => other,
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{name}-")?;
            }
        }
        let named = NAMED.iter().find(|(_, code)| *code == self.code);
        match (named, self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(character)) => write!(f, "{character}"),
            (None, KeyCode::F(number)) => write!(f, "f{number}"),
            (None, KeyCode::BackTab) => f.write_str("shift-tab"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

impl FromStr for Key {
    type Err = KeyFault;

    /// `MODIFIER-...KEY`; what a terminal cannot tell from another key is none.
    fn from_str(name: &str) -> Result<Self, KeyFault> {
        let (modifiers, rest) = modifiers_of(name);
        let code = code_of(rest).ok_or_else(|| unknown(name, rest))?;
        match code {
            KeyCode::Char(character) => letter(name, character, modifiers),
            code => other(name, code, modifiers),
        }
    }
}

/// What stands before the key, each with `-` or `+` behind it, and the key.
fn modifiers_of(name: &str) -> (KeyModifiers, &str) {
    let (mut modifiers, mut rest) = (KeyModifiers::NONE, name);
    while let Some((word, behind)) = rest.split_once(['-', '+']) {
        let known = MODIFIERS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known));
        match known {
            Some((_, modifier)) if !behind.is_empty() => {
                modifiers |= *modifier;
                rest = behind;
            }
            _ => break,
        }
    }
    (modifiers, rest)
}

fn code_of(name: &str) -> Option<KeyCode> {
    let mut characters = name.chars();
    if let (Some(one), None) = (characters.next(), characters.next()) {
        return (!one.is_control()).then_some(KeyCode::Char(one));
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == lower) {
        return Some(*code);
    }
    let number = lower.strip_prefix('f')?.parse().ok()?;
    (1..=LAST_FUNCTION).contains(&number).then_some(KeyCode::F(number))
}

fn unknown(name: &str, rest: &str) -> KeyFault {
    let first = rest.split(['-', '+']).next().unwrap_or_default();
    let word = if first.len() < rest.len() { first } else { rest };
    let known = NAMED.iter().map(|(known, _)| *known);
    let modifiers = MODIFIERS.iter().map(|(known, _)| *known);
    let nearest = match first.len() < rest.len() {
        true => nearest(word, modifiers),
        false => nearest(word, known),
    };
    KeyFault::Unknown { name: name.to_owned(), nearest }
}

/// A key that writes something, with Ctrl or Alt.
fn letter(name: &str, character: char, modifiers: KeyModifiers) -> Result<Key, KeyFault> {
    let code = KeyCode::Char;
    let (control, alt) = (KeyModifiers::CONTROL, KeyModifiers::ALT);
    let shifts = modifiers.contains(KeyModifiers::SHIFT);
    let rest = modifiers - KeyModifiers::SHIFT;
    let sent_as = |sent: String| Err(KeyFault::SentAs { name: name.to_owned(), sent });
    let before = if rest.contains(alt) { "alt-" } else { "" };
    if rest.is_empty() {
        return Err(KeyFault::Letter(name.to_owned()));
    }
    if rest.contains(control) {
        let one = one_of_control(character);
        return match one {
            'i' => sent_as(format!("{before}tab")),
            'm' => sent_as(format!("{before}enter")),
            '[' | '3' => sent_as(format!("{before}esc")),
            '?' | '8' => sent_as(format!("{before}backspace")),
            'a'..='z' if shifts => sent_as(Key { code: code(one), modifiers: rest }.to_string()),
            'a'..='z' | ' ' | '\\' | ']' | '^' | '_' => {
                Ok(Key { code: code(one), modifiers: rest })
            }
            _ => Err(KeyFault::NotSent(name.to_owned())),
        };
    }
    match character {
        // What they begin are the sequences of other keys.
        '[' | 'O' | 'o' if character != 'o' || shifts => Err(KeyFault::NotSent(name.to_owned())),
        _ if !shifts => Ok(Key { code: code(character), modifiers: rest }),
        _ => match character.to_uppercase().next() {
            Some(upper) if character.is_alphabetic() => {
                Ok(Key { code: code(upper), modifiers: rest })
            }
            _ => Err(KeyFault::NotSent(name.to_owned())),
        },
    }
}

/// A key that writes nothing.
fn other(name: &str, code: KeyCode, modifiers: KeyModifiers) -> Result<Key, KeyFault> {
    let (control, shift) = (KeyModifiers::CONTROL, KeyModifiers::SHIFT);
    let lost = match code {
        KeyCode::Tab if modifiers == shift => {
            return Ok(Key { code: KeyCode::BackTab, modifiers: KeyModifiers::NONE });
        }
        KeyCode::Tab | KeyCode::Enter => control | shift,
        KeyCode::Esc => KeyModifiers::all(),
        KeyCode::Backspace => shift,
        _ => KeyModifiers::NONE,
    };
    if modifiers.intersects(lost) {
        let sent = Key { code, modifiers: modifiers - lost }.to_string();
        return Err(KeyFault::SentAs { name: name.to_owned(), sent });
    }
    Ok(Key { code, modifiers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> String {
        name.parse::<Key>().map_or_else(|fault| fault.to_string(), |key| key.to_string())
    }

    #[test]
    fn keys_have_one_name() {
        for (name, expected) in [
            ("ctrl-n", "ctrl-n"),
            ("Ctrl+N", "ctrl-n"),
            ("alt-A", "alt-A"),
            ("alt-shift-a", "alt-A"),
            ("alt-ctrl-x", "ctrl-alt-x"),
            ("ctrl-/", "ctrl-_"),
            ("ctrl-@", "ctrl-space"),
            ("shift-tab", "shift-tab"),
            ("PgUp", "pageup"),
            ("ctrl-shift-left", "ctrl-shift-left"),
            ("alt--", "alt--"),
            ("alt-ф", "alt-ф"),
            ("F12", "f12"),
        ] {
            assert_eq!(shown(name), expected, "{name}");
            assert_eq!(shown(expected), expected);
        }
    }

    #[test]
    fn what_no_terminal_sends_is_no_key() {
        for (name, expected) in [
            ("ctrl-i", "terminals send ctrl-i as tab, so it cannot be told from it"),
            ("ctrl-M", "terminals send ctrl-M as enter, so it cannot be told from it"),
            ("ctrl-[", "terminals send ctrl-[ as esc, so it cannot be told from it"),
            ("ctrl-alt-i", "terminals send ctrl-alt-i as alt-tab, so it cannot be told from it"),
            ("ctrl-shift-n", "terminals send ctrl-shift-n as ctrl-n, so it cannot be told from it"),
            ("shift-enter", "terminals send shift-enter as enter, so it cannot be told from it"),
            ("ctrl-1", "terminals do not send ctrl-1"),
            ("ctrl-ж", "terminals do not send ctrl-ж"),
            ("alt-[", "terminals do not send alt-["),
            ("alt-shift-o", "terminals do not send alt-shift-o"),
            ("x", "x is typed into the line; put ctrl- or alt- before it"),
            ("shift-x", "shift-x is typed into the line; put ctrl- or alt- before it"),
            ("pagup", "there is no key 'pagup'; did you mean pageup?"),
            ("crtl-a", "there is no key 'crtl-a'; did you mean ctrl?"),
            ("f99", "there is no key 'f99'"),
            ("", "there is no key ''"),
            ("ctrl-", "there is no key 'ctrl-'; did you mean ctrl?"),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
    }

    #[test]
    fn keys_are_named_in_sentences() {
        for (name, title) in
            [("ctrl-c", "Ctrl-C"), ("alt-a", "Alt-a"), ("esc", "Esc"), ("alt--", "Alt--")]
        {
            assert_eq!(name.parse::<Key>().unwrap().title(), title);
        }
    }
}
