//! Rooms and who is a member of them. A room outlives its last member.

use super::users::AudienceIds;
use crate::message::{AccountId, AudienceId, Membership, Name, RoomId, RoomRecord};
use std::collections::{HashMap, HashSet};

/// A room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) record: RoomRecord,
    /// Its members, connected or not.
    pub(super) members: HashSet<AccountId>,
    /// Its members' connections.
    pub(super) audience: AudienceId,
}

/// All rooms, by number and by name.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: HashMap<RoomId, Room>,
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
        self.rooms.insert(record.id, Room { record, members: HashSet::new(), audience });
        audience
    }

    /// Puts a membership in; false if the room is unknown or the member was in it already.
    pub(super) fn add_member(&mut self, membership: &Membership) -> bool {
        self.rooms
            .get_mut(&membership.room)
            .is_some_and(|room| room.members.insert(membership.account))
    }

    pub(super) fn remove_member(&mut self, room: RoomId, account: AccountId) -> bool {
        self.rooms.get_mut(&room).is_some_and(|room| room.members.remove(&account))
    }

    pub(super) fn get(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(&id)
    }

    /// A room by its name with the `#`, in NFC.
    pub(super) fn named(&self, name: &str) -> Option<&Room> {
        self.by_name.get(name).and_then(|id| self.rooms.get(id))
    }
}
