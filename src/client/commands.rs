//! The commands of the interactive client. One table says which there are, how they are written
//! and what they do; `/help` and the texts about mistakes are made of it.

use super::ask::{Ask, What};
use super::bounds::{HISTORY_MESSAGES, HISTORY_USUAL, PAGE_MESSAGES};
use super::reader::COMMON_NAMES;
use super::script::{CommandFault, first_and_rest, some, whole};
use crate::config::nearest;
use crate::message::{Language, MessageId};
use std::fmt::Write;

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// Send a message.
    Msg {
        /// The addressee.
        to: String,
        /// The text.
        text: String,
    },
    /// Enter a room.
    Join(String),
    /// Leave a room.
    Leave(String),
    /// Send lines to someone else from now on; an empty name asks whom they are sent to.
    To(String),
    /// Change the password.
    Passwd,
    /// Send a file to where lines go.
    Send {
        /// Its name.
        file: String,
        /// A text that goes with it.
        text: Option<String>,
    },
    /// Get a file.
    Get(MessageId),
    /// One of the added actions.
    Ask(Ask),
    /// What the last list did not show.
    More,
    /// List the commands.
    Help,
    /// End.
    Quit,
}

/// What is wrong with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TypedFault {
    /// It is written otherwise.
    Form(&'static str),
    /// A `"` is not closed.
    OpenQuote,
    /// There is none of that name, but perhaps this one was meant.
    Unknown(Option<&'static str>),
}

/// Reads what stands behind a command's name; the second argument is whom lines are sent to.
type Read = fn(&str, &str) -> Result<Option<Typed>, CommandFault>;

/// One command.
struct Row {
    /// How it is written.
    form: &'static str,
    english: &'static str,
    russian: &'static str,
    read: Read,
}

impl Row {
    fn name(&self) -> &'static str {
        self.form.split(' ').next().unwrap_or_default()
    }
}

const fn row(form: &'static str, english: &'static str, russian: &'static str, read: Read) -> Row {
    Row { form, english, russian, read }
}

