//! Rooms and who is a member of them. A room outlives its last member.

use super::by_id::{ById, Ids};
use super::users::AudienceIds;
use crate::message::{
    AccountId, AudienceId, Membership, MessageId, Name, Role, RoomId, RoomRecord,
};
use slab::Slab;
use std::collections::HashMap;

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) record: RoomRecord,
    /// Its members, connected or not.
    pub(super) members: ById<AccountId, Member>,
    /// How many of them are connected.
    pub(super) online: usize,
    /// Who may and may not enter, once something was said of that.
    entrance: Option<Box<Entrance>>,
    /// Its members' connections.
    pub(super) audience: AudienceId,
}

// A message to one of thousands of rooms finds none of it in the processor's cache.
const _: () = assert!(size_of::<Room>() <= 128);

/// Who may enter a room, and who may not.
#[derive(Debug, Default)]
struct Entrance {
    /// Who cannot enter.
    banned: Ids<AccountId>,
    /// Who may enter though it is hidden.
    invited: Ids<AccountId>,
}

/// What a member is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    /// What it may do.
    pub(super) role: Role,
    /// The newest message's number when it joined.
    pub(super) position: MessageId,
}

/// What a member may do in a room, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Read and write.
    Member,
    /// And decide who else may.
    Op,
    /// And all the rest.
    Owner,
}

impl Room {
    /// What an account may do here; `None` for who is no member.
    pub(super) fn standing(&self, account: AccountId) -> Option<Standing> {
        let member = self.members.get(&account)?;
        Some(match member.role {
            _ if self.is_owner(account) => Standing::Owner,
            Role::Op => Standing::Op,
            Role::Member => Standing::Member,
        })
    }

    /// Keeps an account out.
    pub(super) fn ban(&mut self, account: AccountId) {
        self.uninvite(account);
        self.entrance.get_or_insert_default().banned.insert(account);
    }

    /// Keeps it out no longer.
    pub(super) fn unban(&mut self, account: AccountId) {
        if let Some(entrance) = &mut self.entrance {
            entrance.banned.remove(&account);
        }
    }

    /// Lets an account enter though the room is hidden.
    pub(super) fn invite(&mut self, account: AccountId) {
        self.entrance.get_or_insert_default().invited.insert(account);
    }

    /// The invitation is used, or taken back.
    pub(super) fn uninvite(&mut self, account: AccountId) {
        if let Some(entrance) = &mut self.entrance {
            entrance.invited.remove(&account);
        }
    }

    /// Whether an account cannot enter.
    pub(super) fn bans(&self, account: AccountId) -> bool {
        self.entrance.as_ref().is_some_and(|entrance| entrance.banned.contains(&account))
    }

    /// Whether an account may enter though the room is hidden.
    pub(super) fn invites(&self, account: AccountId) -> bool {
        self.entrance.as_ref().is_some_and(|entrance| entrance.invited.contains(&account))
    }

    /// Whether the room is this account's.
    pub(super) fn is_owner(&self, account: AccountId) -> bool {
        self.record.owner == Some(account)
    }

    /// Whether an account sees the room: a hidden one only as its member.
    pub(super) fn is_seen_by(&self, account: Option<AccountId>) -> bool {
        !self.record.hidden || account.is_some_and(|id| self.members.contains_key(&id))
    }
}

/// All rooms, by number and by name.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: Slab<Room>,
    by_id: ById<RoomId, usize>,
    /// What a message to a room is looked up in, so it leads to the room itself and not to its number.
    by_name: HashMap<Name, usize>,
}

impl Rooms {
    /// Puts a room in, or brings what is known of it up to date; says its audience.
    pub(super) fn put(&mut self, record: RoomRecord, ids: &mut AudienceIds) -> AudienceId {
        if let Some(room) = self.get_mut(record.id) {
            room.record = record;
            return room.audience;
        }
        let (id, name, audience) = (record.id, record.name.clone(), ids.take());
        let (members, online, entrance) = (ById::default(), 0, None);
        let place = self.rooms.insert(Room { record, members, online, entrance, audience });
        self.by_id.insert(id, place);
        self.by_name.insert(name, place);
        audience
    }

    /// Puts a membership in; false if the room is unknown or the member was in it already.
    pub(super) fn add_member(&mut self, membership: &Membership) -> bool {
        let member = Member { role: membership.role, position: membership.position };
        self.get_mut(membership.room)
            .is_some_and(|room| room.members.insert(membership.account, member).is_none())
    }

    pub(super) fn remove_member(&mut self, room: RoomId, account: AccountId) -> bool {
        self.get_mut(room).is_some_and(|room| room.members.remove(&account).is_some())
    }

    /// Takes a room out; says its audience.
    pub(super) fn take(&mut self, id: RoomId) -> Option<AudienceId> {
        let room = self.rooms.try_remove(self.by_id.remove(&id)?)?;
        self.by_name.remove(&room.record.name);
        Some(room.audience)
    }

    pub(super) fn get(&self, id: RoomId) -> Option<&Room> {
        self.by_id.get(&id).and_then(|place| self.rooms.get(*place))
    }

    pub(super) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.by_id.get(&id).and_then(|place| self.rooms.get_mut(*place))
    }

    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.iter().map(|(_, room)| room)
    }

    /// A room by its name with the `#`, in NFC.
    pub(super) fn named(&self, name: &str) -> Option<&Room> {
        self.by_name.get(name).and_then(|place| self.rooms.get(*place))
    }
}
