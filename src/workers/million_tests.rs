//! What a million messages cost. A measurement, not a test: run it with
//! `cargo test --release --lib a_million_messages -- --ignored --nocapture`.

use super::clock;
use super::indexer;
use super::reader::Reader;
use super::reader::tests::{Dice, keep, message};
use super::store::Store;
use super::store::tests::Scratch;
use crate::message::{
    Conversation, HistoryQuery, Kept, MessageId, Page, Place, RoomId, SearchQuery, StoredMessage,
};
use std::time::{Duration, Instant};

const MESSAGES: i64 = 1_000_000;
const BATCH: i64 = 1024;

/// Rooms 1 to 20 are busy; one message in ten thousand is in this quiet one.
const QUIET: RoomId = RoomId(99);

/// User and system time of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Words as in a language: some are in every other message, most in hardly any.
fn text(dice: &mut Dice, id: i64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ма", "ши", "на", "ко", "ле", "со", "пре", "вет", "ток", "ры", "ба", "лу", "жи", "ву",
        "те", "хо",
    ];
    let mut words: Vec<String> = Vec::new();
    for _ in 0..3 + dice.roll(12) {
        let common = 1 << dice.roll(16);
        let mut word = common + dice.roll(common);
        let mut letters = String::new();
        while word > 0 {
            letters.push_str(SYLLABLES[word % 16]);
            word /= 16;
        }
        words.push(letters);
    }
    if dice.roll(5) == 0 {
        words.push("привет".to_owned());
    }
    if id % 100_000 == 7 {
        words.push("редкость".to_owned());
    }
    words.join(" ")
}

fn batch(dice: &mut Dice, first: i64) -> Vec<StoredMessage> {
    (first..first + BATCH)
        .map(|id| {
            let busy = RoomId(1 + i64::try_from(dice.roll(20)).unwrap());
            let room = if dice.roll(10_000) == 0 { QUIET } else { busy };
            message(id << 12, Conversation::Room(room), &text(dice, id))
        })
        .collect()
}

fn fill(store: &mut Store) {
    let mut dice = Dice(1);
    let (mut storing, mut indexing, mut worst) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for first in (1..MESSAGES).step_by(usize::try_from(BATCH).unwrap()) {
        let messages = batch(&mut dice, first);
        let start = cpu();
        keep(store, &messages);
        let stored = cpu();
        let clock = clock::monotonic();
        store.read(indexer::step).unwrap();
        worst = worst.max(clock.elapsed());
        storing += stored - start;
        indexing += cpu() - stored;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / MESSAGES as f64;
    println!("storing, CPU a message: {:.2} µs", each(storing));
    println!("indexing, CPU a message: {:.2} µs; the longest step {worst:?}", each(indexing));
}

fn time(what: &str, mut work: impl FnMut() -> Page) {
    let (mut best, mut first, mut page) = (Duration::MAX, None, Page::default());
    for _ in 0..5 {
        let start = clock::monotonic();
        page = work();
        let took = start.elapsed();
        first.get_or_insert(took);
        best = best.min(took);
    }
    let (count, first) = (page.messages.len(), first.unwrap_or_default());
    println!("{what}: {count} messages, more: {}; first {first:?}, best {best:?}", page.more);
}

fn history(reader: &mut Reader) {
    let query = |room| HistoryQuery {
        conversation: Conversation::Room(RoomId(room)),
        before: None,
        after: None,
        floor: MessageId::ZERO,
        limit: 50,
        bytes: 256 * 1024,
    };
    let middle = Some(MessageId((MESSAGES / 2) << 12));
    time("newest page", || reader.history(&query(3)).unwrap());
    let before = HistoryQuery { before: middle, ..query(4) };
    time("page before the middle", || reader.history(&before).unwrap());
    let after = HistoryQuery { after: middle, ..query(5) };
    time("page after the middle", || reader.history(&after).unwrap());
}

fn search(reader: &mut Reader, what: &str, rooms: impl Iterator<Item = i64>) {
    let place =
        |room| Place { conversation: Conversation::Room(RoomId(room)), floor: MessageId::ZERO };
    let scope: Vec<Place> = rooms.map(place).collect();
    for text in ["привет", "редкость", "нетакого", "привет редкость", "\"ма ши\"", "пре*", "п*"]
    {
        let query = SearchQuery {
            query: text.to_owned(),
            scope: scope.clone(),
            direct_of: None,
            before: None,
            limit: 50,
            bytes: 256 * 1024,
        };
        time(&format!("{text} in {what}"), || reader.search(&query).unwrap());
    }
}

fn sweep(store: &Store) {
    let mut sweeper =
        super::retention::Sweeper::new(Kept { days: 1, messages: 45_000, ..Kept::default() });
    let now: Instant = clock::monotonic();
    let (mut steps, mut worst) = (0, Duration::ZERO);
    while sweeper.is_due(now) && steps < 200 {
        let start = clock::monotonic();
        store.read(|connection| sweeper.step(connection, now, 1)).unwrap();
        worst = worst.max(start.elapsed());
        steps += 1;
    }
    println!("{steps} steps of retention in {:?}, the longest {worst:?}", now.elapsed());
}

#[test]
#[ignore = "a measurement"]
fn a_million_messages() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    fill(&mut store);
    drop(store);
    println!("{} MB", std::fs::metadata(scratch.file()).unwrap().len() / 1_000_000);
    let start = clock::monotonic();
    let mut store = scratch.open();
    store.start().unwrap();
    let mut reader = Reader::open(&scratch.folder).unwrap();
    println!("start-up: {:?}", start.elapsed());
    history(&mut reader);
    search(&mut reader, "20 rooms", 1..=20);
    search(&mut reader, "a quiet room", QUIET.0..=QUIET.0);
    for first in [MESSAGES + BATCH, MESSAGES + 2 * BATCH] {
        keep(&mut store, &batch(&mut Dice(9), first));
    }
    search(&mut reader, "20 rooms, 2048 not indexed", 1..=20);
    sweep(&store);
}
