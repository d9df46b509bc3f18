//! The client's command line, as typed and as understood.
//!
//! argh reads it after the program has put it into the form that argh knows.

use super::bounds::HISTORY_MESSAGES;
use super::options_conflicts::notification;
use super::options_files::Command;
use super::options_tls::Trusted;
use super::reader::{COMMON_NAMES, Past, Wishes};
use super::screen::{Attention, Preferences};
use super::since::Since;
use crate::message::{Language, MessageId};
use argh::{ArgsInfo, FromArgs};
use std::time::Duration;
use thiserror::Error;

/// The server's address where none is given.
pub const DEFAULT_HOST: &str = "127.0.0.1";

/// The server's port where none is given.
pub const DEFAULT_PORT: u16 = 7777;

/// The terminal client of JIM, a chat that any program can join.
#[derive(FromArgs, ArgsInfo, Debug, Clone, Default, PartialEq, Eq)]
#[argh(
    help_triggers("--help"),
    description = "The terminal client of JIM, a chat that any program can join.\n\
        Without -r, -w and --script it is a full screen to chat in.\n\
        Without a terminal, or with --plain, lines typed are sent and lines received are shown.",
    example = "Chat on this machine:\n    {command_name}",
    example = "Read the common chat of another:\n    {command_name} chat.example.org -r",
    example = "Send a file's lines as ivan to a room:\n    \
        {command_name} -w -u ivan --to '#geekbrains' < lines.txt",
    example = "Show the last 20 messages of a room, and go on over lost connections:\n    \
        {command_name} -r -u ivan --to '#geekbrains' --history 20 --follow",
    example = "Make an account, where the server lets you:\n    \
        {command_name} register ivan --invite CODE",
    example = "Send a file to a room, and get one that was announced:\n    \
        {command_name} send photo.jpg -u ivan --to '#geekbrains' --message 'look at this'\n    \
        {command_name} get 0123456789abcdef -u ivan -o photos/",
    example = "Chat encrypted, with a server whose 'jimd cert show' has told its fingerprint:\n    \
        {command_name} chat.example.org --tls --pin 64DIGITS",
    example = "Play a script:\n    {command_name} --script examples/1-normal.jim",
    example = "Be the client of console chat, or of the exchange of positive content:\n    \
        {command_name} --console-chat --host localhost --port 7777\n    \
        {command_name} --exchange Ivan localhost 7777",
    note = "The address is a name or a number, also as ADDR:PORT (default: 127.0.0.1 7777).\n  \
        Every address of a name is tried.",
    note = "With -u the password is --password-file's first line, or JIM_PASSWORD, or asked for.\n  \
        Without -u you are a guest, by default named as the system's user; where an account has\n  \
        that name, NAME-guest is tried.",
    note = "~/.config/jim/client.toml (or in $XDG_CONFIG_HOME) has profiles, [profile.NAME] with address,\n  \
        port, user, name, password-file, to, tls, ca, pin, as behind the options; [profile.default]\n  \
        counts where --profile names none. Above them or in them: lang, bell, notify, no-memory, plain,\n  \
        split, history, follow; [colors] and [keys] are for the full screen: client.toml(5). What is typed\n  \
        wins. An address that is typed is another server: what says who one is counts not there.",
    note = "-r shows one line a message, '[HH:MM:SS] FROM: TEXT', in local time. -w sends each line\n  \
        of standard input as it stands, also one that begins with '/'; a line over 500 characters\n  \
        is refused and the others are sent. Both join the room that --to names.",
    note = "--history and --since show messages of the past of the conversation that --to names,\n  \
        where the server keeps them; --since takes 18:30, 2026-01-31, 2026-01-31T18:30:00+03:00,\n  \
        2h (ago; also s, m, d, w) or a msg_id. With --follow a lost connection is made again,\n  \
        and of what the server keeps each message is shown once and none is left out.",
    note = "pair is a reader and a writer: in tmux each in a pane of its own, which the writer's end\n  \
        closes; elsewhere one client that does both. With -u the server has to allow sessions = \"many\".",
    note = "spawn N starts N clients, test1 to testN (--name bot: bot1 to botN), readers with -r, writers\n  \
        with -w. What each prints stands behind its name; a line typed goes to all, NAME: TEXT to\n  \
        one. They end with the program that started them.",
    note = "completions SHELL prints what bash, zsh or fish reads to complete this command line, as in\n  \
        source <(jim-client completions bash)",
    note = "register asks for the password twice, or takes --password-file or JIM_PASSWORD.",
    note = "send and get go on where the same command was interrupted, also after a lost connection,\n  \
        and check the SHA-256. What is there already is never overwritten: without -o a file is saved\n  \
        in this folder as 'NAME' or 'NAME (1)', and as 'NAME.part' while it comes. Uploads that were\n  \
        begun are noted below $XDG_STATE_HOME/jim or ~/.local/state/jim. In a pipe the output is the\n  \
        file's number, or the name that it has now. A bar is drawn only at a terminal.",
    note = "A script holds /login USER PASSWORD, /name NAME, /presence, /join #ROOM, /msg TO TEXT,\n  \
        /leave #ROOM and /quit, a command a line; a name with blanks stands in \"; lines that are\n  \
        empty or begin with // say nothing. It runs to its end also where the server refuses.",
    note = "Without a mode: a line is a message, //TEXT sends /TEXT, /help lists the commands,\n  \
        /quit, \\q or Ctrl-D ends. At a terminal a lost connection is made again, and\n  \
        what was missed in rooms and between accounts is shown where the server keeps it.",
    note = "In the full screen Tab completes commands, rooms, names and :emoji:, PageUp and PageDown\n  \
        scroll (above the top lies the past), Ctrl-N and Ctrl-P change the conversation, Alt-A goes\n  \
        to the next with news, the arrows find lines typed before, Alt-Enter begins a new line; F1 and\n  \
        /keys list all, client.toml changes them. It needs TERM to name a terminal, and heeds NO_COLOR.",
    note = "For its next start the full screen notes lines typed (the file typed) and how far conversations\n  \
        are read (the folder read) below $XDG_STATE_HOME/jim or ~/.local/state/jim, where only you\n  \
        can read. Not noted are /login, /register and /passwd, and lines that begin with a blank;\n  \
        with --no-memory nothing is, of uploads neither.",
    note = "--console-chat asks for a name and shows 'NAME > TEXT'; lines that begin with cmd! are\n  \
        commands: cmd!participants_count, cmd!current_time, cmd!start_game:rock (or scissors, paper).\n  \
        Ctrl-C says cmd!client_exit, the end of input cmd!error. The port is 9009 by default.",
    note = "--exchange asks for a text and for a file to go with it (16 MiB at most), in turn; an\n  \
        empty line is no file, \\q ends. It shows '<HH:MM> [NICKNAME] TEXT (FILE attached)': FILE is\n  \
        new in the current folder, nothing there is ever overwritten. The port is 23480 by default.",
    note = "An option may also be written '-p7777' or '--port=7777'; -h is --help. After '--'\n  \
        nothing is an option.",
    note = "Messages about the client itself go to standard error. Only the full screen has colours.",
    error_code(0, "done: the user ended it, --count was reached, the input or the script ended"),
    error_code(1, "this system failed: standard output cannot be written, say"),
    error_code(2, "the command line, the settings, the password or the script was not understood"),
    error_code(3, "cannot connect, or with --tls: the server is not who it says"),
    error_code(
        4,
        "the server did not let us in, or made no account: the name or nickname is taken (409),\n    \
        registration is closed or the invitation is not good (403)"
    ),
    error_code(5, "the server went away, or does not speak the wire"),
    error_code(6, "some lines of -w were not acknowledged"),
    error_code(7, "--timeout, or the server did not answer (10 s, a log-in 30 s)"),
    error_code(8, "the server refused the file, has none of that number, or takes no files"),
    error_code(9, "the file of -o is there already"),
    error_code(10, "what arrived is not what was sent, or the file changed while it was sent"),
    error_code(130, "Ctrl-C; 129 and 143 for the signals HUP and TERM")
)]
pub struct Args {
    /// the server's address, and its port
    #[argh(positional, arg_name = "addr port")]
    pub server: Vec<String>,

