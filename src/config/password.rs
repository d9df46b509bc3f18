//! A new password for `jimd user add` and `jimd user passwd`.

use super::Exit;
use crate::message::Language;
use crate::terminal::{self, LINE_BYTES};
use std::io::{self, BufRead, IsTerminal};
use zeroize::Zeroizing;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was typed, or the pipe was empty.
    #[error("the password is empty")]
    Empty,
    /// Over the limit, in characters.
    #[error("the password is too long: {got} characters, at most {limit} are allowed")]
    TooLong {
        /// The most allowed.
        limit: usize,
        /// How many there are.
        got: usize,
    },
    /// Over what is read at all.
    #[error("the password is too long: at most {limit} characters are allowed")]
    FarTooLong {
        /// The most allowed.
        limit: usize,
    },
    /// The two that were typed are not the same.
    #[error("the two passwords are not the same; nothing was changed")]
    Differ,
    /// Not text.
    #[error("the password is not UTF-8")]
    NotUtf8,
    /// Ctrl-C.
    #[error("interrupted; nothing was changed")]
    Interrupted,
    /// It cannot be read.
    #[error("the password cannot be read: {0}")]
    Unreadable(#[source] io::Error),
}

impl PasswordError {
    /// The program's exit code.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::Unreadable(_) => Exit::Failed,
            _ => Exit::PasswordRefused,
        }
    }
}

/// Asks twice at a terminal, or takes one line from a pipe; standard input says which.
///
/// # Errors
/// As [`PasswordError`] says.
pub fn new_password(
    user: &str,
    limit_chars: usize,
    language: Language,
) -> Result<Zeroizing<String>, PasswordError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return from_pipe(stdin.lock(), limit_chars);
    }
    let (prompt, again) = prompts(user, language);
    let (first, second) = terminal::ask_password_twice(&prompt, again)
        .map_err(|error| from_terminal(error, limit_chars))?;
    if first != second {
        return Err(PasswordError::Differ);
    }
    checked(first, limit_chars)
}

fn prompts(user: &str, language: Language) -> (String, &'static str) {
    match language {
        Language::Russian => (format!("Пароль для {user}: "), "Ещё раз: "),
        Language::English => (format!("Password for {user}: "), "Again: "),
    }
}

fn from_terminal(error: io::Error, limit: usize) -> PasswordError {
    match error.kind() {
        io::ErrorKind::Interrupted => PasswordError::Interrupted,
        io::ErrorKind::UnexpectedEof => PasswordError::Empty,
        io::ErrorKind::InvalidData => PasswordError::NotUtf8,
        io::ErrorKind::InvalidInput => PasswordError::FarTooLong { limit },
        _ => PasswordError::Unreadable(error),
    }
}

/// The first line without its one line end.
fn from_pipe(pipe: impl BufRead, limit: usize) -> Result<Zeroizing<String>, PasswordError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_BYTES));
    for byte in pipe.bytes() {
        match byte.map_err(PasswordError::Unreadable)? {
            b'\n' => break,
            _ if bytes.len() == LINE_BYTES => return Err(PasswordError::FarTooLong { limit }),
            byte => bytes.push(byte),
        }
    }
    let line = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
    let text = std::str::from_utf8(line).map_err(|_| PasswordError::NotUtf8)?;
    checked(Zeroizing::new(text.to_owned()), limit)
}

fn checked(password: Zeroizing<String>, limit: usize) -> Result<Zeroizing<String>, PasswordError> {
    match password.chars().count() {
        0 => Err(PasswordError::Empty),
        got if got > limit => Err(PasswordError::TooLong { limit, got }),
        _ => Ok(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piped(bytes: &[u8]) -> Result<String, String> {
        from_pipe(bytes, 128).map(|text| text.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pipe_gives_its_first_line() {
        let longest = "я".repeat(128);
        let rows: [(&str, &str); 7] = [
            ("secret\n", "secret"),
            ("secret", "secret"),
            ("secret\r\n", "secret"),
            (" se cret \n", " se cret "),
            ("first\nsecond\n", "first"),
            ("secret\r\r\n", "secret\r"),
            (&longest, &longest),
        ];
        for (typed, password) in rows {
            assert_eq!(piped(typed.as_bytes()).as_deref(), Ok(password), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_password_is_refused() {
        let long = "я".repeat(129);
        let endless = "я".repeat(LINE_BYTES);
        let rows: [(&[u8], &str); 6] = [
            (b"", "the password is empty"),
            (b"\n", "the password is empty"),
            (b"\r\nsecret\n", "the password is empty"),
            (b"\xff\n", "the password is not UTF-8"),
            (long.as_bytes(), "the password is too long: 129 characters, at most 128 are allowed"),
            (endless.as_bytes(), "the password is too long: at most 128 characters are allowed"),
        ];
        for (typed, text) in rows {
            assert_eq!(piped(typed).unwrap_err(), text);
        }
    }

    #[test]
    fn exits() {
        assert_eq!(PasswordError::Empty.exit(), Exit::PasswordRefused);
        let interrupted = from_terminal(io::ErrorKind::Interrupted.into(), 128);
        assert_eq!(interrupted.exit(), Exit::Interrupted);
        let mute = from_terminal(io::ErrorKind::NotFound.into(), 128);
        assert_eq!(mute.exit(), Exit::Failed);
    }
}
