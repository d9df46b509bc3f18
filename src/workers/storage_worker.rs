//! The thread that owns the store. Everything that arrives during one commit is the next batch.

use super::batch::{changes_accounts_or_rooms, is_write};
use super::batch_sizes::BatchSizes;
use super::store::Store;
use super::store_error::StoreError;
use super::upkeep::Upkeep;
use super::{Wake, WakeAtEnd, clock};
use crate::limits::STORAGE_BATCH_ROWS;
use crate::message::{AccountList, ConnectionId, Done, Job, Retention};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// Jobs that may be waiting or under way: a batch, and the next.
const JOBS: usize = 2 * STORAGE_BATCH_ROWS;

/// How long the thread waits for a job before it rests, and looks again what other processes did.
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
    /// Every account, and whom the rooms belong to, since another process changed accounts: as it
    /// was behind the jobs that were reported before, and before the others.
    Accounts(AccountList),
}

/// Whose turn it is when the next outcome comes.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    connection: ConnectionId,
    is_message: bool,
}

impl Waiting {
    /// The outcome where the thread is dead.
    const fn lost(self) -> Done {
        if self.is_message { Done::NotStored(None) } else { Done::Failed }
    }
}

/// For how long messages are kept from now on, until the thread takes it over.
type NewRetention = Arc<Mutex<Option<Retention>>>;

/// The store as its owner, the event loop, sees it.
pub struct StorageWorker {
    /// Who waits, in the order of the jobs, which is the order of the outcomes.
    waiting: VecDeque<Waiting>,
    /// `None` has it look at once what other processes did.
    jobs: SyncSender<Option<Job>>,
    /// `None` stands where the list of accounts belongs that is to be fetched.
    outcomes: Receiver<Option<Done>>,
    accounts: Receiver<AccountList>,
    retention: NewRetention,
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
    /// Hands the store to a thread of its own, which also removes what is kept no longer; `wake` is
    /// called once for each batch of reports.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn spawn(
        mut store: Store,
        retention: Retention,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        store.set_bounds(retention.attachments);
        let (jobs, to_do) = sync_channel(JOBS);
        let (to_report, outcomes) = sync_channel(JOBS + 1);
        let (to_announce, accounts) = sync_channel(1);
        let (living, end) = sync_channel(1);
        let new_retention = NewRetention::default();
        let desk = Desk {
            store,
            jobs: to_do,
            outcomes: to_report,
            accounts: to_announce,
            unsent: None,
            written: false,
            upkeep: Upkeep::new(retention),
            retention: Arc::clone(&new_retention),
            sizes: BatchSizes::default(),
            alarm: Alarm::default(),
            bell: WakeAtEnd(Arc::clone(&wake)),
            _living: living,
        };
        Builder::new().name("storage".to_owned()).spawn(move || desk.run())?;
        Ok(Self {
            waiting: VecDeque::new(),
            jobs,
            outcomes,
            accounts,
            retention: new_retention,
            end,
            wake,
        })
    }

    /// Messages are kept so long from now on; the thread takes it over when it has a moment.
    pub fn retain(&self, retention: Retention) {
        *self.retention.lock().unwrap_or_else(PoisonError::into_inner) = Some(retention);
    }

    /// Looks at once what other processes did to the accounts, which it does anyway within a second.
    pub fn look(&self) {
        // A worker with a full queue looks before each batch.
        let _ = self.jobs.try_send(None);
    }

    /// Gives the worker a job for a connection.
    ///
    /// # Errors
    /// The queue is full: here is the job again, for after the next report.
    pub fn submit(&mut self, connection: ConnectionId, job: Job) -> Result<(), Job> {
        if self.waiting.len() >= JOBS {
            return Err(job);
        }
        let waiting = Waiting { connection, is_message: matches!(job, Job::Store(_)) };
        match self.jobs.try_send(Some(job)) {
            Ok(()) | Err(TrySendError::Full(None)) => {}
            Err(TrySendError::Full(Some(job))) => return Err(job),
            // The thread is dead: the next poll says that the job failed.
            Err(TrySendError::Disconnected(_)) => (self.wake)(),
        }
        self.waiting.push_back(waiting);
        Ok(())
    }

    /// The next report, if there is one. If the thread is dead, whatever it owed has failed.
    pub fn poll_report(&mut self) -> Option<Report> {
        let done = match self.outcomes.try_recv() {
            Ok(None) => return self.accounts.try_recv().ok().map(Report::Accounts),
            Ok(done) => done,
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => self.waiting.front().copied().map(Waiting::lost),
        };
        let (done, waiting) = (done?, self.waiting.pop_front()?);
        Some(Report::Done { connection: waiting.connection, done })
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
    jobs: Receiver<Option<Job>>,
    /// Never full: it has room for every job that [`StorageWorker::submit`] lets in, and for the
    /// place of one list of accounts.
    outcomes: SyncSender<Option<Done>>,
    accounts: SyncSender<AccountList>,
    /// Accounts that the loop has not fetched the former list for yet.
    unsent: Option<AccountList>,
    /// Whether anything was written since the last checkpoint.
    written: bool,
    upkeep: Upkeep,
    retention: NewRetention,
    /// Of the batches that were committed, for the log's last words.
    sizes: BatchSizes,
    alarm: Alarm,
    bell: WakeAtEnd,
    _living: SyncSender<()>,
}