    /// the server's address
    #[argh(option, short = 'a', arg_name = "addr")]
    pub address: Option<String>,

    /// the server's TCP port (default: 7777)
    #[argh(option, short = 'p', arg_name = "port")]
    pub port: Option<String>,

    /// only read: show what others write
    #[argh(switch, short = 'r')]
    pub read: bool,

    /// only write: send the lines of standard input
    #[argh(switch, short = 'w')]
    pub write: bool,

    /// server and name by this profile of ~/.config/jim/client.toml (default: default)
    #[argh(option, arg_name = "name")]
    pub profile: Option<String>,

    /// a setting of client.toml for this time, also several: bell=false, keys.quit=ctrl-q
    #[argh(option, arg_name = "key=value")]
    pub set: Vec<String>,

    /// log in as this user
    #[argh(option, short = 'u', arg_name = "user")]
    pub user: Option<String>,

    /// file whose first line is the password
    #[argh(option, arg_name = "file")]
    pub password_file: Option<String>,

    /// a guest's name
    #[argh(option, arg_name = "name")]
    pub name: Option<String>,

    /// the room (with -u) or the user to talk to (default: the common chat)
    #[argh(option, arg_name = "#room|user")]
    pub to: Option<String>,

    /// play a script; - is standard input
    #[argh(option, arg_name = "file")]
    pub script: Option<String>,

