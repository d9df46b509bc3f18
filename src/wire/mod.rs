//! Bytes to messages and back; no socket, no clock, no rule of the chat.
//!
//! A connection's first bytes say which wire it speaks ([`detect`]). On the JIM wire a
//! [`jim::Decoder`] cuts the stream into objects and reads each one's envelope in a single pass,
//! borrowing from the bytes that came; [`encode`] writes what the server itself says. A message
//! that is relayed is never decoded and written again: its own bytes are passed on.
//!
//! In the order in which bytes meet them: [`detect`], [`jim`] (the stream), `scan` (where an object
//! ends that is not whole or not valid), `envelope` (an object's fields), `lexer` (JSON values and
//! the rules that serde leaves open), `keys`, `cursor`, `text`.

pub mod attachment;
pub mod console;
mod cursor;
pub mod detect;
pub mod encode;
mod envelope;
pub mod exchange;
pub mod jim;
mod keys;
mod lexer;
pub mod proxy;
mod relayed;
mod scan;
#[cfg(test)]
mod tests;
mod text;

pub use detect::Wire;
pub use jim::{Decoded, Decoder};
pub use relayed::{Relayed, relayed};
