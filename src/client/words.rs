//! What the client says about itself, on standard error, in Russian and English.

use super::bounds::INPUT_LINE_BYTES;
use super::commands;
use super::event::russian_reason;
use super::fault::Fault;
use super::incoming::is_code;
use super::input::Line;
use super::transfer::FileNotice;
use crate::message::{Kept, Language, visible};
use log::Level;
use std::fmt;

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields say what the variant's text is about")]
pub enum Notice {
    /// We are in.
    Entered { address: String, name: String, guest: bool },
    /// What the server keeps of messages.
    Kept { kept: Kept },
    /// A guest's name is an account's; the next one is tried.
    NameOfAccount { name: String, next: String },
    /// The server did not let us in.
    Refused { code: u16, text: String },
    /// The same on another wire, whose refusals have no code.
    RefusedWithout { text: String },
    /// A request of the interactive client was refused, or an answer came unasked.
    Answer { code: u16, text: String },
    /// 429.
    Waiting { seconds: u64 },
    /// No address answered.
    CannotConnect { tried: Vec<(String, String)> },
    /// The name of the server is not known.
    NoSuchHost { host: String, why: String },
    /// The conversation broke.
    Fault { fault: Fault },
    /// A line is longer than a message may be.
    LineTooLong { line: u64, chars: usize, limit: usize },
    /// A line is longer than this client looks at.
    LineTooBig { line: u64, limit_bytes: usize },
    /// A line is not UTF-8.
    LineNotUtf8 { line: u64 },
    /// The server refused a line.
    LineRefused { line: u64, code: u16, text: String },
    /// The end of `-w`, with lines lost.
    NotAcknowledged { refused: u64, acknowledged: u64 },
    /// The server went away under `-w`.
    CutOff { acknowledged: u64 },
    /// The connection is lost, and these requests with it, perhaps.
    Unanswered { requests: usize },
    /// The user left before these were sent.
    Unsent { lines: usize },
    /// What was missed is not known.
    MissedUnknown,
    /// Nothing was missed.
    MissedNothing,
    /// Whom lines are sent to.
    LinesGoTo { to: String },
    /// The common chat is not kept, but these rooms of ours are.
    CommonNotKept { rooms: Vec<String> },
    /// `--since` names a time that is still to come.
    SinceToCome,
    /// A guest has no password.
    NoAccount,
    /// A password could not be asked for.
    CannotAskPassword { why: String },
    /// The new password was typed in two ways.
    PasswordsDiffer,
    /// No new password after all.
    PasswordStays,
    /// The connection is lost, and made again after a pause.
    Reconnecting { seconds: u64 },
    /// A file cannot be sent to its end.
    CannotSendFile { why: String },
    /// About a file that is sent or got.
    File(FileNotice),
    /// `--timeout`.
    TimedOut { seconds: u64 },
    /// The interactive client does not know that command.
    UnknownCommand { text: String, meant: Option<&'static str> },
    /// A command is written otherwise.
    BadForm { form: &'static str },
    /// A `"` of a command is not closed.
    OpenQuote,
    /// A command that asks for a password has more than a name behind it.
    Surplus,
    /// This has to be typed once more.
    Confirm { room: String },
    /// The list that was shown goes on.
    More,
    /// No list goes on.
    NoMore,
    /// A search found nothing.
    NotFound,
    /// There are no rooms to be seen.
    NoRooms,
    /// The list is empty.
    Nothing,
    /// The server does not know an action.
    NotKnown { action: &'static str },
    /// The server does not grant `history`.
    NoHistory,
    /// The past cannot be shown.
    HistoryRefused { code: u16, text: String },
    /// The account is made.
    Registered { name: String },
    /// It is not.
    NotRegistered { code: u16, text: String },
    /// The interactive client's commands, or this one of them.
    Help { command: Option<String> },
    /// The keys are the terminal's.
    NoKeys,
    /// There is no such command to explain.
    NoSuchCommand { text: String, meant: Option<&'static str> },
    /// Only guests change their name.
    NameIsAccounts,
    /// Standard input or output, or the poll itself, failed.
    System { why: String },
    /// An object that is of no interest; for `--verbose`.
    Ignored { action: String },
}

impl Notice {
    /// Why a line of the input cannot be sent, where it is no text.
    #[must_use]
    pub const fn bad_line(line: &Line, number: u64) -> Option<Self> {
        match line {
            Line::Text(_) => None,
            Line::NotUtf8 => Some(Self::LineNotUtf8 { line: number }),
            Line::TooBig => Some(Self::LineTooBig { line: number, limit_bytes: INPUT_LINE_BYTES }),
        }
    }

    /// What `/help` shows: all commands, or the one that is named.
    #[must_use]
    pub fn help(command: Option<String>) -> Self {
        match command {
            Some(text) if commands::help(Language::English, Some(&text)).is_empty() => {
                Self::NoSuchCommand {
                    meant: commands::meant(&format!("/{}", text.trim_start_matches('/'))),
                    text,
                }
            }
            command => Self::Help { command },
        }
    }

    /// How much it matters.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::Entered { .. }
            | Self::Kept { .. }
            | Self::Help { .. }
            | Self::NoKeys
            | Self::More
            | Self::NoMore
            | Self::NotFound
            | Self::NoRooms
            | Self::Nothing
            | Self::MissedNothing
            | Self::LinesGoTo { .. }
            | Self::PasswordStays
            | Self::Registered { .. } => Level::Info,
            Self::Answer { code, .. } if is_success(*code) => Level::Info,
            Self::NameOfAccount { .. }
            | Self::Answer { .. }
            | Self::Waiting { .. }
            | Self::Reconnecting { .. }
            | Self::UnknownCommand { .. }
            | Self::BadForm { .. }
            | Self::OpenQuote
            | Self::Surplus
            | Self::Confirm { .. }
            | Self::NotKnown { .. }
            | Self::NoHistory
            | Self::MissedUnknown
            | Self::CommonNotKept { .. }
            | Self::SinceToCome
            | Self::NoAccount
            | Self::NameIsAccounts
            | Self::NoSuchCommand { .. }
            | Self::HistoryRefused { .. } => Level::Warn,
            Self::Ignored { .. } => Level::Debug,
            Self::File(notice) => notice.level(),
            _ => Level::Error,
        }
    }

    /// The text. What others wrote is in it only with its control characters made visible.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut text = String::new();
        // Writing into a `String` cannot fail.
        let _ = match language {
            Language::Russian => self.write_russian(&mut text),
            Language::English => self.write_english(&mut text),
        };
        text
    }

    fn write_english(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Entered { address, name, guest: true } => {
                write!(f, "connected to {address} as guest {}", visible(name))
            }
            Self::Entered { address, name, guest: false } => {
                write!(f, "connected to {address} as {}", visible(name))
            }
            Self::NameOfAccount { name, next } => {
                write!(f, "the name {} is an account's; trying {}", visible(name), visible(next))
            }
            Self::Refused { code, text } => {
                write!(f, "the server did not let us in: {}", Said(Language::English, *code, text))
            }
            Self::RefusedWithout { text } => {
                write!(f, "the server did not let us in: {}", visible(text))
            }
            Self::Answer { code, text } if is_success(*code) => write!(f, "{}", visible(text)),
            Self::Answer { code, text } => {
                write!(f, "the server says: {}", Said(Language::English, *code, text))
            }
            Self::Waiting { seconds } => {
                write!(f, "the server is busy; trying again in {seconds} s")
            }
            Self::CannotConnect { tried } => {
                f.write_str("cannot connect to ")?;
                write_tried(f, tried)
            }
            Self::NoSuchHost { host, why } => {
                write!(f, "the address of {} cannot be found: {why}", visible(host))
            }
            Self::Fault { fault } => write!(f, "{}", visible(&fault.to_string())),
            Self::Unanswered { requests } => {
                write!(f, "not answered before that, so perhaps not delivered: {requests}")
            }
            Self::Reconnecting { seconds } => write!(f, "connecting again in {seconds} s"),
            Self::MissedNothing => f.write_str("nothing was missed"),
            Self::MissedUnknown => f.write_str(
                "what was written meanwhile cannot be shown: this server keeps nothing for us",
            ),
            Self::CannotSendFile { why } => write!(f, "the file is not sent to its end: {why}"),
            Self::File(notice) => notice.write(Language::English, f),
            Self::TimedOut { seconds } => write!(f, "ended after {seconds} s (--timeout)"),
            Self::System { why } => f.write_str(why),
            Self::Ignored { action } => write!(f, "ignored an object: {}", visible(action)),
            _ => self.write_english_commands(f),
        }
    }

