//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

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
    Suspend,
    Redraw,
}

/// What a key asks for, if anything.
pub(super) fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let modifiers = key.modifiers - KeyModifiers::SHIFT;
    match key.code {
        KeyCode::Char(character) if modifiers == KeyModifiers::CONTROL => {
            control(character.to_ascii_lowercase())
        }
        KeyCode::Char(character) if modifiers == KeyModifiers::ALT => alt(character),
        KeyCode::Char(character) if modifiers.is_empty() => Some(Action::Insert(character)),
        KeyCode::Char(_) => None,
        code => named(code, modifiers),
    }
}

const fn control(character: char) -> Option<Action> {
    Some(match character {
        'a' => Action::Start,
        'b' => Action::Left,
        'c' => Action::Interrupt,
        'd' => Action::EndOfInput,
        'e' => Action::End,
        'f' => Action::Right,
        'h' => Action::EraseBack,
        'j' => Action::NewLine,
        'k' => Action::EraseToEnd,
        'l' => Action::Redraw,
        'n' => Action::NextConversation,
        'p' => Action::FormerConversation,
        'u' => Action::EraseToStart,
        'w' => Action::EraseWordBack,
        'y' => Action::Yank,
        'z' => Action::Suspend,
        // Ctrl-_ arrives as Ctrl-7.
        '7' | '_' => Action::Undo,
        _ => return None,
    })
}

fn alt(character: char) -> Option<Action> {
    Some(match character {
        'a' => Action::NextNews,
        'b' => Action::WordLeft,
        'd' => Action::EraseWordForward,
        'f' => Action::WordRight,
        '<' => Action::Oldest,
        '>' => Action::Newest,
        '1'..='9' => Action::Choose(usize::try_from(character.to_digit(10)?).ok()? - 1),
        '0' => Action::Choose(9),
        _ => return None,
    })
}

fn named(code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
    let is_word = modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    Some(match code {
        KeyCode::Enter if modifiers.contains(KeyModifiers::ALT) => Action::NewLine,
        KeyCode::Enter => Action::Enter,
        KeyCode::Backspace if is_word => Action::EraseWordBack,
        KeyCode::Backspace => Action::EraseBack,
        KeyCode::Delete if is_word => Action::EraseWordForward,
        KeyCode::Delete => Action::EraseForward,
        KeyCode::Left if is_word => Action::WordLeft,
        KeyCode::Left => Action::Left,
        KeyCode::Right if is_word => Action::WordRight,
        KeyCode::Right => Action::Right,
        KeyCode::Home if is_word => Action::Oldest,
        KeyCode::Home => Action::Start,
        KeyCode::End if is_word => Action::Newest,
        KeyCode::End => Action::End,
        KeyCode::Up if is_word => Action::FormerConversation,
        KeyCode::Up => Action::Up,
        KeyCode::Down if is_word => Action::NextConversation,
        KeyCode::Down => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::Tab => Action::Complete,
        KeyCode::BackTab => Action::CompleteBack,
        KeyCode::Esc => Action::Escape,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_readline_users_expect() {
        let key = |code, modifiers| action(KeyEvent::new(code, modifiers));
        let (none, control, alt) = (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT);
        for (code, modifiers, expected) in [
            (KeyCode::Char('ж'), none, Action::Insert('ж')),
            (KeyCode::Char('Ж'), KeyModifiers::SHIFT, Action::Insert('Ж')),
            (KeyCode::Char('w'), control, Action::EraseWordBack),
            (KeyCode::Char('u'), control, Action::EraseToStart),
            (KeyCode::Backspace, alt, Action::EraseWordBack),
            (KeyCode::Left, control, Action::WordLeft),
            (KeyCode::Char('3'), alt, Action::Choose(2)),
            (KeyCode::Up, alt, Action::FormerConversation),
            (KeyCode::Enter, alt, Action::NewLine),
        ] {
            assert_eq!(key(code, modifiers), Some(expected), "{code:?} {modifiers:?}");
        }
        assert_eq!(key(KeyCode::Char('x'), control | alt), None);
        assert_eq!(key(KeyCode::F(1), none), None);
    }
}
