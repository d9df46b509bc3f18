//! What is said, as values: requests, replies, effects' payloads, names, codes and texts.
//!
//! Nothing here knows JSON, sockets or rules. `wire` makes these values out of bytes and bytes out
//! of them; `chat` decides with them.

mod code;
mod durability;
mod identity;
mod job;
mod lookalike;
mod name;
mod phrase;
mod phrase_english;
mod phrase_russian;
mod precis;
mod request;
mod visible;

pub use code::Code;
pub use durability::Durability;
pub use identity::{AccountId, AudienceId, ConnectionId, Now, RoomId};
pub use job::{AccountRecord, Done, Job, Membership, RoomRecord, Secret, Snapshot};
pub use lookalike::Skeletons;
pub use name::{Name, NameFault};
pub use phrase::{Facts, Spoken};
pub use phrase::{JsonFault, Junk, Language, Phrase, Reply};
pub(crate) use precis::in_precis;
pub use request::{Field, Request, Time};
pub use visible::{Escaping, Visible, visible};
