//! What the server itself says, as JSON: compact, in raw UTF-8, one object a line; and what it adds
//! to the objects that it hands on.
//!
//! Whatever a terminal could obey or a reader take for a line end is escaped, so that one object is
//! one line and nothing in a name moves a cursor.

mod file;
pub(in crate::wire) mod json;
mod listing;
mod notice;
mod reply;
mod splice;

pub use notice::{notice, probe};
pub use reply::reply;
pub use splice::{marked, push_with_sender};
