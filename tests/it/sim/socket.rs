//! A connection as the kernel sees it: two buffers, of which each side reads and writes as much as
//! it likes; what the server holds of it; and where the two of them stand.

use super::random::Random;
use jim::buffer::{OutputQueue, Pool};
use jim::limits::{Limits, OBJECT_HELD_BYTES, WRITE_PARTS};
use jim::message::{Dialect, Phrase};
use jim::wire::detect::{Wire, detect};
use jim::wire::{Decoded, Decoder, console, exchange};
use std::collections::VecDeque;
use std::io::IoSlice;

/// What the kernel holds for a client that does not read.
const KERNEL_BYTES: usize = 1500;

/// What waits for a client beyond this ends it, as a slow reader.
pub const QUEUE_BYTES: usize = 6 * 1024;

/// So many bytes of answers may wait before nothing more is read from who does not read them.
const UNREAD_BYTES: usize = 4 * 1024;

/// One connection's bytes.
pub struct Socket {
    /// What the client wrote and the server has not read.
    pub to_server: VecDeque<u8>,
    /// What the server wrote and the client has not read.
    pub to_client: VecDeque<u8>,
    /// The client writes no more.
    pub has_ended: bool,
    /// The client reads nothing for now.
    pub is_stalled: bool,
    /// What waits to be written.
    pub output: OutputQueue,
    pub dialect: Dialect,
    wire: Option<Wire>,
    /// What was read and is no whole object yet.
    input: Vec<u8>,
    decoder: Decoder,
    pub frames: exchange::Decoder,
    /// Requests so far.
    heard: usize,
}

/// What the server makes of the next bytes.
pub enum Heard {
    /// A JIM object.
    Object(Vec<u8>),
    /// What is none, and is answered.
    Malformed(Phrase),
    /// What a client of another wire says.
    Console(console::Said),
    Exchange(exchange::Said),
    /// A file begins, of so many bytes.
    FileLength(u32),
    /// A part of it, and whether that is the last.
    Piece(Vec<u8>, bool),
    /// Nothing that its wire knows: the connection ends.
    Nonsense,
}

impl Socket {
    pub fn new() -> Self {
        Self {
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            has_ended: false,
            is_stalled: false,
            output: OutputQueue::default(),
            dialect: Dialect::Jim,
            wire: None,
            input: Vec::new(),
            decoder: Decoder::default(),
            frames: exchange::Decoder::default(),
            heard: 0,
        }
    }

    /// The server reads: one byte, a few, or all.
    pub fn arrive(&mut self, random: &mut Random) {
        if self.output.answer_bytes() >= UNREAD_BYTES || self.input.len() >= OBJECT_HELD_BYTES {
            return;
        }
        let most = self.to_server.len();
        let count = match random.below(4) {
            0 => 1,
            1 => 1 + random.below(40),
            _ => most,
        };
        self.input.extend(self.to_server.drain(..count.min(most)));
    }

    /// Whether requests are handled while so much waits.
    pub fn may_decode(&self) -> bool {
        self.output.answer_bytes() < UNREAD_BYTES
    }

    /// Whether all that was written was read and handled.
    pub fn is_heard_out(&self) -> bool {
        self.to_server.is_empty() && self.input.is_empty()
    }

    /// Whether half an object is there though nothing more comes.
    pub fn is_cut_short(&self) -> bool {
        self.decoder.is_inside_object() || self.frames.is_inside_file() || !self.input.is_empty()
    }

    /// Forgets what cannot become whole any more.
    pub fn drop_input(&mut self) {
        self.input.clear();
        self.decoder = Decoder::default();
        self.frames.stop();
    }

    /// The next whole thing, if there is one.
    pub fn hear(&mut self) -> Option<Heard> {
        if self.wire.is_none() {
            self.wire = detect(&self.input);
            if self.wire == Some(Wire::LengthPrefixed) {
                self.dialect = Dialect::Exchange;
            }
        }
        self.wire?;
        if self.dialect == Dialect::Exchange { self.hear_frame() } else { self.hear_object() }
    }

    fn hear_frame(&mut self) -> Option<Heard> {
        let (heard, consumed) = match self.frames.decode(&self.input) {
            exchange::Decoded::Incomplete => return None,
            exchange::Decoded::Frame { frame, consumed } => {
                let said = exchange::read(frame, &Limits::default());
                (said.map_or(Heard::Nonsense, Heard::Exchange), consumed)
            }
            exchange::Decoded::File { length, consumed } => (Heard::FileLength(length), consumed),
            exchange::Decoded::Piece { bytes, is_last, consumed } => {
                (Heard::Piece(bytes.to_vec(), is_last), consumed)
            }
            other => panic!("nobody sent {other:?}"),
        };
        self.input.drain(..consumed);
        Some(heard)
    }

    fn hear_object(&mut self) -> Option<Heard> {
        let limits = Limits::default();
        let (heard, consumed) = match self.decoder.decode(&self.input, &limits) {
            Decoded::Incomplete { consumed } => (None, consumed),
            Decoded::Request { request, consumed } => {
                (Some(Heard::Object(request.raw.to_vec())), consumed)
            }
            Decoded::Malformed { phrase, consumed, .. } => {
                (Some(Heard::Malformed(phrase)), consumed)
            }
        };
        self.input.drain(..consumed);
        self.heard += usize::from(heard.is_some());
        match heard? {
            Heard::Object(raw) if self.speaks_console(&raw) => {
                Some(console::read(&raw, &limits).map_or(Heard::Nonsense, Heard::Console))
            }
            Heard::Malformed(_) if self.dialect == Dialect::Console => Some(Heard::Nonsense),
            heard => Some(heard),
        }
    }

    fn speaks_console(&mut self, raw: &[u8]) -> bool {
        if self.heard == 1 && console::is_registration(raw, &Limits::default()) {
            self.dialect = Dialect::Console;
        }
        self.dialect == Dialect::Console
    }

    /// The server writes what the kernel has room for, or less.
    pub fn flush(&mut self, pool: &mut Pool, random: &mut Random) {
        let mut parts = [IoSlice::new(&[]); WRITE_PARTS];
        let front = self.output.front(&mut parts);
        let room = KERNEL_BYTES.saturating_sub(self.to_client.len()).min(front.bytes);
        let count = if random.below(3) == 0 { random.below(room + 1) } else { room };
        let bytes = parts[..front.parts].iter().flat_map(|part| part.iter().copied());
        self.to_client.extend(bytes.take(count));
        self.output.written(pool, count);
    }

    /// The client reads: a few bytes, or all; nothing while it is stalled.
    pub fn take(&mut self, random: &mut Random) -> Vec<u8> {
        if self.is_stalled {
            return Vec::new();
        }
        let most = self.to_client.len();
        let count = if random.below(3) == 0 { random.below(most + 1) } else { most };
        self.to_client.drain(..count).collect()
    }

    /// What is held stays within its bounds.
    pub fn check(&self) {
        assert!(self.output.bytes() <= QUEUE_BYTES, "{} bytes wait", self.output.bytes());
        assert!(self.to_client.len() <= KERNEL_BYTES);
        let is_dry = self.output.is_dry();
        assert_eq!(self.output.is_empty() || is_dry, self.output.bytes() == 0 || is_dry);
    }
}