    /// About what was typed, and what came of it.
    fn write_english_commands(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::UnknownCommand { text, meant } => {
                write!(f, "no command {}; ", visible(text))?;
                if let Some(meant) = meant {
                    write!(f, "did you mean {meant}? ")?;
                }
                f.write_str("/help lists them, and to send a text that begins with / write //")
            }
            Self::BadForm { form } => write!(f, "this command is written {form}"),
            Self::OpenQuote => f.write_str("a \" is not closed"),
            Self::Surplus => f.write_str(
                "a name with blanks stands in \"; the password is asked for and never typed here",
            ),
            Self::Confirm { room } => write!(
                f,
                "this removes {0} and its messages for everyone; to do it, type /destroy {0} again",
                visible(room)
            ),
            Self::More => f.write_str("there is more: /more shows it"),
            Self::NoMore => f.write_str("there is nothing more"),
            Self::NotFound => f.write_str("nothing was found among the messages that are kept"),
            Self::NoRooms => f.write_str("there are no rooms to be seen: /join #NAME makes one"),
            Self::NoKeys => f.write_str("only the full screen has keys of its own"),
            Self::Nothing => f.write_str("nothing to show"),
            Self::NotKnown { action } => write!(f, "this server does not know {action}"),
            Self::NoHistory => f.write_str("this server keeps no messages of the past for us"),
            Self::HistoryRefused { code, text } => {
                write!(
                    f,
                    "messages of the past cannot be shown: {}",
                    Said(Language::English, *code, text)
                )
            }
            Self::Kept { kept } => write_kept_english(*kept, f),
            Self::CommonNotKept { rooms } => {
                f.write_str("the common chat is not kept here; --to names a room or a user")?;
                write_rooms(f, ", such as ", rooms)
            }
            Self::SinceToCome => f.write_str("the time of --since is still to come"),
            Self::LinesGoTo { to } => write!(f, "lines go to {}", visible(to)),
            Self::NoAccount => f.write_str("a guest has no password; /login NAME logs in"),
            Self::CannotAskPassword { why } => write!(f, "the password is not changed: {why}"),
            Self::PasswordsDiffer => f.write_str("the two passwords differ; nothing was changed"),
            Self::PasswordStays => f.write_str("the password stays as it was"),
            Self::Registered { name } => {
                write!(f, "the account {0} is made; log in with -u {0}", visible(name))
            }
            Self::NotRegistered { code, text } => {
                write!(f, "the account is not made: {}", Said(Language::English, *code, text))
            }
            Self::NameIsAccounts => {
                f.write_str("only guests change their name; yours is an account's")
            }
            Self::NoSuchCommand { text, meant } => {
                write!(f, "no command {}", visible(text))?;
                meant.map_or(Ok(()), |meant| write!(f, "; did you mean {meant}?"))
            }
            Self::Help { command } => {
                let list = commands::help(Language::English, command.as_deref());
                let text = if command.is_some() { "" } else { "a line is sent as a message." };
                write!(f, "{}", format!("{text}{list}").trim_start())
            }
            _ => self.write_english_lines(f),
        }
    }

    /// About lines of standard input.
    fn write_english_lines(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::LineTooLong { line, chars, limit } => write!(
                f,
                "line {line} is not sent: it has {chars} characters, at most {limit} are allowed \
                 (--split cuts it)"
            ),
            Self::LineTooBig { line, limit_bytes } => {
                write!(f, "line {line} is not sent: it is longer than {limit_bytes} bytes")
            }
            Self::LineNotUtf8 { line } => write!(f, "line {line} is not sent: it is not UTF-8"),
            Self::Unsent { lines } => write!(f, "lines typed and not sent: {lines}"),
            Self::LineRefused { line, code, text } => {
                write!(f, "line {line} was refused: {}", Said(Language::English, *code, text))
            }
            Self::NotAcknowledged { refused, acknowledged } => {
                write!(f, "lines not acknowledged: {refused}, acknowledged: {acknowledged}")
            }
            Self::CutOff { acknowledged } => {
                write!(f, "lines acknowledged until then: {acknowledged}")
            }
            _ => Ok(()),
        }
    }

    fn write_russian(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Entered { address, name, guest: true } => {
                write!(f, "подключен к {address} как гость {}", visible(name))
            }
            Self::Entered { address, name, guest: false } => {
                write!(f, "подключен к {address} как {}", visible(name))
            }
            Self::NameOfAccount { name, next } => {
                write!(f, "имя {} занято учетной записью; пробуем {}", visible(name), visible(next))
            }
            Self::Refused { code, text } => {
                write!(f, "сервер не впустил: {}", Said(Language::Russian, *code, text))
            }
            Self::RefusedWithout { text } => write!(f, "сервер не впустил: {}", visible(text)),
            Self::Answer { code, text } if is_success(*code) => write!(f, "{}", visible(text)),
            Self::Answer { code, text } => {
                write!(f, "сервер говорит: {}", Said(Language::Russian, *code, text))
            }
            Self::Waiting { seconds } => write!(f, "сервер занят; повтор через {seconds} с"),
            Self::CannotConnect { tried } => {
                f.write_str("не удалось подключиться к ")?;
                write_tried(f, tried)
            }
            Self::NoSuchHost { host, why } => {
                write!(f, "не удалось найти адрес {}: {why}", visible(host))
            }
            Self::Fault { fault } => write_fault_russian(fault, f),
            Self::Unanswered { requests } => {
                write!(f, "без ответа до этого, так что могло не дойти: {requests}")
            }
            Self::Reconnecting { seconds } => write!(f, "новое подключение через {seconds} с"),
            Self::MissedNothing => f.write_str("ничего не пропущено"),
            Self::MissedUnknown => f.write_str(
                "написанное тем временем не показать: этот сервер ничего для нас не хранит",
            ),
            Self::CannotSendFile { why } => write!(f, "файл не отправлен до конца: {why}"),
            Self::File(notice) => notice.write(Language::Russian, f),
            Self::TimedOut { seconds } => write!(f, "завершено через {seconds} с (--timeout)"),
            Self::System { why } => f.write_str(why),
            Self::Ignored { action } => write!(f, "пропущен объект: {}", visible(action)),
            _ => self.write_russian_commands(f),
        }
    }

    /// About what was typed, and what came of it.
    fn write_russian_commands(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::UnknownCommand { text, meant } => {
                write!(f, "нет команды {}; ", visible(text))?;
                if let Some(meant) = meant {
                    write!(f, "может быть, {meant}? ")?;
                }
                f.write_str("список: /help, а чтобы послать текст, начинающийся с /, напишите //")
            }
            Self::BadForm { form } => write!(f, "эта команда пишется так: {form}"),
            Self::OpenQuote => f.write_str("кавычка \" не закрыта"),
            Self::Surplus => f.write_str(
                "имя с пробелами пишется в \"; пароль будет спрошен, его не пишут здесь",
            ),
            Self::Confirm { room } => write!(
                f,
                "это удалит {0} и его сообщения для всех; чтобы удалить, наберите /destroy {0} \
                 еще раз",
                visible(room)
            ),
            Self::More => f.write_str("есть еще: /more покажет"),
            Self::NoMore => f.write_str("больше ничего нет"),
            Self::NotFound => f.write_str("среди хранимых сообщений ничего не найдено"),
            Self::NoRooms => f.write_str("чатов не видно: /join #ИМЯ создаёт новый"),
            Self::NoKeys => f.write_str("свои клавиши есть только у полного экрана"),
            Self::Nothing => f.write_str("показывать нечего"),
            Self::NotKnown { action } => write!(f, "этот сервер не знает {action}"),
            Self::NoHistory => f.write_str("этот сервер не хранит для нас прошлых сообщений"),
            Self::HistoryRefused { code, text } => {
                write!(f, "прошлые сообщения не показать: {}", Said(Language::Russian, *code, text))
            }
            Self::Kept { kept } => write_kept_russian(*kept, f),
            Self::CommonNotKept { rooms } => {
                f.write_str("общий чат здесь не хранится; чат или пользователя называет --to")?;
                write_rooms(f, ", например ", rooms)
            }
            Self::SinceToCome => f.write_str("время из --since еще не настало"),
            Self::LinesGoTo { to } => write!(f, "строки идут в {}", visible(to)),
            Self::NoAccount => f.write_str("у гостя нет пароля; войдите: /login NAME"),
            Self::CannotAskPassword { why } => write!(f, "пароль не изменен: {why}"),
            Self::PasswordsDiffer => f.write_str("пароли различаются; ничего не изменено"),
            Self::PasswordStays => f.write_str("пароль остался прежним"),
            Self::Registered { name } => {
                write!(f, "учетная запись {0} создана; вход: -u {0}", visible(name))
            }
            Self::NotRegistered { code, text } => {
                write!(f, "учетная запись не создана: {}", Said(Language::Russian, *code, text))
            }
            Self::NameIsAccounts => f.write_str("имя меняют только гости; ваше - учетной записи"),
            Self::NoSuchCommand { text, meant } => {
                write!(f, "нет команды {}", visible(text))?;
                meant.map_or(Ok(()), |meant| write!(f, "; может быть, {meant}?"))
            }
            Self::Help { command } => {
                let list = commands::help(Language::Russian, command.as_deref());
                let text = if command.is_some() {
                    ""
                } else {
                    "строка уходит как сообщение."
                };
                write!(f, "{}", format!("{text}{list}").trim_start())
            }
            _ => self.write_russian_lines(f),
        }
    }

    /// About lines of standard input.
    fn write_russian_lines(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::LineTooLong { line, chars, limit } => write!(
                f,
                "строка {line} не отправлена: в ней символов: {chars}, допустимо не более \
                 {limit} (--split разрежет ее)"
            ),
            Self::LineTooBig { line, limit_bytes } => {
                write!(f, "строка {line} не отправлена: она длиннее {limit_bytes} байтов")
            }
            Self::LineNotUtf8 { line } => write!(f, "строка {line} не отправлена: это не UTF-8"),
            Self::Unsent { lines } => write!(f, "строк набрано и не отправлено: {lines}"),
            Self::LineRefused { line, code, text } => {
                write!(f, "строка {line} отклонена: {}", Said(Language::Russian, *code, text))
            }
            Self::NotAcknowledged { refused, acknowledged } => {
                write!(f, "строк без подтверждения: {refused}, подтверждено: {acknowledged}")
            }
            Self::CutOff { acknowledged } => {
                write!(f, "строк подтверждено до этого: {acknowledged}")
            }
            _ => Ok(()),
        }
    }
}

