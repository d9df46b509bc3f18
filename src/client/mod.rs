//! The terminal client.
//!
//! [`session`] is the conversation with the server, without its socket; a [`mode`] (reader,
//! writer, talker, player of a script) decides what is sent and shown, without any I/O either;
//! [`event_loop`] joins them with the socket, the keyboard and the clock.

mod acks;
mod answers;
pub mod ask;
mod attachment;
pub mod bounds;
mod changing;
mod command_table;
mod commands;
pub mod console;
pub mod console_chat;
mod cutter;
#[cfg(test)]
mod dialect_tests;
pub mod entry;
pub mod event;
pub mod event_loop;
pub mod exchange;
pub mod exit;
mod farewell;
pub mod fault;
pub mod guest;
pub mod incoming;
pub mod input;
mod keyboard;
mod link;
pub mod listing;
mod missed;
pub mod mode;
pub mod options;
mod options_conflicts;
mod options_dialects;
mod options_files;
pub mod options_tls;
pub mod outgoing;
mod output;
pub mod pair;
pub mod passwords;
pub mod player;
pub mod profile;
pub mod reader;
mod register;
pub mod render;
mod retry;
pub mod screen;
pub mod script;
mod seen;
pub mod session;
pub mod settings;
pub mod setup;
pub mod shell;
pub mod since;
pub mod spawn;
pub mod split;
mod state;
pub mod talker;
mod talker_files;
pub mod timeline;
pub mod transfer;
pub mod words;
mod words_tls;
pub mod writer;
