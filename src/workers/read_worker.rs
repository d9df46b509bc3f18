//! The thread that reads messages of the past, so that nobody who looks back holds up the storage.

use super::reader::Reader;
use super::seldom::Seldom;
use super::store_error::StoreError;
use super::{Wake, WakeAtEnd, clock};
use crate::message::{ConnectionId, Done, Job};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread::Builder;
use std::time::Duration;

/// Jobs that may be waiting or under way.
const JOBS: usize = 1024;

/// Pages that may wait to be fetched: each may be large. The thread waits for room.
const PAGES: usize = 16;

/// The messages of the past as their reader's owner, the event loop, sees them.
pub struct ReadWorker {
    /// Who waits, in the order of the jobs, and what it is told if the thread dies.
    waiting: VecDeque<(ConnectionId, Done)>,
    jobs: SyncSender<Job>,
    outcomes: Receiver<Done>,
    /// Closes with the thread.
    end: Receiver<()>,
    wake: Wake,
}

impl std::fmt::Debug for ReadWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadWorker").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl ReadWorker {
    /// Hands a reader to a thread of its own; `wake` is called whenever [`Self::poll_done`] has
    /// something.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn spawn(reader: Reader, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        let (jobs, to_do) = sync_channel(JOBS);
        let (to_report, outcomes) = sync_channel(PAGES);
        let (living, end) = sync_channel(1);
        let desk = Desk {
            reader,
            jobs: to_do,
            outcomes: to_report,
            failures: Seldom::default(),
            damages: Seldom::default(),
            bell: WakeAtEnd(Arc::clone(&wake)),
            _living: living,
        };
        Builder::new().name("reader".to_owned()).spawn(move || desk.run())?;
        Ok(Self { waiting: VecDeque::new(), jobs, outcomes, end, wake })
    }

    /// Whether a job is for this worker; the others are the storage worker's or the hasher's.
    #[must_use]
    pub const fn is_read(job: &Job) -> bool {
        matches!(job, Job::History(_) | Job::Search(_) | Job::Waiting { .. })
    }

    /// Gives the worker a job for a connection.
    ///
    /// # Errors
    /// The queue is full: here is the job again, for after the next outcome.
    pub fn submit(&mut self, connection: ConnectionId, job: Job) -> Result<(), Job> {
        if self.waiting.len() >= JOBS {
            return Err(job);
        }
        let failed = failed(&job);
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => return Err(job),
            // The thread is dead: the next poll says that the job failed.
            Err(TrySendError::Disconnected(_)) => (self.wake)(),
        }
        self.waiting.push_back((connection, failed));
        Ok(())
    }

    /// The next outcome, if there is one: [`Done::Page`] or [`Done::Waiting`]; what could not be
    /// read is [`Done::Failed`] or a [`Done::Waiting`] without a page. If the thread is dead,
    /// that is said of all that it owed.
    pub fn poll_done(&mut self) -> Option<(ConnectionId, Done)> {
        let done = match self.outcomes.try_recv() {
            Ok(done) => Some(done),
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => None,
        };
        let (connection, failed) = self.waiting.pop_front()?;
        Some((connection, done.unwrap_or(failed)))
    }

    /// Ends the thread, which finishes what it is reading; what waits is dropped. Says whether that
    /// took no longer than `within`. The storage worker is best stopped later: it leaves a tidy file
    /// behind where nobody else has it open.
    #[must_use]
    pub fn stop(self, within: Duration) -> bool {
        let Self { jobs, outcomes, end, .. } = self;
        drop((jobs, outcomes));
        end.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }
}

/// What is told of a job that could not be done.
const fn failed(job: &Job) -> Done {
    match job {
        Job::Waiting { .. } => Done::Waiting(None),
        _ => Done::Failed,
    }
}

/// The thread's side.
struct Desk {
    reader: Reader,
    jobs: Receiver<Job>,
    outcomes: SyncSender<Done>,
    failures: Seldom,
    damages: Seldom,
    bell: WakeAtEnd,
    _living: SyncSender<()>,
}

