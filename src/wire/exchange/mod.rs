//! The wire of the exchange of positive content (seed 004): every frame is a 4-byte big-endian
//! length and that many bytes.
//!
//! A control frame is a [`value`], held until it is whole. A file's frame, which follows a message
//! that names an attachment, is never held: its bytes come in pieces as the socket brings them.

pub mod client;
pub mod value;

use super::encode::json;
use crate::limits::{Limits, OBJECT_HELD_BYTES};
use crate::message::{Language, NameFault, Phrase, Reply};
use value::{Fault, dump_text, load};

/// How long a frame's length is.
const LENGTH_BYTES: usize = 4;

/// Where one connection's stream stands. The bytes stay with the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoder {
    state: State,
    /// The longest control frame, in bytes.
    longest: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::with_longest(FRAME_BYTES)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Before a control frame, or in one, which the caller holds from its length on.
    #[default]
    Control,
    /// Before a file's frame.
    FileLength,
    /// In a file's frame, so many bytes of which are still to come.
    File { left: u32 },
    /// Behind a frame that is not read: nothing is read any more.
    Dead,
}

/// What a look at the stream gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// More bytes are needed.
    Incomplete,
    /// A whole control frame.
    Frame {
        /// What it holds.
        frame: &'a [u8],
        /// How many bytes to drop.
        consumed: usize,
    },
    /// A file begins.
    File {
        /// How long it is, in bytes.
        length: u32,
        /// How many bytes to drop.
        consumed: usize,
    },
    /// A piece of a file.
    Piece {
        /// Its bytes.
        bytes: &'a [u8],
        /// Whether it is the last.
        is_last: bool,
        /// How many bytes to drop.
        consumed: usize,
    },
    /// A control frame that is too long, or empty. Nothing behind it is read.
    Refused {
        /// Its length, in bytes.
        length: u32,
    },
}

/// The longest control frame that a server takes, in bytes.
pub const FRAME_BYTES: usize = OBJECT_HELD_BYTES - LENGTH_BYTES;

impl Decoder {
    /// A decoder that takes control frames of so many bytes.
    #[must_use]
    pub const fn with_longest(frame_bytes: usize) -> Self {
        Self { state: State::Control, longest: frame_bytes }
    }

    /// Looks for the next frame in `input`, which begins with what the last call left over.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Decoded<'a> {
        match self.state {
            State::Dead => Decoded::Incomplete,
            State::File { left } => self.piece(input, left),
            State::Control | State::FileLength => match input.split_first_chunk() {
                None => Decoded::Incomplete,
                Some((length, rest)) => self.begin(u32::from_be_bytes(*length), rest),
            },
        }
    }

    /// The message that was just read names an attachment: the next frame is its file.
    pub const fn expect_file(&mut self) {
        self.state = State::FileLength;
    }

    /// Nothing more is read.
    pub const fn stop(&mut self) {
        self.state = State::Dead;
    }

    /// Whether a file is awaited or under way.
    #[must_use]
    pub const fn is_inside_file(&self) -> bool {
        matches!(self.state, State::FileLength | State::File { .. })
    }

    fn begin<'a>(&mut self, length: u32, rest: &'a [u8]) -> Decoded<'a> {
        if self.state == State::FileLength {
            self.state = if length == 0 { State::Control } else { State::File { left: length } };
            return Decoded::File { length, consumed: LENGTH_BYTES };
        }
        let bytes = length as usize;
        if bytes == 0 || bytes > self.longest {
            self.state = State::Dead;
            return Decoded::Refused { length };
        }
        match rest.get(..bytes) {
            None => Decoded::Incomplete,
            Some(frame) => Decoded::Frame { frame, consumed: LENGTH_BYTES + bytes },
        }
    }

    fn piece<'a>(&mut self, input: &'a [u8], left: u32) -> Decoded<'a> {
        let bytes = input.get(..left as usize).unwrap_or(input);
        if bytes.is_empty() {
            return Decoded::Incomplete;
        }
        // It is no longer than `left`.
        let left = left - bytes.len() as u32;
        self.state = if left == 0 { State::Control } else { State::File { left } };
        Decoded::Piece { bytes, is_last: left == 0, consumed: bytes.len() }
    }
}

/// What a client said in a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Who it is: its first frame.
    Nickname(String),
    /// Something to everybody, and the name of a file that follows.
    Text {
        /// What.
        text: String,
        /// The file's name as given.
        attachment: Option<String>,
    },
    /// Nothing that the exchange knows.
    Nothing,
}

