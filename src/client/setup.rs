//! From options to a plan: passwords, scripts and names are looked up here.

use super::bounds::SCRIPT_BYTES;
use super::console_chat::ConsoleChat;
use super::entry::{Entry, Who};
use super::event_loop;
use super::exchange::Exchange;
use super::exit::Exit;
use super::guest::guest_name;
use super::mode::Mode;
use super::options::{Options, Purpose};
use super::options_tls::Trusted;
use super::pair;
use super::passwords::{new_prompts, prompt};
use super::player::Player;
use super::reader::{COMMON_NAMES, Reader};
use super::register::Register;
use super::render::Screen;
use super::screen::{Depth, Preferences, chat, driver};
use super::script::{ScriptFault, parse};
use super::state;
use super::talker::Talker;
use super::transfer::{Courier, Errand, Memory, Place, Source, Stop};
use super::writer::Writer;
use crate::certificate::{CertificateFault, authorities};
use crate::message::{Features, Language, Secret};
use crate::transport::{ClientTls, ClientTlsFault, Trust};
use jiff::tz::TimeZone;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use thiserror::Error;
use zeroize::Zeroizing;

/// The longest password file that is looked at.
const PASSWORD_FILE_BYTES: u64 = 4096;

/// What the client is told by the system that it runs on.
pub struct Surroundings<'a> {
    /// A variable of the environment, where it is set and not empty.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Asks for a password at the terminal, without echo.
    pub ask_password: &'a dyn Fn(&str) -> io::Result<Zeroizing<String>>,
    /// Asks for a new one twice.
    pub ask_password_twice: &'a AskTwice,
}

/// Asks for a password with both prompts, and gives both answers.
pub type AskTwice = dyn Fn(&str, &str) -> io::Result<[Zeroizing<String>; 2]>;

/// Why the client cannot begin.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The script is wrong.
    #[error(transparent)]
    Script(#[from] ScriptFault),
    /// A file cannot be read.
    #[error("{file} cannot be read: {why}")]
    Unreadable {
        /// Its name, as given.
        file: String,
        /// The system's words.
        why: io::Error,
    },
    /// A file is too long.
    #[error("{file} is longer than {limit_bytes} bytes")]
    TooLong {
        /// Its name, as given.
        file: String,
        /// The most that is read.
        limit_bytes: u64,
    },
    /// The password file holds none.
    #[error("the first line of {file} is no password: it is empty or not UTF-8")]
    NoPassword {
        /// Its name, as given.
        file: String,
    },
    /// There is no way to ask for the password.
    #[error("no password: give --password-file or JIM_PASSWORD, or run at a terminal ({0})")]
    CannotAsk(io::Error),
    /// The file cannot be sent, or not be saved there.
    #[error("{}", .0.text(*.1))]
    File(Stop, Language),
    /// The certificates to be trusted cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    /// TLS cannot be begun.
    #[error(transparent)]
    Tls(#[from] ClientTlsFault),
    /// The new password was typed in two ways.
    #[error("the two passwords differ; nothing was sent")]
    Differ,
    /// Ctrl-C while the password was asked for.
    #[error("interrupted")]
    Interrupted,
}

impl SetupError {
    /// What the client ends with because of it.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::INTERRUPTED,
            Self::File(Stop::Exists { .. }, _) => Exit::Exists,
            _ => Exit::Usage,
        }
    }
}

/// The language: what was given, else what the locale says.
#[must_use]
pub fn language(options: &Options, surroundings: &Surroundings<'_>) -> Language {
    let locale =
        || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| (surroundings.variable)(name));
    match options.language {
        Some(language) => language,
        None if locale().is_some_and(|locale| locale.starts_with("ru")) => Language::Russian,
        None => Language::English,
    }
}

/// What is to be done.
pub enum Plan {
    /// With lines.
    Lines(Box<event_loop::Plan>),
    /// With a full screen.
    Screen(Box<driver::Plan>),
}

impl Plan {
    /// Does it.
    ///
    /// # Errors
    /// What the system refuses that nothing works without.
    pub fn run(self) -> io::Result<Exit> {
        match self {
            Self::Lines(plan) => event_loop::run(*plan),
            Self::Screen(plan) => driver::run(*plan),
        }
    }
}