const TABLE: [Row; 30] = [
    row(
        "/msg TO TEXT",
        "sends to a user or a room",
        "посылает пользователю или в чат",
        |rest, _| {
            let (to, text) = first_and_rest(rest)?;
            Ok(some(to).zip(some(text.to_owned())).map(|(to, text)| Typed::Msg { to, text }))
        },
    ),
    row(
        "/to [#ROOM|NAME]",
        "says or changes where lines go",
        "говорит или меняет, куда идут строки",
        |rest, _| Ok(Some(Typed::To(whole(rest).unwrap_or_default()))),
    ),
    row(
        "/join #ROOM",
        "enters or makes a room; lines go there",
        "входит в чат или создаёт; строки идут туда",
        |rest, _| Ok(whole(rest).map(Typed::Join)),
    ),
    row("/leave #ROOM", "leaves a room", "выходит из чата", |rest, _| {
        Ok(whole(rest).map(Typed::Leave))
    }),
    row(
        "/history [#ROOM|NAME] [N]",
        "shows the newest messages",
        "показывает последние сообщения",
        read_history,
    ),
    row(
        "/search WORDS",
        "finds messages; \"a phrase\", begin*",
        "ищет сообщения; \"фраза\", нача*",
        |rest, _| {
            let ask = |query| Ask { query: Some(query), ..Ask::new(What::Search) };
            Ok(some(rest.trim().to_owned()).map(|query| Typed::Ask(ask(query))))
        },
    ),
    row(
        "/more",
        "goes on with the last list",
        "продолжает последний список",
        |rest, _| Ok(nothing(rest).then_some(Typed::More)),
    ),
    row(
        "/who",
        "lists who is connected",
        "показывает, кто подключен",
        |rest, _| Ok(nothing(rest).then_some(Typed::Ask(Ask::new(What::Who)))),
    ),
    row("/rooms", "lists the rooms", "показывает чаты", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Ask(Ask::new(What::Rooms))))
    }),
    row(
        "/members [#ROOM]",
        "lists a room's members",
        "показывает участников чата",
        |rest, to| Ok(room_or(rest, to).map(|room| ask_room(What::Members, room))),
    ),
    row(
        "/topic #ROOM [TEXT]",
        "shows or changes a room's topic",
        "показывает или меняет тему чата",
        |rest, _| {
            let (room, text) = first_and_rest(rest)?;
            let topic = some(text.trim().to_owned());
            let ask = |room| Ask { room: Some(room), topic, ..Ask::new(What::Topic) };
            Ok(some(room).filter(|room| is_room(room)).map(|room| Typed::Ask(ask(room))))
        },
    ),
    row(
        "/invite NAME [#ROOM]",
        "lets someone join",
        "приглашает в чат",
        |rest, to| read_target(What::Invite, rest, to),
    ),
    row(
        "/kick NAME [#ROOM]",
        "puts someone out",
        "исключает из чата",
        |rest, to| read_target(What::Kick, rest, to),
    ),
    row(
        "/ban NAME [#ROOM]",
        "keeps someone out",
        "закрывает вход в чат",
        |rest, to| read_target(What::Ban, rest, to),
    ),
    row(
        "/unban NAME [#ROOM]",
        "lets someone in again",
        "снова открывает вход",
        |rest, to| read_target(What::Unban, rest, to),
    ),
    row(
        "/op NAME [#ROOM]",
        "makes someone an operator",
        "назначает оператором",
        |rest, to| read_target(What::Op, rest, to),
    ),
    row("/deop NAME [#ROOM]", "takes that back", "отменяет это", |rest, to| {
        read_target(What::Deop, rest, to)
    }),
    row("/hide #ROOM", "closes a room to the uninvited", "скрывает чат", |rest, _| {
        Ok(room_or(rest, "").map(|room| ask_room(What::Hide, room)))
    }),
    row("/show #ROOM", "opens it again", "снова показывает чат", |rest, _| {
        Ok(room_or(rest, "").map(|room| ask_room(What::Show, room)))
    }),
    row(
        "/destroy #ROOM",
        "removes a room and its messages",
        "удаляет чат и его сообщения",
        |rest, _| Ok(room_or(rest, "").map(|room| ask_room(What::Destroy, room))),
    ),
    row("/contacts", "lists your contacts", "показывает контакты", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Ask(Ask::new(What::GetContacts))))
    }),
    row("/add NAME", "adds a contact", "добавляет контакт", |rest, _| {
        Ok(whole(rest).map(|name| ask_contact(What::AddContact, name)))
    }),
    row("/remove NAME", "removes a contact", "удаляет контакт", |rest, _| {
        Ok(whole(rest).map(|name| ask_contact(What::DelContact, name)))
    }),
    row(
        "/send FILE [TEXT]",
        "sends a file to where lines go",
        "посылает файл туда же",
        |rest, _| {
            let (file, text) = first_and_rest(rest)?;
            let text = some(text.trim().to_owned());
            Ok(some(file).map(|file| Typed::Send { file, text }))
        },
    ),
    row("/get ID", "gets a file that was announced", "загружает файл", |rest, _| {
        Ok(MessageId::parse(&rest.trim().to_ascii_lowercase()).map(Typed::Get))
    }),
    row("/passwd", "changes your password", "меняет ваш пароль", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Passwd))
    }),
    row("/help", "lists the commands", "показывает команды", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Help))
    }),
    row("/quit", "ends, as Ctrl-D does", "завершает, как и Ctrl-D", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Quit))
    }),
    row("/exit", "the same", "то же", |rest, _| Ok(nothing(rest).then_some(Typed::Quit))),
    row("//TEXT", "sends /TEXT", "посылает /TEXT", |_, _| Ok(None)),
];

/// Reads a line that begins with `/`; `to` is whom lines are sent to.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(line: &str, to: &str) -> Result<Typed, TypedFault> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(row) = TABLE.iter().find(|row| row.name() == word) else {
        return Err(TypedFault::Unknown(nearest(word, TABLE.iter().map(Row::name))));
    };
    match (row.read)(rest, to) {
        Ok(Some(typed)) => Ok(typed),
        Ok(None) => Err(TypedFault::Form(row.form)),
        Err(_) => Err(TypedFault::OpenQuote),
    }
}

/// Whether a line ends the client.
pub(super) fn is_quit(line: &str) -> bool {
    matches!(read(line.trim_end(), ""), Ok(Typed::Quit))
}

/// The commands, one a line.
pub(super) fn help(language: Language) -> String {
    let mut text = String::new();
    for row in &TABLE {
        let does = match language {
            Language::English => row.english,
            Language::Russian => row.russian,
        };
        // Writing into a `String` cannot fail.
        let _ = write!(text, "\n  {:<27}{does}", row.form);
    }
    text
}

fn nothing(rest: &str) -> bool {
    rest.trim().is_empty()
}

fn is_room(name: &str) -> bool {
    name.starts_with('#')
}

/// A room that is named, or else the one that lines are sent to.
fn room_or(rest: &str, to: &str) -> Option<String> {
    let to_room = || (nothing(rest) && !COMMON_NAMES.contains(&to)).then(|| to.to_owned());
    whole(rest).or_else(to_room).filter(|room| is_room(room))
}

