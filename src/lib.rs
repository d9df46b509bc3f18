//! `jim`: a chat server that any program can join, and its terminal client.
//!
//! `jimd` speaks JIM (JSON instant messaging): JSON objects over TCP, one after another, with
//! nothing between them. One thread owns all chat state and every socket; only what would block
//! it (the disk, password hashing) runs on worker threads beside it.
//!
//! The floors, from the ground up, which is also the reading order:
//!
//! 1. [`limits`]: every bound, its unit in its name.
//! 2. [`message`]: requests, replies, names, codes and texts, as values.
//! 3. [`wire`]: bytes to messages and back; no sockets.
//! 4. [`chat`]: the rules; no socket, clock, thread or file.
//! 5. [`few`], [`rate`] and [`buffer`]: short lists; how often something may happen; the bounded read buffer and the output queue of shared chunks.
//! 6. [`certificate`] and [`transport`]: files of keys; how bytes reach us.
//! 7. [`workers`]: the threads that may block: storage, reading the history, password hashing.
//! 8. [`control`]: what the operator's commands and a running server say to each other.
//! 9. [`server`]: the event loop that joins them all.
//!
//! [`client`] is the terminal client, [`bench`] the measuring tool; [`config`], [`logging`],
//! [`small_file`] and [`terminal`] serve the programs.
#![forbid(unsafe_code)]

pub mod bench;
// What `#[log]` expands to names this crate as others do.
extern crate self as jim;

pub mod buffer;
pub mod certificate;
pub mod chat;
pub mod client;
pub mod config;
pub mod control;
pub mod few;
pub mod limits;
pub mod logging;
pub mod message;
pub mod rate;
pub mod server;
pub mod small_file;
pub mod terminal;
pub mod transport;
pub mod wire;
pub mod workers;
