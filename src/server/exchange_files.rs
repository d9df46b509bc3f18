//! Files of the exchange (seed 004): taken from a client as its connection brings them, and poured
//! to others as their sockets take them. Never is more than a few pieces of one in memory.

use super::event_loop::{Observer, Running};
use super::incoming_file::{FileJob, Frames, Named, PieceDone, time_to_come};
use super::timers::Moment;
use crate::chat::Offered;
use crate::limits::RAW_PIECE_BYTES;
use crate::message::{ConnectionId, Dialect, Done, Job, MessageId, Phrase, Upload};

/// A file that is refused is read and dropped, so that its sender can go on: one up to so many
/// times the longest that is taken, and this one in any case.
const SKIPPED_TIMES: u64 = 4;
const SKIPPED_BYTES: u64 = 64 << 20;

/// A piece where many queues hold one.
const SMALL_PIECE_BYTES: usize = 8 * 1024;

impl<O: Observer> Running<O> {
    /// A message that names a file was read: it is handed on when the file is whole. Where nobody
    /// gets files, its text goes at once.
    pub(super) fn expect_file(&mut self, id: ConnectionId, text: String, name: String) {
        let has_files = self.server.settings.policy.attachments.max_bytes > 0;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let frames = connection.frames.get_or_insert_default();
        if has_files {
            return frames.expect_file(Named { text, name });
        }
        frames.expect_nothing();
        self.hear_text(id, &text);
    }

    /// The length of a file was read: `None` if nothing more is.
    pub(super) fn begin_file(&mut self, id: ConnectionId, length: u32) -> Option<()> {
        let named = self.connections.get_mut(id)?.frames.as_deref_mut()?.begin(length);
        match named {
            None => self.malformed(id, Phrase::NoFiles),
            Some(Named { text, name }) => {
                let file = Offered { text: &text, name: &name, size: u64::from(length) };
                self.chat.handle_file(self.now, id, file);
                self.carry_out(&[]);
                self.note_busy(id);
            }
        }
        let most = self.server.settings.policy.attachments.max_bytes;
        if u64::from(length) > most.saturating_mul(SKIPPED_TIMES).max(SKIPPED_BYTES) {
            self.close(id, "a file that is not read");
            return None;
        }
        Some(())
    }

    /// The store is asked whether it has room for a file of the exchange.
    pub(super) fn note_upload(&mut self, id: ConnectionId, upload: &Upload) {
        let settings = &self.server.settings;
        let time = time_to_come(upload.size, settings.throttle.bytes_per_second);
        let due = Moment::at(self.now.uptime).plus(settings.half_object).plus(time);
        let connection = self.connections.get_mut(id);
        if let Some(frames) = connection.and_then(|sender| sender.frames.as_deref_mut()) {
            frames.ask(upload.id, upload.size, due);
        }
    }

