//! The keys of an object: those that the protocol knows, and a check that none comes twice.

use super::cursor::{Cursor, Fault, Lexed};
use super::text::Text;
use crate::limits::PUT_HELD_BYTES;
use crate::message::{Features, JsonFault};

/// A key that the protocol knows, in one of its spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Action,
    Time,
    User,
    AccountName,
    To,
    Destination,
    SendTo,
    Recipient,
    From,
    Sender,
    SendFrom,
    Message,
    MessText,
    MessageText,
    Text,
    Encoding,
    Room,
    Invite,
    Features,
    Id,
    Type,
    UserId,
    Contact,
    Target,
    Topic,
    With,
    Before,
    After,
    Limit,
    Query,
    Command,
    MsgId,
    ServerTime,
    Upload,
    Name,
    Size,
    Offset,
    Data,
    Response,
    Alert,
    Error,
    UserAccountName,
    UserAccauntName,
    UserPassword,
    UserNewPassword,
    UserStatus,
}

/// The longest key that is known.
const LONGEST: usize = "account_name".len();

impl Key {
    /// A key of the object itself, and how error texts call it.
    #[inline]
    pub(super) fn at_top(text: &Text<'_>) -> Option<(Self, &'static str)> {
        with_name(text, top)
    }

    /// A key of the object's `user`, likewise.
    #[inline]
    pub(super) fn in_user(text: &Text<'_>) -> Option<(Self, &'static str)> {
        with_name(text, user)
    }
}

#[inline]
fn top(name: &[u8]) -> Option<(Key, &'static str)> {
    Some(match name {
        b"action" => (Key::Action, "action"),
        b"time" => (Key::Time, "time"),
        b"user" => (Key::User, "user"),
        b"account_name" => (Key::AccountName, "account_name"),
        b"to" => (Key::To, "to"),
        b"destination" => (Key::Destination, "destination"),
        b"send_to" => (Key::SendTo, "send_to"),
        b"recipient" => (Key::Recipient, "recipient"),
        b"from" => (Key::From, "from"),
        b"sender" => (Key::Sender, "sender"),
        b"send_from" => (Key::SendFrom, "send_from"),
        b"message" => (Key::Message, "message"),
        b"mess_text" => (Key::MessText, "mess_text"),
        b"message_text" => (Key::MessageText, "message_text"),
        b"text" => (Key::Text, "text"),
        b"encoding" => (Key::Encoding, "encoding"),
        b"room" => (Key::Room, "room"),
        b"invite" => (Key::Invite, "invite"),
        b"features" => (Key::Features, "features"),
        b"id" => (Key::Id, "id"),
        b"type" => (Key::Type, "type"),
        b"user_id" => (Key::UserId, "user_id"),
        b"contact" => (Key::Contact, "contact"),
        b"target" => (Key::Target, "target"),
        b"topic" => (Key::Topic, "topic"),
        b"with" => (Key::With, "with"),
        b"before" => (Key::Before, "before"),
        b"after" => (Key::After, "after"),
        b"limit" => (Key::Limit, "limit"),
        b"query" => (Key::Query, "query"),
        b"command" => (Key::Command, "command"),
        b"msg_id" => (Key::MsgId, "msg_id"),
        b"server_time" => (Key::ServerTime, "server_time"),
        b"upload" => (Key::Upload, "upload"),
        b"name" => (Key::Name, "name"),
        b"size" => (Key::Size, "size"),
        b"offset" => (Key::Offset, "offset"),
        b"data" => (Key::Data, "data"),
        b"response" => (Key::Response, "response"),
        b"alert" => (Key::Alert, "alert"),
        b"error" => (Key::Error, "error"),
        _ => return None,
    })
}

#[inline]
fn user(name: &[u8]) -> Option<(Key, &'static str)> {
    Some(match name {
        b"account_name" => (Key::UserAccountName, "user.account_name"),
        b"accaunt_name" => (Key::UserAccauntName, "user.accaunt_name"),
        b"password" => (Key::UserPassword, "user.password"),
        b"new_password" => (Key::UserNewPassword, "user.new_password"),
        b"status" => (Key::UserStatus, "user.status"),
        _ => return None,
    })
}

