//! What is kept no longer goes: messages that are too old or too many, and those of rooms and
//! accounts that are no more. What somebody still waits for stays until it was received.
//!
//! A sweep goes through the conversations in small steps, each a transaction of its own, so that
//! nobody who stores something waits for long.
//!
//! The age of a message is judged by a clock of the sweep's own, which the store remembers: it
//! follows the machine's, but by a day a sweep at most. A clock that jumps ahead by years thus takes
//! a day's messages at a time, and leaves hours to notice it; after a long standstill a sweep needs as
//! many rounds as there were days.

use super::indexer::without_sync;
use super::message_table::{self, conversation_at};
use super::room_table::{self, stored};
use crate::message::{AccountId, Conversation, Kept, MessageId, Retention, RoomId};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// From the end of one sweep to the start of the next.
const GAP: Duration = Duration::from_secs(600);

/// The most messages that one step removes: about a millisecond, but where the index of words
/// merges its parts.
const REMOVED: u32 = 100;

/// The most messages that one step counts, in the index alone.
const COUNTED: u32 = 20_000;

/// So many conversations are remembered that are too long because somebody waits for a part of them;
/// others are counted again when something comes there.
const MOST_WITHHELD: usize = 10_000;

const DAY_MICROS: u64 = 86_400_000_000;

/// Under this name the store remembers the sweep's own clock.
const CLOCK: &str = "swept";

/// Removes what is kept no longer.
pub(super) struct Sweeper {
    retention: Retention,
    /// When the next sweep starts; `None` for at once.
    due: Option<Instant>,
    sweep: Option<Sweep>,
    /// What was counted by the last sweep.
    counted: Counted,
}

/// What need not be counted again.
#[derive(Default)]
struct Counted {
    /// Conversations without a message behind this one...
    up_to: MessageId,
    /// ... but these, where something was to go that somebody waited for.
    withheld: HashSet<(i64, i64)>,
}

/// A sweep under way.
struct Sweep {
    /// The sweep's own clock, in microseconds since 1970, where any message gets too old.
    clock: Option<u64>,
    /// What has a lower number is too old in the conversation.
    too_old: MessageId,
    /// What it has counted once it is at its end.
    counted: Counted,
    /// The conversation's columns `place` and `peer`.
    at: (i64, i64),
    stage: Stage,
}

/// What a step does to the conversation of a sweep.
enum Stage {
    /// Goes on to the next one.
    Next,
    /// Counts those to be kept, down from a number.
    Count { before: i64, left: u32 },
    /// Removes those between two numbers.
    Remove { after: i64, before: i64 },
    /// There is no next one.
    End,
}

impl Sweeper {
    pub(super) fn new(retention: impl Into<Retention>) -> Self {
        Self { retention: retention.into(), due: None, sweep: None, counted: Counted::default() }
    }

    /// For how long messages are kept.
    pub(super) const fn retention(&self) -> &Retention {
        &self.retention
    }

    /// Whether a sweep is under way, or may start.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.sweep.is_some() || self.due.is_none_or(|due| now >= due)
    }

    /// A step, after which there is more to do as long as [`Self::is_due`]. A sweep that fails is
    /// given up until the next one is due.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        now: Instant,
        unix_micros: u64,
    ) -> rusqlite::Result<()> {
        // Until it is known to be so: a sweep that ends or fails is not under way any more.
        self.due = Some(now + GAP);
        self.sweep = without_sync(connection, || self.work(connection, unix_micros))?;
        Ok(())
    }

    fn work(
        &mut self,
        connection: &Connection,
        unix_micros: u64,
    ) -> rusqlite::Result<Option<Sweep>> {
        let Some(mut sweep) = self.sweep.take() else {
            return Sweep::start(connection, &self.retention, unix_micros).map(Some);
        };
        sweep.stage = match sweep.stage {
            Stage::Next => sweep.next(connection, &self.retention, &self.counted)?,
            Stage::Count { before, left } => sweep.count(connection, before, left)?,
            Stage::Remove { after, before } => sweep.remove(connection, after, before)?,
            Stage::End => Stage::End,
        };
        if matches!(sweep.stage, Stage::End) {
            self.counted = sweep.counted;
            return Ok(None);
        }
        Ok(Some(sweep))
    }
}

impl Sweep {
    fn start(
        connection: &Connection,
        retention: &Retention,
        unix_micros: u64,
    ) -> rusqlite::Result<Self> {
        let of_rooms = retention.rooms.values().filter_map(|own| own.days);
        let is_bounded = of_rooms.chain([retention.kept.days]).any(|days| days > 0);
        let clock = is_bounded.then(|| follow_clock(connection, CLOCK, unix_micros)).transpose()?;
        let up_to = message_table::newest(connection)?;
        let counted = Counted { up_to, withheld: HashSet::new() };
        let (too_old, at) = (MessageId::ZERO, (i64::MIN, i64::MIN));
        Ok(Self { clock, too_old, counted, at, stage: Stage::Next })
    }

