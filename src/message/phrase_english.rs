//! The English texts.

use super::phrase::{Deed, Listed, RoomState};
use super::{JsonFault, Junk, Language, Name, NameFault, Phrase, phrase_wires};
use std::fmt::{Formatter, Result};

pub(super) fn write(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::NotAuthenticated { user } => {
            write!(f, "User {} is not authorized", who(user.as_ref()))
        }
        P::NotPresent { user } => write!(
            f,
            "User {} is not authorized: send presence or authenticate first",
            who(user.as_ref())
        ),
        P::GuestsMayNot => {
            f.write_str("Guests may not do this here: authenticate with a name and a password")
        }
        P::NameOfAccount { user, account } if user == account => {
            write!(f, "The name {user} is an account's: authenticate, or take another name")
        }
        P::NameOfAccount { user, account } => {
            write!(f, "The name {user} looks like the account {account}: take another name")
        }
        P::WrongLogin { user } => {
            write!(f, "User {user} does not exist or the password is wrong")
        }
        P::Blocked { user } => write!(f, "User {user} is blocked by the operator"),
        P::NotAMember { user, room } => {
            write!(f, "User {} is not a member of chat {room}", who(user.as_ref()))
        }
        P::NotYou { field, claimed, user } => {
            write!(f, "{field} is {claimed}, but this connection is {user}")
        }
        P::AlreadyOther { user, other } if user == other => {
            write!(f, "This connection is {user} already")
        }
        P::AlreadyOther { user, other } => {
            write!(f, "This connection is {user} already: open another one for {other}")
        }
        P::RegistrationClosed => {
            f.write_str("Registration is closed here: ask the operator for an account")
        }
        P::BadInvite => {
            f.write_str("This needs an invitation that is right, not used up and not expired")
        }
        P::NoSuchRoom { room } => write!(f, "Chat {room} does not exist"),
        P::NoSuchUser { user } => write!(f, "User {user} does not exist"),
        P::NameTaken { user, account } if user == account => {
            write!(f, "The name {user} is taken: take another name")
        }
        P::NameTaken { user, account } => write!(
            f,
            "The name {user} looks like the account {account}, names may not differ in case or \
             look-alike letters only: take another name"
        ),
        P::ConnectedElsewhere { user } => {
            write!(f, "User {user} is already connected from elsewhere")
        }
        P::Offline { user } => write!(f, "User {user} is offline"),
        _ => write_not_served(phrase, f),
    }
}

/// The texts for those who are not served, or not now.
fn write_not_served(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::NotEncrypted => {
            f.write_str("Only encrypted connections are served here: use TLS (jim-client --tls)")
        }
        P::AddressBanned => f.write_str("Connections from your address are banned here"),
        P::Busy { seconds } => {
            write!(f, "Too many log-ins are waiting: try again in {seconds} s")
        }
        P::TooManyConnections { limit } => {
            write!(f, "Too many connections (the limit is {limit}): try again later")
        }
        P::TooManyLogins { seconds } => {
            write!(f, "Too many failed log-ins from your address: try again in {seconds} s")
        }
        P::TooOften { seconds } => write!(f, "Too often: try again in {seconds} s"),
        P::ServerFailed => f.write_str("The server failed; nothing was stored or delivered"),
        _ => write_room_refusal(phrase, f),
    }
}

/// The texts of 400 to 410 that rooms, contacts and the history have.
fn write_room_refusal(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::Reserved { field } => {
            write!(f, "Only the server adds {field} to a message: leave it out")
        }
        P::BadMessageId { field } => {
            write!(f, "{field} is no msg_id: send one as you received it, 16 digits of 0-9 and a-f")
        }
        P::NeedsRole { user, room, is_owner: true } => {
            write!(f, "User {user} does not own chat {room}")
        }
        P::NeedsRole { user, room, is_owner: false } => {
            write!(f, "User {user} is no operator of chat {room}")
        }
        P::IsOwner { target, room } => write!(f, "User {target} owns chat {room}"),
        P::Banned { user, room } => write!(f, "User {user} is banned from chat {room}"),
        P::NotInvited { user, room } => {
            write!(f, "Chat {room} is hidden, and user {user} is not invited: ask a member")
        }
        P::TooManyRooms { limit } => {
            write!(f, "You are in {limit} chats, more are not allowed: leave one first")
        }
        P::TooManyContacts { limit } => {
            write!(f, "You have {limit} contacts, more are not allowed: remove one first")
        }
        P::NoSuchMember { target, room } => {
            write!(f, "User {target} is not a member of chat {room}")
        }
        P::NoSuchContact { user } => write!(f, "User {user} is not among your contacts"),
        P::OfflineFull { user, limit } => write!(
            f,
            "User {user} is offline, and {limit} messages wait already: try again when {user} is \
             back"
        ),
        _ => write_done(phrase, f),
    }
}

