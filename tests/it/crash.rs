//! Many senders at full speed, and `kill -9` at a random moment, again and again on one data folder:
//! what was answered 200 or 202 is in the history, in order, once, with the number that the answer
//! told; what anybody was shown is there too; anything else is there whole or not at all.
//!
//! `cargo test` does twenty rounds. More, with a line for each:
//! `JIM_CRASH_ROUNDS=500 cargo test --release --test it crash -- --nocapture`; `JIM_CRASH_SEED`
//! repeats the moments and messages of an earlier run.

use super::crash_flood::{Chance, Flood, Link, PEOPLE, ROOMS, Sent};
use super::crash_history::Chronicle;
use super::support::{Folder, Server, add_user, jimd};
use serde_json::json;
use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

/// The rounds of `cargo test`.
const ROUNDS: usize = 20;

/// When the server is killed, counted from the first answer.
const MOMENT_MILLIS: RangeInclusive<u64> = 5..=300;

/// All of the history is read every so many rounds; else only what is new.
const WHOLE_EVERY: usize = 50;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let setting = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let told = setting("JIM_CRASH_ROUNDS");
    let rounds = told.map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    let seed = setting("JIM_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("crash test: JIM_CRASH_SEED={seed}, {rounds} rounds");
    let mut chance = Chance::new(seed);
    let mut server = start(prepared_folder(), 0);
    join_rooms(&server);
    let mut chronicle = Chronicle::default();
    let (mut answered, mut found, mut under_way) = (0, 0, 0);
    for round in 0..rounds {
        let (sent, moment) = flood(&server, round, &mut chance);
        server = start(server.kill(), round + 1);
        let whole = (round + 1).is_multiple_of(WHOLE_EVERY) || round + 1 == rounds;
        let new = chronicle.check(&server, round, &sent, whole);
        (answered, found) = (answered + sent.answered(), found + new);
        under_way += usize::from(sent.was_under_way());
        if told.is_some() {
            eprintln!(
                "round {round}: killed after {moment:?}: {} answered, {} shown, {new} in the history",
                sent.answered(),
                sent.shown.len()
            );
        }
    }
    eprintln!(
        "crash test: {answered} messages answered, {found} in the history; killed under load in \
         {under_way} of {rounds} rounds"
    );
    assert!(under_way * 10 >= rounds * 9, "the server was mostly killed at rest: {under_way}");
    assert!(found > rounds * 20, "too little was under way to show anything: {found}");
}

/// One round up to its end: everyone writes, and at a random moment the server is killed.
fn flood(server: &Server, round: usize, chance: &mut Chance) -> (Sent, Duration) {
    let flood = Flood::start(server.address, round);
    flood.wait_for_an_answer();
    let moment = Duration::from_millis(chance.within(MOMENT_MILLIS));
    thread::sleep(moment);
    server.signal(rustix::process::Signal::KILL);
    (flood.end(), moment)
}

fn prepared_folder() -> Folder {
    let folder = Folder::new();
    PEOPLE.iter().for_each(|name| add_user(&folder, name, "secret"));
    folder
}

/// Starts a server; what its answers wait for differs from round to round.
fn start(folder: Folder, round: usize) -> Server {
    let mut command = jimd(&folder);
    command.args(["-a", "127.0.0.1", "-p", "0"]);
    command.env("JIMD_DURABILITY", if round.is_multiple_of(2) { "fsync" } else { "os" });
    Server::spawn(folder, command)
}

/// Everybody joins, once for all rounds.
fn join_rooms(server: &Server) {
    for name in PEOPLE {
        let mut link = Link::log_in(server.address, name);
        for room in ROOMS {
            let answer = link.ask(&json!({"action": "join", "time": 1, "room": room}));
            assert_eq!(answer["response"], 200, "{answer}");
        }
        link.quit();
    }
}
