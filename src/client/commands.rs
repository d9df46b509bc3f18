//! The commands of the interactive client. One table says which there are, how they are written
//! and what they do; reading them, `/help`, completion and the texts about mistakes are made of it.

use super::ask::Ask;
use super::command_table::{Row, TABLE};
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
    /// Give a file up that is sent or got: this one, or the only one.
    Cancel(Option<String>),
    /// Log in as this user, whose password is asked for.
    LogIn(String),
    /// Make an account.
    Register {
        /// Its name.
        name: String,
        /// An invitation's code.
        invite: Option<String>,
    },
    /// Bear another name as a guest.
    Nick(String),
    /// Say something about oneself.
    Status(String),
    /// Clear the screen.
    Clear,
    /// One of the added actions.
    Ask(Ask),
    /// What the last list did not show.
    More,
    /// List the keys.
    Keys,
    /// List the commands, or explain this one.
    Help(Option<String>),
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
    /// There is more than a name, most likely a password.
    Surplus,
    /// There is none of that name, but perhaps this one was meant.
    Unknown(Option<&'static str>),
}

/// The commands that ask for a password.
const ASKING: [&str; 3] = ["/login", "/register", "/passwd"];

/// Reads a line that begins with `/`; `to` is whom lines are sent to.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(line: &str, to: &str) -> Result<Typed, TypedFault> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(row) = TABLE.iter().find(|row| row.name() == word) else {
        return Err(TypedFault::Unknown(meant(word)));
    };
    match (row.read)(rest, to) {
        Ok(Some(typed)) => Ok(typed),
        Ok(None) if ASKING.contains(&word) && !rest.trim().is_empty() => Err(TypedFault::Surplus),
        Ok(None) => Err(TypedFault::Form(row.form)),
        Err(_) => Err(TypedFault::OpenQuote),
    }
}

/// Whether a line is a command: begins with `/`, or is seed 004's `\q`.
pub(super) fn is_command(line: &str) -> bool {
    line.starts_with('/') || line.trim_end() == "\\q"
}

/// Whether a line may hold a password or a code: those of the commands that ask for one, and what
/// looks like a command and is none.
pub(super) fn may_be_secret(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    let is_known = TABLE.iter().any(|row| row.name() == word);
    line.starts_with('/') && !line.starts_with("//") && (!is_known || ASKING.contains(&word))
}

/// Whether a line most likely has a password in it: a command that asks for one, with more behind
/// it than it takes.
pub(super) fn has_password(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    let is_bare = line.trim_end() == word;
    ASKING.contains(&word)
        && !is_bare
        && matches!(read(line, ""), Err(TypedFault::Surplus | TypedFault::OpenQuote))
}

/// Whether a line ends the client.
pub(super) fn is_quit(line: &str) -> bool {
    matches!(read(line.trim_end(), ""), Ok(Typed::Quit))
}

/// The commands, one a line; or the one that is named, with or without its `/`.
pub(super) fn help(language: Language, command: Option<&str>) -> String {
    let named = |row: &&Row| {
        command
            .is_none_or(|name| row.name().trim_start_matches('/') == name.trim_start_matches('/'))
    };
    let mut text = String::new();
    for row in TABLE.iter().filter(named) {
        // Writing into a `String` cannot fail.
        let _ = write!(text, "\n  {:<27}{}", row.form, row.does(language));
    }
    text
}

/// The name of the command that was probably meant.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    nearest(word, TABLE.iter().map(Row::name))
}

/// The names of all commands that begin so.
pub(super) fn names(begin: &str) -> impl Iterator<Item = &'static str> {
    let names = TABLE.iter().map(Row::name).filter(|name| !name.starts_with("//"));
    names.filter(move |name| name.starts_with(begin))
}

/// What may stand at a place of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A room.
    Room,
    /// A user.
    Name,
    /// A room or a user.
    Anyone,
    /// A command.
    Command,
    /// A file of this machine.
    File,
    /// A file that is sent or got.
    Transfer,
    /// Something that nothing completes.
    Anything,
}