/// The texts of 2xx.
fn write_done(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::Authenticated { user } => write!(f, "User {user} is authenticated"),
        P::AlreadyAuthenticated { user } => write!(f, "User {user} is already authenticated"),
        P::Registered { user } => write!(f, "User {user} is registered"),
        P::PasswordChanged { user } => write!(f, "The password of user {user} is changed"),
        P::Present { user } => write!(f, "User {} is present", who(user.as_ref())),
        P::Joined { user, room } => write!(f, "User {user} has joined chat {room}"),
        P::Left { user, room } => write!(f, "User {user} has left chat {room}"),
        P::Delivered { from, to } => write!(f, "Message from {from} to {to} is delivered"),
        P::Goodbye => f.write_str("Disconnected"),
        _ => write_done_in_room(phrase, f),
    }
}

/// The texts of 2xx that the added actions have.
fn write_done_in_room(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::Waits { from, to } => write!(f, "Message from {from} waits until {to} is back"),
        P::Listed { what, count } => write!(f, "{}: {count}", listed(*what)),
        P::TopicOf { room } => write!(f, "The topic of chat {room}"),
        P::RoomIs { room, state } => write!(f, "Chat {room} {}", room_state(*state)),
        P::Did { deed, target, room } => write!(f, "User {target} {} chat {room}", did(*deed)),
        P::ContactAdded { user } => write!(f, "User {user} is among your contacts"),
        P::ContactRemoved { user } => write!(f, "User {user} is no longer among your contacts"),
        P::Acknowledged => f.write_str("Acknowledged"),
        _ => write_bad(phrase, f),
    }
}

const fn listed(what: Listed) -> &'static str {
    match what {
        Listed::Users => "Users",
        Listed::Rooms => "Chats",
        Listed::Members => "Members",
        Listed::Contacts => "Contacts",
        Listed::Messages => "Messages",
    }
}

const fn room_state(state: RoomState) -> &'static str {
    match state {
        RoomState::Hidden => "is hidden: who enters needs an invitation",
        RoomState::Shown => "is open to everyone",
        RoomState::Destroyed => "and its messages are gone",
    }
}

const fn did(deed: Deed) -> &'static str {
    match deed {
        Deed::Invited => "may join",
        Deed::Kicked => "is put out of",
        Deed::Banned => "is banned from",
        Deed::Unbanned => "is no longer banned from",
        Deed::Opped => "is an operator of",
        Deed::Deopped => "is no operator of",
    }
}

