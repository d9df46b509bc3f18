//! Any bytes as the settings file: taken, or refused with places that are in it.

use super::scratch::Scratch;
use argh::FromArgs;
use jim::config::{Args, ConfigError, Environment, Place, resolve_offline};

pub fn check(data: &[u8]) {
    let scratch = Scratch::new();
    let file = scratch.file("jimd.toml", data);
    let words = ["--config", file.to_str().unwrap()];
    let args = Args::from_args(&["jimd"], &words).expect("a command line");
    let environment: Environment = std::iter::empty::<(&str, &str)>().collect();
    let lines = data.split(|byte| *byte == b'\n').count();
    match resolve_offline(&args, &environment) {
        Ok(resolved) => assert!(std::str::from_utf8(data).is_ok(), "{resolved:?}"),
        Err(ConfigError::Refused(complaints)) => {
            assert!(!complaints.is_empty());
            for complaint in &complaints {
                assert!(!complaint.to_string().is_empty());
                if let Place::File { line, column, .. } = &complaint.place {
                    assert!((1..=lines).contains(line) && *column >= 1, "{complaint}");
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
