//! The output queue: what waits to be written to one connection, in order.

use super::pour::{Pour, Wanted};
use super::{Chunk, OWN_KEPT_BYTES, Pool};
use crate::message::Sha256;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;
use std::rc::Rc;

/// A piece of output.
#[derive(Debug)]
enum Segment {
    /// This connection's own: answers, and deliveries to it alone.
    Own { bytes: Vec<u8>, start: usize, answer_bytes: usize, answers: usize },
    /// A part of what an audience gets.
    Shared { chunk: Rc<Chunk>, range: Range<usize> },
    /// A file, of which a piece is here at most. What is behind it waits until all of it has gone.
    File(Box<Pour>),
}

impl Segment {
    fn data(&self) -> &[u8] {
        match self {
            Self::Own { bytes, start, .. } => bytes.get(*start..),
            Self::Shared { chunk, range } => chunk.bytes.get(range.clone()),
            Self::File(pour) => return pour.data(),
        }
        .unwrap_or_default()
    }

    /// Whether there is more of it than its data.
    fn lacks_more(&self) -> bool {
        matches!(self, Self::File(pour) if pour.lacks_more())
    }

    fn skip(&mut self, count: usize) {
        match self {
            Self::Own { start, .. } => *start += count,
            Self::Shared { range, .. } => range.start += count,
            Self::File(pour) => pour.skip(count),
        }
    }
}

/// What a segment costs besides its bytes.
const SEGMENT_BYTES: usize = size_of::<Segment>();

/// What a file costs besides the piece that is here.
const POUR_BYTES: usize = size_of::<Pour>();

// Queues of thousands of pieces are there to be bounded: a file must not make every piece larger.
const _: () = assert!(SEGMENT_BYTES <= 48);

/// What waits to be written to one connection. While nothing does, it has no memory.
#[derive(Debug, Default)]
pub struct OutputQueue(Option<Box<Waiting>>);

// One for each of many idle connections.
const _: () = assert!(size_of::<OutputQueue>() <= 8);

/// What waits, one piece at least.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    segments: VecDeque<Segment>,
    bytes: usize,
    own_bytes: usize,
    answer_bytes: usize,
    answers: usize,
}

impl OutputQueue {
    /// All bytes that wait, shared ones included; of a file, those that are here.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.bytes)
    }

    /// The memory that this queue alone keeps: shared chunks are counted by their [`Gauge`].
    #[must_use]
    pub fn own_memory(&self) -> usize {
        self.0
            .as_ref()
            .map_or(0, |waiting| waiting.own_bytes + waiting.segments.len() * SEGMENT_BYTES)
    }

    /// The bytes of answers that wait, as opposed to deliveries.
    #[must_use]
    pub fn answer_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.answer_bytes)
    }

    /// How many answers wait.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.answers)
    }

    /// How many pieces wait; each is one object where nothing was joined.
    #[must_use]
    pub fn pieces(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.segments.len())
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Appends an answer that `encode` writes. With `join` it may share a piece with what was
    /// appended before.
    pub fn push_answer(&mut self, pool: &mut Pool, join: bool, encode: impl FnOnce(&mut Vec<u8>)) {
        let waiting = self.waiting(pool);
        let count = waiting.append(pool, join, encode);
        waiting.answer_bytes += count;
        waiting.answers += 1;
        if let Some(Segment::Own { answer_bytes, answers, .. }) = waiting.segments.back_mut() {
            *answer_bytes += count;
            *answers += 1;
        }
    }

    /// Appends a copy of something that is delivered to this connection.
    pub fn push_copy(&mut self, pool: &mut Pool, join: bool, data: &[u8]) {
        self.waiting(pool).append(pool, join, |out| out.extend_from_slice(data));
    }

    /// Appends a part of a shared chunk.
    pub fn push_shared(&mut self, pool: &mut Pool, chunk: &Rc<Chunk>, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let waiting = self.waiting(pool);
        waiting.bytes += range.len();
        waiting.segments.push_back(Segment::Shared { chunk: Rc::clone(chunk), range });
    }

    /// Appends a file of so many bytes, one at least, which is not here: [`Self::wanted`] says what
    /// of it to [`Self::fill`] in. `lead` is written together with its first bytes.
    pub fn push_file(&mut self, pool: &mut Pool, lead: &[u8], sha256: Sha256, size: u64) {
        let waiting = self.waiting(pool);
        waiting.own_bytes += POUR_BYTES;
        waiting.segments.push_back(Segment::File(Box::new(Pour::new(lead, sha256, size))));
    }

    /// Whether nothing can be written before a piece of a file is here.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        matches!(self.front_segment(), Some(Segment::File(pour)) if pour.data().is_empty())
    }

    /// The piece without which nothing can be written, once: it is taken to be on its way then.
    pub fn wanted(&mut self) -> Option<Wanted> {
        match self.0.as_mut()?.segments.front_mut()? {
            Segment::File(pour) => pour.wanted(),
            Segment::Own { .. } | Segment::Shared { .. } => None,
        }
    }

    /// Puts in the piece that was wanted; false where it is none of that file, which is the end of
    /// what this queue can be used for.
    #[must_use]
    pub fn fill(&mut self, piece: Box<[u8]>) -> bool {
        let Some(waiting) = &mut self.0 else { return false };
        let Some(Segment::File(pour)) = waiting.segments.front_mut() else { return false };
        let Some(count) = pour.fill(piece) else { return false };
        waiting.bytes += count;
        waiting.own_bytes += count;
        true
    }

    fn front_segment(&self) -> Option<&Segment> {
        self.0.as_ref()?.segments.front()
    }

    fn waiting(&mut self, pool: &mut Pool) -> &mut Waiting {
        self.0.get_or_insert_with(|| pool.take_queue())
    }

    /// The pieces at the front, for one vectored write; says how many there are and their bytes.
    pub fn front<'a>(&'a self, parts: &mut [IoSlice<'a>]) -> Front {
        let mut front = Front { parts: 0, bytes: 0 };
        let segments = self.0.iter().flat_map(|waiting| &waiting.segments);
        for (part, segment) in parts.iter_mut().zip(segments) {
            let data = segment.data();
            *part = IoSlice::new(data);
            front.parts += 1;
            front.bytes += data.len();
            if segment.lacks_more() {
                break;
            }
        }
        front
    }

    /// The first `count` bytes were written.
    pub fn written(&mut self, pool: &mut Pool, count: usize) {
        let Some(waiting) = &mut self.0 else { return };
        waiting.written(pool, count);
        if waiting.segments.is_empty()
            && let Some(drained) = self.0.take()
        {
            pool.give_queue(drained);
        }
    }
}

