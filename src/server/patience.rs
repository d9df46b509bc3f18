//! Answers that wait for the next write to their connection.
//!
//! "It was delivered" is nothing that a client hurries for, and as a write of its own it costs as
//! much as the delivery. So it waits, while the loop has input left, for whatever is written to the
//! connection next, and goes in one write with that: a few turns at most, and never while the loop
//! sleeps. Anything else in the queue takes it along at once.

use crate::message::{Phrase, Reply};

/// How many turns an answer waits at most.
const MOST_TURNS: u8 = 4;

/// So many bytes of answers are worth a write of their own.
const MOST_BYTES: usize = 4096;

/// What of a connection's queue may wait, and how long it has.
#[derive(Debug, Default)]
pub(super) struct Patience {
    bytes: u16,
    turns: u8,
}

/// Whether an answer may wait: one to a message that was taken.
pub(super) const fn may_wait(reply: &Reply) -> bool {
    !reply.code.is_error()
        && matches!(reply.phrase, Phrase::Delivered { .. } | Phrase::Waits { .. })
}

impl Patience {
    /// An answer that may wait was queued, and is so long.
    pub(super) fn note(&mut self, bytes: usize) {
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// At a turn's end: whether the queue, of `queued` bytes, waits for the next turn. The first
    /// time it does, since only the next poll says whether there is more input; then while there
    /// was.
    pub(super) fn lasts(&mut self, queued: usize, input_left: bool) -> bool {
        let only_answers = queued > 0 && queued == usize::from(self.bytes);
        let may_wait = self.turns == 0 || (input_left && self.turns < MOST_TURNS);
        let lasts = only_answers && queued <= MOST_BYTES && may_wait;
        if lasts {
            self.turns += 1;
        }
        lasts
    }

    /// The queue is written now: what comes next begins anew.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Code, Name};

    #[test]
    fn an_answer_waits_four_turns_while_there_is_input() {
        let mut patience = Patience::default();
        patience.note(100);
        let waits: Vec<bool> = (0..6).map(|_| patience.lasts(100, true)).collect();
        assert_eq!(waits, [true, true, true, true, false, false]);
        patience.end();
        patience.note(100);
        assert!(patience.lasts(100, true), "the next one has its own turns");
    }

    #[test]
    fn an_answer_waits_for_one_poll_where_no_input_is_left() {
        let mut patience = Patience::default();
        patience.note(100);
        assert!(patience.lasts(100, false), "whether there is any says the next poll");
        assert!(!patience.lasts(100, false));
    }

    #[test]
    fn anything_else_takes_the_answers_along() {
        let mut patience = Patience::default();
        assert!(!patience.lasts(0, true), "nothing is queued");
        assert!(!patience.lasts(100, true), "a delivery");
        patience.note(100);
        assert!(patience.lasts(100, true));
        assert!(!patience.lasts(150, true), "a delivery behind the answer");
        patience.end();
        assert!(!patience.lasts(30, true), "what the kernel left of both");
    }

    #[test]
    fn many_answers_are_worth_a_write() {
        let mut patience = Patience::default();
        patience.note(MOST_BYTES);
        assert!(patience.lasts(MOST_BYTES, true));
        patience.note(1);
        assert!(!patience.lasts(MOST_BYTES + 1, true));
        for _ in 0..100 {
            patience.note(1000);
        }
        assert!(!patience.lasts(usize::from(u16::MAX), true), "the count does not wrap around");
    }

    #[test]
    fn only_an_answer_to_a_message_that_was_taken_waits() {
        let name = || Name::shown("ann");
        let delivered = || Phrase::Delivered { from: name(), to: name() };
        assert!(may_wait(&Reply::new(Code::Ok, delivered())));
        let waits = Phrase::Waits { from: name(), to: name() };
        assert!(may_wait(&Reply::new(Code::Accepted, waits)));
        assert!(!may_wait(&Reply::new(Code::ServerError, delivered())));
        assert!(!may_wait(&Reply::new(Code::Gone, Phrase::Offline { user: name() })));
        assert!(!may_wait(&Reply::bad(Phrase::CutShort)));
    }
}
