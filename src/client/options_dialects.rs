//! The modes that speak other wires than JIM: what goes with them, and their ports.

use super::options::{Args, DEFAULT_PORT, OptionFault};
use super::{console_chat, exchange};

impl Args {
    /// The port where none is given.
    pub(super) const fn default_port(&self) -> u16 {
        match (self.console_chat, &self.exchange) {
            (true, _) => console_chat::DEFAULT_PORT,
            (false, Some(_)) => exchange::DEFAULT_PORT,
            (false, None) => DEFAULT_PORT,
        }
    }

    /// Checks that nothing is asked of these modes that only JIM has.
    pub(super) fn check_dialect(&self, command: Option<&'static str>) -> Result<(), OptionFault> {
        let mode = match (self.console_chat, &self.exchange) {
            (true, Some(_)) => return Err(OptionFault::Conflict("--console-chat", "--exchange")),
            (true, None) => "--console-chat",
            (false, Some(_)) => "--exchange",
            (false, None) => return Ok(()),
        };
        if let Some(command) = command {
            return Err(OptionFault::Conflict(mode, command));
        }
        let others = [
            (self.read, "-r"),
            (self.write, "-w"),
            (self.script.is_some(), "--script"),
            (self.user.is_some(), "-u"),
            (self.name.is_some(), "--name"),
            (self.to.is_some(), "--to"),
            (self.split, "--split"),
        ];
        match others.into_iter().find(|(found, _)| *found) {
            Some((_, other)) => Err(OptionFault::Conflict(mode, other)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::client::options::{Args, OptionFault, Options, Purpose};
    use argh::FromArgs;

    fn understand(line: &str) -> Result<Options, OptionFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Args::from_args(&["jim-client"], &words).unwrap().understand()
    }

    #[test]
    fn each_has_its_seeds_port() {
        let exchange = || Purpose::Exchange { nickname: "Ivan".into() };
        for (line, purpose, host, port) in [
            ("--console-chat", Purpose::ConsoleChat, "127.0.0.1", 9009),
            ("--console-chat -a chat -p 80", Purpose::ConsoleChat, "chat", 80),
            ("--exchange Ivan", exchange(), "127.0.0.1", 23480),
            ("--exchange Ivan chat", exchange(), "chat", 23480),
            ("--exchange Ivan chat 80", exchange(), "chat", 80),
            ("", Purpose::Talk, "127.0.0.1", 7777),
        ] {
            let options = understand(line).unwrap();
            assert_eq!((options.host.as_str(), options.port), (host, port), "{line}");
            assert_eq!(options.purpose, purpose, "{line}");
        }
    }

    #[test]
    fn what_only_jim_has_does_not_go_with_them() {
        for (line, text) in [
            ("--console-chat --exchange a", "--console-chat and --exchange do not go together"),
            ("--console-chat -r", "--console-chat and -r do not go together"),
            ("--exchange a -u b", "--exchange and -u do not go together"),
            ("--exchange a --to b", "--exchange and --to do not go together"),
            ("register a --console-chat", "--console-chat and register do not go together"),
            ("--console-chat --json", "--json needs -r"),
            ("--console-chat --password-file x", "--password-file needs -u"),
        ] {
            assert_eq!(understand(line).unwrap_err().to_string(), text, "{line}");
        }
        let empty = Args { exchange: Some(String::new()), ..Args::default() };
        let text = "--exchange has to be not empty, not ''";
        assert_eq!(empty.understand().unwrap_err().to_string(), text);
    }
}
