//! Who exists and who is connected: accounts and guests, by name and by look.

use super::by_id::ById;
use crate::few::Few;
use crate::message::{AccountId, AccountRecord, AudienceId, ConnectionId, Name, RoomId};
use std::collections::{BTreeSet, HashMap};

/// An account and where it is connected.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) record: AccountRecord,
    /// The rooms that it is a member of, connected or not, in order. A sender's own list is at hand
    /// where the members of one of thousands of rooms are not.
    pub(super) rooms: Vec<RoomId>,
    /// Its connections: none while it is offline.
    pub(super) connections: Few<ConnectionId>,
    /// What is delivered to its name, while it has connections.
    pub(super) audience: Option<AudienceId>,
    /// How many messages on the disk wait for it.
    pub(super) waiting: usize,
    /// How many more are on their way there.
    pub(super) reserved: usize,
    /// How many are there and missed it, and are on their way to be waiting: nothing is handed over
    /// meanwhile, since later ones would overtake them.
    pub(super) awaited: usize,
    /// Its list of contacts.
    pub(super) contacts: BTreeSet<AccountId>,
}

impl Account {
    /// Whether it is a member of a room.
    pub(super) fn is_in(&self, room: RoomId) -> bool {
        self.rooms.binary_search(&room).is_ok()
    }

    /// Puts a room on its list.
    pub(super) fn enter(&mut self, room: RoomId) {
        if let Err(place) = self.rooms.binary_search(&room) {
            self.rooms.insert(place, room);
        }
    }

    /// Takes a room off its list.
    pub(super) fn leave(&mut self, room: RoomId) {
        if let Ok(place) = self.rooms.binary_search(&room) {
            self.rooms.remove(place);
        }
    }
}

/// A guest's name, which several connections may share.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) connections: Few<ConnectionId>,
    pub(super) audience: AudienceId,
}

/// A name that is connected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connected<'c> {
    pub(super) name: &'c Name,
    /// Its connections, one at least.
    pub(super) connections: &'c [ConnectionId],
    pub(super) is_guest: bool,
}

/// Hands out audience numbers, and takes them back.
#[derive(Debug)]
pub(super) struct AudienceIds {
    next: u32,
    free: Vec<AudienceId>,
}

impl Default for AudienceIds {
    fn default() -> Self {
        Self { next: AudienceId::COMMON.0 + 1, free: Vec::new() }
    }
}

impl AudienceIds {
    pub(super) fn take(&mut self) -> AudienceId {
        self.free.pop().unwrap_or_else(|| {
            let id = AudienceId(self.next);
            self.next += 1;
            id
        })
    }

    pub(super) fn give_back(&mut self, id: AudienceId) {
        debug_assert_ne!(id, AudienceId::COMMON);
        self.free.push(id);
    }
}

/// All names: accounts by number, name and look; guests by name.
#[derive(Debug, Default)]
pub(super) struct Users {
    accounts: ById<AccountId, Account>,
    by_name: HashMap<Name, AccountId>,
    /// Skeletons of the names as they are, in lower case and in upper case.
    by_look: [HashMap<String, AccountId>; 3],
    guests: HashMap<Name, Guest>,
}

/// Where a message to a name goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addressee {
    /// An account that is connected.
    Online { id: AccountId, name: Name, audience: AudienceId },
    /// An account without connections.
    Offline { id: AccountId, name: Name },
    /// Guests of that name, so many.
    Guests { name: Name, audience: AudienceId, count: usize },
    /// No such name.
    Unknown,
}

impl Users {
    /// Whether more is known of the account, or of its name, than a record says.
    pub(super) fn knows_more_than(&self, record: &AccountRecord) -> bool {
        let known = [self.account(record.id), self.account_named(record.name.as_str())];
        known.into_iter().flatten().any(|account| account.record.version > record.version)
    }

    /// Puts an account in, or brings what is known of it up to date.
    pub(super) fn put(&mut self, record: AccountRecord) {
        if let Some(account) = self.accounts.get_mut(&record.id) {
            let known = std::mem::replace(&mut account.record, record);
            // One copy of a text, which the tables and the sessions have already.
            if known.name == account.record.name {
                account.record.name = known.name;
            }
            if known.phc == account.record.phc {
                account.record.phc = known.phc;
            }
            return;
        }
        let id = record.id;
        self.by_name.insert(record.name.clone(), id);
        let looks = record.name.skeletons();
        for (map, look) in self.by_look.iter_mut().zip([looks.raw, looks.lower, looks.upper]) {
            map.insert(look, id);
        }
        let account = Account {
            record,
            rooms: Vec::new(),
            connections: Few::None,
            audience: None,
            waiting: 0,
            reserved: 0,
            awaited: 0,
            contacts: BTreeSet::new(),
        };
        self.accounts.insert(id, account);
    }

