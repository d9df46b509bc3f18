//! The lines of an export: JSON, one object each.

use serde::{Deserialize, Serialize};

/// The version of this form.
pub(super) const VERSION: u32 = 1;

/// One line. Moments are microseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
    JimExport(Header),
    Account(Account),
    Room(Room),
    Membership(Membership),
}

/// The first line. The numbers, which show a file that is cut short, may be left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) accounts: Option<u64>,
    pub(super) rooms: Option<u64>,
    pub(super) memberships: Option<u64>,
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