impl Desk {
    fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            let done = self.work(&job);
            // Nobody listens any more: nothing is lost.
            if self.outcomes.send(done).is_err() {
                break;
            }
            (self.bell.0)();
        }
    }

    fn work(&mut self, job: &Job) -> Done {
        let read = match job {
            Job::History(query) => self.reader.history(query).map(Done::Page),
            Job::Search(query) => self.reader.search(query).map(Done::Page),
            Job::Waiting { account, after, limit } => {
                let page = self.reader.waiting(*account, *after, *limit);
                page.map(|page| Done::Waiting(Some(page)))
            }
            _ => Ok(Done::Failed),
        };
        if let Some(id) = self.reader.take_damaged()
            && self.damages.may_speak(clock::monotonic())
        {
            log::error!("message {id} is damaged in the store and left out: see jimd db check");
        }
        read.unwrap_or_else(|error| self.fail(job, &error))
    }

    fn fail(&mut self, job: &Job, error: &StoreError) -> Done {
        if self.failures.may_speak(clock::monotonic()) {
            log::error!("{error}; what was to be read is answered 500");
        }
        failed(job)
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::Scratch;
    use super::*;
    use crate::message::{AccountId, Conversation, HistoryQuery, MessageId, Page};
    use std::sync::mpsc::channel;

    const DEADLINE: Duration = Duration::from_secs(30);

    fn start(scratch: &Scratch) -> (ReadWorker, Receiver<()>) {
        let (bell, heard) = channel();
        let reader = Reader::open(&scratch.folder).unwrap();
        let worker = ReadWorker::spawn(reader, move || bell.send(()).unwrap_or(())).unwrap();
        (worker, heard)
    }

    fn connection(slot: u32) -> ConnectionId {
        ConnectionId { slot, generation: 1 }
    }

    fn done(worker: &mut ReadWorker, heard: &Receiver<()>) -> (u32, Done) {
        loop {
            match worker.poll_done() {
                Some((connection, done)) => return (connection.slot, done),
                None => heard.recv_timeout(DEADLINE).unwrap(),
            }
        }
    }

    fn history() -> Job {
        Job::History(HistoryQuery {
            conversation: Conversation::Common,
            before: None,
            after: None,
            floor: MessageId::ZERO,
            limit: 10,
            bytes: 1000,
        })
    }

    fn waiting() -> Job {
        Job::Waiting { account: AccountId(1), after: MessageId::ZERO, limit: 10 }
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_jobs() {
        let scratch = Scratch::new();
        let _store = scratch.open();
        let (mut worker, heard) = start(&scratch);
        for slot in 0..100 {
            let job = if slot % 2 == 0 { history() } else { waiting() };
            assert!(ReadWorker::is_read(&job));
            worker.submit(connection(slot), job).unwrap();
        }
        for slot in (0..100).step_by(2) {
            assert_eq!(done(&mut worker, &heard), (slot, Done::Page(Page::default())));
            let nothing = Done::Waiting(Some(Page::default()));
            assert_eq!(done(&mut worker, &heard), (slot + 1, nothing));
        }
        assert_eq!(worker.poll_done(), None);
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn a_full_queue_gives_the_job_back() {
        let scratch = Scratch::new();
        let _store = scratch.open();
        let (mut worker, heard) = start(&scratch);
        for slot in 0..1024 {
            worker.submit(connection(slot), waiting()).unwrap();
        }
        assert_eq!(worker.submit(connection(1024), waiting()), Err(waiting()));
        done(&mut worker, &heard);
        assert_eq!(worker.submit(connection(1024), waiting()), Ok(()));
        assert!(worker.stop(DEADLINE), "also where nobody fetches what was read");
    }

    #[test]
    fn what_cannot_be_read_is_an_answer() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let drop = "DROP TABLE waiting; DROP TABLE messages;";
        store.change(|connection| connection.execute_batch(drop).map(Ok::<_, StoreError>)).unwrap();
        let (mut worker, heard) = start(&scratch);
        worker.submit(connection(0), history()).unwrap();
        worker.submit(connection(1), waiting()).unwrap();
        assert_eq!(done(&mut worker, &heard), (0, Done::Failed));
        assert_eq!(done(&mut worker, &heard), (1, Done::Waiting(None)));
    }

    #[test]
    fn what_a_dead_thread_owed_has_failed() {
        let scratch = Scratch::new();
        let _store = scratch.open();
        let (mut worker, _heard) = start(&scratch);
        worker.submit(connection(0), history()).unwrap();
        // The thread's end: its side of both channels closes.
        (_, worker.outcomes) = sync_channel(1);
        (worker.jobs, _) = sync_channel(1);
        worker.submit(connection(1), waiting()).unwrap();
        assert_eq!(worker.poll_done(), Some((connection(0), Done::Failed)));
        assert_eq!(worker.poll_done(), Some((connection(1), Done::Waiting(None))));
        assert_eq!(worker.poll_done(), None);
    }
}
