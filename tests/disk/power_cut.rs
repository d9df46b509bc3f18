//! The power goes at any sync of the fixed run, or between two: the store opens, is sound, and holds
//! all that was answered for, and of the rest whole jobs in their order.

use super::content::Content;
use super::fixed_run::{BATCH, BATCHES_IN_A_LIFE, JOBS, Worker, jobs, prepare, prepared};
use faulty_disk::{Lost, Recording, Watch};
use jim::message::Durability;

/// The fixed run on a disk that works: all that was written, with a mark for each job that was
/// answered, and what the store holds after each.
fn recorded(durability: Durability) -> (Recording, Vec<Content>) {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mut states = vec![prepared()];
    let watch = Watch::new(folder.path());
    watch.record();
    let all = jobs();
    for life in all.chunks(BATCHES_IN_A_LIFE * BATCH) {
        let mut worker = Worker::start_with(folder.path(), durability).unwrap();
        for batch in life.chunks(BATCH) {
            let outcomes = worker.work(batch);
            watch.mark(u64::try_from(states.len() + batch.len() - 1).unwrap());
            for (job, done) in batch.iter().zip(&outcomes) {
                let mut state = states.last().unwrap().clone();
                assert!(state.apply(job, done), "{job:?} {done:?}");
                states.push(state);
            }
        }
        worker.stop();
    }
    (watch.recording(), states)
}

/// Cuts the power and reads what is left: how many jobs' work it is, all of them done in order.
fn jobs_left(recording: &Recording, states: &[Content], moment: usize, lost: Lost) -> usize {
    let folder = tempfile::tempdir().unwrap();
    recording.cut(moment, lost, folder.path()).unwrap();
    let found = Content::read(folder.path());
    let found_at = states.iter().rposition(|state| state.is_in(&found));
    found_at.unwrap_or_else(|| panic!("cut at {moment}, {lost:?}: no state of the run: {found:#?}"))
}

/// What a moment's cut may lose of what was not synced.
const LOSSES: [Lost; 7] = [
    Lost::All,
    Lost::Nothing,
    Lost::HalfOfTheLast,
    Lost::Some(1),
    Lost::Some(2),
    Lost::Some(3),
    Lost::Some(4),
];

#[test]
fn all_that_was_answered_for_outlives_a_power_cut() {
    let (recording, states) = recorded(Durability::Fsync);
    let syncs = recording.syncs();
    assert!(syncs.len() > 20, "{syncs:?}");
    let mut beyond = 0;
    for sync in syncs.iter().copied().chain([recording.end()]) {
        // Right after the sync, and as late before it as can be.
        for (moment, losses) in [(sync, &LOSSES[..2]), (sync - 1, &LOSSES[..])] {
            let promised = recording.marks(moment).last().unwrap_or(0);
            for lost in losses {
                let left = jobs_left(&recording, &states, moment, *lost);
                assert!(left as u64 >= promised, "cut at {moment}, {lost:?}: {left} of {promised}");
                beyond += usize::from(left as u64 > promised);
            }
        }
    }
    assert!(beyond > 10, "cuts between a commit and its answer: {beyond}");
    let end = jobs_left(&recording, &states, recording.end(), Lost::All);
    assert_eq!(end, JOBS, "the end of the run");
}

#[test]
fn without_syncs_a_power_cut_costs_the_newest_and_breaks_nothing() {
    let (recording, states) = recorded(Durability::Os);
    for sync in recording.syncs() {
        for lost in LOSSES {
            jobs_left(&recording, &states, sync - 1, lost);
        }
    }
}
