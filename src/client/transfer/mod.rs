//! Files: sent to a room or a user, and got from there.
//!
//! [`Upload`](upload) and [`Download`](download) say what to ask next and take the answers; they
//! know files, but neither socket nor clock. A queue has them take turns on one conversation, be it
//! beside a chat or for the commands `send` and `get`.

mod cancel;
mod courier;
mod download;
mod hash;
mod memory;
mod progress;
mod protocol;
mod queue;
mod size;
mod source;
mod stop;
mod target;
#[cfg(test)]
mod tests;
mod upload;
mod words;
mod words_cancel;

pub(super) use courier::{Courier, Errand};
pub(super) use hash::hex_of;
pub(super) use memory::Memory;
pub use progress::Progress;
pub use protocol::{Attachment, FileAnswer, FileAsked, FileRequest};
pub(super) use queue::{Style, Transfers};
pub(super) use size::size_text;
pub(super) use source::Source;
pub use stop::Stop;
pub(super) use target::Place;
pub use words::FileNotice;
pub use words_cancel::CancelNotice;
