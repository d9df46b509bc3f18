//! Any bytes as client.toml: a profile, or an error that does not show the file's lines.

use super::scratch::Scratch;
use argh::FromArgs;
use jim::client::options::Args;

pub fn check(data: &[u8]) {
    let scratch = Scratch::new();
    let file = scratch.file("client.toml", data);
    for words in [&[][..], &["--profile", "work"], &["chat.example.org"]] {
        let mut args = Args::from_args(&["jim-client"], words).expect("a command line");
        match args.take_profile(Some(&file)) {
            Ok(()) => assert!(std::str::from_utf8(data).is_ok()),
            Err(fault) => {
                let said = fault.to_string();
                assert!(said.contains("client.toml") && !said.contains('\n'), "{said:?}");
            }
        }
    }
}
