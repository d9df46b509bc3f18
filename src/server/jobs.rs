//! Jobs: handed to the workers, kept in order while a worker's queue is full, and taken back done.

use super::connection::Phase;
use super::event_loop::{Observer, Running};
use super::incoming_file::Frames;
use super::throttle::NoGuess;
use crate::chat::Payload;
use crate::logging::log;
use crate::message::{ConnectionId, Done, Job, MessageId, StoredMessage};
use crate::rate::whole_seconds;
use crate::wire::attachment::write_attachment;
use crate::workers::{FileWorker, Kinds, PasswordTask, ReadWorker, Report};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// Reports of the storage worker that are taken in one turn.
const REPORTS_PER_TURN: usize = 1024;

/// What pieces of files may take while they wait for the file worker to have room, in bytes: who
/// brings more is told to come back.
const PIECES_BYTES: usize = 32 << 20;

/// When to come back with a piece, in seconds.
const PIECES_BUSY: u32 = 1;

/// What the workers are still to be given, and what they owe.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Jobs that found the storage worker's queue full, and all that came behind them: they keep
    /// their order. Each connection has at most one, and is read no further meanwhile.
    storage: VecDeque<(ConnectionId, Job)>,
    /// Jobs that found the reader's queue full: each connection has at most a request of its own
    /// and one page of what waited for it.
    reader: Kinds<VecDeque<(ConnectionId, Job)>>,
    /// Jobs that found the file worker's queue full: of each connection one piece, or what may be on
    /// its way in the exchange.
    files: VecDeque<(ConnectionId, Job)>,
    /// What those take.
    files_bytes: usize,
    /// Storage jobs that are not done yet, also those of connections that are gone.
    stores: usize,
    /// Finished jobs were left for the next turn: no wake-up announces them again.
    pub(super) reports_left: bool,
}

impl Backlog {
    /// Storage jobs that are not done yet.
    pub(super) const fn stores(&self) -> usize {
        self.stores
    }

    /// Whether something that was taken is not on disk yet.
    pub(super) const fn owes(&self) -> bool {
        self.stores > 0
    }
}

impl<O: Observer> Running<O> {
    /// Hands a job to its worker. Whether its connection is read on meanwhile says the chat.
    pub(super) fn submit(&mut self, id: ConnectionId, job: Job) {
        if let Job::OpenUpload(upload) = &job {
            self.note_upload(id, upload);
        }
        let mut peer = None;
        if let Some(connection) = self.connections.get_mut(id) {
            connection.jobs_owed = connection.jobs_owed.saturating_add(1);
            peer = Some(connection.peer);
        }
        match job {
            Job::VerifyPassword { phc, password } => {
                if let Some(peer) = peer
                    && let Some(refused) = self.may_not_guess(id, peer)
                {
                    self.settle(id);
                    return self.chat.handle_done(self.now, id, refused);
                }
                self.ask_hasher(id, peer, PasswordTask::Check { phc, password });
            }
            Job::HashPassword { password } => {
                self.ask_hasher(id, peer, PasswordTask::Hash { password });
            }
            job if FileWorker::is_of_files(&job) => self.ask_files(id, peer, job),
            job if ReadWorker::is_read(&job) => self.ask_reader(id, peer, job),
            job => self.ask_storage(id, peer, job),
        }
    }

    /// Has a message kept; `raw` is the request that it came with.
    pub(super) fn store(
        &mut self,
        id: ConnectionId,
        mut message: StoredMessage,
        payload: &Payload,
        raw: &[u8],
    ) {
        let mut object = Vec::with_capacity(raw.len());
        if let Payload::File(notice) = payload {
            message.text = write_attachment(&mut object, notice);
        } else {
            super::carry_out::write_object(&mut object, payload, raw);
        }
        message.object = object.into_boxed_slice();
        self.submit(id, Job::Store(Arc::new(message)));
    }

    /// What the sender of a password is told that is not looked at.
    fn may_not_guess(&mut self, id: ConnectionId, peer: SocketAddr) -> Option<Done> {
        let settings = &self.server.settings.throttle;
        let may = self.throttle.may_guess(settings, (id, peer.ip()), self.now.uptime);
        let refused = may.err()?;
        self.counts.throttled += 1;
        Some(match refused {
            NoGuess::Busy(wait) => Done::Busy { seconds: whole_seconds(wait) },
            NoGuess::Wrong(wait) => Done::TooManyLogins { seconds: whole_seconds(wait) },
        })
    }

