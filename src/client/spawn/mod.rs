//! `jim-client spawn N`: many clients at once, each a process of its own, as a course's launcher
//! starts them.
//!
//! What a client prints is shown behind its name; a typed line goes to all that write, and
//! `NAME: TEXT` to one. The clients end with this program, also where it is killed.

mod child;
mod event_loop;
mod parent;

pub use event_loop::run;
pub use parent::{Orphaned, end_with_parent};

use super::options::{Args, OptionFault};

/// The most clients that one program starts.
pub const CLIENTS: usize = 100;

/// What the clients are called where `--name` says nothing else: `test1`, `test2`, ...
const NAME: &str = "test";

/// Clients to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spawning {
    /// Their names, in order.
    pub names: Vec<String>,
    /// What each is started with besides its name.
    pub arguments: Vec<String>,
    /// Whether they take lines.
    pub writes: bool,
}

impl Args {
    /// The clients that `spawn N` asks for; `normal` is the command line in the form that argh reads,
    /// whose words stand last.
    ///
    /// # Errors
    /// The number is missing or none, or the options make no sense for one of the clients.
    pub fn spawning(&self, normal: &[String]) -> Option<Result<Spawning, OptionFault>> {
        let is_asked = self.server.first().is_some_and(|first| first == "spawn");
        is_asked.then(|| self.understand_spawn(normal))
    }

    fn understand_spawn(&self, normal: &[String]) -> Result<Spawning, OptionFault> {
        let conflicts = [
            (self.user.is_some(), "-u"),
            (self.script.is_some(), "--script"),
            (self.console_chat, "--console-chat"),
            (self.exchange.is_some(), "--exchange"),
        ];
        if let Some((_, other)) = conflicts.into_iter().find(|(found, _)| *found) {
            return Err(OptionFault::Conflict("spawn", other));
        }
        let typed = self.server.get(1).ok_or(OptionFault::Needs("spawn", "a number"))?;
        let count = typed.parse().ok().filter(|count| (1..=CLIENTS).contains(count));
        let count = count.ok_or_else(|| OptionFault::BadValue {
            option: "the number behind spawn",
            got: typed.clone(),
            right: "1 to 100",
        })?;
        let name = self.name.as_deref().unwrap_or(NAME);
        let names: Vec<_> = (1..=count).map(|number| format!("{name}{number}")).collect();
        let words = self.server.get(2..).unwrap_or_default();
        // What is wrong is better said once than by each.
        let one = Self { server: words.to_vec(), name: names.first().cloned(), ..self.clone() };
        one.understand()?;
        let options = normal.len().saturating_sub(self.server.len());
        let options = without_name(normal.get(..options).unwrap_or_default());
        let arguments = options.chain(words.iter().cloned()).collect();
        Ok(Spawning { names, arguments, writes: !self.read })
    }
}

/// The options but `--name` and its value: each client is given one of its own.
fn without_name(options: &[String]) -> impl Iterator<Item = String> {
    let at = options.iter().position(|option| option == "--name");
    let is_name = move |index: usize| at.is_some_and(|at| index == at || index == at + 1);
    let kept = options.iter().enumerate().filter(move |(index, _)| !is_name(*index));
    kept.map(|(_, option)| option.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use argh::FromArgs;

    fn spawning(line: &str) -> Option<Result<Spawning, OptionFault>> {
        let words: Vec<&str> = line.split(' ').collect();
        let normal: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Args::from_args(&["jim-client"], &words).unwrap().spawning(&normal)
    }

    fn asked(
        names: &[&str],
        arguments: &str,
        writes: bool,
    ) -> Option<Result<Spawning, OptionFault>> {
        Some(Ok(Spawning {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            arguments: arguments.split_whitespace().map(str::to_owned).collect(),
            writes,
        }))
    }

    #[test]
    fn each_client_gets_a_name_and_the_other_options() {
        assert_eq!(spawning("spawn 2"), asked(&["test1", "test2"], "", true));
        assert_eq!(spawning("--read spawn 1 host 99"), asked(&["test1"], "--read host 99", false));
        let named = spawning("--name bot --write --port 5 spawn 2");
        assert_eq!(named, asked(&["bot1", "bot2"], "--write --port 5", true));
        assert_eq!(spawning("host 99"), None);
    }

    #[test]
    fn what_makes_no_sense_is_said_once() {
        let rows = [
            ("spawn", "spawn needs a number"),
            ("spawn 0", "the number behind spawn has to be 1 to 100, not '0'"),
            ("spawn 101", "the number behind spawn has to be 1 to 100, not '101'"),
            ("--user ann spawn 2", "spawn and -u do not go together"),
            ("--read --write spawn 2", "-r and -w do not go together"),
            (
                "spawn 2 host 99 more",
                "there is one address and one port at most; 'more' is too much",
            ),
        ];
        for (line, text) in rows {
            assert_eq!(spawning(line).unwrap().unwrap_err().to_string(), text, "{line}");
        }
    }
}
