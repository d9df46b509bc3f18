//! The added actions as this client asks for them.

use super::bounds::PAGE_MESSAGES;
use super::outgoing::Request;
use super::words::Notice;
use serde::Serialize;

/// Which of the added actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the actions of PROTOCOL.md")]
pub enum What {
    Who,
    Rooms,
    Members,
    Topic,
    Hide,
    Show,
    Destroy,
    Invite,
    Kick,
    Ban,
    Unban,
    Op,
    Deop,
    GetContacts,
    AddContact,
    DelContact,
    History,
    Search,
    Ack,
}

impl What {
    /// The `action`.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::Rooms => "rooms",
            Self::Members => "members",
            Self::Topic => "topic",
            Self::Hide => "hide",
            Self::Show => "show",
            Self::Destroy => "destroy",
            Self::Invite => "invite",
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Op => "op",
            Self::Deop => "deop",
            Self::GetContacts => "get_contacts",
            Self::AddContact => "add_contact",
            Self::DelContact => "del_contact",
            Self::History => "history",
            Self::Search => "search",
            Self::Ack => "ack",
        }
    }
}

/// One such request; the fields that are not needed stay `None` and are not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// The action.
    #[serde(skip)]
    pub what: What,
    /// A room, with its `#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Another user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// A new topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Whom a list of contacts is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// A user, a room or the common chat whose messages are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// What is searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Only messages before this `msg_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Only messages after this `msg_id`, or entries after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The most entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_id: Option<String>,
}

impl Ask {
    /// What the user is told instead of the server being asked: that it shows no past, or that what
    /// cannot be undone has to be typed twice (`confirming` is what was typed before).
    pub(super) fn hindrance(&self, has_history: bool, confirming: Option<&Self>) -> Option<Notice> {
        let reads_past = matches!(self.what, What::History | What::Search);
        if reads_past && !has_history {
            return Some(Notice::NoHistory);
        }
        let is_final = self.what == What::Destroy && confirming != Some(self);
        is_final.then(|| Notice::Confirm { room: self.room.clone().unwrap_or_default() })
    }

    /// A request without any field.
    #[must_use]
    pub const fn new(what: What) -> Self {
        Self {
            what,
            room: None,
            target: None,
            topic: None,
            contact: None,
            with: None,
            query: None,
            before: None,
            after: None,
            limit: None,
            msg_id: None,
        }
    }

    /// The request to be sent; a page has no more entries than servers grant.
    #[must_use]
    pub fn request(&self) -> Request {
        let limit = self.limit.map(|limit| limit.min(PAGE_MESSAGES));
        Request::Added(Box::new(Self { limit, ..self.clone() }))
    }
}
