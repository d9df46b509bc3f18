//! The JIM wire: a stream of JSON objects with nothing, or white space, between them.
//!
//! A decoder never re-reads what it has seen of an object that is still coming, holds nothing
//! itself, and gives the same results however the stream was cut into pieces.

use super::cursor::Fault;
use super::envelope;
use super::scan::Scan;
use crate::limits::{Limits, OBJECT_HELD_BYTES, OBJECT_OPEN_BYTES, PUT_HELD_BYTES, PUT_OPEN_BYTES};
use crate::message::{Junk, Phrase, Request};

/// How long an object may be in bytes. It changes only between objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A longer one is not held to be looked at, but only counted.
    held: usize,
    /// One that has not closed by then ends the connection.
    open: usize,
}

impl Bounds {
    /// Everyone's.
    pub const PLAIN: Self = Self { held: OBJECT_HELD_BYTES, open: OBJECT_OPEN_BYTES };
    /// Those of a connection with `files`.
    pub const FILES: Self = Self { held: PUT_HELD_BYTES, open: PUT_OPEN_BYTES };
}

/// Where one connection's stream stands. The bytes stay with the caller.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    state: State,
    /// An object has ended, so white space now tells how the client writes.
    ended_object: bool,
    saw_spacing: bool,
}

// One for each of many idle connections.
const _: () = assert!(size_of::<Decoder>() <= 32);

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Before the first byte, where a byte-order mark may stand.
    #[default]
    Start,
    /// Between objects.
    Between,
    /// In bytes that start no object and were answered.
    Garbage(Run),
    /// In an object that the caller holds from its `{` on; `scanned` bytes of it have been seen.
    Held { scanned: usize, scan: Scan },
    /// In an object that is too long to be held; `bytes` of it have been seen.
    Counted { bytes: usize, scan: Scan },
    /// Behind a fatal fault: nothing is read any more.
    Dead,
}

/// What ends a run of garbage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    /// A line end, or an object.
    Line,
    /// An object: line ends are part of a pickle.
    Pickle,
    /// The same behind a pickle's last byte, where another pickle may begin.
    PickleEnd,
}

/// What a look at the stream gave.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "made once an object and moved at once, never stored")]
pub enum Decoded<'a> {
    /// No whole object yet. The first `consumed` bytes are done with; keep the rest (less than
    /// [`OBJECT_HELD_BYTES`], or [`PUT_HELD_BYTES`] with `files`) and call again with it and more
    /// behind it.
    Incomplete {
        /// How many bytes to drop.
        consumed: usize,
    },
    /// A whole, valid object.
    Request {
        /// The object, read.
        request: Request<'a>,
        /// How many bytes to drop.
        consumed: usize,
    },
    /// A 400 to be answered.
    Malformed {
        /// What is wrong.
        phrase: Phrase,
        /// How many bytes to drop.
        consumed: usize,
        /// Whether the connection closes after it. Whatever still comes is skipped.
        fatal: bool,
    },
}

/// What an object must keep to.
#[derive(Clone, Copy)]
struct Rules<'l> {
    limits: &'l Limits,
    bounds: Bounds,
}

/// Where the next object is.
enum Sought {
    /// Nowhere in these bytes; so many of them are done with.
    Nowhere(usize),
    /// Behind a run of garbage that begins before `consumed`.
    Behind { junk: Junk, consumed: usize },
    /// Here.
    At(usize),
}

