//! An error at each write, each sync and each truncation of the fixed run in turn: what is answered
//! is the truth, and the worker goes on.

use super::content::Content;
use super::fixed_run::{BATCH, BATCHES_IN_A_LIFE, JOBS, Worker, jobs, prepare, prepared};
use faulty_disk::{Error, Fault, Operation, Watch};
use jim::message::{Done, Durability};
use jim::workers::{DataFolder, Store};

/// One run with a fault.
struct Run {
    fired: u64,
    /// By job: whether it was done.
    done: Vec<bool>,
    /// What was answered for.
    promised: Content,
    /// What is there afterwards.
    found: Content,
}

fn run(fault: Fault) -> Run {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let (mut promised, mut done) = (prepared_content(), Vec::new());
    let watch = Watch::new(folder.path());
    watch.inject(fault);
    let all = jobs();
    for life in all.chunks(BATCHES_IN_A_LIFE * BATCH) {
        let mut worker = Worker::start(folder.path()).unwrap_or_else(|| {
            assert!(watch.fired() > 0, "a sound store opens");
            watch.heal();
            Worker::start(folder.path()).expect("a disk that works again")
        });
        for batch in life.chunks(BATCH) {
            let outcomes = worker.work(batch);
            let applied = batch.iter().zip(&outcomes).map(|(job, done)| promised.apply(job, done));
            done.extend(applied);
            if outcomes.iter().any(|done| matches!(done, Done::Failed | Done::NotStored(_))) {
                watch.heal();
            }
        }
        worker.stop();
    }
    let fired = watch.fired();
    drop(watch);
    Run { fired, done, promised, found: Content::read(folder.path()) }
}

fn prepared_content() -> Content {
    static PREPARED: std::sync::OnceLock<Content> = std::sync::OnceLock::new();
    PREPARED.get_or_init(prepared).clone()
}

/// Runs with the fault at each operation of its kind, or at each so many; gives how many there were,
/// and how many runs had a refused job.
fn at_each(operation: Operation, error: Error, lasting: bool, step: usize) -> (u64, u64) {
    let mut refusing = 0;
    for number in (0..).step_by(step) {
        let fault = Fault { operation, number, error, lasting };
        let Run { fired, done, promised, found } = run(fault);
        assert!(promised.is_in(&found), "{fault:?}: promised {promised:#?}, found {found:#?}");
        let refused: Vec<usize> = (0..JOBS).filter(|job| !done[*job]).collect();
        refusing += u64::from(!refused.is_empty());
        if let (Some(first), Some(last)) = (refused.first(), refused.last()) {
            assert!(fired > 0, "{fault:?}: without a fault nothing is refused: {refused:?}");
            assert_eq!(first / BATCH, last / BATCH, "{fault:?}: the next batch is stored again");
        }
        if fired == 0 {
            return (number, refusing);
        }
    }
    unreachable!("a run ends")
}

#[test]
fn a_failed_write_is_told_to_those_concerned_and_nobody_else() {
    let (writes, refusing) = at_each(Operation::Write, Error::Io, false, 1);
    assert!(writes > 60 && refusing > 30, "{refusing} of {writes}");
}

#[test]
fn a_failed_sync_is_told_to_those_concerned_and_nobody_else() {
    let (syncs, refusing) = at_each(Operation::Sync, Error::Io, false, 1);
    assert!(syncs > 15 && refusing > 10, "{refusing} of {syncs}");
}

#[test]
fn a_full_disk_is_told_until_there_is_room_again() {
    let (writes, refusing) = at_each(Operation::Write, Error::Full, true, 5);
    assert!(writes > 60 && refusing > 10, "{refusing} of {writes}");
}

#[test]
fn a_file_that_cannot_be_cut_costs_nothing_that_was_promised() {
    let (cuts, _) = at_each(Operation::Truncate, Error::Io, true, 1);
    assert!(cuts > 0);
}

#[test]
fn a_store_that_could_not_be_made_is_made_at_the_next_start() {
    for operation in [Operation::Write, Operation::Sync] {
        for number in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let data = DataFolder::open(folder.path()).unwrap();
            let watch = Watch::new(folder.path());
            watch.inject(Fault { operation, number, error: Error::Io, lasting: true });
            let opened = Store::open(&data, Durability::Fsync).is_ok();
            let fired = watch.fired();
            watch.heal();
            drop(watch);
            let found = Content::read(folder.path());
            assert!(found.messages.is_empty() && found.topics.is_empty(), "{found:?}");
            if fired == 0 {
                assert!(opened && number > 2, "{operation:?} {number}");
                break;
            }
        }
    }
}