/// Makes the plan. This may read files and ask at the terminal.
///
/// # Errors
/// As [`SetupError`] says; nothing was sent.
pub fn plan(options: Options, surroundings: &Surroundings<'_>) -> Result<Plan, SetupError> {
    let language = language(&options, surroundings);
    let tls = tls(&options)?;
    if options.purpose == Purpose::Talk && has_screen(&options, surroundings) {
        return Ok(Plan::Screen(Box::new(screen_plan(options, tls, language, surroundings)?)));
    }
    let mode: Box<dyn Mode> = match &options.purpose {
        Purpose::Play { script } => {
            let commands = parse(script, &read_script(script)?)?;
            Box::new(Player::new(commands, options.name.clone()))
        }
        Purpose::Register { name, invite } => {
            let password = new_password(name, &options, language, surroundings)?;
            Box::new(Register::new(name.clone(), password, invite.clone()))
        }
        Purpose::Send { .. } | Purpose::Get { .. } => {
            let errand = errand(&options).map_err(|stop| SetupError::File(stop, language))?;
            let who = who(&options, language, surroundings)?;
            let entry = Entry::new(who, options.room().map(str::to_owned), errand.features());
            let memory = Memory::of(surroundings.variable);
            Box::new(Courier::new(entry.without_presence(), errand, memory))
        }
        Purpose::ConsoleChat => Box::new(ConsoleChat::new()),
        Purpose::Exchange { nickname } => Box::new(Exchange::new(nickname.clone(), ".".into())),
        purpose => {
            let features = features(purpose, options.user.is_some());
            let who = who(&options, language, surroundings)?;
            let entry = Entry::new(who, options.room().map(str::to_owned), features);
            let [common, ..] = COMMON_NAMES;
            let to = options.to.clone().unwrap_or_else(|| common.to_owned());
            match purpose {
                Purpose::Read(wishes) => {
                    Box::new(Reader::new(entry, options.to.as_deref(), wishes.clone()))
                }
                Purpose::Write => {
                    // What is piped is sent as it stands.
                    let quits = pair::is_writer() && io::stdin().is_terminal();
                    Box::new(Writer::new(entry, to, options.split).quitting(quits))
                }
                _ => {
                    let returns = io::stdin().is_terminal();
                    let memory = Memory::of(surroundings.variable);
                    Box::new(Talker::new(entry, to, options.split, returns).keeping(memory))
                }
            }
        }
    };
    let mut screen = Screen::new(language, TimeZone::system(), io::stdout().is_terminal());
    if options.purpose == Purpose::Talk {
        screen = screen.getting_by("/get");
    }
    let is_plain = (surroundings.variable)("TERM").is_some_and(|terminal| terminal == "dumb");
    let is_errand = matches!(options.purpose, Purpose::Send { .. } | Purpose::Get { .. });
    let shows_bar = is_errand && !options.quiet && !is_plain && io::stderr().is_terminal();
    let Options { host, port, time_limit, .. } = options;
    let lines = event_loop::Plan { host, port, tls, mode, screen, time_limit, shows_bar };
    Ok(Plan::Lines(Box::new(lines)))
}

/// Opens the file that is sent, and looks whether the place of one that is got is free.
fn errand(options: &Options) -> Result<Errand, Stop> {
    match &options.purpose {
        Purpose::Get { id, output } => {
            Ok(Errand::Get { id: *id, place: Place::of(output.as_deref())? })
        }
        Purpose::Send { file, message } => {
            let (to, message) = (options.to.clone().unwrap_or_default(), message.clone());
            Ok(Errand::Send { source: Source::open(Path::new(file))?, to, message })
        }
        _ => Err(Stop::Strange),
    }
}

fn tls(options: &Options) -> Result<Option<ClientTls>, SetupError> {
    let trust = match &options.tls {
        None => return Ok(None),
        Some(Trusted::System) => Trust::System,
        Some(Trusted::File(file)) => Trust::Authorities(authorities(Path::new(file))?),
        Some(Trusted::Pinned(fingerprint)) => Trust::Pinned(*fingerprint),
    };
    Ok(Some(ClientTls::new(trust, &options.host)?))
}

/// Whether a full screen is wanted, and there is a terminal that can show one.
fn has_screen(options: &Options, surroundings: &Surroundings<'_>) -> bool {
    let can = (surroundings.variable)("TERM").is_some_and(|term| term != "dumb");
    !options.plain && can && io::stdin().is_terminal() && io::stdout().is_terminal()
}