impl Decoder {
    /// Looks for the next object in `input`, which begins with what the last call left over.
    pub fn decode<'a>(&mut self, input: &'a [u8], limits: &Limits) -> Decoded<'a> {
        self.decode_within(input, limits, Bounds::PLAIN)
    }

    /// The same where objects may be longer.
    #[inline]
    pub fn decode_within<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        bounds: Bounds,
    ) -> Decoded<'a> {
        match self.seek(input) {
            Sought::Nowhere(consumed) => Decoded::Incomplete { consumed },
            Sought::Behind { junk, consumed } => {
                Decoded::Malformed { phrase: Phrase::NotAnObject { junk }, consumed, fatal: false }
            }
            Sought::At(start) => self.object(input, start, Rules { limits, bounds }),
        }
    }

    /// Whether half an object is held or being skipped.
    #[must_use]
    pub const fn is_inside_object(&self) -> bool {
        matches!(self.state, State::Held { .. } | State::Counted { .. })
    }

    /// Whether white space was ever seen between or behind objects. White space before the first
    /// object does not count: a person who tries the server out types that.
    #[must_use]
    pub const fn saw_spacing(&self) -> bool {
        self.saw_spacing
    }

    /// Runs over what is no object.
    fn seek(&mut self, input: &[u8]) -> Sought {
        let mut at = 0;
        loop {
            let rest = input.get(at..).unwrap_or_default();
            let skipped = match self.state {
                State::Held { .. } | State::Counted { .. } => return Sought::At(at),
                State::Between => return self.seek_between(rest, at),
                State::Dead => return Sought::Nowhere(input.len()),
                State::Start => mark_len(rest),
                State::Garbage(run) => self.skip_garbage(rest, run),
            };
            match skipped {
                Some(bytes) => at += bytes,
                None if matches!(self.state, State::Start) => return Sought::Nowhere(at),
                None => return Sought::Nowhere(input.len()),
            }
            self.state = State::Between;
        }
    }

    /// Runs over white space; `rest` begins at `at`.
    fn seek_between(&mut self, rest: &[u8], at: usize) -> Sought {
        let space = rest.iter().take_while(|byte| is_space(**byte)).count();
        self.saw_spacing |= space > 0 && self.ended_object;
        let start = at + space;
        match rest.get(space) {
            None => Sought::Nowhere(start),
            Some(b'{') => {
                self.state = State::Held { scanned: 0, scan: Scan::default() };
                Sought::At(start)
            }
            Some(byte) => {
                let junk = junk(*byte);
                let run = if junk == Junk::Pickle { Run::Pickle } else { Run::Line };
                self.state = State::Garbage(run);
                Sought::Behind { junk, consumed: start + 1 }
            }
        }
    }

    /// How many bytes still belong to a run of garbage; `None` if all do.
    fn skip_garbage(&mut self, rest: &[u8], run: Run) -> Option<usize> {
        if run == Run::Line {
            return memchr::memchr2(b'{', b'\n', rest);
        }
        let mut run = run;
        let end = rest.iter().position(|byte| {
            let ends = *byte == b'{' || (*byte == PICKLE && run == Run::PickleEnd);
            run = if *byte == PICKLE_STOP { Run::PickleEnd } else { Run::Pickle };
            ends
        });
        self.state = State::Garbage(run);
        end
    }

    /// In an object that begins, or of which the unseen part begins, at `start`.
    fn object<'a>(&mut self, input: &'a [u8], start: usize, rules: Rules<'_>) -> Decoded<'a> {
        let rest = input.get(start..).unwrap_or_default();
        match self.state {
            State::Counted { bytes, scan } => self.counted(rest, start, bytes, scan, rules),
            State::Held { scanned, scan } => {
                let held = rest.get(..rules.bounds.held).unwrap_or(rest);
                if scanned == 0
                    && let Ok(request) = envelope::read(held, rules.limits)
                {
                    let consumed = start + request.raw.len();
                    self.end_object();
                    return Decoded::Request { request, consumed };
                }
                self.held(rest, start, scanned, scan, rules)
            }
            _ => Decoded::Incomplete { consumed: start },
        }
    }

    /// An object that is not whole, or not valid: first its end, then what is wrong.
    fn held<'a>(
        &mut self,
        rest: &'a [u8],
        start: usize,
        scanned: usize,
        mut scan: Scan,
        rules: Rules<'_>,
    ) -> Decoded<'a> {
        let most = rules.bounds.held;
        let held = rest.get(..most).unwrap_or(rest);
        if let Some(bytes) = scan.find_end(held.get(scanned..).unwrap_or_default()) {
            self.end_object();
            return finished(held.get(..scanned + bytes).unwrap_or(held), start, rules.limits);
        }
        if held.len() < most {
            self.state = State::Held { scanned: held.len(), scan };
            return Decoded::Incomplete { consumed: start };
        }
        let unseen = rest.get(most..).unwrap_or_default();
        self.counted(unseen, start + most, most, scan, rules)
    }

    /// An object too long to be held: only its length and its end matter.
    fn counted<'a>(
        &mut self,
        rest: &'a [u8],
        start: usize,
        seen: usize,
        mut scan: Scan,
        rules: Rules<'_>,
    ) -> Decoded<'a> {
        let open = rules.bounds.open;
        let room = rest.get(..open.saturating_sub(seen)).unwrap_or(rest);
        if let Some(bytes) = scan.find_end(room) {
            self.end_object();
            let phrase =
                Phrase::ObjectTooBig { limit: rules.limits.object_chars, got: seen + bytes };
            return Decoded::Malformed { phrase, consumed: start + bytes, fatal: false };
        }
        let consumed = start + room.len();
        let bytes = seen + room.len();
        if bytes < open {
            self.state = State::Counted { bytes, scan };
            return Decoded::Incomplete { consumed };
        }
        self.state = State::Dead;
        let phrase = Phrase::NeverCloses { limit: open };
        Decoded::Malformed { phrase, consumed, fatal: true }
    }

    const fn end_object(&mut self) {
        self.state = State::Between;
        self.ended_object = true;
    }
}

/// An object whose end was found by its braces, and which begins at `start`.
fn finished<'a>(object: &'a [u8], start: usize, limits: &Limits) -> Decoded<'a> {
    let consumed = start + object.len();
    match envelope::read(object, limits) {
        Ok(request) => Decoded::Request { request, consumed },
        Err(Fault { what, at }) => {
            let phrase = Phrase::BadJson { fault: what, at };
            Decoded::Malformed { phrase, consumed, fatal: false }
        }
    }
}

/// U+FEFF in UTF-8, which some programs write first.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A pickle's first byte, from protocol 2 on.
const PICKLE: u8 = 0x80;

/// A pickle's last byte.
const PICKLE_STOP: u8 = b'.';

/// How long the byte-order mark at the start is; `None` if it may still come.
fn mark_len(input: &[u8]) -> Option<usize> {
    if input.starts_with(MARK) {
        Some(MARK.len())
    } else if MARK.starts_with(input) {
        None
    } else {
        Some(0)
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// What bytes are that begin with this one.
const fn junk(first: u8) -> Junk {
    match first {
        PICKLE => Junk::Pickle,
        b'[' => Junk::Array,
        b'"' => Junk::Text,
        b'0'..=b'9' | b'-' => Junk::Number,
        b'a'..=b'z' | b'A'..=b'Z' | 0xC2..=0xF4 => Junk::Word,
        _ => Junk::Bytes,
    }
}
