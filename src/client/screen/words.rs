//! What the full screen says, in both languages.

use super::keys::{Action, Keymap};
use crate::message::{Language, visible};

/// One of two texts.
pub(super) const fn either<'a>(language: Language, english: &'a str, russian: &'a str) -> &'a str {
    match language {
        Language::English => english,
        Language::Russian => russian,
    }
}

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// A connection is being made, or its server has still to let us in.
    Connecting,
    /// We are in.
    Online,
    /// The connection is lost; the next is tried at this uptime.
    Lost { until: std::time::Duration },
}

/// The state, in a few words; `seconds` is how long it lasts.
pub(super) fn connection(connection: &Connection, seconds: u64, language: Language) -> String {
    match (connection, language) {
        (Connection::Connecting, Language::English) => "connecting...".into(),
        (Connection::Connecting, Language::Russian) => "подключение...".into(),
        (Connection::Online, Language::English) => "online".into(),
        (Connection::Online, Language::Russian) => "в сети".into(),
        (Connection::Lost { .. }, Language::English) => {
            format!("NOT CONNECTED, again in {seconds} s")
        }
        (Connection::Lost { .. }, Language::Russian) => {
            format!("НЕТ СВЯЗИ, повтор через {seconds} с")
        }
    }
}

/// What has to be confirmed before so many lines are sent.
pub(super) fn send_lines(lines: usize, keys: &Keymap, language: Language) -> String {
    let mut text = match language {
        Language::English => format!("Send {lines} lines?"),
        Language::Russian => format!("Послать строк: {lines}?"),
    };
    let yes = (Action::Enter, either(language, "yes", "да"));
    let no = (Action::Escape, either(language, "no", "нет"));
    let mut before = " ";
    for (action, word) in [yes, no] {
        if let Some(key) = keys.title(action) {
            text += &format!("{before}{key}: {word}");
            before = ", ";
        }
    }
    text
}

/// What leads from the past to the end of a conversation, and a page on where there is room for it.
pub(super) fn to_the_end(keys: &Keymap, language: Language, is_wide: bool) -> Option<String> {
    let page = keys.title(Action::PageDown).filter(|_| is_wide);
    let page = page.map(|key| format!("{key}: {}", either(language, "on", "дальше")));
    let end = keys.title(Action::Escape).or_else(|| keys.title(Action::Newest));
    let end = end.map(|key| format!("{key}: {}", either(language, "to the end", "в конец")));
    let parts: Vec<String> = page.into_iter().chain(end).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What ends the client, said when the line that is to be taken away is empty.
pub(super) fn once_more(keys: &Keymap, language: Language) -> String {
    let again = keys.title(Action::Interrupt).unwrap_or_default();
    let other = keys.title(Action::Quit).or_else(|| keys.title(Action::EndOfInput));
    let other = other.map(|key| format!(", {key}")).unwrap_or_default();
    match language {
        Language::English => format!("{again} once more{other} or /quit ends"),
        Language::Russian => format!("завершают еще одно {again}{other} или /quit"),
    }
}

/// That a message of ours did not arrive, or perhaps not.
pub(super) fn undelivered(text: &str, is_unsure: bool, language: Language) -> String {
    let text = visible(text);
    match (is_unsure, language) {
        (false, Language::English) => format!("NOT delivered (the up arrow finds it): {text}"),
        (false, Language::Russian) => format!("НЕ дошло (найдёт стрелка вверх): {text}"),
        (true, Language::English) => {
            format!(
                "perhaps not delivered, for the connection was lost (the up arrow finds it): {text}"
            )
        }
        (true, Language::Russian) => {
            format!("могло не дойти, связь прервалась (найдёт стрелка вверх): {text}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn hints_name_the_keys_that_count() {
        let usual = Keymap::default();
        let keys = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let own = Keymap::with(&BTreeMap::from([
            ("interrupt", keys(&["ctrl-g"])),
            ("erase-or-quit", keys(&[])),
            ("back", keys(&[])),
            ("scroll-to-end", keys(&["f8"])),
        ]));
        let none = Keymap::with(&BTreeMap::from([
            ("back", keys(&[])),
            ("scroll-to-end", keys(&[])),
            ("quit", keys(&["f10"])),
        ]));
        let english = Language::English;
        for (map, ends, sends, end) in [
            (
                &usual,
                "Ctrl-C once more, Ctrl-D or /quit ends",
                "Send 6 lines? Enter: yes, Esc: no",
                Some("Esc: to the end"),
            ),
            (
                &own,
                "Ctrl-G once more or /quit ends",
                "Send 6 lines? Enter: yes",
                Some("F8: to the end"),
            ),
            (&none, "Ctrl-C once more, F10 or /quit ends", "Send 6 lines? Enter: yes", None),
        ] {
            assert_eq!(once_more(map, english), ends);
            assert_eq!(send_lines(6, map, english), sends);
            assert_eq!(to_the_end(map, english, false).as_deref(), end);
        }
        let wide = to_the_end(&usual, english, true);
        assert_eq!(wide.as_deref(), Some("PageDown: on, Esc: to the end"));
    }
}
