//! Arguments as people type them, turned into what argh understands.
//!
//! argh knows neither `-h` nor `--port=7777` nor `-p7777`, and takes an option only before a
//! subcommand. A program describes its options in a [`Program`]; [`normalise`] then gives the long
//! form of every option first and the rest in its order. Nothing here is `jimd`'s alone.

use super::Exit;
use super::commands::{print, print_error};
use super::nearest::nearest;
use argh::FromArgs;
use std::ffi::OsString;
use std::fmt;
use std::io;

/// One option of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opt {
    /// The long form with its dashes, as argh knows it.
    pub long: &'static str,
    /// The one-letter form.
    pub short: Option<char>,
    /// Other long forms with their dashes.
    pub aliases: &'static [&'static str],
    /// Whether a value follows.
    pub takes_value: bool,
    /// Whether it is a subcommand's, behind whose name argh wants it.
    pub of_command: bool,
}

impl Opt {
    /// An option with a value.
    #[must_use]
    pub const fn value(long: &'static str, short: Option<char>) -> Self {
        Self { long, short, aliases: &[], takes_value: true, of_command: false }
    }

    /// An option that is there or not.
    #[must_use]
    pub const fn switch(long: &'static str, short: Option<char>) -> Self {
        Self { long, short, aliases: &[], takes_value: false, of_command: false }
    }

    /// The same with other long forms.
    #[must_use]
    pub const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same for a subcommand.
    #[must_use]
    pub const fn of_command(self) -> Self {
        Self { of_command: true, ..self }
    }

    fn is_long(&self, typed: &str) -> bool {
        self.long == typed || self.aliases.contains(&typed)
    }
}

/// The long form of the one option that every program has; `-h` is its short form.
const HELP: Opt = Opt::switch("--help", Some('h'));

/// What a program's command line may hold.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Its name, for the texts.
    pub name: &'static str,
    /// Its options; `--help` and `-h` need no entry.
    pub options: &'static [Opt],
    /// Its subcommands, each with its own; empty where it takes other arguments.
    pub commands: &'static [(&'static str, &'static [&'static str])],
}

/// Why a command line was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageFault {
    /// No such option.
    #[error("there is no option {typed}{}", did_you_mean(*nearest))]
    UnknownOption {
        /// As it was typed.
        typed: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// No such subcommand.
    #[error("there is no command '{typed}'{}", did_you_mean(*nearest))]
    UnknownCommand {
        /// As it was typed.
        typed: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// The value is missing.
    #[error("{option} needs a value")]
    NoValue {
        /// The option.
        option: &'static str,
    },
    /// A value where none belongs.
    #[error("{option} takes no value")]
    ValueGiven {
        /// The option.
        option: &'static str,
    },
    /// Not UTF-8.
    #[error("an argument is not UTF-8: {typed}")]
    NotUtf8 {
        /// What can be shown of it.
        typed: String,
    },
    /// What argh says.
    #[error("{0}")]
    Refused(String),
}

fn did_you_mean(nearest: Option<&'static str>) -> String {
    nearest.map(|word| format!("; did you mean {word}?")).unwrap_or_default()
}

/// A program that ends before it has begun, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// What to print: on standard output for [`Exit::Done`], else on standard error.
    pub text: String,
    /// How to end.
    pub exit: Exit,
}

impl Leave {
    /// Prints the text where it belongs and gives the exit code.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn say(&self) -> io::Result<Exit> {
        if self.exit == Exit::Done {
            print(&self.text)?;
        } else {
            print_error(&self.text);
        }
        Ok(self.exit)
    }
}

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads a command line, without the program's own name, into argh's struct.
///
/// # Errors
/// The help text where it was asked for, or what is wrong with the line.
pub fn parse<T: FromArgs>(
    program: &Program,
    typed: impl IntoIterator<Item = OsString>,
) -> Result<T, Leave> {
    let refused = |fault: UsageFault| Leave {
        text: format!("{0}: {fault}\nTry '{0} --help'.\n", program.name),
        exit: Exit::Usage,
    };
    let typed: Vec<String> =
        typed.into_iter().map(utf8).collect::<Result<_, _>>().map_err(refused)?;
    let normal = normalise(program, &typed).map_err(refused)?;
    let words: Vec<&str> = normal.iter().map(String::as_str).collect();
    T::from_args(&[program.name], &words).map_err(|early| match early.status {
        Ok(()) => Leave { text: early.output, exit: Exit::Done },
        // argh lists a command `help`, which `normalise` knows as `--help` alone.
        Err(()) => refused(UsageFault::Refused(early.output.trim().replace("\n    help\n", "\n"))),
    })
}

fn utf8(word: OsString) -> Result<String, UsageFault> {
    word.into_string()
        .map_err(|word| UsageFault::NotUtf8 { typed: word.to_string_lossy().into_owned() })
}

