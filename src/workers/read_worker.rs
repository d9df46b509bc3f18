//! The thread that reads: accounts for those who log in, and messages of the past, so that nobody
//! who does one of these waits for a commit, or holds one up. Who logs in goes before those who look
//! back, which may take a while.

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

/// Jobs of each kind that may be waiting or under way.
const JOBS: usize = 1024;

/// Pages that may wait to be fetched: each may be large. The thread waits for room.
const PAGES: usize = 16;

/// Two of something: for what is looked up, and for what is looked back at.
#[derive(Debug, Default)]
pub struct Kinds<T> {
    quick: T,
    slow: T,
}

impl<T> Kinds<T> {
    /// The one for a job.
    pub const fn of(&mut self, job: &Job) -> &mut T {
        self.get(is_quick(job))
    }

    /// Both, the one for what is looked up first.
    pub fn both(&mut self) -> [&mut T; 2] {
        [&mut self.quick, &mut self.slow]
    }

    const fn get(&mut self, is_quick: bool) -> &mut T {
        if is_quick { &mut self.quick } else { &mut self.slow }
    }
}

/// Whether a job is one step in an index.
const fn is_quick(job: &Job) -> bool {
    matches!(job, Job::FindAccount { .. } | Job::FindAttachment { .. })
}

/// The reader's thread as its owner, the event loop, sees it.
pub struct ReadWorker {
    /// Who waits, in the order of the jobs of a kind, and what it is told if the thread dies.
    waiting: Kinds<VecDeque<(ConnectionId, Done)>>,
    jobs: SyncSender<Job>,
    /// What became of the next job, and whether that was a quick one.
    outcomes: Receiver<(bool, Done)>,
    /// Closes with the thread.
    end: Receiver<()>,
    wake: Wake,
}

impl std::fmt::Debug for ReadWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Kinds { quick, slow } = &self.waiting;
        let waiting = quick.len() + slow.len();
        f.debug_struct("ReadWorker").field("waiting", &waiting).finish_non_exhaustive()
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
        let (jobs, to_do) = sync_channel(2 * JOBS);
        let (to_report, outcomes) = sync_channel(PAGES);
        let (living, end) = sync_channel(1);
        let desk = Desk {
            reader,
            jobs: to_do,
            taken: Kinds::default(),
            outcomes: to_report,
            failures: Seldom::default(),
            damages: Seldom::default(),
            bell: WakeAtEnd(Arc::clone(&wake)),
            _living: living,
        };
        Builder::new().name("reader".to_owned()).spawn(move || desk.run())?;
        Ok(Self { waiting: Kinds::default(), jobs, outcomes, end, wake })
    }

    /// Whether a job is for this worker; the others are the storage worker's or the hasher's.
    #[must_use]
    pub const fn is_read(job: &Job) -> bool {
        matches!(
            job,
            Job::FindAccount { .. }
                | Job::FindAttachment { .. }
                | Job::History(_)
                | Job::Search(_)
                | Job::Waiting { .. }
        )
    }

    /// Gives the worker a job for a connection.
    ///
    /// # Errors
    /// The queue for its kind is full: here is the job again, for after the next outcome.
    pub fn submit(&mut self, connection: ConnectionId, job: Job) -> Result<(), Job> {
        let waiting = self.waiting.of(&job);
        if waiting.len() >= JOBS {
            return Err(job);
        }
        let failed = failed(&job);
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => return Err(job),
            // The thread is dead: the next poll says that the job failed.
            Err(TrySendError::Disconnected(_)) => (self.wake)(),
        }
        waiting.push_back((connection, failed));
        Ok(())
    }

    /// The next outcome, if there is one: [`Done::Account`], [`Done::Attachment`], [`Done::Page`] or [`Done::Waiting`];
    /// what could not be read is [`Done::Failed`] or a [`Done::Waiting`] without a page. If the
    /// thread is dead, that is said of all that it owed.
    pub fn poll_done(&mut self) -> Option<(ConnectionId, Done)> {
        match self.outcomes.try_recv() {
            Ok((is_quick, done)) => {
                let (connection, _) = self.waiting.get(is_quick).pop_front()?;
                Some((connection, done))
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.waiting.both().into_iter().find_map(VecDeque::pop_front)
            }
        }
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
    /// Jobs that were fetched, so that the quick ones can go first.
    taken: Kinds<VecDeque<Job>>,
    outcomes: SyncSender<(bool, Done)>,
    failures: Seldom,
    damages: Seldom,
    bell: WakeAtEnd,
    _living: SyncSender<()>,
}

impl Desk {
    fn run(mut self) {
        while let Some(job) = self.next() {
            let done = self.work(&job);
            // Nobody listens any more: nothing is lost.
            if self.outcomes.send((is_quick(&job), done)).is_err() {
                break;
            }
            (self.bell.0)();
        }
    }

    /// The next job; none where the owner is gone.
    fn next(&mut self) -> Option<Job> {
        loop {
            for job in self.jobs.try_iter() {
                self.taken.of(&job).push_back(job);
            }
            let taken = self.taken.both().into_iter().find_map(VecDeque::pop_front);
            if taken.is_some() {
                return taken;
            }
            let job = self.jobs.recv().ok()?;
            self.taken.of(&job).push_back(job);
        }
    }

    fn work(&mut self, job: &Job) -> Done {
        let read = match job {
            Job::FindAccount { name } => self.reader.account(name).map(Done::Account),
            Job::FindAttachment { id } => {
                self.reader.attachment(*id).map(|found| Done::Attachment(found.map(Box::new)))
            }
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
    use super::super::store::tests::{Scratch, add_account};
    use super::*;
    use crate::message::{AccountId, Conversation, HistoryQuery, MessageId, Name, Page};
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
    fn who_logs_in_goes_before_those_who_look_back() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        let ann = add_account(&mut store, "ann");
        let (mut worker, heard) = start(&scratch);
        // Nobody fetches what was read, so the thread is at most as far as there is room for pages.
        for slot in 0..JOBS as u32 {
            worker.submit(connection(slot), waiting()).unwrap();
        }
        let find = Job::FindAccount { name: Name::shown("ann") };
        worker.submit(connection(9999), find.clone()).unwrap();
        let before = (0..).find(|_| match done(&mut worker, &heard) {
            (9999, Done::Account(Some(found))) => found.id == ann,
            (_, Done::Waiting(Some(_))) => false,
            other => panic!("{other:?}"),
        });
        assert!(before.is_some_and(|before| before < JOBS / 2), "{before:?} were before it");
        for _ in before.unwrap()..JOBS {
            assert!(matches!(done(&mut worker, &heard), (_, Done::Waiting(Some(_)))));
        }
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn an_account_is_read_while_another_process_writes() {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        add_account(&mut store, "ann");
        let beside = scratch.open();
        let begin = |sql: &str| beside.read(|connection| connection.execute_batch(sql)).unwrap();
        begin("BEGIN IMMEDIATE; UPDATE accounts SET phc = '$other'");
        let (mut worker, heard) = start(&scratch);
        let find = Job::FindAccount { name: Name::shown("ann") };
        let mut phc = || {
            worker.submit(connection(1), find.clone()).unwrap();
            match done(&mut worker, &heard) {
                (1, Done::Account(Some(found))) => (found.phc, found.version),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(phc(), ("$none".into(), 1));
        begin("COMMIT");
        assert_eq!(phc(), ("$other".into(), 2), "as soon as it is there");
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