fn write_kept_english(kept: Kept, f: &mut impl fmt::Write) -> fmt::Result {
    f.write_str("this server keeps")?;
    let parts = [
        (kept.common, "the common chat"),
        (kept.rooms, "the messages of rooms"),
        (kept.direct, "those between accounts"),
    ];
    write_parts(f, &parts, " no messages")?;
    match (kept.days, kept.messages) {
        _ if parts.iter().all(|(is_kept, _)| !is_kept) => Ok(()),
        (0, 0) => f.write_str(", for ever"),
        (days, 0) => write!(f, " for {days} days"),
        (0, messages) => write!(f, ", the newest {messages} messages of each"),
        (days, messages) => {
            write!(f, " for {days} days, of each the newest {messages} messages at most")
        }
    }
}

fn write_kept_russian(kept: Kept, f: &mut impl fmt::Write) -> fmt::Result {
    f.write_str("этот сервер хранит:")?;
    let parts =
        [(kept.common, "общий чат"), (kept.rooms, "чаты"), (kept.direct, "личные сообщения")];
    write_parts(f, &parts, " ничего")?;
    match (kept.days, kept.messages) {
        _ if parts.iter().all(|(is_kept, _)| !is_kept) => Ok(()),
        (0, 0) => f.write_str("; без срока"),
        (days, 0) => write!(f, "; дней: {days}"),
        (0, messages) => write!(f, "; последних сообщений в каждом: {messages}"),
        (days, messages) => {
            write!(f, "; дней: {days}, последних сообщений в каждом не более {messages}")
        }
    }
}