    /// speak console chat's wire instead of JIM
    #[argh(switch)]
    pub console_chat: bool,

    /// speak the wire of the exchange of positive content
    #[argh(option, arg_name = "nickname")]
    pub exchange: Option<String>,

    /// with -r: print the objects as they came, one a line
    #[argh(switch)]
    pub json: bool,

    /// with -r and -u: first show the newest n messages
    #[argh(option, arg_name = "n")]
    pub history: Option<String>,

    /// with -r and -u: first show the messages since then
    #[argh(option, arg_name = "time|msg_id")]
    pub since: Option<String>,

    /// with -r and -u: connect again when the connection is lost, and show what was missed
    #[argh(switch)]
    pub follow: bool,

    /// with register: an invitation's code
    #[argh(option, arg_name = "code")]
    pub invite: Option<String>,

    /// with send: a text that goes with the file
    #[argh(option, arg_name = "text")]
    pub message: Option<String>,

    /// with get: the folder or the new file to save it in
    #[argh(option, short = 'o', arg_name = "path")]
    pub output: Option<String>,

    /// encrypt, and check that the server is who it says
    #[argh(switch)]
    pub tls: bool,

    /// with --tls: trust this file's certificates, and not the system's
    #[argh(option, arg_name = "file")]
    pub ca: Option<String>,

    /// with --tls: trust only the certificate with this SHA-256 fingerprint
    #[argh(option, arg_name = "digits")]
    pub pin: Option<String>,

    /// with -r: end after so many messages
    #[argh(option, arg_name = "n")]
    pub count: Option<String>,

    /// end after so many seconds, with exit code 7
    #[argh(option, arg_name = "seconds")]
    pub timeout: Option<String>,

    /// cut lines over 500 characters into several messages
    #[argh(switch)]
    pub split: bool,

    /// the language: ru or en (default: by the locale)
    #[argh(option, arg_name = "ru|en")]
    pub lang: Option<String>,

    /// tell only what is wrong, and show no progress
    #[argh(switch, short = 'q')]
    pub quiet: bool,

    /// at a terminal: no full screen, only lines
    #[argh(switch)]
    pub plain: bool,

    /// in the full screen: ring when someone writes to you or names you
    #[argh(switch)]
    pub bell: bool,

    /// in the full screen: show such messages as notices of the desktop, by OSC 9 or OSC 777
    #[argh(option, arg_name = "9|777|off")]
    pub notify: Option<String>,

    /// in the full screen: note nothing on this machine for the next start
    #[argh(switch)]
    pub no_memory: bool,

    /// tell more about what the client does
    #[argh(switch, short = 'v')]
    pub verbose: bool,

    /// print the version and end
    #[argh(switch, short = 'V')]
    pub version: bool,
}

/// Why the options make no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OptionFault {
    /// More than `ADDR PORT`.
    #[error("there is one address and one port at most; '{0}' is too much")]
    TooMany(String),
    /// A number where the address stands, which the system would take for one.
    #[error("'{0}' is no address; a port alone is given as -p {0}")]
    OnlyPort(String),
    /// Both ways to give one thing.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// Two options that exclude each other.
    #[error("{0} and {1} do not go together")]
    Conflict(&'static str, &'static str),
    /// An option that means nothing without another.
    #[error("{0} needs {1}")]
    Needs(&'static str, &'static str),
    /// A value that is none.
    #[error("{option} has to be {right}, not '{got}'")]
    BadValue {
        /// The option.
        option: &'static str,
        /// What was given.
        got: String,
        /// What would be right.
        right: &'static str,
    },
}