    /// Takes an account out: an operator removed it.
    pub(super) fn take(&mut self, id: AccountId) -> Option<Account> {
        let account = self.accounts.remove(&id)?;
        if self.by_name.get(&account.record.name) == Some(&id) {
            self.by_name.remove(&account.record.name);
        }
        let looks = account.record.name.skeletons();
        for (map, look) in self.by_look.iter_mut().zip([looks.raw, looks.lower, looks.upper]) {
            // A later account of the same look may hold it by now.
            if map.get(&look) == Some(&id) {
                map.remove(&look);
            }
        }
        Some(account)
    }

    pub(super) fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    pub(super) fn account_mut(&mut self, id: AccountId) -> Option<&mut Account> {
        self.accounts.get_mut(&id)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The names of all who are connected, and where: each once, in no order.
    pub(super) fn connected(&self) -> impl Iterator<Item = Connected<'_>> {
        let accounts = self.accounts.values().filter(|account| !account.connections.is_empty());
        let accounts = accounts.map(|account| Connected {
            name: &account.record.name,
            connections: &account.connections,
            is_guest: false,
        });
        let guests = self.guests.iter().map(|(name, guest)| Connected {
            name,
            connections: &guest.connections,
            is_guest: true,
        });
        accounts.chain(guests)
    }

    /// The guests' names, their connections and what is delivered to them, in no order.
    pub(super) fn guests(&self) -> impl Iterator<Item = (&Name, &[ConnectionId], AudienceId)> {
        self.guests.iter().map(|(name, guest)| (name, guest.connections.as_slice(), guest.audience))
    }

    /// Takes an account off all lists of contacts.
    pub(super) fn forget_contact(&mut self, contact: AccountId) {
        for account in self.accounts.values_mut() {
            account.contacts.remove(&contact);
        }
    }

    /// Whether a guest of this name is connected.
    pub(super) fn has_guest(&self, name: &Name) -> bool {
        self.guests.contains_key(name)
    }

    /// The guests' name that is spelled so, if one is connected. The text must be in NFC.
    pub(super) fn guest_named(&self, name: &str) -> Option<&Name> {
        self.guests.get_key_value(name).map(|(name, _)| name)
    }

    pub(super) fn account_named(&self, name: &str) -> Option<&Account> {
        self.by_name.get(name).and_then(|id| self.accounts.get(id))
    }

    /// The account that has this name, or one that looks like it.
    pub(super) fn account_like(&self, name: &Name) -> Option<&Account> {
        if let Some(account) = self.account_named(name.as_str()) {
            return Some(account);
        }
        let looks = name.skeletons();
        let [raw, lower, upper] = &self.by_look;
        let found = |map: &HashMap<String, AccountId>, looks: &[&str]| {
            looks.iter().find_map(|look| map.get(*look).copied())
        };
        let id = found(raw, &looks.raws())
            .or_else(|| found(lower, &looks.lowers()))
            .or_else(|| found(upper, &looks.uppers()))?;
        self.accounts.get(&id)
    }

    /// The connections of all guests whose names look like this one. It looks at every guest, and
    /// is only for an account that is new.
    pub(super) fn guests_like(&self, name: &Name) -> Vec<ConnectionId> {
        let looks = name.skeletons();
        let alike = |guest: &Name| guest == name || guest.skeletons().look_alike(&looks);
        let guests = self.guests.iter().filter(|(guest, _)| alike(guest));
        let mut found: Vec<_> =
            guests.flat_map(|(_, guest)| guest.connections.iter().copied()).collect();
        // In an order that a replay repeats.
        found.sort_unstable();
        found
    }

    /// Gives a guest's name to a connection, and says where what is sent to it goes.
    pub(super) fn enter_guest(
        &mut self,
        name: &Name,
        connection: ConnectionId,
        ids: &mut AudienceIds,
    ) -> AudienceId {
        let guest = self
            .guests
            .entry(name.clone())
            .or_insert_with(|| Guest { connections: Few::None, audience: ids.take() });
        guest.connections.push(connection);
        guest.audience
    }

    /// Takes a guest's name from a connection; the last one gives the audience back.
    pub(super) fn leave_guest(
        &mut self,
        name: &Name,
        connection: ConnectionId,
        ids: &mut AudienceIds,
    ) -> Option<AudienceId> {
        let guest = self.guests.get_mut(name)?;
        guest.connections.retain(|other| *other != connection);
        let audience = guest.audience;
        if guest.connections.is_empty() {
            self.guests.remove(name);
            ids.give_back(audience);
        }
        Some(audience)
    }

    /// Where a message to this name goes. The name must be in NFC.
    pub(super) fn addressee(&self, name: &str) -> Addressee {
        if let Some(account) = self.account_named(name) {
            let (id, name) = (account.record.id, account.record.name.clone());
            return match account.audience {
                Some(audience) => Addressee::Online { id, name, audience },
                None => Addressee::Offline { id, name },
            };
        }
        match self.guests.get_key_value(name) {
            Some((name, guest)) => Addressee::Guests {
                name: name.clone(),
                audience: guest.audience,
                count: guest.connections.len(),
            },
            None => Addressee::Unknown,
        }
    }
}
