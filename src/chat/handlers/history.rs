//! `history` and `search`: messages of the past, of what the asker may read.

use crate::chat::Chat;
use crate::chat::checks::given;
use crate::chat::outcome::Outcome;
use crate::chat::session::{Reading, Session, Waiting};
use crate::limits::{ANSWER_BYTES, HISTORY_BYTES, HISTORY_USUAL, LISTING_ENTRIES};
use crate::message::{
    AccountId, Code, Conversation, Features, Field, HistoryQuery, Job, Listed, Listing, MessageId,
    Name, Page, Phrase, Place, Reply, Request, RoomId, SearchQuery,
};

/// What an answer says besides its messages, when it must stay short.
const BRIEF_REST: usize = 200;

pub(crate) fn handle(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare_history(chat, session, request) {
        Ok(query) => {
            let reading = Reading { conversation: Some(query.conversation) };
            chat.ask(session, Job::History(query), Waiting::Read(reading));
            Outcome::Wait
        }
        Err(reply) => Outcome::Reply(reply),
    }
}

pub(crate) fn search(chat: &mut Chat, session: &mut Session, request: &Request<'_>) -> Outcome {
    match prepare_search(chat, session, request) {
        Ok((query, reading)) => {
            chat.ask(session, Job::Search(query), Waiting::Read(reading));
            Outcome::Wait
        }
        Err(reply) => Outcome::Reply(reply),
    }
}

fn prepare_history(
    chat: &Chat,
    session: &Session,
    request: &Request<'_>,
) -> Result<HistoryQuery, Reply> {
    let before = position(request.rare().before.as_ref())?;
    let after = match &request.rare().after {
        Some(field) if field.text.is_empty() => Some(MessageId::ZERO),
        field => position(field.as_ref())?,
    };
    let account = asker(session)?;
    let with = given(request.rare().with.as_ref(), "with")?;
    let place = find_place(chat, account, session, with)?;
    Ok(HistoryQuery {
        conversation: place.conversation,
        before,
        after,
        floor: place.floor,
        limit: limit(request),
        bytes: bytes(session),
    })
}

fn prepare_search(
    chat: &Chat,
    session: &Session,
    request: &Request<'_>,
) -> Result<(SearchQuery, Reading), Reply> {
    let before = position(request.rare().before.as_ref())?;
    let account = asker(session)?;
    let query = given(request.rare().query.as_ref(), "query")?.text.to_string();
    let with = request.rare().with.as_ref().filter(|field| !field.text.is_empty());
    let place = with.map(|with| find_place(chat, account, session, with)).transpose()?;
    let scope = place.map_or_else(|| readable(chat, account), |place| vec![place]);
    let direct_of = place.is_none().then_some(account);
    let (limit, bytes) = (limit(request), bytes(session));
    let reading = Reading { conversation: place.map(|place| place.conversation) };
    Ok((SearchQuery { query, scope, direct_of, before, limit, bytes }, reading))
}

fn asker(session: &Session) -> Result<AccountId, Reply> {
    session.account().ok_or_else(|| {
        let user = session.name().cloned();
        Reply::new(Code::Unauthorized, Phrase::NotAuthenticated { user })
    })
}

fn position(field: Option<&Field<'_>>) -> Result<Option<MessageId>, Reply> {
    let Some(field) = field else { return Ok(None) };
    match MessageId::parse(&field.text) {
        Some(id) => Ok(Some(id)),
        None => Err(Reply::bad(Phrase::BadMessageId { field: field.key })),
    }
}

fn limit(request: &Request<'_>) -> usize {
    request.rare().limit.unwrap_or(HISTORY_USUAL).min(LISTING_ENTRIES)
}

/// The room for objects: little in an answer to who asked for no feature.
const fn bytes(session: &Session) -> usize {
    if session.features.is_empty() { ANSWER_BYTES - BRIEF_REST } else { HISTORY_BYTES }
}

/// The conversation that a text names, if the account may read it.
fn find_place(
    chat: &Chat,
    account: AccountId,
    session: &Session,
    with: &Field<'_>,
) -> Result<Place, Reply> {
    if chat.common_named(&with.text).is_some() {
        return Ok(Place { conversation: Conversation::Common, floor: MessageId::ZERO });
    }
    let name = Name::nfc(&with.text);
    if name.starts_with('#') {
        return room_place(chat, account, session, &name);
    }
    match chat.users.account_named(&name) {
        Some(peer) => {
            let conversation = Conversation::direct(account, peer.record.id);
            Ok(Place { conversation, floor: MessageId::ZERO })
        }
        None => {
            let user = Name::shown(&name);
            Err(Reply::new(Code::NotFound, Phrase::NoSuchUser { user }))
        }
    }
}

fn room_place(
    chat: &Chat,
    account: AccountId,
    session: &Session,
    name: &str,
) -> Result<Place, Reply> {
    let room = chat.visible_room(name, Some(account))?;
    match place_in(chat, room.record.id, account) {
        Some(place) => Ok(place),
        None => {
            let (user, room) = (session.name().cloned(), room.record.name.clone());
            Err(Reply::new(Code::Forbidden, Phrase::NotAMember { user, room }))
        }
    }
}

/// What a member may read of a room.
fn place_in(chat: &Chat, room: RoomId, account: AccountId) -> Option<Place> {
    let member = chat.rooms.get(room)?.members.get(&account)?;
    let floor = if chat.policy.before_join { MessageId::ZERO } else { member.position };
    Some(Place { conversation: Conversation::Room(room), floor })
}

/// All rooms that an account may read, and the common chat.
fn readable(chat: &Chat, account: AccountId) -> Vec<Place> {
    let rooms = chat.users.account(account).map(|known| known.rooms.as_slice());
    let rooms = rooms.unwrap_or_default().iter();
    let rooms = rooms.filter_map(|room| place_in(chat, *room, account));
    let common = Place { conversation: Conversation::Common, floor: MessageId::ZERO };
    rooms.chain(std::iter::once(common)).collect()
}

/// Messages were read. Who was put out of the room meanwhile does not get them.
pub(in crate::chat) fn read(
    chat: &Chat,
    session: &Session,
    reading: &Reading,
    page: Page,
) -> Outcome {
    if let (Some(Conversation::Room(id)), Some(account)) = (reading.conversation, session.account())
        && place_in(chat, id, account).is_none()
    {
        let user = session.name().cloned();
        let room = chat.rooms.get(id).map(|room| room.record.name.clone());
        let phrase = Phrase::NotAMember { user, room: room.unwrap_or_else(|| Name::shown("#")) };
        return Outcome::reply(Code::Forbidden, phrase);
    }
    let count = page.messages.len();
    let phrase = Phrase::Listed { what: Listed::Messages, count };
    let mut reply = Reply::new(Code::Ok, phrase);
    let extra = reply.extra_mut();
    extra.more = page.more;
    let knows_files = session.features.has(Features::FILES);
    extra.file_words_chars = (!knows_files).then_some(chat.limits.message_chars);
    extra.is_brief = session.features.is_empty();
    extra.listing = Some(Listing::Messages(page));
    Outcome::Reply(reply)
}