/// The texts of 400.
fn write_bad(phrase: &Phrase, f: &mut Formatter<'_>) -> Result {
    use Phrase as P;
    match phrase {
        P::NotAnObject { junk } => write!(
            f,
            "{}; send a JSON object: {{\"action\":\"presence\",\"time\":0}}",
            junk_text(*junk)
        ),
        P::BadJson { fault, at } => {
            f.write_str("This is not valid JSON: ")?;
            write_json_fault(*fault, f)?;
            write!(f, " (byte {at})")
        }
        P::ObjectTooLong { limit, got } => {
            write!(f, "The object has {got} characters, at most {limit} are allowed")
        }
        P::ObjectTooBig { limit, got } => {
            write!(f, "The object has {got} bytes, at most {limit} characters are allowed")
        }
        P::NeverCloses { limit } => {
            write!(f, "The object has not closed after {limit} bytes: is a }} or a \" missing?")
        }
        P::CutShort => f.write_str("The input ended in the middle of an object: is a } missing?"),
        P::MissingField { field } => write!(f, "The field {field} is missing"),
        P::WrongType { field, expected } => {
            write!(f, "The field {field} must be {expected}")
        }
        P::FieldTooLong { field, limit, got } => {
            write!(f, "The field {field} has {got} characters, at most {limit} are allowed")
        }
        P::TimeNotFinite => {
            f.write_str("The field time must be a finite number of seconds since 1970")
        }
        P::UnknownAction { action, odd: None } => write!(f, "There is no action {action}"),
        P::UnknownAction { action, odd: Some((letter, meant)) } => write!(
            f,
            "There is no action {action}: the letter {letter} (U+{:04X}) is not Latin, \
             did you mean {meant}?",
            u32::from(*letter)
        ),
        P::ServerOnly { field } => {
            write!(f, "The field {field} is for the server's answers only: leave it out")
        }
        P::ProbeFromClient => f.write_str("Only the server sends probe; a client sends presence"),
        P::Disagree { field, other } => {
            write!(f, "The fields {field} and {other} mean the same but differ: send one")
        }
        P::BadName { field, fault } => {
            write!(f, "The field {field} ")?;
            write_name_fault(*fault, f)
        }
        P::BadPassword { field } => write!(
            f,
            "The field {field} has characters that no keyboard reliably types \
             (control characters, say)"
        ),
        P::NoRoomGiven => f.write_str("No chat to join is given"),
        P::NoSenderOrAddressee => f.write_str("The sender or the addressee is not given"),
        P::NotARoom { room } => {
            write!(f, "{room} is no chat's name: it begins with # and has a name behind it")
        }
        P::CommonChat { room } => {
            write!(f, "{room} is the common chat: send presence to be in it, quit to leave")
        }
        _ => phrase_wires::write(phrase, Language::English, f),
    }
}

/// A name, or what stands for one that nobody gave.
fn who(user: Option<&Name>) -> &str {
    user.map_or("(no name)", Name::as_str)
}

const fn junk_text(junk: Junk) -> &'static str {
    match junk {
        Junk::Pickle => "This is a Python pickle (use json.dumps)",
        Junk::Array => "This is a JSON array",
        Junk::Text => "This is a JSON string",
        Junk::Number => "This is a number",
        Junk::Word => "This is plain text",
        Junk::Bytes => "These bytes are no JSON",
    }
}

pub(super) fn write_json_fault(fault: JsonFault, f: &mut Formatter<'_>) -> Result {
    match fault {
        JsonFault::NotUtf8 => f.write_str("the bytes are not UTF-8"),
        JsonFault::ControlCharacter => {
            f.write_str("a raw control character in a string, write it as \\n or \\u000a")
        }
        JsonFault::LoneSurrogate => f.write_str("half of a surrogate pair"),
        JsonFault::BadEscape => f.write_str("an unknown escape behind \\"),
        JsonFault::DuplicateKey => f.write_str("a key that is there already"),
        JsonFault::TooDeep { limit } => write!(f, "nested deeper than {limit}"),
        JsonFault::TooManyMembers { limit } => write!(f, "more than {limit} members"),
        JsonFault::Expected(what) => write!(f, "expected {what}"),
    }
}

pub(super) fn write_name_fault(fault: NameFault, f: &mut Formatter<'_>) -> Result {
    match fault {
        NameFault::Empty => f.write_str("is an empty name"),
        NameFault::TooLong { limit, got } => {
            write!(f, "has {got} characters, at most {limit} are allowed")
        }
        NameFault::Hidden(c) => write!(
            f,
            "has the control or invisible character U+{:04X}, which no name may have",
            u32::from(c)
        ),
        NameFault::Backslash => f.write_str("has a \\, which no name may have"),
        NameFault::EdgeSpace => f.write_str("begins or ends with white space"),
        NameFault::Hash => f.write_str("begins with #, which only chats do"),
        NameFault::NoHash => f.write_str("must begin with # and have a name behind it"),
        NameFault::Marks => f.write_str("begins with a combining mark or has more than 2 in a row"),
        NameFault::Reserved => f.write_str("is reserved: take another name"),
        NameFault::Directions => {
            f.write_str("mixes letters that are written to the right and to the left")
        }
        NameFault::NotAName => f.write_str("has characters that no name may have"),
    }
}
