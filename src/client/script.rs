//! Scripts: what a file tells the client to do, a command a line.

use thiserror::Error;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `/login USER PASSWORD`
    Login {
        /// The account.
        user: String,
        /// Its password: the rest of the line.
        password: crate::message::Secret,
    },
    /// `/name NAME`: the name in requests that follow, without a log-in.
    Name(String),
    /// `/presence`
    Presence,
    /// `/join #ROOM`
    Join(String),
    /// `/leave #ROOM`
    Leave(String),
    /// `/msg TO TEXT`
    Msg {
        /// The addressee.
        to: String,
        /// The rest of the line, as it stands.
        text: String,
    },
    /// `/quit`
    Quit,
}

/// What is wrong with a command.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandFault {
    /// It does not begin with a command.
    #[error("a line begins with a command such as /msg, or with // for a comment")]
    NoCommand,
    /// Nothing of that name.
    #[error("no command {0}; there are /login /name /presence /join /msg /leave /quit")]
    Unknown(String),
    /// Something is missing.
    #[error("this command is written {0}")]
    Form(&'static str),
    /// A `"` is not closed.
    #[error("a \" is not closed")]
    OpenQuote,
    /// A request that needs a name stands before any.
    #[error("a /login or /name has to come before this")]
    NoName,
    /// Something stands behind `/quit`.
    #[error("nothing may follow /quit")]
    AfterQuit,
    /// Not UTF-8.
    #[error("this is not UTF-8")]
    NotUtf8,
}

/// What is wrong with a script, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {fault}")]
pub struct ScriptFault {
    /// The file's name, as given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: CommandFault,
}

/// Reads a whole script. Empty lines and lines that begin with `//` say nothing.
///
/// # Errors
/// The first line that is wrong.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Command>, ScriptFault> {
    let mut commands = Vec::new();
    let mut named = false;
    for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let fault = |fault| ScriptFault { file: file.to_owned(), line: place + 1, fault };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| fault(CommandFault::NotUtf8))?;
        let line = if place == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if line.trim().is_empty() || line.starts_with("//") {
            continue;
        }
        let command = parse_command(line).map_err(fault)?;
        check_place(&command, &commands, named).map_err(fault)?;
        named |= matches!(command, Command::Login { .. } | Command::Name(_));
        commands.push(command);
    }
    Ok(commands)
}

/// Whether a command may stand behind those before it.
fn check_place(command: &Command, before: &[Command], named: bool) -> Result<(), CommandFault> {
    if before.last() == Some(&Command::Quit) {
        return Err(CommandFault::AfterQuit);
    }
    match command {
        Command::Join(_) | Command::Leave(_) | Command::Msg { .. } if !named => {
            Err(CommandFault::NoName)
        }
        _ => Ok(()),
    }
}

