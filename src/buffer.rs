//! A connection's two buffers: a bounded read buffer, and an output queue of shared chunks.
//!
//! A room's output of one turn is one [`Chunk`] that all its members' queues point into: no copy a
//! recipient. Memory comes from a [`Pool`] and goes back to it as soon as a buffer is empty, so an
//! idle connection holds none.

mod output;
mod pour;

pub use output::{Front, OutputQueue};
pub use pour::Wanted;

use crate::limits::{READ_BUFFER_BYTES, WRITE_PARTS};
use output::Waiting;
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// Own output buffers larger than this are not kept for reuse.
const OWN_KEPT_BYTES: usize = 16 * 1024;

/// How many read buffers are kept for reuse: as one connection is served at a time, few are out.
const KEPT: usize = 64;

/// How many of each of the other kinds are kept: a turn may have output for that many connections.
const KEPT_SMALL: usize = 1024;

/// All own output buffers that are kept have so many bytes at most.
const KEPT_OWN_BYTES: usize = 1024 * 1024;

/// The first size of an own output buffer: a few answers.
const OWN_FIRST_BYTES: usize = 512;

/// A chunk in a buffer of no more than this needs no smaller one.
const FITS_BYTES: usize = 1024;

/// Empty buffers, kept for the next connection that needs one.
#[derive(Debug, Default)]
pub struct Pool {
    reads: Vec<Vec<u8>>,
    owned: Vec<Vec<u8>>,
    owned_bytes: usize,
    #[allow(clippy::vec_box, reason = "a queue takes the box, so that it is small without one")]
    queues: Vec<Box<Waiting>>,
    /// For what audiences get, until it is a chunk.
    growing: Vec<Vec<u8>>,
    /// For chunks, of many sizes.
    shared: Vec<Vec<u8>>,
    /// Chunks without bytes.
    chunks: Vec<Rc<Chunk>>,
}

impl Pool {
    fn take_read(&mut self) -> Vec<u8> {
        self.reads.pop().unwrap_or_else(|| vec![0; READ_BUFFER_BYTES])
    }

    fn give_read(&mut self, buffer: Vec<u8>) {
        if buffer.len() == READ_BUFFER_BYTES && self.reads.len() < KEPT {
            self.reads.push(buffer);
        }
    }

    /// An empty growing buffer.
    pub fn take_owned(&mut self) -> Vec<u8> {
        let Some(buffer) = self.owned.pop() else { return Vec::with_capacity(OWN_FIRST_BYTES) };
        self.owned_bytes = self.owned_bytes.saturating_sub(buffer.capacity());
        buffer
    }

    /// Takes a growing buffer back.
    pub fn give_owned(&mut self, mut buffer: Vec<u8>) {
        let bytes = self.owned_bytes + buffer.capacity();
        if (1..=OWN_KEPT_BYTES).contains(&buffer.capacity())
            && self.owned.len() < KEPT_SMALL
            && bytes <= KEPT_OWN_BYTES
        {
            self.owned_bytes = bytes;
            buffer.clear();
            self.owned.push(buffer);
        }
    }

    /// An empty buffer for what an audience gets, which has grown to what such outputs need.
    pub fn take_growing(&mut self) -> Vec<u8> {
        self.growing.pop().unwrap_or_else(|| Vec::with_capacity(OWN_FIRST_BYTES))
    }

    /// Takes it back.
    pub fn give_growing(&mut self, mut buffer: Vec<u8>) {
        if (1..=OWN_KEPT_BYTES).contains(&buffer.capacity()) && self.growing.len() < KEPT {
            buffer.clear();
            self.growing.push(buffer);
        }
    }

    /// An empty buffer with room for at least and at most so many bytes.
    fn take_between(&mut self, least: usize, most: usize) -> Vec<u8> {
        let fits = |buffer: &Vec<u8>| (least..=most).contains(&buffer.capacity());
        match self.shared.iter().rposition(fits) {
            Some(at) => self.shared.swap_remove(at),
            None => Vec::with_capacity(least.next_power_of_two()),
        }
    }

    /// The same bytes in a buffer of about their size: one that many readers hold on to for long
    /// must not keep much more memory than its bytes.
    #[must_use]
    pub fn fitting(&mut self, buffer: Vec<u8>) -> Vec<u8> {
        if buffer.capacity() > OWN_KEPT_BYTES && buffer.capacity() <= buffer.len() * 2 {
            return buffer;
        }
        let most = (buffer.len() * 2).max(FITS_BYTES);
        let mut fitting = self.take_between(buffer.len(), most);
        fitting.extend_from_slice(&buffer);
        self.give_growing(buffer);
        fitting
    }