fn ask_room(what: What, room: String) -> Typed {
    Typed::Ask(Ask { room: Some(room), ..Ask::new(what) })
}

fn ask_contact(what: What, name: String) -> Typed {
    Typed::Ask(Ask { contact: Some(name), ..Ask::new(what) })
}

/// `NAME #ROOM`, in either order; the room may be the one that lines are sent to.
fn read_target(what: What, rest: &str, to: &str) -> Result<Option<Typed>, CommandFault> {
    let (first, rest) = first_and_rest(rest)?;
    let second = whole(rest);
    let (target, room) = match second {
        Some(second) if is_room(&first) => (second, Some(first)),
        second => (first, room_or(second.as_deref().unwrap_or_default(), to)),
    };
    let pair = some(target).filter(|target| !is_room(target)).zip(room);
    let ask = |(target, room)| Ask { target: Some(target), room: Some(room), ..Ask::new(what) };
    Ok(pair.map(|pair| Typed::Ask(ask(pair))))
}

/// `[WITH] [N]`; one word that is a number is N.
fn read_history(rest: &str, to: &str) -> Result<Option<Typed>, CommandFault> {
    let (first, behind) = first_and_rest(rest)?;
    let (with, number) = match whole(behind) {
        Some(number) => (some(first), Some(number)),
        None if first.parse::<u64>().is_ok() => (None, Some(first)),
        None => (some(first), None),
    };
    let limit = number.map_or(Some(HISTORY_USUAL), |number| number.parse().ok());
    let with = with.unwrap_or_else(|| to.to_owned());
    let ask = |limit: u64| Ask {
        with: Some(with),
        limit: Some(limit.min(PAGE_MESSAGES)),
        ..Ask::new(What::History)
    };
    let limit = limit.filter(|limit| (1..=HISTORY_MESSAGES).contains(limit));
    Ok(limit.map(|limit| Typed::Ask(ask(limit))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Ask) {
        assert_eq!(read(line, "#tea"), Ok(Typed::Ask(expected)), "{line}");
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn lines_are_requests() {
        let history = |with: &str, limit| Ask {
            with: text(with),
            limit: Some(limit),
            ..Ask::new(What::History)
        };
        check("/history", history("#tea", 20));
        check("/history 5", history("#tea", 5));
        check("/history bob", history("bob", 20));
        check("/history \"John Doe\" 500", history("John Doe", 200));
        let search = Ask { query: text("\"a phrase\" b*"), ..Ask::new(What::Search) };
        check("/search  \"a phrase\" b* ", search);
        check("/members", Ask { room: text("#tea"), ..Ask::new(What::Members) });
        let kick =
            |room: &str| Ask { target: text("bob"), room: text(room), ..Ask::new(What::Kick) };
        check("/kick bob", kick("#tea"));
        check("/kick bob #x", kick("#x"));
        check("/kick #x bob", kick("#x"));
        let topic = |topic| Ask { room: text("#x"), topic, ..Ask::new(What::Topic) };
        check("/topic #x", topic(None));
        check("/topic #x  a b ", topic(text("a b")));
        check("/add John Doe", Ask { contact: text("John Doe"), ..Ask::new(What::AddContact) });
        assert_eq!(read("/quit", ""), Ok(Typed::Quit));
        let msg = Typed::Msg { to: "John Doe".into(), text: " hi".into() };
        assert_eq!(read("/msg \"John Doe\"  hi", ""), Ok(msg));
    }

    #[test]
    fn mistakes_are_told() {
        for (line, fault) in [
            ("/history bob x", TypedFault::Form("/history [#ROOM|NAME] [N]")),
            ("/history 0", TypedFault::Form("/history [#ROOM|NAME] [N]")),
            ("/kick", TypedFault::Form("/kick NAME [#ROOM]")),
            ("/kick bob", TypedFault::Form("/kick NAME [#ROOM]")),
            ("/destroy", TypedFault::Form("/destroy #ROOM")),
            ("/destroy bob", TypedFault::Form("/destroy #ROOM")),
            ("/members", TypedFault::Form("/members [#ROOM]")),
            ("/who now", TypedFault::Form("/who")),
            ("/msg \"a", TypedFault::OpenQuote),
            ("/hstory", TypedFault::Unknown(Some("/history"))),
            ("/Who", TypedFault::Unknown(Some("/who"))),
            ("/dancing", TypedFault::Unknown(None)),
        ] {
            assert_eq!(read(line, "#all"), Err(fault), "{line}");
        }
    }

    #[test]
    fn every_command_is_in_the_help() {
        for language in [Language::English, Language::Russian] {
            let text = help(language);
            assert!(TABLE.iter().all(|row| text.contains(row.form)));
            assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
        }
    }
}