/// The feature that a text names, or none.
pub(super) fn feature(text: &Text<'_>) -> Features {
    with_name(text, |name| std::str::from_utf8(name).ok().map(Features::named)).unwrap_or_default()
}

/// Looks a key up by what it means: `\u0061ction` is `action`.
#[inline]
fn with_name<T>(text: &Text<'_>, look_up: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    if !text.escaped {
        return look_up(text.raw);
    }
    if text.chars > LONGEST {
        return None;
    }
    let mut name = [0; LONGEST];
    for (place, character) in name.iter_mut().zip(text.characters()) {
        *place = u8::try_from(character).ok().filter(u8::is_ascii)?;
    }
    look_up(name.get(..text.chars)?)
}

/// The most members that one object may have, whatever the settings say.
pub(super) const MEMBERS: usize = 64;

/// The known keys that an object had so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownKeys(u64);

// Each key has its bit.
const _: () = assert!((Key::UserStatus as u32) < u64::BITS);

impl KnownKeys {
    /// Notes a known key, `at` which byte it stands.
    #[inline]
    pub(super) fn insert(&mut self, key: Key, at: usize) -> Lexed<()> {
        let bit = 1_u64 << key as u32;
        if self.0 & bit != 0 {
            return Err(duplicate(at));
        }
        self.0 |= bit;
        Ok(())
    }
}

/// The other keys that an object had so far: where each stands, and some bits of its hash, so that
/// texts are compared only where they are likely equal. Nothing is set up before the first comes.
#[derive(Debug, Default)]
pub(super) struct OtherKeys {
    seen: Option<[Place; MEMBERS]>,
    count: usize,
}

/// Where a key stands, below the bits of its hash.
#[derive(Debug, Clone, Copy, Default)]
struct Place(u32);

/// The bits of a place.
const AT_BITS: u32 = 17;

// A place in an object that is held fits them.
const _: () = assert!(PUT_HELD_BYTES <= 1 << AT_BITS);

impl Place {
    const fn new(hash: u32, at: usize) -> Self {
        Self(hash << AT_BITS | (at as u32 & ((1 << AT_BITS) - 1)))
    }

    const fn has(self, hash: u32) -> bool {
        (self.0 ^ hash << AT_BITS) >> AT_BITS == 0
    }

    const fn at(self) -> usize {
        (self.0 & ((1 << AT_BITS) - 1)) as usize
    }
}

impl OtherKeys {
    /// Notes a key, `at` which byte of `object` it stands.
    ///
    /// # Errors
    /// If it is there already, in whatever spelling, or is one more than [`MEMBERS`].
    pub(super) fn insert(&mut self, key: &Text<'_>, at: usize, object: &[u8]) -> Lexed<()> {
        let hash = hash(key);
        let seen = self.seen.get_or_insert_with(|| [Place::default(); MEMBERS]);
        let mut alike = seen.iter().take(self.count).filter(|place| place.has(hash));
        if alike.any(|place| key_at(object, place.at()).is_some_and(|other| other.same_as(key))) {
            return Err(duplicate(at));
        }
        let what = JsonFault::TooManyMembers { limit: MEMBERS };
        let place = seen.get_mut(self.count).ok_or(Fault { what, at })?;
        *place = Place::new(hash, at);
        self.count += 1;
        Ok(())
    }
}

#[cold]
fn duplicate(at: usize) -> Fault {
    Fault { what: JsonFault::DuplicateKey, at }
}

/// The key that was read at this place before.
fn key_at(object: &[u8], at: usize) -> Option<Text<'_>> {
    Cursor::new(object.get(at..)?).string("").ok()
}

/// FNV-1a over what the key means, folded so that its low bits hold all of it.
fn hash(key: &Text<'_>) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    let mut add = |byte: &u8| hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    if key.escaped {
        for character in key.characters() {
            character.encode_utf8(&mut [0; 4]).as_bytes().iter().for_each(&mut add);
        }
    } else {
        key.raw.iter().for_each(&mut add);
    }
    hash ^ hash >> 16
}