/// Options in their long form first, each value by itself, then all else in its order. After
/// `--` nothing is an option. With `-h` or `--help` only that and the subcommand are left.
///
/// # Errors
/// What is wrong with the options, or the first word that should be a subcommand and is none.
pub fn normalise(program: &Program, typed: &[String]) -> Result<Vec<String>, UsageFault> {
    let mut sorted = Sorted::default();
    let mut rest = typed.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        match word {
            "--" => sorted.end_options(&mut rest),
            _ if word.starts_with("--") => sorted.long(program, word, &mut rest)?,
            _ if word.len() > 1 && word.starts_with('-') => {
                sorted.short(program, word, &mut rest)?;
            }
            _ => sorted.words.push(word.to_owned()),
        }
    }
    sorted.check_commands(program)?;
    Ok(sorted.joined())
}

/// A command line taken apart.
#[derive(Default)]
struct Sorted {
    options: Vec<String>,
    /// Those of a subcommand.
    of_command: Vec<String>,
    words: Vec<String>,
    /// How many words stood before `--`, or before a word with a dash that is no option.
    before_dashes: Option<usize>,
    help: bool,
}

impl Sorted {
    fn end_options<'a>(&mut self, rest: &mut impl Iterator<Item = &'a str>) {
        self.before_dashes = Some(self.words.len());
        self.words.extend(rest.map(str::to_owned));
    }

    /// `--port 7777`, `--port=7777`.
    fn long<'a>(
        &mut self,
        program: &Program,
        word: &str,
        rest: &mut (impl Iterator<Item = &'a str> + Clone),
    ) -> Result<(), UsageFault> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let option = program.long(name).ok_or_else(|| program.unknown(name))?;
        self.take(program, option, value, rest)
    }

    /// `-p 7777`, `-p7777`, `-p=7777`, and switches together: `-vp7777`.
    fn short<'a>(
        &mut self,
        program: &Program,
        word: &str,
        rest: &mut (impl Iterator<Item = &'a str> + Clone),
    ) -> Result<(), UsageFault> {
        // `-port` is `--port` with a dash too few, and hardly `-p ort`.
        if word.len() > 2 && program.long(&format!("-{word}")).is_some() {
            return Err(program.unknown(word));
        }
        let mut letters = word.chars();
        letters.next();
        while let Some(letter) = letters.next() {
            let option = program.short(letter).ok_or_else(|| program.unknown(word))?;
            let attached = letters.as_str();
            if option.takes_value {
                let value = attached.strip_prefix('=').unwrap_or(attached);
                let value = if attached.is_empty() { None } else { Some(value) };
                return self.take(program, option, value, rest);
            }
            if attached.starts_with('=') {
                return Err(UsageFault::ValueGiven { option: option.long });
            }
            self.take(program, option, None, rest)?;
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        program: &Program,
        option: Opt,
        value: Option<&str>,
        rest: &mut (impl Iterator<Item = &'a str> + Clone),
    ) -> Result<(), UsageFault> {
        if !option.takes_value {
            if value.is_some() {
                return Err(UsageFault::ValueGiven { option: option.long });
            }
            if option == HELP {
                self.help = true;
            } else if option.of_command {
                self.of_command.push(option.long.to_owned());
            } else {
                self.options.push(option.long.to_owned());
            }
            return Ok(());
        }
        let value = match value {
            Some(value) => Some(value),
            None => rest.next().filter(|next| !program.is_option(next)),
        };
        let value = value.ok_or(UsageFault::NoValue { option: option.long })?;
        let list = if option.of_command { &mut self.of_command } else { &mut self.options };
        list.extend([option.long.to_owned(), value.to_owned()]);
        Ok(())
    }

    /// The first words must be commands, where the program has some. `help` is one for `--help`.
    fn check_commands(&mut self, program: &Program) -> Result<(), UsageFault> {
        if program.commands.is_empty() {
            return Ok(());
        }
        if self.words.first().is_some_and(|word| word == "help") {
            self.help = true;
            self.words.remove(0);
        }
        let Some(first) = self.words.first() else { return Ok(()) };
        let (_, inner) =
            program.commands.iter().find(|(name, _)| name == first).ok_or_else(|| {
                unknown_command(first, program.commands.iter().map(|(name, _)| *name))
            })?;
        match self.words.get(1) {
            Some(second) if !inner.is_empty() && !inner.contains(&second.as_str()) => {
                Err(unknown_command(second, inner.iter().copied()))
            }
            _ => Ok(()),
        }
    }

    fn joined(mut self) -> Vec<String> {
        if self.help {
            self.words.truncate(self.before_dashes.unwrap_or(usize::MAX));
            self.words.push(HELP.long.to_owned());
            return self.words;
        }
        // A single dash is no option, but argh takes it for one.
        let dash = self.words.iter().position(|word| word.starts_with('-'));
        if let Some(at) = self.before_dashes.into_iter().chain(dash).min() {
            self.words.insert(at, "--".to_owned());
        }
        // Behind the command and its verb.
        let at = self.words.len().min(2);
        self.words.splice(at..at, self.of_command);
        self.options.append(&mut self.words);
        self.options
    }
}

fn unknown_command(typed: &str, known: impl Iterator<Item = &'static str>) -> UsageFault {
    UsageFault::UnknownCommand { typed: typed.to_owned(), nearest: nearest(typed, known) }
}

impl Program {
    fn all(&self) -> impl Iterator<Item = Opt> {
        self.options.iter().copied().chain([HELP])
    }

    fn long(&self, typed: &str) -> Option<Opt> {
        self.all().find(|option| option.is_long(typed))
    }

    fn short(&self, letter: char) -> Option<Opt> {
        self.all().find(|option| option.short == Some(letter))
    }

    /// Whether a word is exactly an option, and so hardly another's value.
    fn is_option(&self, word: &str) -> bool {
        let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
        let letter = letters.next().filter(|_| letters.next().is_none());
        self.long(word).is_some() || letter.is_some_and(|letter| self.short(letter).is_some())
    }

    fn unknown(&self, typed: &str) -> UsageFault {
        let known =
            self.all().flat_map(|option| option.aliases.iter().copied().chain([option.long]));
        let compared = format!("--{}", typed.trim_start_matches('-'));
        let nearest = if compared.chars().count() > 3 { nearest(&compared, known) } else { None };
        UsageFault::UnknownOption { typed: typed.to_owned(), nearest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "prog",
        options: &[
            Opt::value("--port", Some('p')),
            Opt::value("--host", Some('a')).or(&["--address"]),
            Opt::value("--data", None),
            Opt::switch("--verbose", Some('v')),
            Opt::switch("--version", Some('V')),
        ],
        commands: &[("user", &["add", "list"]), ("config", &["check"])],
    };

    /// Without subcommands, as a client is.
    const PLAIN: Program = Program { commands: &[], ..PROGRAM };

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_put_in_order() {
        let rows = [
            ("", ""),
            ("-h", "--help"),
            ("help", "--help"),
            ("-V", "--version"),
            ("--port=7777", "--port 7777"),
            ("--port 7777", "--port 7777"),
            ("-p7777", "--port 7777"),
            ("-p=7777", "--port 7777"),
            ("-p 7777", "--port 7777"),
            ("-p -5", "--port -5"),
            ("-vp7777", "--verbose --port 7777"),
            ("-vV", "--verbose --version"),
            ("--address ::1", "--host ::1"),
            ("--data=a=b", "--data a=b"),
            ("--data=-p", "--data -p"),
            ("user add bob --data X", "--data X user add bob"),
            ("user -v add --data=X bob", "--verbose --data X user add bob"),
            ("user add help", "user add help"),
            ("user add --help", "user add --help"),
            ("--help user add", "user add --help"),
            ("help user", "user --help"),
            ("-p 1 user add bob -h", "user add bob --help"),
            ("user add -- -bob", "user add -- -bob"),
            ("user add -- --data X", "user add -- --data X"),
            ("user add - --data X", "--data X user add -- -"),
            ("-v -- user add bob", "--verbose -- user add bob"),
            ("user add -- --help", "user add -- --help"),
        ];
        for (typed, normal) in rows {
            assert_eq!(normalise(&PROGRAM, &words(typed)), Ok(words(normal)), "{typed}");
        }
    }

    #[test]
    fn an_empty_value_is_a_value() {
        let typed = ["-a", "", "--data="].map(str::to_owned);
        let normal = ["--host", "", "--data", ""].map(str::to_owned);
        assert_eq!(normalise(&PROGRAM, &typed), Ok(normal.to_vec()));
    }

    #[test]
    fn without_commands_all_words_are_arguments() {
        let rows = [
            ("127.0.0.1 7777 -v", "--verbose 127.0.0.1 7777"),
            ("help", "help"),
            ("- -p 1", "--port 1 -- -"),
        ];
        for (typed, normal) in rows {
            assert_eq!(normalise(&PLAIN, &words(typed)), Ok(words(normal)), "{typed}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_meant() {
        let rows = [
            ("--prot 1", "there is no option --prot; did you mean --port?"),
            ("--prot=1", "there is no option --prot; did you mean --port?"),
            ("-port 1", "there is no option -port; did you mean --port?"),
            ("--colour", "there is no option --colour"),
            ("-x", "there is no option -x"),
            ("-vx", "there is no option -vx"),
            ("--port", "--port needs a value"),
            ("-p", "--port needs a value"),
            ("-p --data X", "--port needs a value"),
            ("-a -p 7", "--host needs a value"),
            ("--verbose=yes", "--verbose takes no value"),
            ("-v=yes", "--verbose takes no value"),
            ("--help=yes", "--help takes no value"),
            ("usr add bob", "there is no command 'usr'; did you mean user?"),
            ("start", "there is no command 'start'"),
            ("user lst", "there is no command 'lst'; did you mean list?"),
        ];
        for (typed, text) in rows {
            let fault = normalise(&PROGRAM, &words(typed)).unwrap_err();
            assert_eq!(fault.to_string(), text, "{typed}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_argument_that_is_not_utf8_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let leave = parse::<super::super::Args>(&PROGRAM, [OsString::from_vec(vec![b'a', 0xff])]);
        let leave = leave.unwrap_err();
        assert_eq!(leave.exit, Exit::Usage);
        assert!(leave.text.starts_with("prog: an argument is not UTF-8: a"), "{leave}");
    }
}