    /// Makes bytes a chunk, which is counted as long as somebody holds it.
    #[must_use]
    pub fn share(&mut self, bytes: Vec<u8>, gauge: &Gauge) -> Rc<Chunk> {
        let mut chunk = self.chunks.pop().unwrap_or_default();
        gauge.add(bytes.capacity());
        match Rc::get_mut(&mut chunk) {
            Some(inner) => {
                inner.bytes = bytes;
                inner.gauge = gauge.clone();
                chunk
            }
            // Nobody else holds one that is kept here.
            None => Rc::new(Chunk { bytes, gauge: gauge.clone() }),
        }
    }

    /// A queue lets go of a chunk: the last one gives its memory back for the next turn.
    fn give_chunk(&mut self, mut chunk: Rc<Chunk>) {
        let Some(inner) = Rc::get_mut(&mut chunk) else { return };
        let bytes = std::mem::take(&mut inner.bytes);
        inner.gauge.subtract(bytes.capacity());
        self.give_shared(bytes);
        if self.chunks.len() < KEPT {
            self.chunks.push(chunk);
        }
    }

    fn give_shared(&mut self, mut bytes: Vec<u8>) {
        if bytes.capacity() > OWN_KEPT_BYTES {
            return;
        }
        if self.shared.len() >= KEPT {
            self.shared.remove(0);
        }
        bytes.clear();
        self.shared.push(bytes);
    }

    fn take_queue(&mut self) -> Box<Waiting> {
        self.queues.pop().unwrap_or_default()
    }

    fn give_queue(&mut self, queue: Box<Waiting>) {
        debug_assert!(queue.is_drained());
        if queue.room() <= WRITE_PARTS && self.queues.len() < KEPT_SMALL {
            self.queues.push(queue);
        }
    }
}

/// What was read and not yet decoded, while nobody looks at it: in memory of just its size, and so
/// in none where nothing is left over.
#[derive(Debug, Default)]
pub struct Parked(Box<[u8]>);

// One for each of many idle connections.
const _: () = assert!(size_of::<Parked>() <= 16);

impl Parked {
    /// Whether nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A buffer that goes on where [`ReadBuffer::park`] left it.
    #[must_use]
    pub fn resume(self) -> ReadBuffer {
        let bytes = self.0.into_vec();
        ReadBuffer { held: 0..bytes.len(), bytes }
    }
}

/// What was read and not yet decoded: at most [`READ_BUFFER_BYTES`], unless its owner lets it grow.
#[derive(Debug, Default)]
pub struct ReadBuffer {
    /// Initialised to its full length; empty, or smaller than a whole buffer, until it is read into.
    bytes: Vec<u8>,
    held: Range<usize>,
}

impl ReadBuffer {
    /// The bytes that are held.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.bytes.get(self.held.clone()).unwrap_or_default()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Forgets the first `count` bytes that are held.
    pub fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.held.len());
        self.held.start = (self.held.start + count).min(self.held.end);
    }

    /// Room to read into; empty when the buffer is full.
    pub fn space(&mut self, pool: &mut Pool) -> &mut [u8] {
        self.make_space(pool);
        self.bytes.get_mut(self.held.end..).unwrap_or_default()
    }

    /// The same where the buffer may grow to `most` bytes while it holds half a long object: one
    /// with fewer than `little` bytes in it stays as it is.
    pub fn space_up_to(&mut self, pool: &mut Pool, little: usize, most: usize) -> &mut [u8] {
        self.make_space(pool);
        if self.held.len() >= little && self.bytes.len() < most {
            let grown = (self.bytes.len() * 2).min(most);
            self.bytes.resize(grown, 0);
        }
        self.bytes.get_mut(self.held.end..).unwrap_or_default()
    }

    fn make_space(&mut self, pool: &mut Pool) {
        if self.bytes.len() < READ_BUFFER_BYTES {
            let mut whole = pool.take_read();
            let data = self.data();
            if let Some(front) = whole.get_mut(..data.len()) {
                front.copy_from_slice(data);
            }
            self.held = 0..data.len();
            self.bytes = whole;
        } else if self.held.is_empty() {
            self.held = 0..0;
        } else if self.held.end == self.bytes.len() {
            self.bytes.copy_within(self.held.clone(), 0);
            self.held = 0..self.held.len();
        }
    }

    /// The first `count` bytes of `space` were filled.
    pub fn filled(&mut self, count: usize) {
        self.held.end = (self.held.end + count).min(self.bytes.len());
    }

    /// Gives the memory back; what is held moves to a buffer of just its size.
    #[must_use]
    pub fn park(self, pool: &mut Pool) -> Parked {
        if self.held == (0..self.bytes.len()) && self.bytes.len() < READ_BUFFER_BYTES {
            return Parked(self.bytes.into_boxed_slice());
        }
        let rest = Box::from(self.data());
        pool.give_read(self.bytes);
        Parked(rest)
    }
}

/// Counts the bytes of all chunks that are alive, each once however many queues point into it.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Rc<Cell<usize>>);