    fn next(
        &mut self,
        connection: &Connection,
        retention: &Retention,
        counted: &Counted,
    ) -> rusqlite::Result<Stage> {
        let next = connection
            .prepare_cached(NEXT)?
            .query_row(params![self.at.0, self.at.1], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some(at) = next else { return Ok(Stage::End) };
        self.at = at;
        let kept = kept_here(connection, retention, at)?;
        self.too_old = match self.clock.filter(|_| kept.days > 0) {
            Some(now) => MessageId::at(now.saturating_sub(u64::from(kept.days) * DAY_MICROS)),
            None => MessageId::ZERO,
        };
        Ok(if !is_there(connection, at)? {
            Stage::Remove { after: 0, before: i64::MAX }
        } else if kept.messages > 0
            && (counted.withheld.contains(&at) || self.newest_here(connection)? > counted.up_to)
        {
            Stage::Count { before: i64::MAX, left: kept.messages }
        } else {
            Stage::Remove { after: 0, before: self.too_old.0 }
        })
    }

    fn newest_here(&self, connection: &Connection) -> rusqlite::Result<MessageId> {
        let sql = "SELECT max(id) FROM messages INDEXED BY messages_by_conversation
            WHERE place = ?1 AND peer = ?2";
        let newest: Option<i64> = connection
            .prepare_cached(sql)?
            .query_row(params![self.at.0, self.at.1], |row| row.get(0))?;
        Ok(MessageId(newest.unwrap_or_default()))
    }

    fn count(&self, connection: &Connection, before: i64, left: u32) -> rusqlite::Result<Stage> {
        let count = left.min(COUNTED);
        let sql = "SELECT id FROM messages INDEXED BY messages_by_conversation
            WHERE place = ?1 AND peer = ?2 AND id < ?3 ORDER BY id DESC LIMIT 1 OFFSET ?4";
        let values = params![self.at.0, self.at.1, before, count.saturating_sub(1)];
        let oldest: Option<i64> =
            connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
        Ok(match oldest {
            None => Stage::Remove { after: 0, before: self.too_old.0 },
            Some(before) if count < left => Stage::Count { before, left: left - count },
            Some(before) => Stage::Remove { after: 0, before: before.max(self.too_old.0) },
        })
    }

    fn remove(
        &mut self,
        connection: &Connection,
        after: i64,
        before: i64,
    ) -> rusqlite::Result<Stage> {
        let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let ids = self.removable(&tx, after, before)?;
        for id in &ids {
            tx.prepare_cached("DELETE FROM messages WHERE id = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM message_words WHERE rowid = ?1")?.execute([id])?;
        }
        tx.commit()?;
        if let Some(last) = ids.last().filter(|_| ids.len() == REMOVED as usize) {
            return Ok(Stage::Remove { after: *last, before });
        }
        if self.counted.withheld.len() < MOST_WITHHELD && self.has_before(connection, before)? {
            self.counted.withheld.insert(self.at);
        }
        Ok(Stage::Next)
    }

    /// Whether the conversation has a message before a number.
    fn has_before(&self, connection: &Connection, before: i64) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM messages INDEXED BY messages_by_conversation
            WHERE place = ?1 AND peer = ?2 AND id < ?3";
        connection.prepare_cached(sql)?.exists(params![self.at.0, self.at.1, before])
    }

    fn removable(
        &self,
        connection: &Connection,
        after: i64,
        before: i64,
    ) -> rusqlite::Result<Vec<i64>> {
        let sql = "SELECT id FROM messages INDEXED BY messages_by_conversation
            WHERE place = ?1 AND peer = ?2 AND id > ?3 AND id < ?4
            AND NOT EXISTS (SELECT 1 FROM waiting WHERE message = messages.id)
            ORDER BY id LIMIT ?5";
        let values = params![self.at.0, self.at.1, after, before, REMOVED];
        connection.prepare_cached(sql)?.query_map(values, |row| row.get(0))?.collect()
    }
}

/// The next conversation, by a step in the index.
const NEXT: &str = "SELECT place, peer FROM messages INDEXED BY messages_by_conversation
    WHERE (place, peer) > (?1, ?2) ORDER BY place, peer LIMIT 1";

/// For how long the messages of a conversation are kept.
fn kept_here(
    connection: &Connection,
    retention: &Retention,
    (place, peer): (i64, i64),
) -> rusqlite::Result<Kept> {
    let Some(Conversation::Room(room)) = conversation_at(place, peer) else {
        return Ok(retention.kept);
    };
    if retention.rooms.is_empty() {
        return Ok(retention.kept);
    }
    let name = room_table::name_of(connection, room)?;
    let own = name.and_then(|name| retention.rooms.get(&name));
    Ok(own.map_or(retention.kept, |own| retention.kept.of_room(*own)))
}

/// Whether a conversation's room, or both of its accounts, exist.
pub(super) fn is_there(
    connection: &Connection,
    (place, peer): (i64, i64),
) -> rusqlite::Result<bool> {
    match conversation_at(place, peer) {
        Some(Conversation::Room(RoomId(room))) => exists(connection, "rooms", room),
        Some(Conversation::Direct(AccountId(one), AccountId(other))) => {
            Ok(exists(connection, "accounts", one)? && exists(connection, "accounts", other)?)
        }
        // A damaged row is left for whoever repairs it.
        Some(Conversation::Common) | None => Ok(true),
    }
}

fn exists(connection: &Connection, table: &str, id: i64) -> rusqlite::Result<bool> {
    let sql = format!("SELECT 1 FROM {table} WHERE id = ?1");
    connection.prepare_cached(&sql)?.exists([id])
}

/// Moves a sweep's own clock, in microseconds since 1970, towards the machine's. The store remembers
/// it under a name.
pub(super) fn follow_clock(
    connection: &Connection,
    name: &str,
    unix_micros: u64,
) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM numbers WHERE what = ?1";
    let before: Option<i64> =
        connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?;
    let before = before.and_then(|before| u64::try_from(before).ok());
    let now = before.map_or(unix_micros, |before| unix_micros.min(before + DAY_MICROS));
    let sql = "INSERT INTO numbers (what, value) VALUES (?1, ?2)
        ON CONFLICT (what) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute(params![name, stored(now)])?;
    Ok(now)
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
