//! Whether all that the chat knows agrees with itself. It looks at everything, so nothing but a
//! simulation asks.

use super::gate::ANSWERS_OWED;
use super::rooms::Room;
use super::users::Account;
use super::{Chat, policy};
use crate::message::{AudienceId, ConnectionId};
use std::collections::{BTreeMap, BTreeSet};

/// Who should be in which audience.
pub type Audiences = BTreeMap<AudienceId, BTreeSet<ConnectionId>>;

/// Says what does not hold.
macro_rules! hold {
    ($what:expr, $($told:tt)+) => {
        if !$what {
            return Err(format!($($told)+));
        }
    };
}

impl Chat {
    /// Who is in which audience, by what is known of accounts, guests and rooms; none is empty.
    /// Not while there are effects to be taken.
    ///
    /// # Errors
    /// What two places know differently.
    pub fn audit(&self) -> Result<Audiences, String> {
        hold!(self.effects.is_empty(), "effects are left");
        let mut audiences = Audiences::new();
        for account in self.users.accounts() {
            self.audit_account(account, &mut audiences)?;
        }
        for room in self.rooms.iter() {
            self.audit_room(room, &mut audiences)?;
        }
        self.audit_sessions(&mut audiences)?;
        audiences.retain(|_, connections| !connections.is_empty());
        Ok(audiences)
    }

    fn audit_account(&self, account: &Account, audiences: &mut Audiences) -> Result<(), String> {
        let (id, connections) = (account.record.id, &account.connections);
        for connection in connections.iter() {
            let session = self.sessions.get(*connection);
            let is_its = session.is_some_and(|session| session.account() == Some(id));
            hold!(is_its, "{connection:?} is on the list of {id:?}, and not its");
        }
        let is_alone = self.policy.sessions == policy::Sessions::Many || connections.len() <= 1;
        hold!(is_alone, "{id:?} is connected {} times", connections.len());
        let has_audience = account.audience.is_some();
        hold!(has_audience != connections.is_empty(), "the audience of {id:?}: {has_audience}");
        if let Some(audience) = account.audience {
            fill(audiences, audience, connections.iter().copied())?;
        }
        for room in &account.rooms {
            let lists_it = self.rooms.get(*room).is_some_and(|r| r.members.contains_key(&id));
            hold!(lists_it, "{id:?} is in {room:?}, which does not know it");
        }
        // What was on its way when the addressee left waits besides.
        let (reserved, limit) = (account.reserved, self.policy.offline_messages);
        hold!(reserved <= limit, "{reserved} messages are to wait for {id:?}");
        Ok(())
    }

    fn audit_room(&self, room: &Room, audiences: &mut Audiences) -> Result<(), String> {
        let (id, mut online) = (room.record.id, 0);
        let mut connections = Vec::new();
        for member in room.members.keys() {
            let account = self.users.account(*member).filter(|account| account.is_in(id));
            let Some(account) = account else {
                return Err(format!("{member:?} is a member of {id:?}, and does not know it"));
            };
            online += usize::from(!account.connections.is_empty());
            connections.extend(account.connections.iter().copied());
        }
        hold!(online == room.online, "{} online in {id:?}, and counted {}", online, room.online);
        fill(audiences, room.audience, connections.into_iter())
    }

    fn audit_sessions(&self, audiences: &mut Audiences) -> Result<(), String> {
        let mut present = Vec::new();
        for session in self.sessions.iter() {
            let id = session.id;
            if session.present {
                present.push(id);
            }
            if let Some(account) = session.account() {
                let account = self.users.account(account);
                let knows_it = account.is_some_and(|account| account.connections.contains(&id));
                hold!(knows_it, "{id:?} is an account's that does not know it");
            }
            let owed = session.owed().map_or(0, |owed| owed.len());
            hold!(owed <= ANSWERS_OWED + 1, "{id:?} is owed {owed} answers");
        }
        hold!(present.len() == self.present, "{} are counted as present", self.present);
        for (guest, connections, audience) in self.users.guests() {
            for connection in connections {
                let name = self.sessions.get(*connection).and_then(|session| session.name());
                hold!(name == Some(guest), "{connection:?} is no guest {guest}");
            }
            hold!(!connections.is_empty(), "nobody is the guest {guest}");
            let is_free = self.users.account_like(guest).is_none();
            hold!(is_free, "the guest {guest} goes by an account's name");
            fill(audiences, audience, connections.iter().copied())?;
        }
        fill(audiences, AudienceId::COMMON, present.into_iter())
    }
}

/// An audience is one room's, one name's, or the common chat.
fn fill(
    audiences: &mut Audiences,
    audience: AudienceId,
    connections: impl Iterator<Item = ConnectionId>,
) -> Result<(), String> {
    let former = audiences.insert(audience, connections.collect());
    hold!(former.is_none(), "{audience:?} is two's");
    Ok(())
}