    #[log(show(peer))]
    fn ask_hasher(&mut self, id: ConnectionId, peer: Option<SocketAddr>, task: PasswordTask) {
        let Some(peer) = peer else { return };
        if let Err(busy) = self.workers.passwords.submit(peer.ip(), id, task) {
            log::info!("{peer}: too many log-ins are waiting");
            self.settle(id);
            self.throttle.forget_guess(id);
            self.chat.handle_done(self.now, id, Done::Busy { seconds: busy.seconds });
        }
    }

    #[log(show(peer))]
    fn ask_storage(&mut self, id: ConnectionId, peer: Option<SocketAddr>, job: Job) {
        self.backlog.stores += 1;
        let refused = if self.backlog.storage.is_empty() {
            self.workers.storage.submit(id, job).err()
        } else {
            Some(job)
        };
        if let Some(job) = refused {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.backlogged = true;
            }
            self.backlog.storage.push_back((id, job));
        }
    }

    #[log(show(peer))]
    fn ask_reader(&mut self, id: ConnectionId, peer: Option<SocketAddr>, job: Job) {
        let refused = if self.backlog.reader.of(&job).is_empty() {
            self.workers.reader.submit(id, job).err()
        } else {
            Some(job)
        };
        if let Some(job) = refused {
            self.backlog.reader.of(&job).push_back((id, job));
        }
    }

    #[log(show(peer))]
    fn ask_files(&mut self, id: ConnectionId, peer: Option<SocketAddr>, job: Job) {
        let refused = if self.backlog.files.is_empty() {
            self.workers.files.submit(id, job).err()
        } else {
            Some(job)
        };
        let Some(job) = refused else { return };
        let bytes = FileWorker::bytes_of(&job);
        // In the exchange nobody can come back; what all bring there the guests' quota bounds.
        let may_come_back = bytes > 0 && !self.is_in_exchange(id);
        if may_come_back && self.backlog.files_bytes + bytes > PIECES_BYTES {
            self.settle(id);
            return self.chat.handle_done(self.now, id, Done::Busy { seconds: PIECES_BUSY });
        }
        self.backlog.files_bytes += bytes;
        self.backlog.files.push_back((id, job));
    }

    /// What there is of an upload is needed no more: it is announced, or given up.
    fn drop_pieces(&mut self, upload: MessageId) {
        self.submit(ConnectionId::NONE, Job::DropPieces { upload });
    }

    /// Takes what the workers have done, and gives them what found their queues full.
    pub(super) fn take_done(&mut self) {
        self.backlog.reports_left = self.take_reports() == REPORTS_PER_TURN;
        while let Some((connection, done)) = self.workers.passwords.poll_done() {
            self.note_guess(connection, &done);
            self.take_result(connection, done);
        }
        while let Some((connection, done)) = self.workers.reader.poll_done() {
            self.take_result(connection, done);
        }
        while let Some((connection, done)) = self.workers.files.poll_done() {
            self.take_file_result(connection, done);
        }
        self.submit_storage_backlog();
        self.submit_reader_backlog();
        self.submit_files_backlog();
    }

    /// The hasher is done with a connection's task, which may have been a guess.
    fn note_guess(&mut self, id: ConnectionId, done: &Done) {
        if let Done::Password(was_right) = done {
            let settings = &self.server.settings.throttle;
            self.throttle.guessed(settings, (id, *was_right), self.now.uptime);
        } else {
            self.throttle.forget_guess(id);
        }
    }

    fn submit_storage_backlog(&mut self) {
        while let Some((id, job)) = self.backlog.storage.pop_front() {
            // A message was taken, whatever became of its sender; nobody waits for the rest.
            let counts = matches!(job, Job::Store(_)) || id == ConnectionId::NONE;
            if !counts && !self.is_open(id) {
                self.backlog.stores -= 1;
                continue;
            }
            if let Err(job) = self.workers.storage.submit(id, job) {
                self.backlog.storage.push_front((id, job));
                return;
            }
            if let Some(connection) = self.connections.get_mut(id) {
                connection.backlogged = false;
                self.make_ready(id);
            }
        }
    }

    fn submit_reader_backlog(&mut self) {
        let Self { backlog, workers, connections, .. } = self;
        for waiting in backlog.reader.both() {
            while let Some((id, job)) = waiting.pop_front() {
                if !connections.get_mut(id).is_some_and(|asker| asker.phase == Phase::Open) {
                    continue;
                }
                if let Err(job) = workers.reader.submit(id, job) {
                    waiting.push_front((id, job));
                    break;
                }
            }
        }
    }

    fn submit_files_backlog(&mut self) {
        while let Some((id, job)) = self.backlog.files.pop_front() {
            let bytes = FileWorker::bytes_of(&job);
            // Nobody waits for a piece whose connection is gone; one that closes may still be sent
            // a file.
            let counts = id == ConnectionId::NONE || self.connections.get_mut(id).is_some();
            if counts && let Err(job) = self.workers.files.submit(id, job) {
                self.backlog.files.push_front((id, job));
                return;
            }
            self.backlog.files_bytes = self.backlog.files_bytes.saturating_sub(bytes);
        }
    }

    fn is_open(&mut self, id: ConnectionId) -> bool {
        self.connections.get_mut(id).is_some_and(|asker| asker.phase == Phase::Open)
    }

    /// Takes what the storage worker has to say, and says how many reports that were.
    fn take_reports(&mut self) -> usize {
        for taken in 0..REPORTS_PER_TURN {
            match self.workers.storage.poll_report() {
                None => return taken,
                Some(Report::Done { connection, done }) => {
                    self.backlog.stores = self.backlog.stores.saturating_sub(1);
                    if let Some(upload) = settled_upload(&done) {
                        self.drop_pieces(upload);
                    }
                    self.take_result(connection, done);
                }
                Some(Report::Accounts(accounts)) => {
                    self.chat.handle_accounts(accounts);
                    self.carry_out(&[]);
                }
            }
        }
        REPORTS_PER_TURN
    }

    /// A job is done: what waited for it is answered, and the connection's next request may be
    /// handled.
    pub(super) fn take_result(&mut self, id: ConnectionId, done: Done) {
        let was_held = self.connections.get_mut(id).is_some_and(|asker| asker.is_held());
        let peer = self.settle(id);
        self.note_opened(id, &done);
        self.finish(id, peer, done);
        self.go_on(id, was_held);
    }

    /// A job is done, of which the chat hears nothing.
    pub(super) fn take_nothing(&mut self, id: ConnectionId) {
        let was_held = self.connections.get_mut(id).is_some_and(|asker| asker.is_held());
        self.settle(id);
        self.go_on(id, was_held);
    }

    /// The connection's next request is handled, unless that has to wait still.
    fn go_on(&mut self, id: ConnectionId, was_held: bool) {
        self.note_busy(id);
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.ended || (was_held && !connection.is_held()) {
            self.make_ready(id);
        }
    }

    /// One job of the connection is done. Says whose it was, for the log.
    fn settle(&mut self, id: ConnectionId) -> Option<SocketAddr> {
        let connection = self.connections.get_mut(id)?;
        connection.jobs_owed = connection.jobs_owed.saturating_sub(1);
        Some(connection.peer)
    }

    /// Hands a result to the chat, also where its connection is gone: what is stored is stored.
    #[log(show(peer))]
    fn finish(&mut self, id: ConnectionId, peer: Option<SocketAddr>, done: Done) {
        self.chat.handle_done(self.now, id, done);
        self.carry_out(&[]);
    }

    /// Asks the chat whether the connection's next request has to wait.
    pub(super) fn note_busy(&mut self, id: ConnectionId) {
        let busy = self.chat.is_busy(id);
        if let Some(connection) = self.connections.get_mut(id) {
            connection.waiting = busy || connection.frames.as_deref().is_some_and(Frames::holds);
        }
    }
}

/// The upload whose row says, by what the storage worker did, that its pieces are needed no more.
fn settled_upload(done: &Done) -> Option<MessageId> {
    match done {
        Done::Stored(message) => message.attachment.as_ref().map(|announced| announced.upload),
        Done::UploadDropped { upload } => Some(*upload),
        _ => None,
    }
}