/// Those of the parts that hold, or the word for none.
fn write_parts(f: &mut impl fmt::Write, parts: &[(bool, &str)], none: &str) -> fmt::Result {
    let held: Vec<&str> = parts.iter().filter(|(held, _)| *held).map(|(_, part)| *part).collect();
    if held.is_empty() { f.write_str(none) } else { write!(f, " {}", held.join(", ")) }
}

fn write_rooms(f: &mut impl fmt::Write, before: &str, rooms: &[String]) -> fmt::Result {
    if rooms.is_empty() { Ok(()) } else { write!(f, "{before}{}", visible(&rooms.join(", "))) }
}

fn write_tried(f: &mut impl fmt::Write, tried: &[(String, String)]) -> fmt::Result {
    for (place, (address, why)) in tried.iter().enumerate() {
        let between = if place == 0 { "" } else { "; " };
        write!(f, "{between}{address}: {why}")?;
    }
    Ok(())
}

/// Whether an answer with this code says that all is well.
const fn is_success(code: u16) -> bool {
    is_code(code) && code < 300
}

/// An answer as the server gave it: its code and its text.
struct Said<'a>(Language, u16, &'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(language, code, text) = *self;
        if is_code(code) {
            return write!(f, "{code} {}", visible(text));
        }
        f.write_str(match language {
            Language::English => "its answer has no valid code",
            Language::Russian => "в его ответе нет верного кода",
        })?;
        if text.is_empty() { Ok(()) } else { write!(f, ": {}", visible(text)) }
    }
}

