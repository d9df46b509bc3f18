//! The thread that owns the store. Everything that arrives during one commit is the next batch.

use super::store::{Store, StoreError, is_write};
use super::{Wake, WakeAtEnd, clock};
use crate::limits::STORAGE_BATCH_ROWS;
use crate::message::{AccountRecord, ConnectionId, Done, Job};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// Jobs that may be waiting or under way: a batch, and the next.
const JOBS: usize = 2 * STORAGE_BATCH_ROWS;

/// How long the thread waits for a job before it looks what other processes did.
const IDLE: Duration = Duration::from_secs(1);

/// A failing disk fails every batch: the log hears of it once in this time.
const ALARM_GAP: Duration = Duration::from_secs(60);

/// What the storage worker has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// What became of a job; if it wrote, it is on disk.
    Done {
        /// Who is waiting for it.
        connection: ConnectionId,
        /// The outcome.
        done: Done,
    },
    /// Every account, since another process changed some.
    Accounts(Vec<AccountRecord>),
}

/// The store as its owner, the event loop, sees it.
pub struct StorageWorker {
    /// Who waits, in the order of the jobs, which is the order of the outcomes.
    waiting: VecDeque<ConnectionId>,
    jobs: SyncSender<Job>,
    outcomes: Receiver<Done>,
    accounts: Receiver<Vec<AccountRecord>>,
    /// Closes with the thread.
    end: Receiver<()>,
    wake: Wake,
}

impl std::fmt::Debug for StorageWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StorageWorker")
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

impl StorageWorker {
    /// Hands the store to a thread of its own; `wake` is called once for each batch of reports.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn spawn(store: Store, wake: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        let (jobs, to_do) = sync_channel(JOBS);
        let (to_report, outcomes) = sync_channel(JOBS);
        let (to_announce, accounts) = sync_channel(1);
        let (living, end) = sync_channel(1);
        let desk = Desk {
            store,
            jobs: to_do,
            outcomes: to_report,
            accounts: to_announce,
            unsent: None,
            written: false,
            alarm: Alarm::default(),
            bell: WakeAtEnd(Arc::clone(&wake)),
            _living: living,
        };
        Builder::new().name("storage".to_owned()).spawn(move || desk.run())?;
        Ok(Self { waiting: VecDeque::new(), jobs, outcomes, accounts, end, wake })
    }

    /// Gives the worker a job for a connection.
    ///
    /// # Errors
    /// The queue is full: here is the job again, for after the next report.
    pub fn submit(&mut self, connection: ConnectionId, job: Job) -> Result<(), Job> {
        if self.waiting.len() >= JOBS {
            return Err(job);
        }
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => return Err(job),
            // The thread is dead: the next poll says that the job failed.
            Err(TrySendError::Disconnected(_)) => (self.wake)(),
        }
        self.waiting.push_back(connection);
        Ok(())
    }

    /// The next report, if there is one. If the thread is dead, whatever it owed has failed.
    pub fn poll_report(&mut self) -> Option<Report> {
        if let Ok(accounts) = self.accounts.try_recv() {
            return Some(Report::Accounts(accounts));
        }
        let done = match self.outcomes.try_recv() {
            Ok(done) => done,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Done::Failed,
        };
        self.waiting.pop_front().map(|connection| Report::Done { connection, done })
    }

    /// Finishes what is queued, copies the write-ahead log into the file and ends the thread. Says
    /// whether that took no longer than `within`; if not, it goes on unwatched.
    #[must_use]
    pub fn stop(self, within: Duration) -> bool {
        let Self { jobs, end, .. } = self;
        drop(jobs);
        end.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }
}

/// The thread's side.
struct Desk {
    store: Store,
    jobs: Receiver<Job>,
    /// Never full: it has room for every job that [`StorageWorker::submit`] lets in.
    outcomes: SyncSender<Done>,
    accounts: SyncSender<Vec<AccountRecord>>,
    /// Accounts that the loop has not fetched the former list for yet.
    unsent: Option<Vec<AccountRecord>>,
    /// Whether anything was written since the last checkpoint.
    written: bool,
    alarm: Alarm,
    bell: WakeAtEnd,
    _living: SyncSender<()>,
}

impl Desk {
    fn run(mut self) {
        loop {
            match self.jobs.recv_timeout(IDLE) {
                Ok(job) => self.work(job),
                Err(RecvTimeoutError::Timeout) => self.idle(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Err(error) = self.store.checkpoint_all() {
            log::error!("{error}");
        }
    }

    fn work(&mut self, first: Job) {
        let mut batch = vec![first];
        batch.extend(self.jobs.try_iter().take(STORAGE_BATCH_ROWS - 1));
        // First, so that a log-in does not meet an account that was removed before it.
        self.announce_accounts();
        let (outcomes, error) = self.store.perform(&batch, clock::unix_micros());
        let wrote = batch.iter().any(is_write);
        self.written |= wrote;
        match error {
            Some(error) => self.alarm.sound(&error),
            None if wrote => self.alarm.end(),
            None => {}
        }
        for done in outcomes {
            // Nobody listens any more: the jobs were done all the same.
            let _ = self.outcomes.send(done);
        }
        (self.bell.0)();
    }

    fn idle(&mut self) {
        if self.announce_accounts() {
            (self.bell.0)();
        }
        if self.written {
            self.written = false;
            if let Err(error) = self.store.checkpoint() {
                self.alarm.sound(&error);
            }
        }
    }

    /// Sends the accounts if another process changed them; says whether it did.
    fn announce_accounts(&mut self) -> bool {
        match self.store.changed_accounts() {
            Ok(None) => {}
            Ok(changed) => self.unsent = changed,
            Err(error) => self.alarm.sound(&error),
        }
        let Some(accounts) = self.unsent.take() else { return false };
        match self.accounts.try_send(accounts) {
            Ok(()) => true,
            Err(TrySendError::Full(accounts)) => {
                self.unsent = Some(accounts);
                false
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

/// Tells the log of trouble, but not of every batch that meets it.
#[derive(Default)]
struct Alarm {
    told: Option<Instant>,
    /// The log was told of trouble, but not yet of its end.
    in_trouble: bool,
}

impl Alarm {
    #[expect(clippy::disallowed_methods, reason = "the worker's own loop")]
    fn sound(&mut self, error: &StoreError) {
        if self.told.is_none_or(|told| told.elapsed() >= ALARM_GAP) {
            self.told = Some(Instant::now());
            self.in_trouble = true;
            log::error!("{error}; what was to be stored is answered 500");
        }
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.in_trouble) {
            log::warn!("the store works again");
        }
    }
}
