//! `jim-client pair`: a reading and a writing client side by side, as a course starts them. In tmux
//! each has a pane; elsewhere one client does both, what it reads above the line that is typed.

mod tmux;

use super::exit::Exit;
use super::options::{Args, OptionFault};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Is set for the writer, which a person types to.
const WRITER: &str = "JIM_PAIR_WRITER";

/// Whether this program is the writer of a pair.
#[must_use]
pub fn is_writer() -> bool {
    std::env::var_os(WRITER).is_some()
}

/// Two clients to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// What both are started with.
    arguments: Vec<String>,
}

impl Pairing {
    fn reader(&self) -> impl Iterator<Item = &str> {
        ["--read"].into_iter().chain(self.arguments.iter().map(String::as_str))
    }

    fn writer(&self) -> impl Iterator<Item = &str> {
        ["--write"].into_iter().chain(self.arguments.iter().map(String::as_str))
    }
}

impl Args {
    /// The two clients that `pair` asks for; `normal` is the command line in the form that argh reads,
    /// whose words stand last.
    ///
    /// # Errors
    /// The options make no sense for one of them.
    pub fn pairing(&self, normal: &[String]) -> Option<Result<Pairing, OptionFault>> {
        let is_asked = self.server.first().is_some_and(|first| first == "pair");
        is_asked.then(|| self.understand_pair(normal))
    }

    fn understand_pair(&self, normal: &[String]) -> Result<Pairing, OptionFault> {
        let conflicts = [
            (self.read, "-r"),
            (self.write, "-w"),
            (self.script.is_some(), "--script"),
            (self.console_chat, "--console-chat"),
            (self.exchange.is_some(), "--exchange"),
        ];
        if let Some((_, other)) = conflicts.into_iter().find(|(found, _)| *found) {
            return Err(OptionFault::Conflict("pair", other));
        }
        let words = self.server.get(1..).unwrap_or_default();
        // What is wrong is better said once than by each.
        for (read, write) in [(true, false), (false, true)] {
            Self { server: words.to_vec(), read, write, ..self.clone() }.understand()?;
        }
        let options = normal.len().saturating_sub(self.server.len());
        let options = normal.get(..options).unwrap_or_default();
        Ok(Pairing { arguments: options.iter().chain(words).cloned().collect() })
    }
}

/// Runs both until the writer ends.
///
/// # Errors
/// What the system refuses: another process, or the terminal.
pub fn run(pairing: &Pairing) -> io::Result<Exit> {
    let program = std::env::current_exe()?;
    if std::env::var_os("TMUX").is_some() {
        return tmux::run(pairing, &program);
    }
    // It comes back only where that fails.
    Err(Command::new(program).args(&pairing.arguments).exec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use argh::FromArgs;

    fn pairing(line: &str) -> Option<Result<Pairing, OptionFault>> {
        let words: Vec<&str> = line.split(' ').collect();
        let normal: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Args::from_args(&["jim-client"], &words).unwrap().pairing(&normal)
    }

    #[test]
    fn both_get_what_was_typed() {
        let pair = pairing("--port 99 pair host").unwrap().unwrap();
        assert_eq!(pair.reader().collect::<Vec<_>>(), ["--read", "--port", "99", "host"]);
        assert_eq!(pair.writer().collect::<Vec<_>>(), ["--write", "--port", "99", "host"]);
        assert_eq!(pairing("host"), None);
    }

    #[test]
    fn what_makes_no_sense_for_one_is_said_once() {
        let rows = [
            ("--read pair", "pair and -r do not go together"),
            ("--exchange x pair", "pair and --exchange do not go together"),
            ("--follow pair", "--follow needs -u"),
            ("pair host 99 more", "there is one address and one port at most; 'more' is too much"),
        ];
        for (line, text) in rows {
            assert_eq!(pairing(line).unwrap().unwrap_err().to_string(), text, "{line}");
        }
    }
}