fn write_fault_russian(fault: &Fault, f: &mut impl fmt::Write) -> fmt::Result {
    match fault {
        Fault::Closed => f.write_str("сервер закрыл соединение"),
        Fault::Parted { reason } => {
            write!(f, "сервер закрыл соединение: {}", visible(russian_reason(reason)))
        }
        Fault::Broke { why } => write!(f, "соединение с сервером оборвалось: {why}"),
        Fault::CutShort => f.write_str("сервер закрыл соединение посреди объекта"),
        Fault::CutOff => {
            f.write_str("соединение оборвано: у TLS есть слово для конца, и сервер его не сказал")
        }
        Fault::NotJson { sample } => {
            write!(f, "это не сервер JIM, он прислал: {}", visible(sample))
        }
        Fault::BadObject { sample } => {
            write!(f, "сервер прислал объект, который не JSON: {}", visible(sample))
        }
        Fault::NeverCloses { limit_bytes } => {
            write!(f, "сервер прислал объект, который не кончается за {limit_bytes} байтов")
        }
        Fault::NoFrame { sample } => {
            write!(f, "это не сервер обмена, он прислал: {}", visible(sample))
        }
        Fault::FrameTooLong { bytes, limit_bytes } => {
            write!(f, "сервер прислал кадр в {bytes} байтов; берется не более {limit_bytes}")
        }
        Fault::Silent { seconds } => write!(f, "сервер не ответил за {seconds} с"),
        Fault::Half { seconds } => {
            write!(f, "сервер прислал пол-объекта и потом ничего {seconds} с")
        }
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
