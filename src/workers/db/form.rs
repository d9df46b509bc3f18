//! The lines of an export: JSON, one object each.

use crate::message::MessageId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The version of this form.
pub(super) const VERSION: u32 = 3;

/// One line. Moments are microseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
    JimExport(Header),
    Account(Account),
    Room(Room),
    Membership(Membership),
    Invitation(Invitation),
    Ban(InRoom),
    Invited(InRoom),
    Contact(Contact),
    Message(Message),
    Attachment(Attachment),
}

/// The first line. The numbers, which show a file that is cut short, may be left out. `ceiling` is
/// behind every number that a message may have had.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) accounts: Option<u64>,
    pub(super) rooms: Option<u64>,
    pub(super) memberships: Option<u64>,
    pub(super) invitations: Option<u64>,
    pub(super) bans: Option<u64>,
    pub(super) invited: Option<u64>,
    pub(super) contacts: Option<u64>,
    pub(super) messages: Option<u64>,
    pub(super) attachments: Option<u64>,
    #[serde(default)]
    pub(super) ceiling: Id,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) phc: String,
    pub(super) blocked: bool,
    pub(super) created: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Room {
    pub(super) name: String,
    pub(super) owner: Option<String>,
    #[serde(default)]
    pub(super) topic: String,
    #[serde(default)]
    pub(super) hidden: bool,
    pub(super) created: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Membership {
    pub(super) room: String,
    pub(super) account: String,
    pub(super) role: Role,
    pub(super) since: u64,
    #[serde(default)]
    pub(super) position: Id,
}

/// `code_hash` is 64 hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invitation {
    pub(super) code_hash: String,
    pub(super) room: Option<String>,
    pub(super) uses: u32,
    pub(super) used: u32,
    pub(super) created: u64,
    pub(super) expires: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InRoom {
    pub(super) room: String,
    pub(super) account: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contact {
    pub(super) account: String,
    pub(super) contact: String,
}

/// A message of a room, of two accounts (`direct`), else of the common chat. `sender` is null for a
/// guest, and for an account that is gone. `text` is where in the bytes of the object the text is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub(super) id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direct: Option<(String, String)>,
    pub(super) sender: Option<String>,
    pub(super) time: u64,
    pub(super) in_history: bool,
    pub(super) text: (u32, u32),
    pub(super) waits_for: Vec<String>,
    /// The object as JSON text, its bytes as they were delivered.
    pub(super) object: String,
}

/// A file that is whole, of a place as a message. `message` is the message that announced it, where
/// that is kept. The content is elsewhere, under its `sha256`, 64 hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attachment {
    pub(super) id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direct: Option<(String, String)>,
    pub(super) sender: Option<String>,
    pub(super) created: u64,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) text: String,
    pub(super) sha256: String,
    pub(super) message: Option<Id>,
}

/// A message's number, written as clients see it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Id(pub(super) MessageId);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let id = MessageId::parse(&text);
        id.map(Self)
            .ok_or_else(|| de::Error::custom("a message's number has 16 digits, 0-9 and a-f"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Member,
    Op,
}

impl Role {
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Op => "op",
        }
    }

    /// What stands in the table, whose rule knows only the two.
    pub(super) fn stored(text: &str) -> Self {
        if text == "op" { Self::Op } else { Self::Member }
    }
}
