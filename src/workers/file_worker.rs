//! The thread that writes and reads files that are sent, piece by piece. It knows the folder alone;
//! of the rows it only asks, while no job waits or before a piece is written, which files nobody has
//! any more.

use super::file_store::{FileStore, Place, Put};
use super::file_sweeper::{self, FileSweeper};
use super::orphans::Orphans;
use super::reader::Reader;
use super::seldom::Seldom;
use super::{Wake, WakeAtEnd, clock};
use crate::message::{ConnectionId, Done, Job};
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread::Builder;
use std::time::Duration;

/// Jobs that may be waiting or under way.
const JOBS: usize = 1024;

/// What the pieces among them may take together, in bytes.
const BYTES: usize = 32 << 20;

/// Parts that may wait to be fetched, each of up to 64 KiB. The thread waits for room.
const PARTS: usize = 64;

/// How soon content goes that the store names while there is nothing to do.
const LOOK: Duration = Duration::from_secs(1);

/// The thread of files as its owner, the event loop, sees it.
pub struct FileWorker {
    /// Who waits, in the order of the jobs, and how many bytes each brought.
    waiting: VecDeque<(ConnectionId, usize)>,
    bytes: usize,
    jobs: SyncSender<Job>,
    outcomes: Receiver<Done>,
    /// Closes with the thread.
    end: Receiver<()>,
    wake: Wake,
}

impl std::fmt::Debug for FileWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileWorker").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl FileWorker {
    /// Hands the files to a thread of their own; `wake` is called whenever [`Self::poll_done`] has
    /// something. The reader sees what the storage worker has committed, whose store names the orphans.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn spawn(
        files: FileStore,
        reader: Reader,
        orphans: Orphans,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let wake: Wake = Arc::new(wake);
        let (jobs, to_do) = sync_channel(JOBS);
        let (to_report, outcomes) = sync_channel(PARTS);
        let (living, end) = sync_channel(1);
        let desk = Desk {
            files,
            reader,
            orphans,
            jobs: to_do,
            outcomes: to_report,
            sweeper: FileSweeper::default(),
            alarm: Alarm::default(),
            bell: WakeAtEnd(Arc::clone(&wake)),
            _living: living,
        };
        Builder::new().name("files".to_owned()).spawn(move || desk.run())?;
        Ok(Self { waiting: VecDeque::new(), bytes: 0, jobs, outcomes, end, wake })
    }

    /// Whether a job is for this worker.
    #[must_use]
    pub const fn is_of_files(job: &Job) -> bool {
        matches!(job, Job::Put { .. } | Job::DropPieces { .. } | Job::ReadPiece { .. })
    }

    /// The memory that a job takes beside its own size.
    #[must_use]
    pub const fn bytes_of(job: &Job) -> usize {
        match job {
            Job::Put { data, .. } => data.len(),
            _ => 0,
        }
    }

    /// Gives the worker a job for a connection.
    ///
    /// # Errors
    /// The queue is full: here is the job again, for after the next outcome.
    pub fn submit(&mut self, connection: ConnectionId, job: Job) -> Result<(), Job> {
        let bytes = Self::bytes_of(&job);
        let is_full = self.waiting.len() >= JOBS || self.bytes.saturating_add(bytes) > BYTES;
        if is_full && !self.waiting.is_empty() {
            return Err(job);
        }
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => return Err(job),
            // The thread is dead: the next poll says that the job failed.
            Err(TrySendError::Disconnected(_)) => (self.wake)(),
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.waiting.push_back((connection, bytes));
        Ok(())
    }

    /// The next outcome, if there is one: of a [`Job::Put`] [`Done::Put`], [`Done::PutOffset`],
    /// [`Done::PutRefused`] or [`Done::PutWhole`], of a [`Job::ReadPiece`] [`Done::Piece`], of a
    /// [`Job::DropPieces`] [`Done::UploadDropped`]; of any [`Done::Failed`]. If the thread is dead,
    /// whatever it owed has failed.
    pub fn poll_done(&mut self) -> Option<(ConnectionId, Done)> {
        let done = match self.outcomes.try_recv() {
            Ok(done) => done,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Done::Failed,
        };
        let (connection, bytes) = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(bytes);
        Some((connection, done))
    }

    /// Ends the thread, which finishes what it is doing; what waits is dropped. Says whether that
    /// took no longer than `within`.
    #[must_use]
    pub fn stop(self, within: Duration) -> bool {
        let Self { jobs, outcomes, end, .. } = self;
        drop((jobs, outcomes));
        end.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }
}

