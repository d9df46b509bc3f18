//! Answers to the added actions, in plain words: lists as aligned lines, messages as they are
//! shown otherwise.

use super::ask::{Ask, What};
use super::incoming::{Answer, Message};
use super::listing::{Listing, MemberRow, RoomRow, UserRow};
use super::mode::Turn;
use super::reader::Shown;
use super::render::Screen;
use super::words::Notice;
use crate::message::{Language, visible};
use unicode_width::UnicodeWidthStr;

/// Shows the answer to what was asked; gives what asks for the rest, where there is more.
pub(super) fn show(turn: &mut Turn<'_>, ask: &Ask, answer: Answer) -> Option<Ask> {
    if answer.is_unknown_action() {
        turn.screen.notice(&Notice::NotKnown { action: ask.what.action() });
        return None;
    }
    if answer.is_error() {
        turn.screen.notice(&Notice::Answer { code: answer.code, text: answer.text });
        return None;
    }
    let Some(listing) = answer.listing else {
        show_words(turn, ask, answer);
        return None;
    };
    let position = answer.next.map(|id| Ask { before: Some(id.to_string()), ..ask.clone() });
    let next = answer.more.then(|| next(ask, &listing).or(position)).flatten();
    show_listing(turn, ask, listing);
    if next.is_some() {
        turn.screen.notice(&Notice::More);
    }
    next
}

/// What is no list.
fn show_words(turn: &mut Turn<'_>, ask: &Ask, answer: Answer) {
    match (ask.what, &ask.room, answer.topic) {
        (What::Topic, Some(room), Some(topic)) => {
            let topic = if topic.is_empty() { "-" } else { &topic };
            turn.screen.line(&format_args!("{}: {}", visible(room), visible(topic)));
        }
        _ => turn.screen.notice(&Notice::Answer { code: answer.code, text: answer.text }),
    }
}

/// What asks for the entries behind these.
fn next(ask: &Ask, listing: &Listing) -> Option<Ask> {
    let before = |message: Option<&Message>| {
        let id = message?.id?;
        Some(Ask { before: Some(id.to_string()), ..ask.clone() })
    };
    match (listing, ask.what) {
        (Listing::Messages(messages), What::Search) => before(messages.last()),
        (Listing::Messages(messages), _) => before(messages.first()),
        _ => Some(Ask { after: Some(listing.last_name()?.to_owned()), ..ask.clone() }),
    }
}

fn show_listing(turn: &mut Turn<'_>, ask: &Ask, listing: Listing) {
    let language = turn.screen.language();
    let rows = match listing {
        Listing::Messages(messages) => return show_messages(turn, ask, messages),
        Listing::Users(rows) => rows.iter().map(|row| user(row, turn.screen)).collect(),
        Listing::Rooms(rows) => rows.iter().map(|row| room(row, language)).collect(),
        Listing::Members(rows) => rows.iter().map(|row| member(row, language)).collect(),
        Listing::Names(names) => names.iter().map(|name| vec![cell(name)]).collect::<Vec<_>>(),
    };
    if rows.is_empty() {
        let is_first = ask.after.is_none();
        let no_rooms = ask.what == What::Rooms && is_first;
        turn.screen.notice(if no_rooms { &Notice::NoRooms } else { &Notice::Nothing });
    }
    for line in aligned(&rows) {
        turn.screen.line(&line);
    }
}

/// Messages in the order of time; what was searched for may be anywhere, so it says where.
fn show_messages(turn: &mut Turn<'_>, ask: &Ask, mut messages: Vec<Message>) {
    let found = ask.what == What::Search;
    if messages.is_empty() {
        turn.screen.notice(if found { &Notice::NotFound } else { &Notice::Nothing });
    }
    if found {
        messages.reverse();
    }
    for message in &messages {
        match &message.to {
            Some(to) if found && Shown::of(Some(to)) != Shown::Common => {
                turn.screen.message_to(turn.now, message, to);
            }
            _ => turn.screen.message(turn.now, message),
        }
    }
}

fn user(row: &UserRow, screen: &Screen) -> Vec<String> {
    let word = |english: &str, russian: &str| in_language(screen.language(), english, russian);
    let kind = if row.is_guest {
        word("guest", "гость")
    } else {
        word("user", "пользователь")
    };
    let since = row.since_unix_micros.map(|micros| screen.moment(micros)).unwrap_or_default();
    vec![cell(&row.name), kind, since, cell(&row.status)]
}

fn room(row: &RoomRow, language: Language) -> Vec<String> {
    let word = |english: &str, russian: &str| in_language(language, english, russian);
    let counts = match language {
        Language::English => format!("{} members, {} online", row.members, row.online),
        Language::Russian => format!("участников: {}, в сети: {}", row.members, row.online),
    };
    let member = if row.is_member { word("joined", "вы в нём") } else { String::new() };
    vec![cell(&row.name), counts, member, cell(&row.topic)]
}

fn member(row: &MemberRow, language: Language) -> Vec<String> {
    let word = |english: &str, russian: &str| in_language(language, english, russian);
    let role = match row.role.as_str() {
        "owner" => word("owner", "владелец"),
        "op" => word("operator", "оператор"),
        "member" => word("member", "участник"),
        other => cell(other),
    };
    let online = if row.is_online {
        word("online", "в сети")
    } else {
        word("offline", "не в сети")
    };
    vec![cell(&row.name), role, online]
}

fn in_language(language: Language, english: &str, russian: &str) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Russian => russian.to_owned(),
    }
}

fn cell(text: &str) -> String {
    visible(text).to_string()
}

/// The widest that a column is made: longer cells push the rest of their line.
const COLUMN_WIDTH: usize = 40;

/// Lines whose cells stand below each other, two blanks apart.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width().min(COLUMN_WIDTH)).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["a", "", "x"]), row(["中文", "", ""]), row([&"b".repeat(60), "", "y"])];
        let lines = aligned(&rows);
        assert_eq!(lines[0], format!("a{}x", " ".repeat(41)));
        assert_eq!(lines[1], "中文");
        assert_eq!(lines[2], format!("{}  y", "b".repeat(60)));
        assert!(aligned(&[]).is_empty());
    }

    #[test]
    fn the_rest_is_asked_for_behind_what_was_shown() {
        let message =
            |id| Message { id: Some(crate::message::MessageId(id)), ..Message::default() };
        let page = Listing::Messages(vec![message(1), message(2)]);
        let before = |what| next(&Ask::new(what), &page).unwrap().before;
        assert_eq!(before(What::History).as_deref(), Some("0000000000000001"));
        assert_eq!(before(What::Search).as_deref(), Some("0000000000000002"));
        let names = Listing::Names(vec!["a".into(), "b".into()]);
        let next_names = next(&Ask::new(What::GetContacts), &names).unwrap();
        assert_eq!(next_names.after.as_deref(), Some("b"));
        assert_eq!(next(&Ask::new(What::Who), &Listing::Users(Vec::new())), None);
    }
}
