//! Passwords, typed where nothing shows them.

use super::keys::Action;
use crate::client::passwords::{Asked, Wanted};
use crate::message::{Language, Secret};
use crate::terminal::LINE_BYTES;
use zeroize::{Zeroize, Zeroizing};

/// Passwords that are being asked for.
pub(super) struct Prompt {
    wanted: Wanted,
    prompts: Vec<String>,
    answers: Vec<Secret>,
    typed: Zeroizing<String>,
}

impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prompt({:?}, {} typed)", self.wanted, self.answers.len())
    }
}

impl Prompt {
    pub(super) fn new(wanted: Wanted, language: Language) -> Self {
        let prompts = wanted.prompts(language);
        // The room is taken at once: growing would leave copies behind in memory.
        let typed = Zeroizing::new(String::with_capacity(LINE_BYTES));
        Self { wanted, prompts, answers: Vec::new(), typed }
    }

    /// What is asked now.
    pub(super) fn question(&self) -> &str {
        self.prompts.get(self.answers.len()).map(String::as_str).unwrap_or_default()
    }

    /// Takes a key; gives what came of asking, where that is over.
    pub(super) fn handle(&mut self, action: Action) -> Option<Asked> {
        match action {
            Action::Insert(character) => self.insert(character),
            Action::EraseBack => drop(self.typed.pop()),
            Action::EraseToStart | Action::EraseWordBack => self.typed.zeroize(),
            Action::Enter => return self.enter(),
            Action::Escape | Action::Interrupt => return Some(Asked::Stopped),
            Action::EndOfInput if self.typed.is_empty() => return Some(Asked::Stopped),
            _ => {}
        }
        None
    }

    /// Takes what was pasted, up to its line end.
    pub(super) fn paste(&mut self, text: &str) {
        text.chars().take_while(|c| !matches!(c, '\r' | '\n')).for_each(|c| self.insert(c));
    }

    fn insert(&mut self, character: char) {
        if self.typed.len() + character.len_utf8() <= LINE_BYTES {
            self.typed.push(character);
        }
    }

    fn enter(&mut self) -> Option<Asked> {
        self.answers.push(Secret::new(self.typed.as_str()));
        self.typed.zeroize();
        let is_over = self.answers.len() >= self.prompts.len();
        is_over.then(|| self.wanted.clone().answered(&self.answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::passwords::Change;

    fn prompt() -> Prompt {
        Prompt::new(Wanted::Register { user: "anna".into(), invite: None }, Language::English)
    }

    #[test]
    fn passwords_are_typed_one_after_the_other() {
        let mut prompt = prompt();
        assert_eq!(prompt.question(), "New password of anna: ");
        prompt.paste("geheim\nnever");
        prompt.handle(Action::Insert('x'));
        prompt.handle(Action::EraseBack);
        assert!(!format!("{prompt:?}").contains("geheim"));
        assert!(prompt.handle(Action::Enter).is_none());
        assert_eq!(prompt.question(), "Again: ");
        prompt.paste("geheim");
        let Some(Asked::Typed(Change::Register { password, .. })) = prompt.handle(Action::Enter)
        else {
            panic!("not registered");
        };
        assert_eq!(password, Secret::new("geheim"));
    }

    #[test]
    fn asking_can_be_left() {
        for action in [Action::Escape, Action::Interrupt, Action::EndOfInput] {
            assert!(matches!(prompt().handle(action), Some(Asked::Stopped)));
        }
    }
}