impl Waiting {
    /// How many pieces there is room for without more memory.
    pub(super) fn room(&self) -> usize {
        self.segments.capacity()
    }

    pub(super) fn is_drained(&self) -> bool {
        self.segments.is_empty()
            && [self.bytes, self.own_bytes, self.answer_bytes, self.answers] == [0; 4]
    }

    fn append(&mut self, pool: &mut Pool, join: bool, encode: impl FnOnce(&mut Vec<u8>)) -> usize {
        let joins = join
            && matches!(self.segments.back(),
                Some(Segment::Own { bytes, .. }) if bytes.len() < OWN_KEPT_BYTES / 2);
        if !joins {
            let bytes = pool.take_owned();
            self.segments.push_back(Segment::Own { bytes, start: 0, answer_bytes: 0, answers: 0 });
        }
        let Some(Segment::Own { bytes, .. }) = self.segments.back_mut() else { return 0 };
        let before = bytes.len();
        encode(bytes);
        let count = bytes.len() - before;
        self.bytes += count;
        self.own_bytes += count;
        count
    }

    fn written(&mut self, pool: &mut Pool, mut count: usize) {
        debug_assert!(count <= self.bytes);
        self.bytes = self.bytes.saturating_sub(count);
        while let Some(segment) = self.segments.front_mut() {
            let length = segment.data().len();
            if count < length {
                return segment.skip(count);
            }
            if let Segment::File(pour) = segment
                && pour.lacks_more()
            {
                self.own_bytes = self.own_bytes.saturating_sub(pour.give_up());
                return;
            }
            count -= length;
            self.drop_front(pool);
        }
    }

    fn drop_front(&mut self, pool: &mut Pool) {
        match self.segments.pop_front() {
            Some(Segment::Own { bytes, answer_bytes, answers, .. }) => {
                self.own_bytes = self.own_bytes.saturating_sub(bytes.len());
                self.answer_bytes = self.answer_bytes.saturating_sub(answer_bytes);
                self.answers = self.answers.saturating_sub(answers);
                pool.give_owned(bytes);
            }
            Some(Segment::Shared { chunk, .. }) => pool.give_chunk(chunk),
            Some(Segment::File(mut pour)) => {
                self.own_bytes = self.own_bytes.saturating_sub(pour.give_up() + POUR_BYTES);
            }
            None => {}
        }
    }
}