/// Reads one command.
///
/// # Errors
/// What is wrong with it.
pub fn parse_command(line: &str) -> Result<Command, CommandFault> {
    let line = line.trim_start();
    if !line.starts_with('/') {
        return Err(CommandFault::NoCommand);
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match word {
        "/login" => {
            let (user, password) = first_and_rest(rest)?;
            let form = CommandFault::Form("/login USER PASSWORD");
            let [user, password] = [user, password.to_owned()].map(some);
            let (user, password) = user.zip(password).ok_or(form)?;
            Ok(Command::Login { user, password: crate::message::Secret::new(password) })
        }
        "/msg" => {
            let (to, text) = first_and_rest(rest)?;
            let form = CommandFault::Form("/msg TO TEXT");
            let (to, text) = some(to).zip(some(text.to_owned())).ok_or(form)?;
            Ok(Command::Msg { to, text })
        }
        "/name" => formed(whole(rest), "/name NAME").map(Command::Name),
        "/join" => formed(whole(rest), "/join #ROOM").map(Command::Join),
        "/leave" => formed(whole(rest), "/leave #ROOM").map(Command::Leave),
        "/presence" => nothing(rest, "/presence", Command::Presence),
        "/quit" => nothing(rest, "/quit", Command::Quit),
        other => Err(CommandFault::Unknown(other.to_owned())),
    }
}

/// The first word, which may stand in `"` to hold blanks, and what stands behind one blank.
pub(super) fn first_and_rest(text: &str) -> Result<(String, &str), CommandFault> {
    let text = text.trim_start();
    let (first, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(CommandFault::OpenQuote)?,
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    };
    let rest = rest.strip_prefix(char::is_whitespace).unwrap_or(rest);
    Ok((first.to_owned(), rest))
}

/// The rest of the line as one name, with or without `"`.
pub(super) fn whole(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    some(bare.to_owned())
}

fn formed(text: Option<String>, form: &'static str) -> Result<String, CommandFault> {
    text.ok_or(CommandFault::Form(form))
}

fn nothing(rest: &str, form: &'static str, command: Command) -> Result<Command, CommandFault> {
    if rest.trim().is_empty() { Ok(command) } else { Err(CommandFault::Form(form)) }
}

/// A text that is not empty.
pub(super) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Secret;

    fn check(line: &str, expected: Result<Command, CommandFault>) {
        assert_eq!(parse_command(line), expected, "{line}");
    }

    #[test]
    fn commands() {
        let login = |user: &str, password: &str| {
            Ok(Command::Login { user: user.into(), password: Secret::new(password) })
        };
        let msg = |to: &str, text: &str| Ok(Command::Msg { to: to.into(), text: text.into() });
        check("/login user pass word", login("user", "pass word"));
        check("/login \"John Doe\" p\"", login("John Doe", "p\""));
        check("/name John Doe ", Ok(Command::Name("John Doe".into())));
        check("/name \"John Doe\"", Ok(Command::Name("John Doe".into())));
        check("/presence", Ok(Command::Presence));
        check("  /join #geekbrains", Ok(Command::Join("#geekbrains".into())));
        check("/leave #geeks", Ok(Command::Leave("#geeks".into())));
        check("/msg #all  two  blanks ", msg("#all", " two  blanks "));
        check("/msg \"John Doe\" /quit", msg("John Doe", "/quit"));
        check("/quit ", Ok(Command::Quit));
    }

    #[test]
    fn bad_commands() {
        check("hello", Err(CommandFault::NoCommand));
        check("/dance", Err(CommandFault::Unknown("/dance".into())));
        check("/login user", Err(CommandFault::Form("/login USER PASSWORD")));
        check("/login", Err(CommandFault::Form("/login USER PASSWORD")));
        check("/msg #all", Err(CommandFault::Form("/msg TO TEXT")));
        check("/msg \"#all x", Err(CommandFault::OpenQuote));
        check("/join", Err(CommandFault::Form("/join #ROOM")));
        check("/quit now", Err(CommandFault::Form("/quit")));
    }

    #[test]
    fn a_script() {
        let text = "\u{feff}// a comment\r\n\n/name user\r\n/leave #geeks\n/quit";
        let commands =
            vec![Command::Name("user".into()), Command::Leave("#geeks".into()), Command::Quit];
        assert_eq!(parse("a.jim", text.as_bytes()), Ok(commands));
        assert_eq!(parse("a.jim", b""), Ok(Vec::new()));
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, line, fault) in [
            (&b"/name a\nhello"[..], 2, CommandFault::NoCommand),
            (b"/quit\n//\n/presence", 3, CommandFault::AfterQuit),
            (b"/presence\n/join #a", 2, CommandFault::NoName),
            (b"/name \xff", 1, CommandFault::NotUtf8),
            (b"/help", 1, CommandFault::Unknown("/help".into())),
        ] {
            let file = String::from("a.jim");
            assert_eq!(parse("a.jim", text), Err(ScriptFault { file, line, fault }));
        }
        let fault = parse("a.jim", b"\n/dance").unwrap_err();
        assert!(fault.to_string().starts_with("a.jim:2: no command /dance"));
    }
}
