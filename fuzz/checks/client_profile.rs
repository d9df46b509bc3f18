//! Any bytes as client.toml: settings, or mistakes that drive no terminal, a line each.

use super::scratch::Scratch;
use argh::FromArgs;
use jim::client::options::Args;

pub fn check(data: &[u8]) {
    let scratch = Scratch::new();
    let file = scratch.file("client.toml", data);
    for words in [&[][..], &["--profile", "work"], &["chat.example.org"]] {
        let mut args = Args::from_args(&["jim-client"], words).expect("a command line");
        match args.take_profile(Some(&file)) {
            Ok(_) => assert!(std::str::from_utf8(data).is_ok()),
            Err(fault) => {
                let said = fault.to_string();
                assert!(said.lines().count() <= 21, "{said:?}");
                assert!(said.lines().all(|line| line.contains("client.toml")), "{said:?}");
                let is_shown = |c: char| c == '\n' || !c.is_control();
                assert!(said.chars().all(is_shown), "{said:?}");
            }
        }
    }
}