/// What the client is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// `-r`
    Read(Wishes),
    /// `register`
    Register {
        /// The account's name.
        name: String,
        /// An invitation's code.
        invite: Option<String>,
    },
    /// `send`
    Send {
        /// The file.
        file: String,
        /// A text that goes with it.
        message: Option<String>,
    },
    /// `get`
    Get {
        /// The file's number.
        id: MessageId,
        /// Where it is wanted.
        output: Option<String>,
    },
    /// `-w`
    Write,
    /// Neither.
    Talk,
    /// `--script`
    Play {
        /// The file; `-` is standard input.
        script: String,
    },
    /// `--console-chat`
    ConsoleChat,
    /// `--exchange`
    Exchange {
        /// Who we are.
        nickname: String,
    },
}

/// The command line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What the client is to be.
    pub purpose: Purpose,
    /// Whom TLS is spoken with, if it is.
    pub tls: Option<Trusted>,
    /// The account.
    pub user: Option<String>,
    /// The file with its password.
    pub password_file: Option<String>,
    /// The guest's name.
    pub name: Option<String>,
    /// The addressee, where it is not the common chat.
    pub to: Option<String>,
    /// Whether long lines are cut.
    pub split: bool,
    /// Whether there is no full screen.
    pub plain: bool,
    /// How the full screen gets someone's attention.
    pub attention: Attention,
    /// Whether the full screen notes nothing for its next start.
    pub no_memory: bool,
    /// What somebody likes it to be.
    pub preferences: Preferences,
    /// How long all may take.
    pub time_limit: Option<Duration>,
    /// The language, where it was given.
    pub language: Option<Language>,
    /// Whether only what is wrong is told.
    pub quiet: bool,
}

impl Args {
    /// Checks what was typed.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn understand(mut self) -> Result<Options, OptionFault> {
        let command = self.take_command()?;
        let registers = matches!(command, Some(Command::Register(_)));
        self.check_dialect(command.as_ref().map(Command::name))?;
        self.check_conflicts(registers)?;
        self.check_files(command.as_ref())?;
        let (host, port) = self.server()?;
        let tls = self.tls()?;
        let purpose = match command {
            Some(command) => self.purpose_of(command),
            None => self.purpose()?,
        };
        Ok(Options {
            host,
            port,
            purpose,
            tls,
            time_limit: number("--timeout", self.timeout.as_deref())?.map(Duration::from_secs),
            language: language(self.lang.as_deref())?,
            user: some("--user", self.user)?,
            name: some("--name", self.name)?,
            to: some("--to", self.to)?,
            password_file: self.password_file,
            split: self.split,
            quiet: self.quiet,
            plain: self.plain,
            no_memory: self.no_memory,
            attention: Attention {
                bell: self.bell,
                notification: notification(self.notify.as_deref())?,
            },
            preferences: Preferences::default(),
        })
    }

    /// Takes `register NAME`, `send FILE` or `get ID` away from before the address.
    fn take_command(&mut self) -> Result<Option<Command>, OptionFault> {
        let Some(first) = self.server.first() else { return Ok(None) };
        let command = Command::read(first, self.server.get(1).cloned())?;
        if command.is_some() {
            self.server.drain(..2);
        }
        Ok(command)
    }

    /// `ADDR PORT`, `ADDR:PORT`, `-a ADDR -p PORT`.
    fn server(&self) -> Result<(String, u16), OptionFault> {
        let mut words = self.server.iter();
        let (first, second) = (words.next(), words.next());
        if let Some(third) = words.next() {
            return Err(OptionFault::TooMany(third.clone()));
        }
        let typed = one("the address", first, self.address.as_ref())?;
        let (host, attached) = match typed.map(|typed| cut_port(typed)) {
            Some((host, attached)) => (host, attached.map(str::to_owned)),
            None => (DEFAULT_HOST, None),
        };
        if !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(OptionFault::OnlyPort(host.to_owned()));
        }
        let typed_port = one("the port", second, self.port.as_ref())?;
        let typed_port = one("the port", typed_port, attached.as_ref())?;
        let host = some("the address", Some(host.to_owned()))?.unwrap_or_default();
        Ok((host, port(typed_port, self.default_port())?))
    }

    fn purpose(&self) -> Result<Purpose, OptionFault> {
        let wishes = Wishes {
            json: self.json,
            count: number("--count", self.count.as_deref())?,
            past: self.past()?,
            follows: self.follow,
        };
        if let Some(nickname) = some("--exchange", self.exchange.clone())? {
            return Ok(Purpose::Exchange { nickname });
        }
        Ok(match &self.script {
            None if self.console_chat => Purpose::ConsoleChat,
            Some(script) => Purpose::Play { script: script.clone() },
            None if self.read => Purpose::Read(wishes),
            None if self.write => Purpose::Write,
            None => Purpose::Talk,
        })
    }

    fn past(&self) -> Result<Option<Past>, OptionFault> {
        let bad = |option, got: &String, right| {
            Err(OptionFault::BadValue { option, got: got.clone(), right })
        };
        match (&self.history, &self.since) {
            (Some(typed), _) => match typed.parse() {
                Ok(count) if (1..=HISTORY_MESSAGES).contains(&count) => {
                    Ok(Some(Past::Newest(count)))
                }
                _ => bad("--history", typed, "a whole number from 1 to 10000"),
            },
            (None, Some(typed)) => match Since::parse(typed) {
                Some(since) => Ok(Some(Past::Since(since))),
                None => bad("--since", typed, Since::FORMS),
            },
            (None, None) => Ok(None),
        }
    }
}

