//! Rooms and who is a member of them. A room outlives its last member.

use super::by_id::{ById, Ids};
use super::users::AudienceIds;
use crate::message::{
    AccountId, AudienceId, Membership, MessageId, Name, Role, RoomId, RoomRecord,
};
use std::collections::HashMap;

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) record: RoomRecord,
    /// Its members, connected or not.
    pub(super) members: ById<AccountId, Member>,
    /// How many of them are connected.
    pub(super) online: usize,
    /// Who cannot enter.
    pub(super) banned: Ids<AccountId>,
    /// Who may enter though it is hidden.
    pub(super) invited: Ids<AccountId>,
    /// Its members' connections.
    pub(super) audience: AudienceId,
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
    rooms: ById<RoomId, Room>,
    by_name: HashMap<Name, RoomId>,
}

impl Rooms {
    /// Puts a room in, or brings what is known of it up to date; says its audience.
    pub(super) fn put(&mut self, record: RoomRecord, ids: &mut AudienceIds) -> AudienceId {
        if let Some(room) = self.rooms.get_mut(&record.id) {
            room.record = record;
            return room.audience;
        }
        self.by_name.insert(record.name.clone(), record.id);
        let audience = ids.take();
        let room = Room {
            members: ById::default(),
            online: 0,
            banned: Ids::default(),
            invited: Ids::default(),
            audience,
            record,
        };
        self.rooms.insert(room.record.id, room);
        audience
    }

    /// Puts a membership in; false if the room is unknown or the member was in it already.
    pub(super) fn add_member(&mut self, membership: &Membership) -> bool {
        let member = Member { role: membership.role, position: membership.position };
        self.rooms
            .get_mut(&membership.room)
            .is_some_and(|room| room.members.insert(membership.account, member).is_none())
    }

    pub(super) fn remove_member(&mut self, room: RoomId, account: AccountId) -> bool {
        self.rooms.get_mut(&room).is_some_and(|room| room.members.remove(&account).is_some())
    }

    /// Takes a room out; says its audience.
    pub(super) fn take(&mut self, id: RoomId) -> Option<AudienceId> {
        let room = self.rooms.remove(&id)?;
        self.by_name.remove(&room.record.name);
        Some(room.audience)
    }

    pub(super) fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// A room by its name with the `#`, in NFC.
    pub(super) fn named(&self, name: &str) -> Option<&Room> {
        self.by_name.get(name).and_then(|id| self.rooms.get(id))
    }
}
