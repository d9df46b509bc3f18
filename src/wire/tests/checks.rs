//! What must hold for any bytes at all. The fuzz targets run these functions too, so this file asks
//! its parent for the wire and names nothing of the house.

use super::{Bounds, Decoded, Decoder, JsonFault, Limits, Phrase, Request};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// The longest object that a decoder lets its caller hold, without and with `files`.
const HELD: usize = 9 * 1024;
const HELD_WITH_FILES: usize = 72 * 1024;

/// Everything that a decoder said about a stream, and where in the stream it stood then.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    said: Vec<(usize, String)>,
    saw_spacing: bool,
    is_inside_object: bool,
}

/// Decodes a stream that comes in pieces as long as `pieces` says, over and over.
pub(super) fn hear(stream: &[u8], pieces: &[usize]) -> [Heard; 2] {
    [(Bounds::PLAIN, HELD), (Bounds::FILES, HELD_WITH_FILES)]
        .map(|(bounds, held)| hear_within(stream, pieces, bounds, held))
}

fn hear_within(stream: &[u8], pieces: &[usize], bounds: Bounds, held: usize) -> Heard {
    let limits = Limits::default();
    let mut decoder = Decoder::default();
    let (mut done, mut come) = (0, 0);
    let mut said = Vec::new();
    let mut pieces = pieces.iter().cycle();
    while come < stream.len() {
        come += pieces.next().map_or(stream.len(), |piece| (*piece).max(1));
        come = come.min(stream.len());
        loop {
            let input = &stream[done..come];
            let (consumed, entry) = match decoder.decode_within(input, &limits, bounds) {
                Decoded::Incomplete { consumed } => (consumed, None),
                Decoded::Request { request, consumed } => {
                    assert!(input[..consumed].ends_with(request.raw));
                    (consumed, Some(format!("{request:?}")))
                }
                Decoded::Malformed { phrase, consumed, fatal } => {
                    (consumed, Some(format!("{phrase:?} {fatal}")))
                }
            };
            assert!(consumed <= input.len());
            done += consumed;
            match entry {
                Some(entry) => said.push((done, entry)),
                None => break,
            }
            assert!(consumed > 0, "nothing was read, but something said");
        }
        assert!(come - done < held, "{} bytes are held", come - done);
    }
    let saw_spacing = decoder.saw_spacing();
    Heard { said, saw_spacing, is_inside_object: decoder.is_inside_object() }
}

/// A stream means the same however it is cut. The first bytes say how; the rest is the stream.
pub(super) fn any_cut_is_as_good(data: &[u8]) {
    let (cuts, stream) = data.split_at(data.len().min(4));
    let pieces: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut)).collect();
    let whole = hear(stream, &[]);
    assert_eq!(hear(stream, &pieces), whole);
    assert_eq!(hear(stream, &[1]), whole);
}

/// The decoder takes an object if and only if `serde_json` and the added rules do, finds the same
/// end, and reads the same fields.
pub(super) fn agrees_with_serde(data: &[u8]) {
    if data.first() != Some(&b'{') {
        return;
    }
    let limits = Limits::default();
    let accepted = accepted_len(data, &limits);
    match Decoder::default().decode(data, &limits) {
        Decoded::Request { request, consumed } => {
            assert_eq!(request.raw, &data[..consumed]);
            if request.rare().time_fault != Some(Phrase::TimeNotFinite) {
                assert_eq!(accepted, Some(consumed));
                same_fields(&request);
            }
        }
        Decoded::Malformed { phrase, consumed, .. } => {
            assert_eq!(accepted, None, "{phrase:?}");
            if let Phrase::BadJson { at, fault } = phrase {
                assert!(at < consumed, "{fault:?}");
                if fault == JsonFault::NotUtf8 {
                    let valid = std::str::from_utf8(&data[..consumed]).unwrap_err().valid_up_to();
                    assert_eq!(valid, at);
                }
            }
        }
        Decoded::Incomplete { .. } => assert_eq!(accepted, None),
    }
}

/// How long the object is that `data` begin with, if it is valid and not too long to be held.
fn accepted_len(data: &[u8], limits: &Limits) -> Option<usize> {
    let mut stream = serde_json::Deserializer::from_slice(data).into_iter::<Checked>();
    let checked = stream.next()?.ok()?;
    let fits = checked.depth <= limits.object_depth && checked.members <= limits.object_members;
    (fits && stream.byte_offset() <= HELD).then(|| stream.byte_offset())
}

