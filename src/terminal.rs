//! Asking for a password at the terminal, without showing what is typed.
//!
//! The terminal itself is opened, so this also works where standard input is a file or a pipe.
//! Ctrl-C, Ctrl-\ and a signal to end are not obeyed but returned as [`io::ErrorKind::Interrupted`]:
//! the terminal is as it was before the caller hears of them, and the caller ends the program.

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// The longest line that is taken, in bytes.
pub const LINE_BYTES: usize = 4096;

/// How long one read waits for a key, in tenths of a second, before the signals are looked at.
const KEY_WAIT_DECISECONDS: u8 = 1;

/// Asks once and gives what was typed, which may be empty.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] where the program has no terminal, `Interrupted` after Ctrl-C or a
/// signal to end, `UnexpectedEof` after Ctrl-D on an empty line, `InvalidData` for
/// what is not UTF-8, `InvalidInput` over [`LINE_BYTES`].
pub fn ask_password(prompt: &str) -> io::Result<Zeroizing<String>> {
    QuietTerminal::open()?.ask(prompt)
}

/// Asks twice, so that a slip does not lock anyone out, and gives both answers.
///
/// # Errors
/// As [`ask_password`].
pub fn ask_password_twice(
    prompt: &str,
    again: &str,
) -> io::Result<(Zeroizing<String>, Zeroizing<String>)> {
    let mut terminal = QuietTerminal::open()?;
    Ok((terminal.ask(prompt)?, terminal.ask(again)?))
}

/// The terminal with its echo off; dropping it brings the former state back.
struct QuietTerminal {
    terminal: File,
    before: Termios,
    signals: EndSignals,
}

impl QuietTerminal {
    fn open() -> io::Result<Self> {
        let terminal =
            OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| {
                io::Error::new(
                    io::ErrorKind::NotFound,
                    "there is no terminal to ask for a password at",
                )
            })?;
        let before = tcgetattr(&terminal)?;
        let quiet = Self { signals: EndSignals::watch()?, before, terminal };
        tcsetattr(&quiet.terminal, OptionalActions::Flush, &quiet_modes(&quiet.before))?;
        Ok(quiet)
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Zeroizing<String>> {
        say(prompt)?;
        let answer = self.read_line();
        // The line end that was typed was not shown.
        say("\n")?;
        answer
    }

    fn read_line(&mut self) -> io::Result<Zeroizing<String>> {
        let mut line = Line::new();
        loop {
            let mut key = [0_u8];
            let got = match self.terminal.read(&mut key) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                other => other?,
            };
            if self.signals.seen() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let [byte] = key;
            if got == 0 {
                // No key, or the terminal was hung up: then this fails.
                tcgetattr(&self.terminal)?;
            } else if line.push(byte)? {
                return line.text();
            }
        }
    }
}

impl Drop for QuietTerminal {
    fn drop(&mut self) {
        // Nothing better can be done where the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// No echo, every key at once, and Ctrl-C as a key.
fn quiet_modes(before: &Termios) -> Termios {
    let mut modes = before.clone();
    modes.local_modes &=
        !(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
    modes.special_codes[SpecialCodeIndex::VMIN] = 0;
    modes.special_codes[SpecialCodeIndex::VTIME] = KEY_WAIT_DECISECONDS;
    modes
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The signals that ask a program to end, noted while the terminal is changed.
struct EndSignals {
    seen: Arc<AtomicBool>,
    ids: Vec<signal_hook::SigId>,
}

impl EndSignals {
    fn watch() -> io::Result<Self> {
        let mut signals = Self { seen: Arc::default(), ids: Vec::new() };
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            let id = signal_hook::flag::register(signal, Arc::clone(&signals.seen))?;
            signals.ids.push(id);
        }
        Ok(signals)
    }

    fn seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Drop for EndSignals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// A line as it is typed, with the keys that a terminal's own line has.
struct Line {
    bytes: Zeroizing<Vec<u8>>,
}

impl Line {
    fn new() -> Self {
        // The room is taken at once: growing would leave copies behind in memory.
        Self { bytes: Zeroizing::new(Vec::with_capacity(LINE_BYTES)) }
    }

    /// Takes a key; true at the end of the line.
    fn push(&mut self, byte: u8) -> io::Result<bool> {
        const CTRL_C: u8 = 0x03;
        const CTRL_D: u8 = 0x04;
        const CTRL_U: u8 = 0x15;
        const CTRL_BACKSLASH: u8 = 0x1c;
        const CTRL_Z: u8 = 0x1a;
        match byte {
            b'\r' | b'\n' => return Ok(true),
            CTRL_C | CTRL_BACKSLASH => return Err(io::ErrorKind::Interrupted.into()),
            CTRL_D if self.bytes.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            CTRL_D => return Ok(true),
            CTRL_U => self.bytes.clear(),
            0x08 | 0x7f => self.erase_character(),
            // Typed to stop the program, which this prompt does not do; never meant as a letter.
            CTRL_Z => {}
            _ if self.bytes.len() == LINE_BYTES => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the line is too long"));
            }
            _ => self.bytes.push(byte),
        }
        Ok(false)
    }

    /// Removes the last character with all its bytes.
    fn erase_character(&mut self) {
        const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
        while self.bytes.pop().is_some_and(|byte| CONTINUATION.contains(&byte)) {}
    }

    fn text(&self) -> io::Result<Zeroizing<String>> {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => Ok(Zeroizing::new(text.to_owned())),
            Err(_) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types keys up to the end of the line.
    fn typed(keys: &[u8]) -> Result<String, io::ErrorKind> {
        let mut line = Line::new();
        for &key in keys {
            if line.push(key).map_err(|e| e.kind())? {
                return line.text().map(|text| text.to_string()).map_err(|e| e.kind());
            }
        }
        panic!("the line did not end: {keys:?}")
    }

    #[test]
    fn keys_edit_the_line() {
        let rows: [(&[u8], &str); 9] = [
            (b"secret\n", "secret"),
            (b"secret\r", "secret"),
            (b"\n", ""),
            (b"wrong\x15right\n", "right"),
            (b"ax\x7fb\n", "ab"),
            (b"\x7f\x08a\n", "a"),
            (b"a\x1ab\n", "ab"),
            ("пы\u{7f}а\n".as_bytes(), "па"),
            (b"end\x04", "end"),
        ];
        for (keys, text) in rows {
            assert_eq!(typed(keys).as_deref(), Ok(text), "{keys:?}");
        }
    }

    #[test]
    fn a_line_can_be_left_or_refused() {
        let long = [b'x'; LINE_BYTES + 1];
        let rows: [(&[u8], io::ErrorKind); 5] = [
            (b"sec\x03", io::ErrorKind::Interrupted),
            (b"sec\x1c", io::ErrorKind::Interrupted),
            (b"\x04", io::ErrorKind::UnexpectedEof),
            (b"\xff\n", io::ErrorKind::InvalidData),
            (&long, io::ErrorKind::InvalidInput),
        ];
        for (keys, kind) in rows {
            assert_eq!(typed(keys), Err(kind), "{keys:?}");
        }
    }
}
