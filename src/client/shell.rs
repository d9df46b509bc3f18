//! `jim-client completions SHELL`, and the words that may stand first on the command line.

use super::options::{Args, OptionFault};
use crate::config::{ManualPage, Shell, Word, completions};
use argh::ArgsInfo;

/// The words that may stand first, besides an address.
pub const WORDS: &[Word] = &[
    Word { name: "register", help: "NAME: make an account, where the server lets you" },
    Word { name: "send", help: "FILE: send a file to the room or the user of --to" },
    Word { name: "get", help: "ID: get a file by the number that it was announced with" },
    Word { name: "pair", help: "a reader and a writer side by side: in tmux, each in a pane" },
    Word {
        name: "spawn",
        help: "N: start N clients, test1 to testN, each line behind its client's name",
    },
    Word {
        name: "completions",
        help: "SHELL: print what bash, zsh or fish reads to complete this",
    },
];

/// What the manual page says besides the options.
pub const MANUAL: ManualPage<'_> = ManualPage {
    name: "jim-client",
    section: 1,
    purpose: "the terminal client of JIM, a chat that any program can join",
    words: WORDS,
    see_also: &["client.toml(5)", "jimd(8)"],
};

impl Args {
    /// The script for a shell, where `completions` was typed.
    ///
    /// # Errors
    /// The shell is missing, or none that completions are made for.
    pub fn completions(&self) -> Option<Result<String, OptionFault>> {
        let (first, rest) = self.server.split_first()?;
        (first == "completions").then(|| match rest {
            [] => Err(OptionFault::Needs("completions", "a shell: bash, zsh or fish")),
            [shell] => shell
                .parse::<Shell>()
                .map(|shell| completions(MANUAL.name, &Self::get_args_info(), WORDS, shell))
                .map_err(|_| OptionFault::BadValue {
                    option: "completions",
                    got: shell.clone(),
                    right: "bash, zsh or fish",
                }),
            [_, more, ..] => Err(OptionFault::TooMany(more.clone())),
        })
    }
}
