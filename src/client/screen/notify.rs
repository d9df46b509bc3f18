//! Getting someone's attention outside of the screen: a bell, a notice of the desktop's.

use crate::message::visible;

/// How a terminal is asked to show a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notification {
    /// OSC 9: iTerm2, Windows Terminal, kitty, `WezTerm`.
    Osc9,
    /// OSC 777: urxvt, foot, Ghostty, terminals of VTE.
    Osc777,
}

/// What is done when someone writes to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attention {
    /// Whether the terminal's bell rings.
    pub bell: bool,
    /// How a notice is shown, if at all.
    pub notification: Option<Notification>,
}

/// The longest text of a notice, in characters.
const NOTICE_CHARS: usize = 120;

impl Attention {
    /// What the terminal is sent for a message.
    pub(super) fn bytes(self, from: &str, text: &str) -> String {
        let [from, text] = [from, text].map(harmless);
        let notice = match self.notification {
            Some(Notification::Osc9) => format!("\u{1b}]9;{from}: {text}\u{7}"),
            Some(Notification::Osc777) => format!("\u{1b}]777;notify;{from};{text}\u{7}"),
            None => String::new(),
        };
        if self.bell { notice + "\u{7}" } else { notice }
    }
}

/// A text that neither ends the sequence that it stands in nor adds a field to it.
fn harmless(text: &str) -> String {
    let text = visible(text).to_string().replace(';', ",");
    text.chars().take(NOTICE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_stays_within_its_notice() {
        let attention = Attention { bell: true, notification: Some(Notification::Osc777) };
        let bytes = attention.bytes("a;b", "x\u{7}\u{1b}[2J\u{9c};y");
        assert_eq!(bytes, "\u{1b}]777;notify;a,b;x\\u{7}\\u{1b}[2J\\u{9c},y\u{7}\u{7}");
        let attention = Attention { bell: false, notification: Some(Notification::Osc9) };
        assert_eq!(attention.bytes("a", "b"), "\u{1b}]9;a: b\u{7}");
        assert_eq!(Attention::default().bytes("a", "b"), "");
    }
}