    /// A part of a file was read.
    pub(super) fn take_bytes(&mut self, id: ConnectionId, bytes: &[u8], is_last: bool) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let Some(frames) = connection.frames.as_deref_mut() else { return };
        let job = frames.take_bytes(bytes, is_last);
        if frames.has_progressed() {
            connection.half_since = Moment::NEVER;
        }
        if let Some(job) = job {
            self.put(id, job);
            self.note_busy(id);
        }
    }

    /// The store has answered whether it has room for the file of a connection.
    pub(super) fn note_opened(&mut self, id: ConnectionId, done: &Done) {
        let connection = self.connections.get_mut(id);
        let Some(frames) = connection.and_then(|sender| sender.frames.as_deref_mut()) else {
            return;
        };
        if !matches!(done, Done::UploadOpened { .. }) {
            return frames.refuse_asked();
        }
        if let Some(job) = frames.open() {
            self.put(id, job);
        }
    }

    fn put(&mut self, id: ConnectionId, job: Job) {
        let connection = self.connections.get_mut(id);
        if let Some(frames) = connection.and_then(|sender| sender.frames.as_deref_mut()) {
            frames.note_job(FileJob::Put);
            self.submit(id, job);
        }
    }

    /// The file worker is done with a job: as with others, but that the chat hears no more of the
    /// exchange's than how a file ends.
    pub(super) fn take_file_result(&mut self, id: ConnectionId, done: Done) {
        if !self.is_in_exchange(id) {
            return self.take_result(id, done);
        }
        match self.take_file_done(id, done) {
            Some(done) => self.take_result(id, done),
            None => self.take_nothing(id),
        }
    }

    pub(super) fn is_in_exchange(&mut self, id: ConnectionId) -> bool {
        self.connections.get_mut(id).is_some_and(|asker| asker.dialect == Dialect::Exchange)
    }

    /// The file worker is done with a job: says what of that the chat is to hear. Of a file of the
    /// exchange it hears how it ends.
    fn take_file_done(&mut self, id: ConnectionId, done: Done) -> Option<Done> {
        let connection = self.connections.get_mut(id);
        let Some(frames) = connection.and_then(|sender| sender.frames.as_deref_mut()) else {
            return Some(done);
        };
        match frames.job_done() {
            None => Some(done),
            Some(FileJob::Put) => self.take_put(id, done),
            Some(FileJob::Read) => {
                let Done::Piece(Some(piece)) = done else { return self.miss(id) };
                self.fill(id, piece)
            }
        }
    }

    fn take_put(&mut self, id: ConnectionId, done: Done) -> Option<Done> {
        let connection = self.connections.get_mut(id)?;
        let frames = connection.frames.as_deref_mut()?;
        let (piece, heard) = match done {
            Done::Put { .. } => (PieceDone::More, None),
            Done::PutWhole { .. } => (PieceDone::Whole, Some(done)),
            _ => (PieceDone::Failed, Some(Done::Failed)),
        };
        let dropped = frames.piece_done(piece);
        // Its time begins anew, and it may be read on.
        connection.half_since = Moment::NEVER;
        self.make_ready(id);
        if piece == PieceDone::Failed {
            // Of the pieces behind it there is nothing new to be heard.
            self.drop_upload(dropped?);
        }
        heard
    }

    /// A connection ends: the file that it was sending is forgotten.
    pub(super) fn forget_file(&mut self, id: ConnectionId) {
        let connection = self.connections.get_mut(id);
        let frames = connection.and_then(|sender| sender.frames.as_deref_mut());
        if let Some(upload) = frames.and_then(Frames::refuse) {
            self.drop_upload(upload);
        }
    }

    fn drop_upload(&mut self, upload: MessageId) {
        self.submit(ConnectionId::NONE, Job::DropUpload { upload });
        self.submit(ConnectionId::NONE, Job::DropPieces { upload });
    }

    /// Asks for the piece of a file without which a connection's queue stands still.
    pub(super) fn pour(&mut self, id: ConnectionId) {
        let is_crowded = self.queued_memory > self.server.settings.output.total_bytes / 4;
        let Some(connection) = self.connections.get_mut(id) else { return };
        let Some(wanted) = connection.output.wanted() else { return };
        connection.frames.get_or_insert_default().note_job(FileJob::Read);
        let most = if is_crowded { SMALL_PIECE_BYTES } else { RAW_PIECE_BYTES };
        let bytes = usize::try_from(wanted.left).unwrap_or(most).min(most);
        let (sha256, offset) = (wanted.sha256, wanted.offset);
        self.submit(id, Job::ReadPiece { sha256, offset, bytes });
    }

    /// Puts the piece in that was asked for.
    fn fill(&mut self, id: ConnectionId, piece: Box<[u8]>) -> Option<Done> {
        let connection = self.connections.get_mut(id)?;
        if !connection.output.fill(piece) {
            return self.miss(id);
        }
        connection.mark_dirty(&mut self.dirty);
        None
    }

    /// There is no such piece. The file's frame has begun, and what was said of it cannot be taken
    /// back.
    fn miss(&mut self, id: ConnectionId) -> Option<Done> {
        self.lose(id, "a file that it was being sent cannot be read");
        None
    }
}
