//! What a shell needs to complete a program's command line, made from the same table as `--help`.

use argh::{CommandInfoWithArgs, FlagInfo, FlagInfoKind, Optionality, SubCommandInfo};
use argh_complete::{Generator, bash::Bash, fish::Fish, zsh::Zsh};
use std::str::FromStr;
use thiserror::Error;

/// A shell that completions can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

/// No completions are made for this shell.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("completions are made for bash, zsh and fish, not for '{0}'")]
pub struct UnknownShell(String);

impl FromStr for Shell {
    type Err = UnknownShell;

    fn from_str(name: &str) -> Result<Self, UnknownShell> {
        match name {
            "bash" => Ok(Self::Bash),
            "zsh" => Ok(Self::Zsh),
            "fish" => Ok(Self::Fish),
            other => Err(UnknownShell(other.to_owned())),
        }
    }
}

/// A word that may stand first on a command line, for a program whose words argh does not know as
/// commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// The script for a shell: what its start-up file reads.
#[must_use]
pub fn completions(
    program: &str,
    info: &CommandInfoWithArgs,
    words: &[Word],
    shell: Shell,
) -> String {
    let mut commands: Vec<SubCommandInfo> =
        info.commands.iter().map(|one| below(one, info.flags)).collect();
    commands.extend(words.iter().map(|word| SubCommandInfo {
        name: word.name,
        command: CommandInfoWithArgs {
            name: word.name,
            description: word.help,
            flags: info.flags,
            positionals: info.positionals,
            ..CommandInfoWithArgs::default()
        },
    }));
    let whole = CommandInfoWithArgs { commands, ..outline(info) };
    match shell {
        Shell::Bash => Bash::generate(program, &whole),
        Shell::Zsh => Zsh::generate(program, &whole),
        Shell::Fish => Fish::generate(program, &whole),
    }
}

/// All of a command but what is below it.
fn outline(info: &CommandInfoWithArgs) -> CommandInfoWithArgs {
    CommandInfoWithArgs {
        name: info.name,
        description: info.description,
        flags: info.flags,
        positionals: info.positionals,
        ..CommandInfoWithArgs::default()
    }
}

/// A command with the program's options, which may stand behind it, where it has none of its own.
fn below(command: &SubCommandInfo, flags: &'static [FlagInfo]) -> SubCommandInfo {
    let info = &command.command;
    let own = info.flags.iter().any(|flag| flag.long != "--help");
    SubCommandInfo {
        name: command.name,
        command: CommandInfoWithArgs {
            flags: if own { info.flags } else { flags },
            commands: info.commands.iter().map(|one| below(one, flags)).collect(),
            ..outline(info)
        },
    }
}

/// How an option is written in a synopsis or a heading: `-p`, `--port` and its value's name.
pub(super) fn spellings(flag: &FlagInfo) -> (Vec<String>, Option<String>) {
    let short = match (flag.short, flag.long) {
        (Some(letter), _) => Some(format!("-{letter}")),
        // argh knows only the long form of these two.
        (None, "--help") => Some("-h".to_owned()),
        (None, _) => None,
    };
    let value = match flag.kind {
        FlagInfoKind::Switch => None,
        FlagInfoKind::Option { arg_name } => Some(arg_name.to_owned()),
    };
    (short.into_iter().chain([flag.long.to_owned()]).collect(), value)
}

/// Whether an argument may be left out.
pub(super) const fn is_optional(optionality: &Optionality) -> bool {
    !matches!(optionality, Optionality::Required)
}

#[cfg(test)]
mod tests {
    use super::super::Args;
    use super::*;
    use argh::ArgsInfo;
    use std::io::Write;
    use std::process::{Command, Stdio};

    const WORDS: &[Word] = &[Word { name: "greet", help: "say hello" }];

    fn script(shell: Shell) -> String {
        completions("jimd", &Args::get_args_info(), WORDS, shell)
    }

    /// What bash offers behind these words, the last of which is being typed.
    fn offered(words: &[&str]) -> Vec<String> {
        let typed = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let last = words.len() - 1;
        let lines = format!(
            "{}\nCOMP_WORDS=({typed}); COMP_CWORD={last}\n_jimd\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            script(Shell::Bash)
        );
        let mut bash = Command::new("bash")
            .args(["--norc", "--noprofile", "-s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        bash.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = bash.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_offers_commands_and_options() {
        assert!(offered(&["jimd", "us"]).contains(&"user".to_owned()));
        assert_eq!(offered(&["jimd", "gr"]), ["greet"]);
        assert_eq!(offered(&["jimd", "--verb"]), ["--verbose"]);
        assert_eq!(offered(&["jimd", "user", "pass"]), ["passwd"]);
        assert_eq!(offered(&["jimd", "invite", "new", "--us"]), ["--uses"]);
        let options = offered(&["jimd", "user", "add", "--da"]);
        assert_eq!(options, ["--data"], "the program's options may stand behind a command");
    }

    #[test]
    fn each_shell_has_every_option() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            for flag in Args::get_args_info().flags {
                let name = flag.long.trim_start_matches('-');
                assert!(script.contains(name), "{shell:?}: {name}");
            }
        }
    }

    #[test]
    fn a_shell_is_known_by_its_name() {
        assert_eq!("fish".parse(), Ok(Shell::Fish));
        let fault = "tcsh".parse::<Shell>().unwrap_err().to_string();
        assert_eq!(fault, "completions are made for bash, zsh and fish, not for 'tcsh'");
    }
}