/// The thread's side.
struct Desk {
    files: FileStore,
    reader: Reader,
    orphans: Orphans,
    jobs: Receiver<Job>,
    outcomes: SyncSender<Done>,
    sweeper: FileSweeper,
    alarm: Alarm,
    bell: WakeAtEnd,
    _living: SyncSender<()>,
}

impl Desk {
    fn run(mut self) {
        loop {
            match self.jobs.recv_timeout(self.patience()) {
                Ok(job) => {
                    let done = self.work(job);
                    // Nobody listens any more: nothing is lost.
                    if self.outcomes.send(done).is_err() {
                        break;
                    }
                    (self.bell.0)();
                }
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    fn work(&mut self, job: Job) -> Done {
        match job {
            Job::Put { upload, size, offset, data } => {
                self.remove_named();
                let put = self.files.put(Place { upload, size, offset }, &data);
                match &put {
                    Ok(Put::Taken { .. } | Put::Whole(_)) => self.alarm.end(),
                    Ok(_) => {}
                    Err(error) => {
                        if error.kind() == ErrorKind::StorageFull {
                            self.sweeper.hasten();
                        }
                        self.alarm.sound(error, "a piece of a file is not stored and answered 500");
                    }
                }
                put.map_or(Done::Failed, outcome)
            }
            Job::ReadPiece { sha256, offset, bytes } => {
                let read = self.files.read(sha256, offset, bytes);
                let read = self.heard(read, "a piece of a file is not read and answered 500");
                read.map_or(Done::Failed, Done::Piece)
            }
            Job::DropPieces { upload } => {
                // Where it was not announced, what it became has no row.
                self.files.whole(upload).into_iter().for_each(|sum| self.orphans.add(sum));
                let dropped = self.files.drop_pieces(upload);
                self.heard(dropped, "the pieces of an upload stay for now");
                Done::UploadDropped { upload }
            }
            _ => Done::Failed,
        }
    }

    /// For how long a job may be waited for.
    fn patience(&self) -> Duration {
        if self.orphans.is_empty() {
            self.sweeper.due(clock::monotonic()).min(LOOK)
        } else {
            Duration::ZERO
        }
    }

    fn remove_named(&mut self) {
        if self.orphans.was_cut() {
            self.sweeper.hasten();
        }
        let now = clock::unix_micros();
        let removed = file_sweeper::remove_named(&self.files, &self.reader, &self.orphans, now);
        if self.heard(removed, "content that nobody has any more stays for now").is_none() {
            self.sweeper.hasten();
        }
    }

    /// A step of what nobody waits for.
    fn rest(&mut self) {
        self.remove_named();
        if self.sweeper.due(clock::monotonic()).is_zero() {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        let (now, unix_micros) = (clock::monotonic(), clock::unix_micros());
        let swept = self.sweeper.step(&mut self.files, &self.reader, now, unix_micros);
        self.heard(swept, "files that nobody has any more stay for now");
    }

    fn heard<T, E: Display>(&mut self, done: Result<T, E>, otherwise: &str) -> Option<T> {
        done.inspect_err(|error| self.alarm.sound(error, otherwise)).ok()
    }
}

fn outcome(put: Put) -> Done {
    match put {
        Put::Taken { next } => Done::Put { next },
        Put::Elsewhere { next } => Done::PutOffset { next },
        Put::Refused(fault) => Done::PutRefused(fault),
        Put::Whole(sha256) => Done::PutWhole { sha256 },
    }
}

/// Tells the log of trouble now and then, and of its end.
#[derive(Default)]
struct Alarm {
    seldom: Seldom,
    /// The log was told of trouble, but not yet of its end.
    in_trouble: bool,
}

impl Alarm {
    fn sound(&mut self, error: &impl Display, otherwise: &str) {
        if self.seldom.may_speak(clock::monotonic()) {
            self.in_trouble = true;
            log::error!("files: {error}; {otherwise}");
        }
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.in_trouble) {
            log::warn!("files can be stored again");
        }
    }
}

#[cfg(test)]
#[path = "file_worker_tests.rs"]
mod tests;