/// What [`OutputQueue::front`] laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Front {
    /// How many parts.
    pub parts: usize,
    /// Their bytes together.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::Gauge;
    use crate::limits::WRITE_PARTS;

    fn drain(queue: &mut OutputQueue, pool: &mut Pool, step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !queue.is_empty() {
            let mut parts = [IoSlice::new(&[]); WRITE_PARTS];
            let front = queue.front(&mut parts);
            let all: Vec<u8> =
                parts[..front.parts].iter().flat_map(|part| part.iter().copied()).collect();
            let count = step.min(all.len());
            out.extend_from_slice(&all[..count]);
            queue.written(pool, count);
        }
        out
    }

    #[test]
    fn output_keeps_its_order_however_little_is_written_at_once() {
        for step in [1, 2, 3, 7, 1000] {
            let (mut pool, gauge, mut queue) =
                (Pool::default(), Gauge::default(), OutputQueue::default());
            queue.push_answer(&mut pool, true, |out| out.extend_from_slice(b"one "));
            let chunk = pool.share(b"two three ".to_vec(), &gauge);
            queue.push_shared(&mut pool, &chunk, 0..4);
            queue.push_copy(&mut pool, true, b"and ");
            queue.push_shared(&mut pool, &chunk, 4..10);
            drop(chunk);
            assert!(gauge.bytes() >= 10);
            assert_eq!(queue.bytes(), 18);
            assert_eq!((queue.answers(), queue.answer_bytes()), (1, 4));
            assert_eq!(drain(&mut queue, &mut pool, step), b"one two and three ");
            assert_eq!((queue.bytes(), queue.answers(), queue.answer_bytes()), (0, 0, 0));
            assert_eq!((queue.own_memory(), gauge.bytes()), (0, 0));
        }
    }

    #[test]
    fn objects_that_must_stay_apart_are_pieces_of_their_own() {
        let (mut pool, mut queue) = (Pool::default(), OutputQueue::default());
        queue.push_answer(&mut pool, false, |out| out.extend_from_slice(b"{1}"));
        queue.push_answer(&mut pool, false, |out| out.extend_from_slice(b"{2}"));
        assert_eq!(queue.pieces(), 2);
        queue.push_answer(&mut pool, true, |out| out.extend_from_slice(b"{3}"));
        assert_eq!(queue.pieces(), 2, "a joined one needs no piece");
    }

    const SUM: Sha256 = Sha256([7; 32]);

    /// Writes as much as can be, as the event loop does, `step` bytes at a time.
    fn write(queue: &mut OutputQueue, pool: &mut Pool, step: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !queue.is_empty() && !queue.is_dry() {
            let mut parts = [IoSlice::new(&[]); 4];
            let front = queue.front(&mut parts);
            assert!(front.bytes > 0);
            let all: Vec<u8> = parts[..front.parts].iter().flat_map(|part| part.to_vec()).collect();
            let count = step.min(all.len());
            out.extend_from_slice(&all[..count]);
            queue.written(pool, count);
        }
        out
    }

    #[test]
    fn what_is_behind_a_file_waits_until_all_of_it_has_gone() {
        for step in [1, 2, 3, 5, 1000] {
            let (mut pool, mut queue) = (Pool::default(), OutputQueue::default());
            queue.push_copy(&mut pool, true, b"before ");
            queue.push_file(&mut pool, b"[9]", SUM, 9);
            queue.push_copy(&mut pool, true, b" between ");
            queue.push_file(&mut pool, b"[1]", SUM, 1);
            queue.push_copy(&mut pool, true, b" behind");
            assert!(queue.wanted().is_none(), "what is before it goes first");
            assert_eq!(write(&mut queue, &mut pool, step), b"before ");
            assert_eq!(queue.wanted(), Some(Wanted { sha256: SUM, offset: 0, left: 9 }));
            assert_eq!(queue.wanted(), None, "it is on its way");
            assert!(queue.fill(b"1234".as_slice().into()));
            assert_eq!(write(&mut queue, &mut pool, step), b"[9]1234");
            assert_eq!(queue.wanted(), Some(Wanted { sha256: SUM, offset: 4, left: 5 }));
            assert!(queue.fill(b"56789".as_slice().into()));
            assert_eq!(write(&mut queue, &mut pool, step), b"56789 between ");
            assert_eq!(queue.wanted(), Some(Wanted { sha256: SUM, offset: 0, left: 1 }));
            assert!(queue.fill(b"x".as_slice().into()));
            assert_eq!(write(&mut queue, &mut pool, step), b"[1]x behind");
            assert_eq!((queue.bytes(), queue.own_memory(), queue.is_empty()), (0, 0, true));
        }
    }

    #[test]
    fn a_file_takes_the_memory_of_the_piece_that_is_here() {
        let (mut pool, mut queue) = (Pool::default(), OutputQueue::default());
        queue.push_file(&mut pool, b"", SUM, u64::from(u32::MAX));
        let at_rest = queue.own_memory();
        assert!(at_rest < 256, "{at_rest} bytes");
        assert!(queue.wanted().is_some());
        assert!(queue.fill(vec![0; 1000].into()));
        assert_eq!((queue.bytes(), queue.own_memory()), (1000, at_rest + 1000));
        queue.written(&mut pool, 999);
        assert_eq!((queue.bytes(), queue.own_memory()), (1, at_rest + 1000));
        queue.written(&mut pool, 1);
        assert_eq!((queue.bytes(), queue.own_memory()), (0, at_rest));
        assert!(queue.is_dry());
    }

    #[test]
    fn a_piece_that_nobody_wanted_or_that_does_not_fit_is_refused() {
        let (mut pool, mut queue) = (Pool::default(), OutputQueue::default());
        assert!(!queue.fill(b"x".as_slice().into()), "no file");
        queue.push_file(&mut pool, b"", SUM, 2);
        assert!(!queue.fill(b"x".as_slice().into()), "not asked for");
        for wrong in [b"".as_slice(), b"xyz"] {
            let mut queue = OutputQueue::default();
            queue.push_file(&mut pool, b"", SUM, 2);
            assert!(queue.wanted().is_some());
            assert!(!queue.fill(wrong.into()), "{wrong:?}");
        }
    }
}
