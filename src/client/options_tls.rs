//! `--tls`, and whose certificate it takes.

use super::options::{Args, OptionFault};
use crate::certificate::Fingerprint;

/// Whose certificates are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trusted {
    /// Those of the system's authorities.
    System,
    /// Those of the authorities in this file.
    File(String),
    /// The one of this fingerprint.
    Pinned(Fingerprint),
}

impl Args {
    /// Whom TLS is spoken with, if it is.
    pub(super) fn tls(&self) -> Result<Option<Trusted>, OptionFault> {
        let lacks = |option| Err(OptionFault::Needs(option, "--tls"));
        match (self.tls, &self.ca, &self.pin) {
            (false, Some(_), _) => lacks("--ca"),
            (false, None, Some(_)) => lacks("--pin"),
            (false, None, None) => Ok(None),
            (true, Some(_), Some(_)) => Err(OptionFault::Conflict("--ca", "--pin")),
            (true, Some(file), None) => Ok(Some(Trusted::File(file.clone()))),
            (true, None, Some(digits)) => match digits.parse() {
                Ok(fingerprint) => Ok(Some(Trusted::Pinned(fingerprint))),
                Err(_) => Err(OptionFault::BadValue {
                    option: "--pin",
                    got: digits.clone(),
                    right: "a SHA-256 fingerprint of 64 hexadecimal digits",
                }),
            },
            (true, None, None) => Ok(Some(Trusted::System)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argh::FromArgs;

    fn tls(line: &str) -> Result<Option<Trusted>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let args = Args::from_args(&["jim-client"], &words).unwrap();
        args.understand().map(|options| options.tls).map_err(|fault| fault.to_string())
    }

    #[test]
    fn whom_is_trusted() {
        let print = Fingerprint::of(b"abc");
        assert_eq!(tls(""), Ok(None));
        assert_eq!(tls("--tls"), Ok(Some(Trusted::System)));
        assert_eq!(tls("--exchange a --tls --ca f"), Ok(Some(Trusted::File("f".into()))));
        let pinned = tls(&format!("-r --tls --pin {print}"));
        assert_eq!(pinned, Ok(Some(Trusted::Pinned(print))));
        let said = |line| tls(line).unwrap_err();
        assert_eq!(said("--ca f"), "--ca needs --tls");
        assert_eq!(said("-r --pin 00"), "--pin needs --tls");
        assert_eq!(said("--tls --ca f --pin 00"), "--ca and --pin do not go together");
        assert!(said("--tls --pin 00").starts_with("--pin has to be a SHA-256 fingerprint of 64"));
    }
}