impl Options {
    /// The room that has to be joined.
    #[must_use]
    pub fn room(&self) -> Option<&str> {
        self.to.as_deref().filter(|to| is_room(to))
    }
}

/// Whether an addressee has to be joined, as the common chat has not.
pub(super) fn is_room(to: &str) -> bool {
    to.starts_with('#') && !COMMON_NAMES.contains(&to)
}

/// `ADDR:PORT` and `[ADDR]:PORT`; an IPv6 address without brackets has no port.
fn cut_port(typed: &str) -> (&str, Option<&str>) {
    if let Some(inner) = typed.strip_prefix('[') {
        return match inner.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, rest)) if rest.starts_with(':') => (host, rest.strip_prefix(':')),
            _ => (typed, None),
        };
    }
    match typed.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (typed, None),
    }
}

fn one<'a>(
    what: &'static str,
    first: Option<&'a String>,
    second: Option<&'a String>,
) -> Result<Option<&'a String>, OptionFault> {
    if first.is_some() && second.is_some() {
        return Err(OptionFault::Twice(what));
    }
    Ok(first.or(second))
}

fn port(typed: Option<&String>, default: u16) -> Result<u16, OptionFault> {
    let Some(typed) = typed else { return Ok(default) };
    typed.parse().ok().filter(|port| *port > 0).ok_or_else(|| OptionFault::BadValue {
        option: "the port",
        got: typed.clone(),
        right: "a number from 1 to 65535",
    })
}

fn number(option: &'static str, typed: Option<&str>) -> Result<Option<u64>, OptionFault> {
    // Beyond this nobody waits or counts, and no sum of times overflows.
    const MOST: u64 = 1_000_000_000;
    let Some(typed) = typed else { return Ok(None) };
    match typed.parse::<u64>() {
        Ok(number) if (1..=MOST).contains(&number) => Ok(Some(number)),
        _ => Err(OptionFault::BadValue {
            option,
            got: typed.to_owned(),
            right: "a whole number from 1 to 1000000000",
        }),
    }
}

fn language(typed: Option<&str>) -> Result<Option<Language>, OptionFault> {
    match typed {
        None => Ok(None),
        Some("ru") => Ok(Some(Language::Russian)),
        Some("en") => Ok(Some(Language::English)),
        Some(other) => Err(OptionFault::BadValue {
            option: "--lang",
            got: other.to_owned(),
            right: "ru or en",
        }),
    }
}