/// What the argument at this place (from 0) of a command may be.
pub(super) fn takes(name: &str, place: usize) -> Takes {
    let row = TABLE.iter().find(|row| row.name() == name);
    let words: Vec<&str> = row.map(|row| row.form.split(' ').skip(1).collect()).unwrap_or_default();
    let Some(word) = words.get(place) else { return Takes::Anything };
    match word.trim_matches(['[', ']']) {
        "#ROOM" => Takes::Room,
        "NAME" => Takes::Name,
        "TO" | "#ROOM|NAME" => Takes::Anyone,
        "COMMAND" => Takes::Command,
        "FILE" => Takes::File,
        "ID|FILE" => Takes::Transfer,
        _ => Takes::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ask::What;

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
        check("/history \"John Doe\" 500", history("John Doe", 500));
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
        let here = |topic| Ask { room: text("#tea"), topic, ..Ask::new(What::Topic) };
        check("/topic", here(None));
        check("/topic five o'clock ", here(text("five o'clock")));
        check("/hide", Ask { room: text("#tea"), ..Ask::new(What::Hide) });
        check("/members #all", Ask::new(What::Who));
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
            ("/members bob", TypedFault::Form("/members [#ROOM]")),
            ("/topic tea", TypedFault::Form("/topic [#ROOM] [TEXT]")),
            ("/hide", TypedFault::Form("/hide [#ROOM]")),
            ("/who now", TypedFault::Form("/who")),
            ("/msg \"a", TypedFault::OpenQuote),
            ("/login", TypedFault::Form("/login NAME")),
            ("/login bob geheim", TypedFault::Surplus),
            ("/login \"John Doe\" geheim", TypedFault::Surplus),
            ("/register bob CODE geheim", TypedFault::Surplus),
            ("/passwd geheim", TypedFault::Surplus),
            ("/hstory", TypedFault::Unknown(Some("/history"))),
            ("/Who", TypedFault::Unknown(Some("/who"))),
            ("/dancing", TypedFault::Unknown(None)),
        ] {
            assert_eq!(read(line, "#all"), Err(fault), "{line}");
        }
    }

    #[test]
    fn passwords_are_suspected() {
        for line in ["/login bob geheim", "/login \"bob geheim", "/register b c d", "/passwd a b"] {
            assert!(has_password(line), "{line}");
        }
        for line in ["/login bob", "/login \"John Doe\"", "/login", "/register b c", "/who are you"]
        {
            assert!(!has_password(line), "{line}");
        }
    }

    #[test]
    fn every_command_is_in_the_help() {
        for language in [Language::English, Language::Russian] {
            let text = help(language, None);
            assert!(TABLE.iter().all(|row| text.contains(row.form)));
            assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
        }
    }
    #[test]
    fn one_command_is_explained() {
        for name in ["/msg", "msg"] {
            let text = help(Language::English, Some(name));
            assert_eq!(text.trim(), "/msg TO TEXT               sends to a user or a room");
        }
        assert_eq!(help(Language::English, Some("dance")), "");
    }

    #[test]
    fn who_we_are_can_be_changed() {
        let name = || "John Doe".to_owned();
        let with = |invite: Option<&str>| Typed::Register {
            name: name(),
            invite: invite.map(str::to_owned),
        };
        for (line, typed) in [
            ("/login \"John Doe\" ", Typed::LogIn(name())),
            ("/register \"John Doe\"", with(None)),
            ("/register \"John Doe\" abc", with(Some("abc"))),
            ("/nick John Doe", Typed::Nick(name())),
            ("/status  at tea ", Typed::Status("at tea".into())),
            ("/query John Doe", Typed::To(name())),
            ("/cancel", Typed::Cancel(None)),
            ("/cancel \"John Doe\"", Typed::Cancel(Some(name()))),
            ("/cancel John Doe", Typed::Cancel(Some(name()))),
            ("/leave", Typed::Leave("#tea".into())),
            ("/me  waves ", Typed::Msg { to: "#tea".into(), text: "/me waves".into() }),
            ("\\q", Typed::Quit),
        ] {
            assert_eq!(read(line, "#tea"), Ok(typed), "{line}");
        }
        assert!(is_quit("\\q ") && !is_command("\\quit") && !is_command("a \\q"));
    }

    #[test]
    fn places_say_what_completes_them() {
        for (name, place, expected) in [
            ("/msg", 0, Takes::Anyone),
            ("/msg", 1, Takes::Anything),
            ("/kick", 0, Takes::Name),
            ("/kick", 1, Takes::Room),
            ("/leave", 0, Takes::Room),
            ("/help", 0, Takes::Command),
            ("/send", 0, Takes::File),
            ("/send", 1, Takes::Anything),
            ("/cancel", 0, Takes::Transfer),
            ("/quit", 0, Takes::Anything),
            ("/dance", 0, Takes::Anything),
        ] {
            assert_eq!(takes(name, place), expected, "{name} {place}");
        }
        assert_eq!(names("/re").collect::<Vec<_>>(), ["/remove", "/register"]);
        assert!(names("/").all(|name| name != "//TEXT"));
    }
}
