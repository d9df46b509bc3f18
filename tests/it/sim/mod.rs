//! Seeded simulation of the chat's rules: many connections, requests through the real decoder, jobs
//! that finish late, in whole batches or not at all, connections that vanish. The same seed gives
//! the same run. `JIM_SIM_SEED=N` replays one, `JIM_SIM_RUNS=N` widens the sweep.
//!
//! What always holds: nothing that a client sees comes before the commit that it speaks of; each
//! request is answered once, in the order of its connection; what is delivered in a conversation is
//! what was committed, in that order.

mod disk;
mod random;
mod requests;
mod world;

use jim::chat::Sessions;
use world::World;

const STEPS: usize = 500;

fn run(seed: u64, sessions: Sessions) -> Vec<String> {
    let mut world = World::new(seed, sessions);
    for _ in 0..STEPS {
        world.step();
    }
    world.finish()
}

/// What a simulation is worth something for: all of it comes about.
const REACHED: [&str; 42] = [
    "payload: Stored",
    "payload: AsSent",
    "Hand {",
    "code: ServerError, phrase: ServerFailed",
    "phrase: Waits",
    "phrase: OfflineFull",
    "phrase: Acknowledged",
    "Acknowledge { account",
    "change: Await",
    "phrase: Did { deed: Kicked",
    "phrase: Did { deed: Banned",
    "phrase: Did { deed: Invited",
    "phrase: Banned",
    "phrase: NotInvited",
    "phrase: NeedsRole",
    "phrase: IsOwner",
    "phrase: TooManyRooms",
    "phrase: RoomIs",
    "state: Destroyed",
    "phrase: TopicOf",
    "phrase: Listed { what: Messages",
    "phrase: Listed { what: Rooms",
    "phrase: Listed { what: Contacts",
    "phrase: ContactAdded",
    "notice: Kick",
    "notice: Destroy",
    "notice: Offline",
    "notice: Status",
    "RaiseCeiling",
    "reason: Superseded",
    "reason: Removed",
    "reason: Blocked",
    "done Unreachable",
    "done NotAwaited",
    "phrase: NotAMember",
    "phrase: UploadOpened",
    "phrase: PieceTaken",
    "phrase: WrongOffset",
    "phrase: FileDelivered",
    "phrase: FileWaits",
    "phrase: FileWhole",
    "phrase: PieceGiven",
];

#[test]
fn the_simulation_reaches_what_it_is_for() {
    let mut missing: Vec<&str> = REACHED.to_vec();
    for seed in 0..200 {
        for sessions in [Sessions::One, Sessions::Newest, Sessions::Many] {
            let trace = run(seed, sessions).join("\n");
            missing.retain(|what| !trace.contains(what));
            if missing.is_empty() {
                return;
            }
        }
    }
    panic!("never seen: {missing:?}");
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    if let Some(seed) = number("JIM_SIM_SEED") {
        return seed..seed + 1;
    }
    0..number("JIM_SIM_RUNS").unwrap_or(150)
}

#[test]
fn whatever_the_order_of_events_the_rules_hold_and_a_seed_replays_its_run() {
    for seed in seeds() {
        for sessions in [Sessions::One, Sessions::Newest, Sessions::Many] {
            let first = std::panic::catch_unwind(|| run(seed, sessions));
            let Ok(first) = first else { panic!("JIM_SIM_SEED={seed} with {sessions:?}") };
            assert_eq!(first, run(seed, sessions), "JIM_SIM_SEED={seed} differs from itself");
        }
    }
}
