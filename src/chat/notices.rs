//! Who hears of an event: those who share a room with whom it is about.

use super::session::Session;
use super::{Chat, CloseReason, Effect, Hearers};
use crate::message::{AccountId, ConnectionId, Features, Notice, RoomId};

/// In larger rooms nobody is told who comes and goes.
const TOLD_MEMBERS: usize = 200;

/// Tells who is closed by what somebody else did why it is.
pub(super) fn tell_parted(chat: &mut Chat, session: &Session, reason: CloseReason) {
    let told = reason.slug().filter(|_| session.features.has(Features::NOTICES));
    if let (Some(reason), Some(user)) = (told, session.name().cloned()) {
        let (to, notice) = (Hearers::One(session.id), Notice::Parted { user, reason });
        chat.effects.push_back(Effect::Notice { to, except: None, notice });
    }
}

/// Tells everyone in a room.
pub(super) fn tell_room(chat: &mut Chat, room: RoomId, notice: Notice) {
    if let Some(room) = chat.rooms.get(room) {
        let to = Hearers::Of(vec![room.audience]);
        chat.effects.push_back(Effect::Notice { to, except: None, notice });
    }
}

/// Tells everyone who shares a room, not too large a one, with an account.
pub(super) fn tell_account_rooms(
    chat: &mut Chat,
    account: AccountId,
    except: Option<ConnectionId>,
    notice: Notice,
) {
    let Some(known) = chat.users.account(account) else { return };
    let rooms = known.rooms.iter().filter_map(|room| chat.rooms.get(*room));
    let told = rooms.filter(|room| room.members.len() <= TOLD_MEMBERS);
    let audiences: Vec<_> = told.map(|room| room.audience).collect();
    if !audiences.is_empty() {
        let to = Hearers::Of(audiences);
        chat.effects.push_back(Effect::Notice { to, except, notice });
    }
}