impl Gauge {
    /// The bytes that are alive now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.get()
    }

    fn add(&self, bytes: usize) {
        self.0.set(self.0.get() + bytes);
    }

    fn subtract(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }
}

/// An audience's output of one turn, shared by all its members' queues.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    gauge: Gauge,
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.gauge.subtract(self.bytes.capacity());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_output_in_a_large_buffer_moves_to_a_small_one() {
        let mut pool = Pool::default();
        let mut large = Vec::with_capacity(OWN_KEPT_BYTES);
        large.extend_from_slice(b"short");
        let fitting = pool.fitting(large);
        assert_eq!((fitting.as_slice(), fitting.capacity()), (&b"short"[..], 8));
        assert_eq!(pool.take_growing().capacity(), OWN_KEPT_BYTES, "the large one is used again");
        pool.give_shared(Vec::with_capacity(FITS_BYTES));
        assert_eq!(pool.fitting(fitting).capacity(), FITS_BYTES, "so small a one fits all");
        let huge = vec![0; 2 * OWN_KEPT_BYTES];
        let place = huge.as_ptr();
        let shared = pool.fitting(huge);
        assert_eq!(shared.as_ptr(), place, "a full one stays where it is");
    }

    #[test]
    fn what_is_kept_is_bounded_and_used_again() {
        let (mut pool, gauge) = (Pool::default(), Gauge::default());
        for _ in 0..2 * KEPT_OWN_BYTES / OWN_KEPT_BYTES {
            pool.give_owned(Vec::with_capacity(OWN_KEPT_BYTES));
        }
        assert_eq!(pool.owned_bytes, KEPT_OWN_BYTES);
        while !pool.owned.is_empty() {
            assert!(pool.take_owned().capacity() >= OWN_KEPT_BYTES);
        }
        assert_eq!(pool.owned_bytes, 0);
        let first = pool.share(b"one".to_vec(), &gauge);
        let place = Rc::as_ptr(&first);
        let held = Rc::clone(&first);
        pool.give_chunk(first);
        assert_eq!((pool.chunks.len(), gauge.bytes()), (0, 3), "somebody holds it");
        pool.give_chunk(held);
        assert_eq!((pool.chunks.len(), gauge.bytes()), (1, 0));
        let second = pool.share(b"two".to_vec(), &gauge);
        assert_eq!((Rc::as_ptr(&second), gauge.bytes()), (place, 3));
    }

    #[test]
    fn a_read_buffer_is_bounded_and_gives_its_memory_back() {
        let (mut pool, mut buffer) = (Pool::default(), ReadBuffer::default());
        let space = buffer.space(&mut pool);
        assert_eq!(space.len(), READ_BUFFER_BYTES);
        space[..5].copy_from_slice(b"hello");
        buffer.filled(5);
        buffer.consume(1);
        let parked = buffer.park(&mut pool);
        assert_eq!((&*parked.0, pool.reads.len()), (&b"ello"[..], 1));
        let mut buffer = parked.resume();
        assert_eq!(buffer.data(), b"ello");
        assert_eq!(buffer.space(&mut pool).len(), READ_BUFFER_BYTES - 4);
        let rest = buffer.space(&mut pool).len();
        buffer.filled(rest);
        assert_eq!(buffer.space(&mut pool).len(), 0, "full");
        buffer.consume(10);
        assert_eq!(buffer.space(&mut pool).len(), 10, "what was consumed is room again");
        buffer.consume(buffer.data().len());
        let parked = buffer.park(&mut pool);
        assert_eq!((parked.is_empty(), pool.reads.len()), (true, 1));
    }

    #[test]
    fn a_read_buffer_grows_only_while_it_holds_much_and_gives_all_of_it_back() {
        const MOST: usize = 3 * READ_BUFFER_BYTES;
        let (mut pool, mut buffer) = (Pool::default(), ReadBuffer::default());
        let mut room = |buffer: &mut ReadBuffer| buffer.space_up_to(&mut pool, 9000, MOST).len();
        assert_eq!(room(&mut buffer), READ_BUFFER_BYTES);
        buffer.filled(8999);
        assert_eq!(room(&mut buffer), READ_BUFFER_BYTES - 8999);
        buffer.filled(1);
        assert_eq!(room(&mut buffer), 2 * READ_BUFFER_BYTES - 9000);
        buffer.filled(2 * READ_BUFFER_BYTES - 9000);
        let mut buffer = buffer.park(&mut Pool::default()).resume();
        assert_eq!(room(&mut buffer), READ_BUFFER_BYTES, "what was parked grows further");
        buffer.filled(READ_BUFFER_BYTES);
        assert_eq!(room(&mut buffer), 0, "full");
        buffer.consume(MOST);
        let mut pool = Pool::default();
        assert_eq!((buffer.park(&mut pool).is_empty(), pool.reads.len()), (true, 0));
    }
}
