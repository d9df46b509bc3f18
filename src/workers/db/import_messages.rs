//! The messages of an import: names become numbers again, checksums are made anew.

use super::super::message_table;
use super::error::LineFault;
use super::form::Message;
use super::import::{Import, Stop, moment};
use crate::message::{AccountId, Conversation, Mark, Name, StoredMessage};
use std::ops::Range;

pub(super) fn take(import: &Import<'_>, message: &Message) -> Result<(), Stop> {
    let object = &message.object;
    let text = message.text.0..message.text.1;
    if !is_object(object) || !is_string(object, &text) {
        return Err(LineFault::Object.into());
    }
    moment(message.time)?;
    if message_table::exists(import.connection, message.id.0)? {
        return Err(LineFault::MessageTwice(message.id.0).into());
    }
    let sender = message.sender.as_ref().map(|sender| account(import, sender));
    let stored = StoredMessage {
        mark: Mark { id: message.id.0, unix_micros: message.time },
        conversation: conversation(import, &message.room, &message.direct)?,
        sender: sender.transpose()?,
        object: object.as_bytes().into(),
        text,
        in_history: message.in_history,
        waits_for: None,
        attachment: None,
    };
    message_table::insert(import.connection, &stored)?;
    for name in &message.waits_for {
        let account = account(import, name)?;
        message_table::await_stored(import.connection, account, stored.mark.id)?;
    }
    Ok(())
}

pub(super) fn account(import: &Import<'_>, name: &str) -> Result<AccountId, Stop> {
    import.account(&Name::shown(name))
}

/// The place of a message or a file.
pub(super) fn conversation(
    import: &Import<'_>,
    room: &Option<String>,
    direct: &Option<(String, String)>,
) -> Result<Conversation, Stop> {
    match (room, direct) {
        (None, None) => Ok(Conversation::Common),
        (Some(room), None) => Ok(Conversation::Room(import.room(&import.room_name(room)?)?)),
        (None, Some((one, other))) => {
            Ok(Conversation::direct(account(import, one)?, account(import, other)?))
        }
        (Some(_), Some(_)) => Err(LineFault::TwoPlaces.into()),
    }
}

/// Its braces alone: the server looked at the rest before it stored it.
fn is_object(object: &str) -> bool {
    object.starts_with('{') && object.ends_with('}')
}

fn is_string(object: &str, text: &Range<u32>) -> bool {
    let range = text.start as usize..text.end as usize;
    let text = object.get(range).unwrap_or_default();
    text.len() >= 2 && text.starts_with('"') && text.ends_with('"')
}