fn some(option: &'static str, typed: Option<String>) -> Result<Option<String>, OptionFault> {
    match typed {
        Some(empty) if empty.is_empty() => {
            Err(OptionFault::BadValue { option, got: empty, right: "not empty" })
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understand(line: &str) -> Result<Options, OptionFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Args::from_args(&["jim-client"], &words).unwrap().understand()
    }

    #[test]
    fn the_server() {
        for (line, host, port) in [
            ("", "127.0.0.1", 7777),
            ("chat", "chat", 7777),
            ("chat 80", "chat", 80),
            ("-a chat -p 80", "chat", 80),
            ("-p 80 chat", "chat", 80),
            ("chat:80", "chat", 80),
            ("[::1]:80", "::1", 80),
            ("[::1]", "::1", 7777),
            ("::1", "::1", 7777),
            ("::1 80", "::1", 80),
            // No name has a bracket, so this is told when it is looked up.
            ("[::1]80", "[::1]80", 7777),
        ] {
            let options = understand(line).unwrap();
            assert_eq!((options.host.as_str(), options.port), (host, port), "{line}");
        }
    }

    #[test]
    fn the_purpose() {
        let purpose = |line: &str| understand(line).unwrap().purpose;
        assert_eq!(purpose(""), Purpose::Talk);
        assert_eq!(purpose("-w"), Purpose::Write);
        assert_eq!(purpose("-r"), Purpose::Read(Wishes::default()));
        let counting = Wishes { json: true, count: Some(3), ..Wishes::default() };
        assert_eq!(purpose("-r --json --count 3"), Purpose::Read(counting));
        let past = Some(Past::Newest(9));
        let following = Wishes { past, follows: true, ..Wishes::default() };
        assert_eq!(purpose("-r -u a --history 9 --follow"), Purpose::Read(following));
        assert_eq!(purpose("--script -"), Purpose::Play { script: "-".into() });
        assert_eq!(understand("-r -u a --to #b").unwrap().room(), Some("#b"));
        assert_eq!(understand("-r --to #all").unwrap().room(), None);
        assert_eq!(understand("-w --to anna").unwrap().room(), None);
        assert_eq!(understand("--lang ru").unwrap().language, Some(Language::Russian));
        assert_eq!(understand("--timeout 5").unwrap().time_limit, Some(Duration::from_secs(5)));
    }

    #[test]
    fn registering() {
        for (line, host, port) in [
            ("register anna", "127.0.0.1", 7777),
            ("register anna chat 80", "chat", 80),
            ("-a chat register anna --invite c", "chat", 7777),
        ] {
            let options = understand(line).unwrap();
            assert_eq!((options.host.as_str(), options.port), (host, port), "{line}");
            let invite = line.contains("--invite").then(|| "c".to_owned());
            assert_eq!(options.purpose, Purpose::Register { name: "anna".into(), invite });
        }
        let since = understand("-r -u a --since soon").unwrap_err().to_string();
        assert!(since.contains("--since has to be a time such as"), "{since}");
    }

    #[test]
    fn what_makes_no_sense() {
        for (line, text) in [
            ("a 1 2", "there is one address and one port at most; '2' is too much"),
            ("8888", "'8888' is no address; a port alone is given as -p 8888"),
            ("a -a b", "the address is given twice"),
            ("a:1 2", "the port is given twice"),
            ("a 70000", "the port has to be a number from 1 to 65535, not '70000'"),
            ("-p 0", "the port has to be a number from 1 to 65535, not '0'"),
            ("-r -w", "-r and -w do not go together"),
            ("--script x -u a", "-u and --script (which has /login) do not go together"),
            ("-u a --name b", "-u and --name do not go together"),
            ("--json", "--json needs -r"),
            ("-w --count 1", "--count needs -r"),
            ("--password-file x", "--password-file needs -u"),
            ("-r --to #b", "--to with a room needs -u, since guests cannot join one"),
            ("-r --count 0", "--count has to be a whole number from 1 to 1000000000, not '0'"),
            ("--timeout x", "--timeout has to be a whole number from 1 to 1000000000, not 'x'"),
            ("-r --history 9", "--history needs -u"),
            ("-u a --follow", "--follow needs -r"),
            ("-r -u a --history 9 --since 2h", "--history and --since do not go together"),
            ("-r -u a --history 0", "--history has to be a whole number from 1 to 10000, not '0'"),
            ("register", "register needs a name"),
            ("register a -r", "register and -r do not go together"),
            ("--invite x", "--invite needs register"),
            ("--lang de", "--lang has to be ru or en, not 'de'"),
        ] {
            assert_eq!(understand(line).unwrap_err().to_string(), text, "{line}");
        }
    }
}