fn screen_plan(
    options: Options,
    tls: Option<ClientTls>,
    language: Language,
    surroundings: &Surroundings<'_>,
) -> Result<driver::Plan, SetupError> {
    let who = who(&options, language, surroundings)?;
    let Options { host, port, to, split, attention, no_memory, preferences, time_limit, .. } =
        options;
    let depth = Depth::of(surroundings.variable);
    let [common, ..] = COMMON_NAMES;
    let zone = TimeZone::system();
    let wishes = chat::Wishes {
        language,
        zone: zone.clone(),
        to: to.unwrap_or_else(|| common.to_owned()),
        splits: split,
        attention,
        preferences: Preferences { theme: preferences.theme.at(depth), ..preferences },
        server: format!("{host}:{port}"),
    };
    let mut chat = chat::Chat::new(Entry::new(who, None, chat::Chat::FEATURES), wishes);
    if let Some(folder) = state::folder(surroundings.variable).filter(|_| !no_memory) {
        chat = chat.keeping(Memory::of(surroundings.variable)).remembering(&folder);
    }
    let screen = Screen::new(language, zone, true).getting_by("/get");
    Ok(driver::Plan { host, port, tls, chat, screen, time_limit })
}

/// What the server is asked for. With `ids` messages that waited for an account do not count as
/// received before they are acknowledged, so that a client which shows none of them loses none.
fn features(purpose: &Purpose, is_user: bool) -> Features {
    match purpose {
        Purpose::Read(wishes) if is_user => wishes.features(),
        Purpose::Write if is_user => Features::IDS.with(Features::OFFLINE),
        Purpose::Talk => Talker::FEATURES,
        _ => Features::NONE,
    }
}

fn who(
    options: &Options,
    language: Language,
    surroundings: &Surroundings<'_>,
) -> Result<Who, SetupError> {
    if let Some(name) = &options.user {
        let password = password(name, options, language, surroundings)?;
        return Ok(Who::User { name: name.clone(), password });
    }
    let system_user = || ["USER", "LOGNAME"].iter().find_map(|name| (surroundings.variable)(name));
    let name = match &options.name {
        Some(name) => name.clone(),
        None => guest_name(&system_user().unwrap_or_default()),
    };
    Ok(Who::Guest { name })
}

fn password(
    user: &str,
    options: &Options,
    language: Language,
    surroundings: &Surroundings<'_>,
) -> Result<Secret, SetupError> {
    if let Some(password) = given_password(options, surroundings)? {
        return Ok(password);
    }
    match (surroundings.ask_password)(&prompt(user, language)) {
        Ok(password) => Ok(Secret::new(password.as_str())),
        Err(error) => Err(not_asked(error)),
    }
}

fn new_password(
    user: &str,
    options: &Options,
    language: Language,
    surroundings: &Surroundings<'_>,
) -> Result<Secret, SetupError> {
    if let Some(password) = given_password(options, surroundings)? {
        return Ok(password);
    }
    let (first, again) = new_prompts(user, language);
    let [first, second] = (surroundings.ask_password_twice)(&first, again).map_err(not_asked)?;
    if first == second { Ok(Secret::new(first.as_str())) } else { Err(SetupError::Differ) }
}

/// The password where nobody has to be asked.
fn given_password(
    options: &Options,
    surroundings: &Surroundings<'_>,
) -> Result<Option<Secret>, SetupError> {
    match &options.password_file {
        Some(file) => password_in(file).map(Some),
        None => Ok((surroundings.variable)("JIM_PASSWORD").map(Secret::new)),
    }
}

fn not_asked(error: io::Error) -> SetupError {
    match error.kind() {
        io::ErrorKind::Interrupted => SetupError::Interrupted,
        _ => SetupError::CannotAsk(error),
    }
}

fn password_in(file: &str) -> Result<Secret, SetupError> {
    let opened = File::open(file);
    let bytes = Zeroizing::new(read_bounded(file, opened, PASSWORD_FILE_BYTES)?);
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(password) if !password.is_empty() => Ok(Secret::new(password)),
        _ => Err(SetupError::NoPassword { file: file.to_owned() }),
    }
}

fn read_script(script: &str) -> Result<Vec<u8>, SetupError> {
    if script == "-" {
        return read_bounded(script, Ok(io::stdin().lock()), SCRIPT_BYTES);
    }
    read_bounded(script, File::open(script), SCRIPT_BYTES)
}