/// Reads a control frame.
///
/// # Errors
/// Where it is no object in seed 004's form.
pub fn read(frame: &[u8], limits: &Limits) -> Result<Said, Fault> {
    let value = load(frame, limits)?;
    let text = |key| value.text(key).map(str::to_owned);
    Ok(match (text("nickname"), text("text")) {
        (_, Some(said)) => Said::Text { text: said, attachment: text("attachment") },
        (Some(nickname), None) => Said::Nickname(nickname),
        (None, None) => Said::Nothing,
    })
}

/// Writes the JIM object of a guest who has this nickname.
pub fn write_presence(out: &mut Vec<u8>, nickname: &str, unix_micros: u64) {
    json::write_presence(out, nickname, unix_micros);
}

/// Writes the JIM object of a message to the room `common`.
pub fn write_msg(out: &mut Vec<u8>, common: &str, speaker: &str, text: &str, unix_micros: u64) {
    json::write_msg(out, common, speaker, text, unix_micros);
}

/// Writes what a client is told of its frame. Its nickname is answered with a status (`is_in` says
/// whether it was let in); else seed 004's server answers nothing, and errors are told as messages.
pub fn write_reply(
    out: &mut Vec<u8>,
    reply: &Reply,
    language: Language,
    is_in: bool,
    unix_micros: u64,
) {
    if matches!(reply.phrase, Phrase::Present { .. }) {
        return write_status(out, "success");
    }
    if !reply.code.is_error() {
        return;
    }
    let text = if is_taken(&reply.phrase) {
        Phrase::TAKEN.to_owned()
    } else {
        reply.phrase.in_language(language).to_string()
    };
    if is_in {
        write_message(out, SERVER, &text, unix_micros);
    } else {
        write_status(out, &format!("error: {text}"));
    }
}

/// Whether a nickname is refused because somebody has it: to seed 004's clients an account's name
/// and the server's own are taken too.
const fn is_taken(phrase: &Phrase) -> bool {
    matches!(
        phrase,
        Phrase::NicknameTaken { .. }
            | Phrase::NameOfAccount { .. }
            | Phrase::BadName { fault: NameFault::Reserved, .. }
    )
}

/// Writes the frame that lets a client in, or says why not (`error: ...`).
fn write_status(out: &mut Vec<u8>, status: &str) {
    write_frame(out, |out| members(out, &[("status", status)]));
}

/// Who speaks where the server does.
pub const SERVER: &str = "SERVER";

/// Writes the frame of a message.
pub fn write_message(out: &mut Vec<u8>, nickname: &str, text: &str, unix_micros: u64) {
    let time = utc(unix_micros);
    let said = [("time", time.as_str()), ("nickname", nickname), ("text", text)];
    write_frame(out, |out| members(out, &said));
}

/// Writes the frame of a message with a file. The file's frame has to follow at once.
pub fn write_attachment(
    out: &mut Vec<u8>,
    nickname: &str,
    text: &str,
    name: &str,
    unix_micros: u64,
) {
    let time = utc(unix_micros);
    let said =
        [("time", time.as_str()), ("nickname", nickname), ("text", text), ("attachment", name)];
    write_frame(out, |out| members(out, &said));
}

/// What a file's frame begins with.
#[must_use]
pub const fn file_length(bytes: u32) -> [u8; LENGTH_BYTES] {
    bytes.to_be_bytes()
}

fn members(out: &mut Vec<u8>, members: &[(&str, &str)]) {
    for (index, (key, value)) in members.iter().enumerate() {
        out.push(if index == 0 { b'{' } else { b',' });
        dump_text(key, out);
        out.push(b':');
        dump_text(value, out);
    }
    out.push(b'}');
}

/// Writes a frame, its length first.
fn write_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    write(out);
    let length = out.len() - start - LENGTH_BYTES;
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(place) = out.get_mut(start..start + LENGTH_BYTES) {
        place.copy_from_slice(&length);
    }
}

/// A moment as Python prints it in UTC: `2021-09-27 12:34:56.789000+00:00`.
fn utc(unix_micros: u64) -> String {
    let micros = i64::try_from(unix_micros).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    moment.strftime("%Y-%m-%d %H:%M:%S.%6f+00:00").to_string()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
