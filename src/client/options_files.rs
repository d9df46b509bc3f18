//! The command line of `send` and `get`.

use super::options::{Args, OptionFault, Purpose};
use crate::message::MessageId;

/// A word before the address that says what the client is to be, and the word behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// `register NAME`
    Register(String),
    /// `send FILE`
    Send(String),
    /// `get ID`
    Get(MessageId),
}

impl Command {
    /// Reads one; `None` where the first word is none.
    pub(super) fn read(word: &str, next: Option<String>) -> Result<Option<Self>, OptionFault> {
        let command = match word {
            "register" => "register",
            "send" => "send",
            "get" => "get",
            _ => return Ok(None),
        };
        let what = if command == "register" { "a name" } else { "a file" };
        let what = if command == "get" { "a file's number" } else { what };
        let next = next.ok_or(OptionFault::Needs(command, what))?;
        if next.is_empty() {
            return Err(OptionFault::BadValue { option: what, got: next, right: "not empty" });
        }
        Ok(Some(match command {
            "register" => Self::Register(next),
            "send" => Self::Send(next),
            _ => Self::Get(number(next)?),
        }))
    }

    /// Its name.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Register(_) => "register",
            Self::Send(_) => "send",
            Self::Get(_) => "get",
        }
    }
}

/// A file's number, as it is announced.
fn number(typed: String) -> Result<MessageId, OptionFault> {
    MessageId::parse(&typed.to_ascii_lowercase()).ok_or(OptionFault::BadValue {
        option: "a file's number",
        got: typed,
        right: "16 hexadecimal digits, as it is announced",
    })
}

impl Args {
    /// Checks what goes with `send` and `get`, and with neither.
    pub(super) fn check_files(&self, command: Option<&Command>) -> Result<(), OptionFault> {
        let sends = matches!(command, Some(Command::Send(_)));
        let gets = matches!(command, Some(Command::Get(_)));
        let guest = self.user.is_none();
        let name = command.map_or("", Command::name);
        let others = [
            (self.read, "-r"),
            (self.write, "-w"),
            (self.script.is_some(), "--script"),
            (self.name.is_some(), "--name"),
            (self.split, "--split"),
            (gets && self.to.is_some(), "--to"),
        ];
        if (sends || gets)
            && let Some((_, other)) = others.into_iter().find(|(found, _)| *found)
        {
            return Err(OptionFault::Conflict(name, other));
        }
        let lacks = [
            (self.message.is_some() && !sends, "--message", "send"),
            (self.output.is_some() && !gets, "--output", "get"),
            (sends && self.to.is_none(), "send", "--to"),
            (sends && guest, "send", "-u, since guests cannot send files"),
            (gets && guest, "get", "-u, since guests cannot get files"),
        ];
        match lacks.into_iter().find(|(found, ..)| *found) {
            Some((_, one, other)) => Err(OptionFault::Needs(one, other)),
            None => Ok(()),
        }
    }

    /// What a command makes of the client.
    pub(super) fn purpose_of(&self, command: Command) -> Purpose {
        match command {
            Command::Register(name) => Purpose::Register { name, invite: self.invite.clone() },
            Command::Send(file) => Purpose::Send { file, message: self.message.clone() },
            Command::Get(id) => Purpose::Get { id, output: self.output.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::options::Options;
    use argh::FromArgs;

    fn understand(line: &str) -> Result<Options, OptionFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Args::from_args(&["jim-client"], &words).unwrap().understand()
    }

    #[test]
    fn sending_and_getting() {
        let options = understand("-u anna --to #r --message hi send a.txt chat 80").unwrap();
        assert_eq!((options.host.as_str(), options.port), ("chat", 80));
        let (file, message) = ("a.txt".to_owned(), Some("hi".to_owned()));
        assert_eq!(options.purpose, Purpose::Send { file, message });
        assert_eq!(options.room(), Some("#r"));
        let get = |line: &str| understand(line).unwrap().purpose;
        let id = MessageId(0xab);
        let expected = Purpose::Get { id, output: None };
        assert_eq!(get("-u anna get 00000000000000AB"), expected);
        let expected = Purpose::Get { id, output: Some("b".into()) };
        assert_eq!(get("-u anna -o b get 00000000000000ab"), expected);
    }

    #[test]
    fn what_makes_no_sense() {
        for (line, text) in [
            ("send", "send needs a file"),
            ("get", "get needs a file's number"),
            ("-u a send x", "send needs --to"),
            ("--to b send x", "send needs -u, since guests cannot send files"),
            ("get 00000000000000ab", "get needs -u, since guests cannot get files"),
            (
                "-u a get ab",
                "a file's number has to be 16 hexadecimal digits, as it is announced, not 'ab'",
            ),
            ("-u a --to b -r send x", "send and -r do not go together"),
            ("-u a --to b get 00000000000000ab", "get and --to do not go together"),
            ("-u a -o x", "--output needs get"),
            ("--message x", "--message needs send"),
            ("--exchange a send x", "--exchange and send do not go together"),
            ("-q -v", "--quiet and --verbose do not go together"),
        ] {
            assert_eq!(understand(line).unwrap_err().to_string(), text, "{line}");
        }
    }
}
