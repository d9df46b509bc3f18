//! Lists in answers, read with as few demands as possible: an entry that is none is left out.

use super::incoming::{Message, first_text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// Who is connected.
    Users(Vec<UserRow>),
    /// Rooms.
    Rooms(Vec<RoomRow>),
    /// A room's members.
    Members(Vec<MemberRow>),
    /// Names.
    Names(Vec<String>),
    /// Messages of the past.
    Messages(Vec<Message>),
}

/// Somebody who is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The name.
    pub name: String,
    /// What it says about itself.
    pub status: String,
    /// Whether it has no account.
    pub is_guest: bool,
    /// Since when, in microseconds since 1970.
    pub since_unix_micros: Option<u64>,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// How many members it has.
    pub members: u64,
    /// How many of them are connected.
    pub online: u64,
    /// Whether we are one.
    pub is_member: bool,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The name.
    pub name: String,
    /// Whether it is connected.
    pub is_online: bool,
    /// What it may do, as it came: `owner`, `op` or `member`.
    pub role: String,
}

/// The fields of all entries, whatever they hold.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    account_name: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    guest: Option<&'a RawValue>,
    #[serde(borrow)]
    since: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    members: Option<&'a RawValue>,
    #[serde(borrow)]
    online: Option<&'a RawValue>,
    #[serde(borrow)]
    member: Option<&'a RawValue>,
    #[serde(borrow)]
    role: Option<&'a RawValue>,
}

impl Listing {
    /// The first list that is there.
    pub(super) fn decode(
        users: Option<&RawValue>,
        rooms: Option<&RawValue>,
        members: Option<&RawValue>,
        names: Option<&RawValue>,
    ) -> Option<Self> {
        users
            .map(|raw| Self::Users(rows(raw, |row| row.user())))
            .or_else(|| rooms.map(|raw| Self::Rooms(rows(raw, |row| row.room()))))
            .or_else(|| members.map(|raw| Self::Members(rows(raw, |row| row.member()))))
            .or_else(|| names.map(|raw| Self::Names(texts(raw))))
    }

    /// The last entry, which a further list begins behind.
    #[must_use]
    pub fn last_name(&self) -> Option<&str> {
        match self {
            Self::Users(rows) => rows.last().map(|row| row.name.as_str()),
            Self::Rooms(rows) => rows.last().map(|row| row.name.as_str()),
            Self::Members(rows) => rows.last().map(|row| row.name.as_str()),
            Self::Names(names) => names.last().map(String::as_str),
            Self::Messages(_) => None,
        }
    }
}

impl Fields<'_> {
    fn user(&self) -> Option<UserRow> {
        Some(UserRow {
            name: first_text(&[self.account_name])?,
            status: first_text(&[self.status]).unwrap_or_default(),
            is_guest: is_true(self.guest),
            since_unix_micros: self.since.and_then(micros),
        })
    }

    fn room(&self) -> Option<RoomRow> {
        Some(RoomRow {
            name: first_text(&[self.room])?,
            topic: first_text(&[self.topic]).unwrap_or_default(),
            members: self.members.and_then(integer).unwrap_or_default(),
            online: self.online.and_then(integer).unwrap_or_default(),
            is_member: is_true(self.member),
        })
    }

    fn member(&self) -> Option<MemberRow> {
        Some(MemberRow {
            name: first_text(&[self.account_name])?,
            is_online: is_true(self.online),
            role: first_text(&[self.role]).unwrap_or_default(),
        })
    }
}

/// The elements of an array; none of what is no array.
pub(super) fn array(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// A whole number.
pub(super) fn integer(raw: &RawValue) -> Option<u64> {
    serde_json::from_str(raw.get()).ok()
}

/// Seconds since 1970 as microseconds; `None` for what is no moment.
pub(super) fn micros(raw: &RawValue) -> Option<u64> {
    let seconds: f64 = serde_json::from_str(raw.get()).ok()?;
    let micros = (seconds * 1e6).round();
    // A cast saturates, and this is within what 53 bits hold exactly.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    (0.0..9e15).contains(&micros).then_some(micros as u64)
}

fn rows<T>(raw: &RawValue, row: impl Fn(&Fields<'_>) -> Option<T>) -> Vec<T> {
    let objects = array(raw).into_iter().map(RawValue::get).filter(|text| text.starts_with('{'));
    objects.filter_map(|text| row(&serde_json::from_str::<Fields<'_>>(text).ok()?)).collect()
}

fn texts(raw: &RawValue) -> Vec<String> {
    array(raw).into_iter().filter_map(|name| first_text(&[Some(name)])).collect()
}

fn is_true(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| raw.get() == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn entries_that_are_none_are_left_out() {
        let users = raw(
            r#"[{"account_name":"a","status":null,"guest":true,"since":1.5},7,{"status":"x"},[]]"#,
        );
        let row = UserRow {
            name: "a".into(),
            status: String::new(),
            is_guest: true,
            since_unix_micros: Some(1_500_000),
        };
        let listing = Listing::decode(Some(&users), None, None, None).unwrap();
        assert_eq!(listing.last_name(), Some("a"));
        assert_eq!(listing, Listing::Users(vec![row]));
        let names = raw(r#"["a",{"b":1},"c"]"#);
        let names = Listing::decode(None, None, None, Some(&names));
        assert_eq!(names, Some(Listing::Names(vec!["a".into(), "c".into()])));
        assert_eq!(
            Listing::decode(None, Some(&raw("7")), None, None),
            Some(Listing::Rooms(vec![]))
        );
        assert_eq!(Listing::decode(None, None, None, None), None);
    }

    #[test]
    fn no_moment_is_too_odd() {
        for (text, expected) in [
            ("1.000001", Some(1_000_001)),
            ("-1", None),
            ("1e300", None),
            ("\"1\"", None),
            ("null", None),
        ] {
            assert_eq!(micros(&raw(text)), expected, "{text}");
        }
    }
}
