//! What the storage thread does besides its jobs: the index of words, and what is kept no longer.

use super::attachment_sweeper::AttachmentSweeper;
use super::clock;
use super::indexer::{self, STEP};
use super::retention::Sweeper;
use super::seldom::Seldom;
use super::store::Store;
use super::store_error::StoreError;
use crate::message::Retention;
use std::time::Instant;

/// So many messages are worth a transaction of the index while others may come: a few at a time
/// cost several times as much each.
const WORTH_WHILE: usize = 512;

/// So many messages make the next batch wait for the index: a search looks through the rest by
/// itself.
const PRESSING: usize = 4096;

/// Work that nobody waits for.
pub(super) struct Upkeep {
    /// How many messages may not be in the index.
    unindexed: usize,
    sweeper: Sweeper,
    attachments: AttachmentSweeper,
    failures: Seldom,
}

impl Upkeep {
    /// What a former server left to do is not known: all may be.
    pub(super) fn new(retention: Retention) -> Self {
        let attachments = AttachmentSweeper::new(retention.attachments.days);
        let sweeper = Sweeper::new(retention);
        Self { unindexed: usize::MAX, sweeper, attachments, failures: Seldom::default() }
    }

    /// Messages are kept so long from now on.
    pub(super) fn retain(&mut self, retention: Retention) {
        if *self.sweeper.retention() != retention {
            self.attachments = AttachmentSweeper::new(retention.attachments.days);
            self.sweeper = Sweeper::new(retention);
        }
    }

    /// A batch with so many messages was stored, and more jobs may wait. Does a step if the index
    /// is far behind: under constant load it then grows as fast as the messages do.
    pub(super) fn stored(&mut self, store: &Store, messages: usize) {
        self.unindexed = self.unindexed.saturating_add(messages);
        if self.unindexed >= PRESSING {
            self.index(store);
        }
    }

    /// A step while no job waits, if one is worth while; at rest any is. Says whether there may be
    /// more to do at once.
    pub(super) fn step(&mut self, store: &Store, at_rest: bool) -> bool {
        let is_worth_while = self.unindexed >= WORTH_WHILE || (at_rest && self.unindexed > 0);
        if is_worth_while && self.index(store) {
            return true;
        }
        let (now, unix_micros) = (clock::monotonic(), clock::unix_micros());
        if self.sweeper.is_due(now) {
            let sweeper = &mut self.sweeper;
            let swept = store.at_leisure(|connection| sweeper.step(connection, now, unix_micros));
            return self.is_well(swept, "old messages stay") && self.is_due(now);
        }
        if self.attachments.is_due(now) {
            let sweeper = &mut self.attachments;
            let swept = store.at_leisure(|connection| sweeper.step(connection, now, unix_micros));
            return self.is_well(swept, "old files stay") && self.is_due(now);
        }
        false
    }

    fn is_due(&self, now: Instant) -> bool {
        self.sweeper.is_due(now) || self.attachments.is_due(now)
    }

    /// Says whether that went well.
    fn index(&mut self, store: &Store) -> bool {
        let indexed = store.at_leisure(indexer::step);
        let count = indexed.as_ref().copied().unwrap_or_default();
        if !self.is_well(indexed, "new messages are not indexed for searching") {
            return false;
        }
        let is_through = count < STEP as usize;
        self.unindexed = if is_through { 0 } else { self.unindexed.saturating_sub(count) };
        true
    }

    fn is_well<T>(&mut self, done: Result<T, StoreError>, otherwise: &str) -> bool {
        if let Err(error) = &done
            && self.failures.may_speak(clock::monotonic())
        {
            log::error!("{error}; {otherwise} for now");
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::tests::{keep, message};
    use super::super::store::BUSY_TIMEOUT;
    use super::super::store::tests::{Scratch, sql};
    use super::*;
    use crate::message::{Conversation, Kept, StoredMessage};

    fn keep_more(store: &mut Store, from: i64, count: i64) {
        let messages = from..from + count;
        let messages: Vec<StoredMessage> =
            messages.map(|id| message(id, Conversation::Common, "word")).collect();
        keep(store, &messages);
    }

    fn all_done(upkeep: &mut Upkeep, store: &Store, at_rest: bool) {
        while upkeep.step(store, at_rest) {}
    }

    fn indexed(store: &Store) -> i64 {
        store.read(indexer::mark).unwrap()
    }

    #[test]
    fn what_a_former_server_left_is_done_at_once_and_a_little_more_at_rest() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        keep_more(&mut store, 1, 3000);
        let mut upkeep = Upkeep::new(Retention::default());
        assert!(upkeep.step(&store, false), "a step at a time");
        assert_eq!(indexed(&store), 1024);
        all_done(&mut upkeep, &store, false);
        assert_eq!(indexed(&store), 3000);
        keep_more(&mut store, 3001, 10);
        upkeep.stored(&store, 10);
        all_done(&mut upkeep, &store, false);
        assert_eq!(indexed(&store), 3000);
        all_done(&mut upkeep, &store, true);
        assert_eq!(indexed(&store), 3010);
        keep_more(&mut store, 3011, 600);
        upkeep.stored(&store, 600);
        all_done(&mut upkeep, &store, false);
        assert_eq!(indexed(&store), 3610);
    }

    #[test]
    fn under_constant_load_the_index_keeps_up() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let mut upkeep = Upkeep::new(Retention::default());
        all_done(&mut upkeep, &store, true);
        for from in (1..10_000).step_by(1000) {
            keep_more(&mut store, from, 1000);
            upkeep.stored(&store, 1000);
            let behind = from + 999 - indexed(&store);
            assert!(behind < i64::try_from(PRESSING).unwrap(), "{behind}");
        }
    }

    #[test]
    fn trouble_is_not_met_again_and_again_without_a_pause() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        keep_more(&mut store, 1, 3);
        let broken = "CREATE TEMP TRIGGER broken BEFORE UPDATE ON numbers BEGIN
            SELECT raise(ABORT, 'no space'); END";
        sql(&mut store, broken);
        let mut upkeep = Upkeep::new(Retention::default());
        let steps = (0..100).take_while(|_| upkeep.step(&store, true)).count();
        assert!(steps < 100, "it rests");
        assert_eq!(indexed(&store), 0);
        sql(&mut store, "DROP TRIGGER broken");
        all_done(&mut upkeep, &store, true);
        assert_eq!(indexed(&store), 3);
    }

    #[test]
    fn jobs_do_not_wait_behind_upkeep_that_waits_for_another_process() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        keep_more(&mut store, 1, 3000);
        let beside = scratch.open();
        let run = |sql: &str| beside.read(|connection| connection.execute_batch(sql)).unwrap();
        run("BEGIN IMMEDIATE");
        let mut upkeep = Upkeep::new(Kept { messages: 2, ..Kept::default() }.into());
        let since = clock::monotonic();
        let is_more = (0..10).filter(|_| upkeep.step(&store, true)).count();
        assert!(is_more < 10, "it is left for later");
        assert!(since.elapsed() < BUSY_TIMEOUT, "it waited");
        run("COMMIT");
        all_done(&mut upkeep, &store, true);
        assert_eq!(indexed(&store), 3000);
    }

    #[test]
    fn old_messages_go_where_there_is_time() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        keep_more(&mut store, 1, 3);
        let mut upkeep = Upkeep::new(Kept { messages: 2, ..Kept::default() }.into());
        all_done(&mut upkeep, &store, false);
        let count = "SELECT count(*) FROM messages";
        let left: i64 = store.read(|c| c.query_row(count, [], |row| row.get(0))).unwrap();
        assert_eq!(left, 2);
    }
}
