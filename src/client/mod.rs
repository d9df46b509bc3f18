//! The terminal client.
//!
//! [`session`] is the conversation with the server, without its socket; a [`mode`] (reader,
//! writer, talker, player of a script) decides what is sent and shown, without any I/O either;
//! [`event_loop`] joins them with the socket, the keyboard and the clock.

pub mod bounds;
pub mod console;
mod cutter;
pub mod entry;
pub mod event_loop;
pub mod exit;
pub mod fault;
pub mod guest;
pub mod incoming;
pub mod input;
mod keyboard;
mod link;
pub mod mode;
pub mod options;
pub mod outgoing;
mod output;
pub mod player;
pub mod reader;
pub mod render;
mod retry;
pub mod script;
pub mod session;
pub mod setup;
pub mod split;
pub mod talker;
pub mod words;
pub mod writer;
