//! What waits for accounts that were offline: handed over at the next presence, oldest first, until
//! it is known to have been received.

use super::session::{Offer, Owed, Session};
use super::{Chat, Effect};
use crate::message::{
    AccountId, Change, ConnectionId, Conversation, Features, Job, MessageId, Now, Page,
    StoredMessage,
};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

/// So many messages are fetched and handed over at a time.
const PAGE: usize = 100;

/// A client without `ids` has what was handed to it when its connection lives on for so long.
const COUNTS_AFTER: Duration = Duration::from_secs(5);

/// When to look whether a connection has lived long enough.
pub(super) type Looks = BinaryHeap<Reverse<(Duration, ConnectionId)>>;

/// Hands over what waits for the account that has sent presence, once its answer is on its way.
pub(super) fn offer(chat: &mut Chat, session: &mut Session) {
    let known = session.account().and_then(|account| chat.users.account(account));
    let Some(known) = known.filter(|known| known.waiting > 0 && known.awaited == 0) else { return };
    let account = known.record.id;
    let offer = session.offer.get_or_insert_default();
    if std::mem::replace(&mut offer.is_fetching, true) {
        offer.again = true;
        return;
    }
    let job = Job::Waiting { account, after: offer.up_to, limit: PAGE };
    chat.effects.push_back(Effect::Job { connection: session.id, job });
}

/// The same to every connection of an account that is present: something came too late for it.
fn offer_all(chat: &mut Chat, account: AccountId) {
    let connections = chat.users.account(account).map(|account| account.connections.clone());
    let has_offer = |owed: &VecDeque<Owed>| owed.iter().any(|owed| matches!(owed, Owed::Offer));
    for connection in connections.unwrap_or_default() {
        let Some(mut session) = chat.sessions.remove(connection) else { continue };
        let is_owed = session.owed().is_some_and(has_offer);
        if session.present && !is_owed {
            offer(chat, &mut session);
        }
        chat.sessions.insert(session);
    }
}

/// A message that waits for somebody is on disk.
pub(super) fn stored(chat: &mut Chat, message: &StoredMessage) {
    let Some(account) = message.waits_for else { return };
    if let Some(known) = chat.users.account_mut(account) {
        known.reserved = known.reserved.saturating_sub(1);
        known.waiting += 1;
    }
    offer_all(chat, account);
}

/// It is not.
pub(super) fn not_stored(chat: &mut Chat, message: &StoredMessage) {
    let account = message.waits_for.and_then(|account| chat.users.account_mut(account));
    if let Some(account) = account {
        account.reserved = account.reserved.saturating_sub(1);
    }
}

/// A message that was to be delivered found its addressee gone: it waits, where its sender's client
/// knows that.
pub(super) fn missed(chat: &mut Chat, sender: ConnectionId, message: &StoredMessage) {
    let Conversation::Direct(one, other) = message.conversation else { return };
    let to = if message.sender == Some(one) { other } else { one };
    let knows = |session: &Session| session.features.has(Features::OFFLINE);
    if !chat.sessions.get(sender).is_some_and(knows) {
        return;
    }
    if let Some(known) = chat.users.account_mut(to) {
        known.awaited += 1;
        let job =
            Job::Change { by: to, change: Change::Await { account: to, id: message.mark.id } };
        chat.effects.push_back(Effect::Job { connection: ConnectionId::NONE, job });
    }
}

/// That is on disk.
pub(super) fn awaits(chat: &mut Chat, account: AccountId) {
    if let Some(known) = chat.users.account_mut(account) {
        known.waiting += 1;
        not_awaited(chat, account);
    }
}

/// That is over, whether or not it is on disk: who came meanwhile gets what waits.
pub(super) fn not_awaited(chat: &mut Chat, account: AccountId) {
    if let Some(known) = chat.users.account_mut(account) {
        known.awaited = known.awaited.saturating_sub(1);
        offer_all(chat, account);
    }
}

/// A page of what waits was read, or could not be.
pub(super) fn fetched(chat: &mut Chat, now: Now, connection: ConnectionId, page: Option<Page>) {
    let Some(mut session) = chat.sessions.remove(connection) else { return };
    hand_over(chat, now, &mut session, page.unwrap_or_default());
    chat.sessions.insert(session);
}

fn hand_over(chat: &mut Chat, now: Now, session: &mut Session, page: Page) {
    let Some(offer) = session.offer.as_deref_mut() else { return };
    offer.is_fetching = false;
    for message in page.messages {
        offer.up_to = message.mark.id;
        chat.effects.push_back(Effect::Hand { to: session.id, message });
    }
    if page.more || std::mem::take(&mut offer.again) {
        return self::offer(chat, session);
    }
    if !session.features.has(Features::IDS) {
        let due = now.uptime + COUNTS_AFTER;
        offer.due = Some(due);
        chat.looks.push(Reverse((due, session.id)));
    }
}

/// What was handed over may count as received by now.
pub(super) fn handle_timeout(chat: &mut Chat, now: Now) {
    while let Some(Reverse((due, connection))) = chat.looks.peek().copied()
        && due <= now.uptime
    {
        chat.looks.pop();
        let Some(session) = chat.sessions.get_mut(connection) else { continue };
        let Some(offer) = session.offer.as_deref_mut().filter(|o| o.due == Some(due)) else {
            continue;
        };
        offer.due = None;
        let up_to = offer.up_to;
        if let Some(account) = session.account() {
            let job = Job::Acknowledge { account, up_to };
            chat.effects.push_back(Effect::Job { connection: ConnectionId::NONE, job });
        }
    }
}

/// What a client may acknowledge: no more than it was given.
pub(super) fn given_up_to(session: &Session, asked: MessageId) -> MessageId {
    session.offer.as_deref().map_or(MessageId::ZERO, |offer| offer.up_to.min(asked))
}

/// So many messages wait for the account still.
pub(super) fn acknowledged(chat: &mut Chat, account: AccountId, waiting: usize) {
    if let Some(known) = chat.users.account_mut(account) {
        known.waiting = waiting;
    }
}

/// Whether one more may wait for the account.
pub(super) fn has_room(chat: &Chat, account: AccountId) -> bool {
    let waiting = chat
        .users
        .account(account)
        .map_or(0, |known| known.waiting + known.reserved + known.awaited);
    waiting < chat.policy.offline_messages
}

impl Default for Offer {
    fn default() -> Self {
        Self { up_to: MessageId::ZERO, is_fetching: false, again: false, due: None }
    }
}