fn read_bounded(
    file: &str,
    source: io::Result<impl Read>,
    limit_bytes: u64,
) -> Result<Vec<u8>, SetupError> {
    let mut bytes = Vec::new();
    source
        .and_then(|source| source.take(limit_bytes + 1).read_to_end(&mut bytes))
        .map_err(|why| SetupError::Unreadable { file: file.to_owned(), why })?;
    if bytes.len() as u64 > limit_bytes {
        return Err(SetupError::TooLong { file: file.to_owned(), limit_bytes });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::Args;
    use argh::FromArgs;

    fn options(line: &str) -> Options {
        let words: Vec<&str> = line.split_whitespace().collect();
        Args::from_args(&["jim-client"], &words).unwrap().understand().unwrap()
    }

    fn no_terminal(_: &str) -> io::Result<Zeroizing<String>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn surroundings<'a>(variable: &'a dyn Fn(&str) -> Option<String>) -> Surroundings<'a> {
        let twice: &AskTwice = &|_, _| Err(io::ErrorKind::NotFound.into());
        Surroundings { variable, ask_password: &no_terminal, ask_password_twice: twice }
    }

    fn check_who(line: &str, variables: &[(&str, &str)]) -> Result<Who, SetupError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        who(&options(line), Language::English, &surroundings(&variable))
    }

    #[test]
    fn the_locale_says_the_language() {
        for (lang, line, expected) in [
            ("ru_RU.UTF-8", "", Language::Russian),
            ("de_DE.UTF-8", "", Language::English),
            ("ru_RU.UTF-8", "--lang en", Language::English),
            ("C", "--lang ru", Language::Russian),
        ] {
            let variable = |name: &str| (name == "LANG").then(|| lang.to_owned());
            let surroundings = surroundings(&variable);
            assert_eq!(language(&options(line), &surroundings), expected, "{lang} {line}");
        }
    }

    #[test]
    fn a_guest_is_named_as_the_system_user() {
        let guest = |name: &str| Who::Guest { name: name.into() };
        assert_eq!(check_who("-r", &[("USER", "anna")]).unwrap(), guest("anna"));
        assert_eq!(check_who("-r", &[("LOGNAME", "o lga")]).unwrap(), guest("olga"));
        assert_eq!(check_who("-r", &[]).unwrap(), guest("guest"));
        assert_eq!(check_who("-r --name x", &[("USER", "a")]).unwrap(), guest("x"));
    }

    #[test]
    fn the_password_has_three_sources() {
        let user =
            |password: &str| Who::User { name: "anna".into(), password: Secret::new(password) };
        let variables = [("JIM_PASSWORD", "from env")];
        assert_eq!(check_who("-u anna", &variables).unwrap(), user("from env"));
        let file = std::env::temp_dir().join(format!("jim-password-{}", std::process::id()));
        std::fs::write(&file, "from file\r\nmore").unwrap();
        let line = format!("-u anna --password-file {}", file.display());
        assert_eq!(check_who(&line, &variables).unwrap(), user("from file"));
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(check_who(&line, &variables), Err(SetupError::NoPassword { .. })));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(check_who(&line, &variables), Err(SetupError::Unreadable { .. })));
        assert!(matches!(check_who("-u anna", &[]), Err(SetupError::CannotAsk(_))));
    }

    #[test]
    fn a_new_password_is_typed_twice_alike() {
        let ask = |first: &'static str, second: &'static str| {
            let nothing = |_: &str| None;
            let typed = move |_: &str, _: &str| Ok([first, second].map(|it| it.to_owned().into()));
            let surroundings =
                Surroundings { ask_password_twice: &typed, ..surroundings(&nothing) };
            new_password("a", &options("register a"), Language::English, &surroundings)
        };
        assert_eq!(ask("x", "x").unwrap(), Secret::new("x"));
        assert!(matches!(ask("x", "y"), Err(SetupError::Differ)));
    }

    #[test]
    fn what_is_read_is_bounded() {
        let read = |length: usize| read_bounded("x", Ok(&vec![0_u8; length][..]), 10);
        assert_eq!(read(10).unwrap().len(), 10);
        assert!(matches!(read(11), Err(SetupError::TooLong { .. })));
    }
}