/// A value without a double key: how deep it nests, and the most members of one object.
struct Checked {
    depth: usize,
    members: usize,
}

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CheckedVisitor)
    }
}

struct CheckedVisitor;

const SCALAR: Checked = Checked { depth: 0, members: 0 };

impl<'de> Visitor<'de> for CheckedVisitor {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Checked, E> {
        Ok(SCALAR)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Checked, E> {
        Ok(SCALAR)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Checked, E> {
        Ok(SCALAR)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Checked, E> {
        Ok(SCALAR)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Checked, E> {
        Ok(SCALAR)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Checked, E> {
        Ok(SCALAR)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Checked, A::Error> {
        let (mut depth, mut members) = (0, 0);
        while let Some(item) = items.next_element::<Checked>()? {
            depth = depth.max(item.depth);
            members = members.max(item.members);
        }
        Ok(Checked { depth: depth + 1, members })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Checked, A::Error> {
        let (mut depth, mut members) = (0, 0);
        let mut keys = HashSet::new();
        while let Some((key, value)) = entries.next_entry::<String, Checked>()? {
            depth = depth.max(value.depth);
            members = members.max(value.members);
            if !keys.insert(key) {
                return Err(A::Error::custom("a key twice"));
            }
        }
        Ok(Checked { depth: depth + 1, members: members.max(keys.len()) })
    }
}

/// Whether a request says what the object means.
fn same_fields(request: &Request<'_>) {
    let object: Value = serde_json::from_slice(request.raw).unwrap();
    assert_eq!(request.chars, characters(request.raw));
    let fields = [
        &request.action,
        &request.account_name,
        &request.rare().password,
        &request.rare().status,
        &request.to,
        &request.from,
        &request.rare().room,
        &request.rare().invite,
        &request.rare().user_text,
        &request.rare().contact,
        &request.rare().target,
        &request.rare().topic,
        &request.rare().with,
        &request.rare().before,
        &request.rare().after,
        &request.rare().query,
        &request.rare().command,
        &request.rare().msg_id,
    ];
    for field in fields.into_iter().flatten() {
        let meant = field.key.split('.').fold(&object, |value, key| &value[key]);
        assert_eq!(meant.as_str(), Some(field.text.as_ref()), "{}", field.key);
    }
    if let Some(chars) = request.message_chars {
        let message = object[request.message_key].as_str().unwrap();
        assert_eq!(chars, message.chars().count());
        let at = request.message_at.start as usize..request.message_at.end as usize;
        assert_eq!(serde_json::from_slice::<Value>(&request.raw[at]).unwrap(), message);
    }
    if let Some(id) = request.id {
        assert_eq!(serde_json::from_str::<Value>(id).unwrap(), object["id"]);
    }
    if let Some(limit) = request.rare().limit {
        let asked = object["limit"].as_f64().unwrap();
        assert!(limit >= 1 && asked >= 1.0, "{limit} {asked}");
        assert!(object["limit"].as_u64().is_none_or(|asked| asked == limit as u64));
    }
    if let Some(features) = request.features {
        let asked = object["features"].as_array().unwrap();
        let known = ["ids", "notices", "offline", "files", "history"].into_iter();
        assert!(known.filter(|name| asked.contains(&Value::from(*name))).eq(features.names()));
    }
    let reserved = ["msg_id", "server_time"].iter().any(|key| object.get(key).is_some());
    assert_eq!(request.rare().reserved.is_some(), reserved);
    let action = object.get("action");
    assert_eq!(action.is_none(), request.action.is_none() && request.rare().action_fault.is_none());
    assert_eq!(
        object.get("time").is_none(),
        request.time.is_none() && request.rare().time_fault.is_none()
    );
    let server_only = ["response", "alert", "error"].iter().any(|key| object.get(key).is_some());
    assert_eq!(request.rare().server_only.is_some(), server_only);
}

/// The length of a valid object in characters, an escape counting as one.
fn characters(raw: &[u8]) -> usize {
    let mut chars = std::str::from_utf8(raw).unwrap().chars();
    let mut count = 0;
    while let Some(character) = chars.next() {
        count += 1;
        if character == '\\' && chars.next() == Some('u') {
            let unit: String = chars.by_ref().take(4).collect();
            if matches!(u32::from_str_radix(&unit, 16).unwrap(), 0xD800..=0xDBFF) {
                chars.by_ref().take(6).for_each(drop);
            }
        }
    }
    count
}
