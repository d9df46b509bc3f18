//! The full screen client: rooms and people on the left, the conversation in the middle, who is in
//! it on the right, a line to type in below.
//!
//! [`chat`] is the state machine: keys and what the server says go in, requests and what is shown
//! come out; it knows no terminal, no socket and no clock. [`view`] draws what it holds,
//! [`driver`] joins it with the terminal, the socket and the clock.

mod answering;
pub mod chat;
mod completion;
mod conversation;
pub mod driver;
mod emoji;
mod files;
mod input;
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
mod typed;
mod typing;
mod view;
mod words;

pub use notify::{Attention, Notification};
