//! The table of the commands: how each is written, what it does, and how its words are read.

use super::ask::{Ask, What};
use super::bounds::{HISTORY_MESSAGES, HISTORY_USUAL};
use super::commands::Typed;
use super::reader::COMMON_NAMES;
use super::script::{CommandFault, first_and_rest, some, whole};
use crate::message::{Language, MessageId};

/// Reads what stands behind a command's name; the second argument is whom lines are sent to.
/// `None`: it is written otherwise.
type Read = fn(&str, &str) -> Result<Option<Typed>, CommandFault>;

/// One command.
pub(super) struct Row {
    /// How it is written: its name, and words such as `#ROOM` or `[NAME]`, which say what may
    /// stand there and so what completes it.
    pub(super) form: &'static str,
    english: &'static str,
    russian: &'static str,
    pub(super) read: Read,
}

impl Row {
    /// The first word.
    pub(super) fn name(&self) -> &'static str {
        self.form.split(' ').next().unwrap_or_default()
    }

    /// What it does, in a few words.
    pub(super) const fn does(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Russian => self.russian,
        }
    }
}

const fn row(form: &'static str, english: &'static str, russian: &'static str, read: Read) -> Row {
    Row { form, english, russian, read }
}

/// All commands, in the order of the help.
pub(super) const TABLE: [Row; 40] = [
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
        "/me TEXT",
        "says what you do: * anna TEXT",
        "говорит, что вы делаете: * anna ТЕКСТ",
        |rest, to| {
            let text = some(rest.trim().to_owned()).map(|text| format!("/me {text}"));
            Ok(text.map(|text| Typed::Msg { to: to.to_owned(), text }))
        },
    ),
    row(
        "/query NAME",
        "talks to someone alone",
        "открывает личный разговор",
        |rest, _| Ok(whole(rest).map(Typed::To)),
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
    row("/leave [#ROOM]", "leaves a room", "выходит из чата", |rest, to| {
        Ok(room_or(rest, to).map(Typed::Leave))
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
        |rest, to| {
            // Who is in the common chat is who is connected.
            let named = whole(rest).unwrap_or_else(|| to.to_owned());
            Ok(if COMMON_NAMES.contains(&named.as_str()) {
                Some(Typed::Ask(Ask::new(What::Who)))
            } else {
                room_or(rest, to).map(|room| ask_room(What::Members, room))
            })
        },
    ),
    row(
        "/topic [#ROOM] [TEXT]",
        "shows or changes a room's topic",
        "показывает или меняет тему чата",
        read_topic,
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
    row(
        "/hide [#ROOM]",
        "closes a room to the uninvited",
        "скрывает чат",
        |rest, to| Ok(room_or(rest, to).map(|room| ask_room(What::Hide, room))),
    ),
    row("/show [#ROOM]", "opens it again", "снова показывает чат", |rest, to| {
        Ok(room_or(rest, to).map(|room| ask_room(What::Show, room)))
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
        "/status TEXT",
        "says something about you",
        "говорит что-то о вас",
        |rest, _| Ok(some(rest.trim().to_owned()).map(Typed::Status)),
    ),
    row("/nick NAME", "changes a guest's name", "меняет имя гостя", |rest, _| {
        Ok(whole(rest).map(Typed::Nick))
    }),
    row(
        "/login NAME",
        "asks for a password and logs in",
        "спрашивает пароль и входит",
        |rest, _| {
            let (name, behind) = first_and_rest(rest)?;
            Ok(some(name).filter(|_| nothing(behind)).map(Typed::LogIn))
        },
    ),
    row(
        "/register NAME [CODE]",
        "makes an account and logs in",
        "создаёт учётную запись и входит",
        read_register,
    ),
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
    row(
        "/cancel [ID|FILE]",
        "gives up a file that comes or goes",
        "отменяет отправку или загрузку",
        |rest, _| Ok(Some(Typed::Cancel(whole(rest)))),
    ),
    row("/passwd", "changes your password", "меняет ваш пароль", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Passwd))
    }),
    row("/clear", "clears the screen", "очищает экран", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Clear))
    }),
    row(
        "/help [COMMAND]",
        "lists the commands, or explains one",
        "показывает команды или одну из них",
        |rest, _| Ok(Some(Typed::Help(whole(rest)))),
    ),
    row(
        "/keys",
        "lists what keys do",
        "показывает, что делают клавиши",
        |rest, _| Ok(nothing(rest).then_some(Typed::Keys)),
    ),
    row("/quit", "ends, as Ctrl-D does", "завершает, как и Ctrl-D", |rest, _| {
        Ok(nothing(rest).then_some(Typed::Quit))
    }),
    row("/exit", "the same", "то же", |rest, _| Ok(nothing(rest).then_some(Typed::Quit))),
    row("\\q", "the same", "то же", |rest, _| Ok(nothing(rest).then_some(Typed::Quit))),
    row("//TEXT", "sends /TEXT", "посылает /TEXT", |_, _| Ok(None)),
];

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

/// `[#ROOM] [TEXT]`; without a room it is the topic of the one that lines are sent to.
fn read_topic(rest: &str, to: &str) -> Result<Option<Typed>, CommandFault> {
    let (first, behind) = first_and_rest(rest)?;
    let (room, text) =
        if is_room(&first) { (Some(first), behind) } else { (room_or("", to), rest) };
    let topic = some(text.trim().to_owned());
    let ask = |room| Ask { room: Some(room), topic, ..Ask::new(What::Topic) };
    Ok(room.map(|room| Typed::Ask(ask(room))))
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

/// `NAME [CODE]`; a name with blanks stands in `"`.
fn read_register(rest: &str, _: &str) -> Result<Option<Typed>, CommandFault> {
    let (name, rest) = first_and_rest(rest)?;
    let (code, behind) = first_and_rest(rest)?;
    let invite = some(code);
    Ok(some(name).filter(|_| nothing(behind)).map(|name| Typed::Register { name, invite }))
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
    let ask = |limit: u64| Ask { with: Some(with), limit: Some(limit), ..Ask::new(What::History) };
    let limit = limit.filter(|limit| (1..=HISTORY_MESSAGES).contains(limit));
    Ok(limit.map(|limit| Typed::Ask(ask(limit))))
}
