//! Looking for words in the messages of the past, newest first.
//!
//! The newest messages may not be in the index yet: they are put into one of the same kind in
//! memory, for this search alone, and looked through first.

use super::clock;
use super::indexer::{self, Indexed};
use super::message_table::{COLUMNS, place_of};
use super::query;
use super::reader::{Filling, Reader};
use super::store_error::StoreError;
use crate::message::{MessageId, Page, SearchQuery};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So many messages that are not in the index yet are looked through at a time.
const TAIL: u32 = 2048;

/// A search ends after so many matches, whether or not they are among what may be read...
const MATCHES: usize = 50_000;

/// ... or after this long, with what it has found so far.
pub(super) const SEARCH_TIME: Duration = Duration::from_millis(200);

/// After so many matches it is looked at the time.
const LOOK: usize = 250;

// Else the first matches might count as late.
const _: () = assert!(MATCHES.is_multiple_of(LOOK));

/// The index in memory, which the messages that are not in the other one go through.
const TAIL_WORDS: &str = "temp.tail_words";

impl Reader {
    /// Messages with certain words, newest first.
    pub(super) fn search(&mut self, query: &SearchQuery) -> Result<Page, StoreError> {
        let Some(expression) = query::expression(query) else { return Ok(Page::default()) };
        let Self { connection, damaged, search_time, .. } = self;
        let search = Search {
            connection,
            expression,
            scope: Scope::of(query),
            damaged,
            filling: Filling::new(query.limit, query.bytes),
            matches_left: MATCHES,
            until: clock::monotonic() + *search_time,
        };
        let before = query.before.unwrap_or(MessageId::MAX).0;
        search.run(before).map_err(|error| self.fault(error))
    }
}

/// Where is looked.
struct Scope {
    /// The columns `place` and `peer`, and the message behind which may be read.
    floors: HashMap<(i64, i64), i64>,
    direct_of: Option<i64>,
    /// The lowest of the floors.
    floor: i64,
}

impl Scope {
    fn of(query: &SearchQuery) -> Self {
        let floors = query.scope.iter().map(|place| (place_of(place.conversation), place.floor.0));
        let floors: HashMap<_, _> = floors.collect();
        let direct_of = query.direct_of.map(|account| account.0);
        let floor = match direct_of {
            Some(_) => 0,
            None => floors.values().copied().min().unwrap_or_default(),
        };
        Self { floors, direct_of, floor }
    }

    /// Whether the message of a row with `id, place, peer` first may be read.
    fn holds(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let (id, place, peer): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_own = place < 0
            && self
                .direct_of
                .is_some_and(|account| [place.saturating_neg(), peer].contains(&account));
        Ok(is_own || self.floors.get(&(place, peer)).is_some_and(|floor| id > *floor))
    }
}

/// How a part of a search ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// There is no more of it.
    Through,
    /// The page is full, or the work is enough.
    Enough,
}

/// A search under way.
struct Search<'a> {
    connection: &'a Connection,
    expression: String,
    scope: Scope,
    damaged: &'a mut Option<MessageId>,
    filling: Filling,
    matches_left: usize,
    until: Instant,
}

impl Search<'_> {
    /// All of one moment, so that nothing is missed or found twice. What was put into the index in
    /// memory is gone with the transaction.
    fn run(mut self, before: i64) -> rusqlite::Result<Page> {
        make_tail_table(self.connection)?;
        let tx = self.connection.unchecked_transaction()?;
        let indexed = indexer::mark(&tx)?;
        if self.look_through_tail(indexed, before)? == End::Through {
            self.look_through("message_words", indexed.saturating_add(1).min(before))?;
        }
        tx.rollback()?;
        Ok(self.filling.page)
    }

    fn look_through_tail(&mut self, indexed: i64, before: i64) -> rusqlite::Result<End> {
        let mut before = before;
        loop {
            let tail = self.tail(indexed, before)?;
            let Some(oldest) = tail.oldest else { return Ok(End::Through) };
            let empty = "INSERT INTO temp.tail_words (tail_words) VALUES ('delete-all')";
            self.connection.prepare_cached(empty)?.execute([])?;
            // Oldest first, or the index would write each by itself.
            for message in tail.messages.iter().rev() {
                message.insert(self.connection, TAIL_WORDS)?;
            }
            if self.look_through(TAIL_WORDS, before)? == End::Enough {
                return Ok(End::Enough);
            }
            before = oldest;
            if self.is_late() {
                return Ok(self.give_up(oldest));
            }
        }
    }

    /// The newest messages before a number that are not in the index.
    fn tail(&self, indexed: i64, before: i64) -> rusqlite::Result<Tail> {
        let columns = Indexed::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM messages WHERE id > ?1 AND id < ?2 AND in_history = 1
            ORDER BY id DESC LIMIT ?3"
        );
        let after = indexed.max(self.scope.floor);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![after, before, TAIL])?;
        let mut tail = Tail::default();
        while let Some(row) = rows.next()? {
            tail.oldest = Some(row.get(0)?);
            if self.scope.holds(row)? {
                tail.messages.push(Indexed::from_row(row)?);
            }
        }
        Ok(tail)
    }

    fn look_through(&mut self, table: &str, before: i64) -> rusqlite::Result<End> {
        let mut statement = self.connection.prepare_cached(&search_sql(table))?;
        let mut rows = statement.query(params![self.expression, self.scope.floor, before])?;
        while let Some(row) = rows.next()? {
            // Not before the first ones: to begin may have taken all the time, as for `a*`.
            let is_time_to_look =
                self.matches_left.is_multiple_of(LOOK) && self.matches_left < MATCHES;
            if self.matches_left == 0 || (is_time_to_look && self.is_late()) {
                let reached: i64 = row.get(0)?;
                return Ok(self.give_up(reached.saturating_add(1)));
            }
            self.matches_left -= 1;
            if self.scope.holds(row)? && !self.filling.take_row(row, self.damaged)? {
                return Ok(End::Enough);
            }
        }
        Ok(End::Through)
    }

    fn is_late(&self) -> bool {
        clock::monotonic() >= self.until
    }

    /// Nothing before this number was looked at.
    fn give_up(&mut self, before: i64) -> End {
        let page = &mut self.filling.page;
        page.more = true;
        page.next = page.messages.is_empty().then_some(MessageId(before));
        End::Enough
    }
}

/// Some of the messages that are not in the index.
#[derive(Default)]
struct Tail {
    /// Those that may be read, newest first.
    messages: Vec<Indexed>,
    /// The oldest of all.
    oldest: Option<i64>,
}

/// The matches in a table, as a stream: a cross join keeps the order of the tables, so nothing is
/// sorted.
fn search_sql(table: &str) -> String {
    let name = table.rsplit('.').next().unwrap_or(table);
    format!(
        "SELECT {COLUMNS} FROM {table} CROSS JOIN messages ON messages.id = {name}.rowid
        WHERE {name} MATCH ?1 AND {name}.rowid > ?2 AND {name}.rowid < ?3
        AND messages.in_history = 1 ORDER BY {name}.rowid DESC"
    )
}

/// The table in memory is made from the text that made the other, so that both cut words alike.
fn make_tail_table(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT 1 FROM temp.sqlite_schema WHERE name = 'tail_words'";
    let found = connection.prepare_cached(sql)?.query_row([], |_| Ok(())).optional()?;
    if found.is_none() {
        let sql = "SELECT sql FROM main.sqlite_schema WHERE name = 'message_words'";
        let made: String = connection.query_row(sql, [], |row| row.get(0))?;
        connection.execute_batch(&made.replacen("message_words", TAIL_WORDS, 1))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
