//! The full screen client: rooms and people on the left, the conversation in the middle, who is in
//! it on the right, a line to type in below.
//!
//! [`chat`] is the state machine: keys and what the server says go in, requests and what is shown
//! come out; it knows no terminal, no socket and no clock. [`view`] draws what it holds,
//! [`driver`] joins it with the terminal, the socket and the clock.

mod answering;
pub mod chat;
mod colours;
mod completion;
mod conversation;
pub mod driver;
mod emoji;
mod files;
mod input;
mod key;
mod key_table;
mod keys;
mod layout;
mod line;
mod marks;
mod model;
mod notify;
mod outbox;
mod paint;
mod past;
mod paths;
mod prompt;
mod reading;
mod scroll;
mod sending;
pub mod terminal;
#[cfg(test)]
mod tests;
mod text;
pub mod theme;
mod typed;
mod typing;
mod unsure;
mod view;
mod words;

pub use colours::{Depth, LookFault};
pub use key::{Key, KeyFault};
pub use key_table::{KEY_ROWS, Row as KeyRow};
pub use keys::Keymap;
pub use notify::{Attention, Notification};
pub use theme::Theme;

/// What somebody likes the full screen to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// The looks of everything.
    pub theme: Theme,
    /// What keys do.
    pub keys: Keymap,
}
