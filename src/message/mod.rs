//! What is said, as values: requests, replies, effects' payloads, names, codes and texts.
//!
//! Nothing here knows JSON, sockets or rules. `wire` makes these values out of bytes and bytes out
//! of them; `chat` decides with them.

mod announcement;
mod attachment;
mod change;
mod code;
mod command;
mod dialect;
mod durability;
mod feature;
mod file_notice;
mod identity;
mod job;
mod lookalike;
mod message_id;
mod name;
mod network;
mod notice;
mod phrase;
mod phrase_english;
mod phrase_files;
mod phrase_russian;
mod phrase_wires;
mod precis;
mod reply;
mod request;
mod stored;
mod visible;

pub use announcement::Announcement;
pub use attachment::{
    Announced, AttachmentBounds, AttachmentRecord, PutData, PutFault, Sha256, Upload,
};
pub use change::{Change, Role};
pub use code::Code;
pub use command::{COMMAND_MARK, Hand, Told};
pub use dialect::Dialect;
pub use durability::Durability;
pub use feature::Features;
pub use file_notice::{FileNotice, file_in_words};
pub use identity::{AccountId, AudienceId, ConnectionId, Now, RoomId};
pub use job::{AccountList, AccountRecord, Done, Job, Membership, RoomRecord, Secret, Snapshot};
pub use lookalike::Skeletons;
pub use message_id::{Mark, MessageId};
pub use name::{Name, NameFault};
pub use network::{BadNetwork, Network};
pub use notice::Notice;
pub use phrase::{Deed, JsonFault, Junk, Language, Listed, Phrase, RoomState};
pub use phrase::{Facts, Spoken};
pub(crate) use precis::in_precis;
pub use reply::{
    Extra, FileFacts, Kept, Listing, MemberEntry, Reply, Retention, RoomEntry, RoomKept, UserEntry,
};
pub use request::{Field, Rare, Request, Time};
pub use stored::{
    Conversation, HistoryQuery, Page, PageMessage, Place, SearchQuery, StoredMessage,
};
pub use visible::{Escaping, Visible, visible};
