//! One connection of the floor.

use super::turn::Said;
use crate::wire::jim::Decoder;
use mio::net::TcpStream;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::ops::Range;
use std::rc::Rc;

/// Parts of one `writev`. A sender's own stretches of a turn seldom cut the chunk more often.
const PARTS: usize = 16;

/// More than this unread, and the connection is closed.
const QUEUE_BYTES: usize = 32 << 20;

/// A client.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Where its stream stands.
    pub(super) decoder: Decoder,
    /// The beginning of an object whose end has not come.
    pub(super) held: Vec<u8>,
    /// Whether it gets what is said to all.
    pub(super) present: bool,
    /// What it is called.
    pub(super) name: Box<str>,
    /// This turn's answers, and messages for it alone.
    pub(super) own: Vec<u8>,
    /// What the socket did not take, oldest first.
    queue: VecDeque<Part>,
    queued_bytes: usize,
}

/// A stretch of a chunk that others may share.
#[derive(Debug)]
struct Part {
    chunk: Rc<Vec<u8>>,
    range: Range<usize>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            decoder: Decoder::default(),
            held: Vec::new(),
            present: false,
            name: Box::default(),
            own: Vec::new(),
            queue: VecDeque::new(),
            queued_bytes: 0,
        }
    }

    /// Reads once; `None` where nothing is there.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(buffer) {
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the turn's output in one call, and keeps what the socket does not take. Gives
    /// whether the connection lives.
    pub(super) fn flush_turn(&mut self, said: &Said, slot: usize) -> bool {
        let own = std::mem::take(&mut self.own);
        let written = if self.queue.is_empty() { self.write(said, slot, &own) } else { Ok(0) };
        let Ok(mut written) = written else { return false };
        let present = self.present;
        for range in said.ranges_for(slot).filter(|_| present) {
            self.keep(&said.chunk, range, &mut written);
        }
        if written < own.len() {
            let all = 0..own.len();
            self.keep(&Rc::new(own), all, &mut written);
        }
        self.queue.is_empty() || self.flush_queue()
    }

    /// How much of the turn's output the socket took.
    fn write(&mut self, said: &Said, slot: usize, own: &[u8]) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PARTS];
        let shared = said.ranges_for(slot).filter(|_| self.present);
        let shared = shared.filter_map(|range| said.chunk.get(range));
        // With too many stretches the last places hold what is still in order: a prefix.
        let mut used = 0;
        for (slice, part) in slices.iter_mut().zip(shared.chain(std::iter::once(own))) {
            *slice = IoSlice::new(part);
            used += 1;
        }
        write_once(&mut self.stream, slices.get(..used).unwrap_or_default())
    }

    /// Keeps what of a stretch is not among the first `written` bytes, which it counts down.
    fn keep(&mut self, chunk: &Rc<Vec<u8>>, range: Range<usize>, written: &mut usize) {
        let done = range.len().min(*written);
        *written -= done;
        let range = range.start + done..range.end;
        if !range.is_empty() {
            self.queued_bytes += range.len();
            self.queue.push_back(Part { chunk: Rc::clone(chunk), range });
        }
    }

    /// Writes kept parts until the socket takes no more. Gives whether the connection lives.
    pub(super) fn flush_queue(&mut self) -> bool {
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); PARTS];
            let mut used = 0;
            for (slice, part) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(part.chunk.get(part.range.clone()).unwrap_or_default());
                used += 1;
            }
            match write_once(&mut self.stream, slices.get(..used).unwrap_or_default()) {
                Ok(0) => return self.queued_bytes <= QUEUE_BYTES,
                Ok(written) => self.drop_written(written),
                Err(_) => return false,
            }
        }
        true
    }

    fn drop_written(&mut self, written: usize) {
        self.queued_bytes -= written;
        let mut rest = written;
        while let Some(part) = self.queue.front_mut() {
            if rest < part.range.len() {
                part.range.start += rest;
                return;
            }
            rest -= part.range.len();
            self.queue.pop_front();
        }
    }
}

/// One `writev`; 0 where the socket takes nothing now.
fn write_once(stream: &mut TcpStream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match stream.write_vectored(parts) {
            Ok(written) => return Ok(written),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