impl Desk {
    /// Jobs come first. When none is waiting the thread is idle at once, and at rest when none came
    /// for a while.
    fn run(mut self) {
        let mut patience = Duration::ZERO;
        loop {
            match self.jobs.recv_timeout(patience) {
                Ok(Some(job)) => {
                    self.work(job);
                    patience = Duration::ZERO;
                }
                Ok(None) => patience = self.idle(false),
                Err(RecvTimeoutError::Timeout) if patience.is_zero() => patience = self.idle(false),
                Err(RecvTimeoutError::Timeout) => patience = self.rest(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Err(error) = self.store.checkpoint_all() {
            log::error!("{error}");
        }
        if let Some(summary) = self.sizes.summary() {
            log::info!("stored {summary}");
        }
    }

    fn work(&mut self, first: Job) {
        let mut batch = vec![first];
        batch.extend(self.jobs.try_iter().take(STORAGE_BATCH_ROWS - 1).flatten());
        self.announce_accounts();
        let (outcomes, error) = self.store.perform(&batch, clock::unix_micros());
        let wrote = batch.iter().any(is_write);
        self.written |= wrote;
        // A list of accounts that could not be sent would undo what was stored now.
        if self.unsent.is_some() && batch.iter().any(changes_accounts_or_rooms) {
            self.unsent = None;
            self.store.forget_seen();
        }
        let messages = batch.iter().filter(|job| matches!(job, Job::Store(_))).count();
        if error.is_none() {
            self.sizes.count(messages);
        }
        match error {
            Some(error) => self.alarm.sound(&error),
            None if wrote => self.alarm.end(),
            None => {}
        }
        for done in outcomes {
            // Nobody listens any more: the jobs were done all the same.
            let _ = self.outcomes.send(Some(done));
        }
        (self.bell.0)();
        self.upkeep.stored(&self.store, messages);
    }

    /// Between two batches: looks what other processes did, and does what nobody waits for. Says
    /// how long to wait for a job, zero if there is more to be done meanwhile.
    fn idle(&mut self, at_rest: bool) -> Duration {
        if self.announce_accounts() {
            (self.bell.0)();
        }
        let new = self.retention.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(retention) = new {
            self.store.set_bounds(retention.attachments);
            self.upkeep.retain(retention);
        }
        if !self.upkeep.step(&self.store, at_rest) {
            return IDLE;
        }
        self.written = true;
        Duration::ZERO
    }

    /// The same, however little there is to do, and the write-ahead log is copied into the file.
    fn rest(&mut self) -> Duration {
        let patience = self.idle(true);
        if self.written && !patience.is_zero() {
            self.written = false;
            if let Err(error) = self.store.checkpoint() {
                self.alarm.sound(&error);
            }
        }
        patience
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
            Ok(()) => self.outcomes.send(None).is_ok(),
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

#[cfg(test)]
mod tests {
    use super::super::accounts::Accounts;
    use super::super::indexer;
    use super::super::store::tests::{Scratch, add_account, join};
    use super::*;
    use crate::limits::Limits;
    use crate::message::{Conversation, Mark, MessageId, Secret, StoredMessage};
    use std::sync::mpsc::channel;

    const DEADLINE: Duration = Duration::from_secs(30);

    fn connection(slot: usize) -> ConnectionId {
        ConnectionId { slot: u32::try_from(slot).unwrap(), generation: 1 }
    }

    /// A worker, and what hears its calls.
    fn start(store: Store) -> (StorageWorker, Receiver<()>) {
        let (bell, heard) = channel();
        let worker =
            StorageWorker::spawn(store, Retention::default(), move || bell.send(()).unwrap_or(()))
                .unwrap();
        (worker, heard)
    }

    fn report(worker: &mut StorageWorker, heard: &Receiver<()>) -> Report {
        loop {
            match worker.poll_report() {
                Some(report) => return report,
                None => heard.recv_timeout(DEADLINE).unwrap(),
            }
        }
    }

    fn done(worker: &mut StorageWorker, heard: &Receiver<()>) -> (usize, Done) {
        match report(worker, heard) {
            Report::Done { connection, done } => (connection.index(), done),
            other => panic!("{other:?}"),
        }
    }

    /// A store with an account, its changes seen.
    fn store_with_ann(scratch: &Scratch) -> (Store, crate::message::AccountId) {
        let mut store = scratch.open();
        let ann = add_account(&mut store, "ann");
        store.snapshot().unwrap();
        (store, ann)
    }

    fn message(number: i64) -> Job {
        Job::Store(Arc::new(StoredMessage {
            mark: Mark { id: MessageId(number), unix_micros: 1 },
            conversation: Conversation::Common,
            sender: None,
            object: br#"{"message":"hi"}"#.as_slice().into(),
            text: 11..15,
            in_history: true,
            waits_for: None,
            attachment: None,
        }))
    }

    #[test]
    fn messages_are_answered_in_their_order_and_last() {
        let scratch = Scratch::new();
        let (store, _) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        for slot in 0..JOBS {
            worker.submit(connection(slot), message(slot as i64 + 1)).unwrap();
        }
        for slot in 0..JOBS {
            let Job::Store(expected) = message(slot as i64 + 1) else { panic!() };
            assert_eq!(done(&mut worker, &heard), (slot, Done::Stored(expected)));
        }
        assert!(worker.stop(DEADLINE));
        let next = scratch.open().snapshot().unwrap().next_id;
        assert_eq!(next, MessageId(JOBS as i64 + 1));
    }

    #[test]
    fn what_was_stored_is_indexed_once_there_is_time() {
        let scratch = Scratch::new();
        let (store, _) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        worker.submit(connection(0), message(5)).unwrap();
        done(&mut worker, &heard);
        let beside = scratch.open();
        let started = clock::monotonic();
        while beside.read(indexer::mark).unwrap() < 5 {
            assert!(started.elapsed() < DEADLINE);
            let _ = heard.recv_timeout(Duration::from_millis(10));
        }
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn outcomes_come_in_order_and_last() {
        let scratch = Scratch::new();
        let (store, ann) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        for slot in 0..JOBS {
            let job = match slot % 3 {
                0 => Job::Acknowledge { account: ann, up_to: MessageId(1) },
                _ => join(ann, &format!("#{slot}")),
            };
            worker.submit(connection(slot), job).unwrap();
        }
        for expected in 0..JOBS {
            let (slot, done) = done(&mut worker, &heard);
            assert_eq!(slot, expected);
            match (slot % 3, done) {
                (0, Done::Acknowledged { waiting: 0, .. }) => {}
                (_, Done::Joined { room, .. }) => {
                    assert_eq!(room.name.as_str(), format!("#{slot}"))
                }
                (_, other) => panic!("{other:?}"),
            }
        }
        assert_eq!(worker.poll_report(), None);
        assert!(worker.stop(DEADLINE));
        assert_eq!(scratch.open().snapshot().unwrap().rooms.len(), JOBS - JOBS.div_ceil(3));
    }

    #[test]
    fn a_stop_finishes_what_is_queued() {
        let scratch = Scratch::new();
        let (store, ann) = store_with_ann(&scratch);
        let (mut worker, _heard) = start(store);
        for slot in 0..100 {
            worker.submit(connection(slot), join(ann, &format!("#{slot}"))).unwrap();
        }
        assert!(worker.stop(DEADLINE));
        let log = scratch.folder.path().join("jim.db-wal");
        assert!(!log.exists(), "everything is in the file");
        assert_eq!(scratch.open().snapshot().unwrap().rooms.len(), 100);
    }

    #[test]
    fn a_full_queue_gives_the_job_back() {
        let scratch = Scratch::new();
        let (store, ann) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        for slot in 0..JOBS {
            worker.submit(connection(slot), join(ann, "#a")).unwrap();
        }
        let job = join(ann, "#b");
        assert_eq!(worker.submit(connection(JOBS), job.clone()), Err(job.clone()));
        done(&mut worker, &heard);
        assert_eq!(worker.submit(connection(JOBS), job), Ok(()));
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn the_worker_lives_through_a_full_disk_and_recovers() {
        let scratch = Scratch::new();
        let (mut store, ann) = store_with_ann(&scratch);
        let mut filler = scratch.open();
        let fill = "CREATE TABLE filler (x);
            INSERT INTO filler WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL
            SELECT i + 1 FROM n WHERE i < 500) SELECT randomblob(4000) FROM n;";
        filler
            .change(|connection| connection.execute_batch(fill).map(Ok::<_, StoreError>))
            .unwrap();
        store.snapshot().unwrap();
        let limit = "PRAGMA max_page_count = 1";
        store.read(|connection| connection.query_row(limit, [], |_| Ok(()))).unwrap();
        let (mut worker, heard) = start(store);

        let long_names = |worker: &mut StorageWorker| {
            for slot in 0..1000 {
                let job = join(ann, &format!("#a room of number {slot}"));
                worker.submit(connection(slot), job).unwrap();
            }
        };
        long_names(&mut worker);
        let outcomes: Vec<Done> = (0..1000).map(|_| done(&mut worker, &heard).1).collect();
        assert!(outcomes.contains(&Done::Failed), "the disk was full");

        let free = "DELETE FROM filler";
        filler.change(|connection| connection.execute(free, []).map(Ok::<_, StoreError>)).unwrap();
        long_names(&mut worker);
        for _ in 0..1000 {
            assert!(matches!(done(&mut worker, &heard), (_, Done::Joined { .. })));
        }
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn an_operators_change_is_announced_while_idle() {
        let scratch = Scratch::new();
        let (store, _) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        let mut accounts = Accounts::open(&scratch.folder, &Limits::default()).unwrap();
        accounts.block("ann").unwrap();
        let Report::Accounts(all) = report(&mut worker, &heard) else { panic!() };
        assert!(all.accounts.len() == 1 && all.accounts[0].blocked, "{all:?}");
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn an_operators_change_comes_before_what_came_after_it() {
        let scratch = Scratch::new();
        let (store, ann) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        let mut accounts = Accounts::open(&scratch.folder, &Limits::default()).unwrap();
        accounts.add("bob", &Secret::new("x")).unwrap();
        accounts.remove("ann").unwrap();
        worker.submit(connection(0), join(ann, "#a")).unwrap();
        let Report::Accounts(all) = report(&mut worker, &heard) else { panic!() };
        let names: Vec<&str> = all.accounts.iter().map(|account| account.name.as_str()).collect();
        // The two changes may be met one by one, but the outcome never comes before the list.
        if names == ["bob"] {
            assert_eq!(done(&mut worker, &heard), (0, Done::AccountGone));
        } else {
            assert_eq!(names, ["ann", "bob"]);
            let Report::Accounts(all) = report(&mut worker, &heard) else { panic!() };
            assert_eq!(all.accounts.len(), 1);
        }
        assert!(worker.stop(DEADLINE));
    }

    #[test]
    fn what_a_dead_thread_owed_has_failed() {
        let scratch = Scratch::new();
        let (store, ann) = store_with_ann(&scratch);
        let (mut worker, heard) = start(store);
        worker.submit(connection(0), join(ann, "#a")).unwrap();
        // The thread's end: its side of both channels closes.
        (_, worker.outcomes) = sync_channel(1);
        (worker.jobs, _) = sync_channel(1);
        worker.submit(connection(1), join(ann, "#b")).unwrap();
        for slot in 0..2 {
            assert_eq!(done(&mut worker, &heard), (slot, Done::Failed));
        }
        worker.submit(connection(2), message(1)).unwrap();
        worker.submit(ConnectionId::NONE, join(ann, "#c")).unwrap();
        assert_eq!(done(&mut worker, &heard), (2, Done::NotStored(None)));
        assert_eq!(done(&mut worker, &heard), (ConnectionId::NONE.index(), Done::Failed));
        assert_eq!(worker.poll_report(), None);
    }

    #[test]
    fn the_log_hears_of_trouble_once_a_minute() {
        let mut alarm = Alarm::default();
        let error = StoreError::Full { path: "x".into() };
        alarm.sound(&error);
        let told = alarm.told;
        assert!(alarm.in_trouble);
        alarm.end();
        alarm.sound(&error);
        assert!(!alarm.in_trouble, "not told again");
        assert_eq!(alarm.told, told);
    }
}
