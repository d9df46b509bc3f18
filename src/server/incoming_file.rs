//! A file that a client of the exchange sends: from its connection to the file worker, a piece at a
//! time.
//!
//! It is announced by a message, which waits until the file is whole and on disk. Meanwhile nothing
//! else of that connection is handled, and it is read no faster than the pieces are written.

use super::timers::Moment;
use crate::limits::{EXCHANGE_FILE_BYTES_PER_SECOND, RAW_PIECE_BYTES, READ_BUFFER_BYTES};
use crate::message::{Job, MessageId, PutData};
use crate::wire::exchange::Decoder;
use std::collections::VecDeque;
use std::time::Duration;

/// So many pieces of one connection may be on their way to the disk: it is read no further
/// meanwhile.
const UNDER_WAY: u8 = 2;

/// A piece this long is handed over: with one more read it might be too long.
const PIECE_FILLS: usize = RAW_PIECE_BYTES - READ_BUFFER_BYTES;

/// What a connection of the exchange sends: where its stream stands, and the file that comes.
#[derive(Debug, Default)]
pub(super) struct Frames {
    pub(super) decoder: Decoder,
    file: Option<IncomingFile>,
    /// What the file worker is doing for this connection, in its order.
    jobs: VecDeque<FileJob>,
}

/// A job of the file worker for a connection of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileJob {
    /// A piece of the file that comes is written.
    Put,
    /// A piece of the file that its queue has come to is read.
    Read,
}

/// A file from the message that names it to the moment when it is whole.
#[derive(Debug)]
struct IncomingFile {
    stage: Stage,
    /// Pieces on their way to the disk.
    under_way: u8,
    /// All of it was read.
    is_read: bool,
    /// So many bytes were read since its sender was last known to get on.
    since_progress: usize,
    /// When the last of it must have come.
    due: Moment,
}

/// How long a file of so many bytes may take, beyond the time of half an object. Where the server
/// reads no faster than at `read_rate` bytes a second (0: it does), its sender has twice the time
/// that this takes.
pub(super) fn time_to_come(size: u64, read_rate: usize) -> Duration {
    let rate = match read_rate as u64 {
        0 => EXCHANGE_FILE_BYTES_PER_SECOND,
        rate => EXCHANGE_FILE_BYTES_PER_SECOND.min(rate.div_ceil(2)),
    };
    Duration::from_secs(size.div_ceil(rate))
}

#[derive(Debug)]
enum Stage {
    /// Its length is not known yet.
    Named(Named),
    /// The store is asked whether it has room for it.
    Asked { upload: MessageId, size: u64 },
    /// It is taken.
    Taken(Taken),
    /// It is read and dropped.
    Refused,
}

/// What a message says that names a file.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) text: String,
    /// The file's name as given.
    pub(super) name: String,
}

/// A file whose pieces are taken.
#[derive(Debug)]
struct Taken {
    upload: MessageId,
    size: u64,
    /// So many bytes were handed to the file worker.
    handed: u64,
    /// What was read since.
    piece: Vec<u8>,
}

impl Taken {
    /// The next piece's job.
    fn hand_over(&mut self) -> Job {
        let (upload, size, offset) = (self.upload, self.size, self.handed);
        let piece = std::mem::take(&mut self.piece);
        self.handed += piece.len() as u64;
        Job::Put { upload, size, offset, data: PutData::Bytes(piece.into()) }
    }
}

/// What became of a piece, for who waits for more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceDone {
    /// It was taken, and is not the last.
    More,
    /// With it the file is whole.
    Whole,
    /// It was not taken.
    Failed,
}

impl IncomingFile {
    const fn new(stage: Stage) -> Self {
        Self { stage, under_way: 0, is_read: false, since_progress: 0, due: Moment::NEVER }
    }

    const fn holds(&self) -> bool {
        match self.stage {
            Stage::Named(_) => false,
            Stage::Asked { .. } => true,
            Stage::Taken(_) | Stage::Refused => {
                self.under_way >= UNDER_WAY || (self.is_read && self.under_way > 0)
            }
        }
    }

    const fn upload(&self) -> Option<MessageId> {
        match &self.stage {
            Stage::Asked { upload, .. } => Some(*upload),
            Stage::Taken(taken) => Some(taken.upload),
            Stage::Named(_) | Stage::Refused => None,
        }
    }

    const fn is_over(&self) -> bool {
        self.is_read && self.under_way == 0 && matches!(self.stage, Stage::Refused)
    }
}

impl Frames {
    /// Whether the connection is read no further, since its file is waited for.
    pub(super) fn holds(&self) -> bool {
        self.file.as_ref().is_some_and(IncomingFile::holds)
    }

    /// Whether it is the client's turn to send more of a file.
    pub(super) fn awaits_more(&self) -> bool {
        let is_on_disk = |file: &IncomingFile| file.under_way == 0;
        self.decoder.is_inside_file() && self.file.as_ref().is_none_or(is_on_disk)
    }

    /// The message that was just read names a file.
    pub(super) fn expect_file(&mut self, named: Named) {
        self.decoder.expect_file();
        self.file = Some(IncomingFile::new(Stage::Named(named)));
    }

    /// The same, of a file that nobody gets.
    pub(super) fn expect_nothing(&mut self) {
        self.decoder.expect_file();
        self.file = Some(IncomingFile::new(Stage::Refused));
    }

    /// The file's length was read. Says what the message was, unless nobody gets the file; until
    /// the store is asked it counts as refused.
    pub(super) fn begin(&mut self, length: u32) -> Option<Named> {
        let file = self.file.as_mut()?;
        file.is_read = length == 0;
        let stage = std::mem::replace(&mut file.stage, Stage::Refused);
        self.forget_if_over();
        match stage {
            Stage::Named(named) => Some(named),
            Stage::Asked { .. } | Stage::Taken(_) | Stage::Refused => None,
        }
    }

    /// The store is asked whether it has room for the file, all of which must have come by `due`.
    pub(super) fn ask(&mut self, upload: MessageId, size: u64, due: Moment) {
        let mut file = IncomingFile::new(Stage::Asked { upload, size });
        file.is_read = size == 0;
        file.due = due;
        self.file = Some(file);
    }

    /// The store has room. Says what is to be written at once: of an empty file all.
    pub(super) fn open(&mut self) -> Option<Job> {
        let file = self.file.as_mut()?;
        let Stage::Asked { upload, size } = file.stage else { return None };
        let mut taken = Taken { upload, size, handed: 0, piece: Vec::new() };
        let job = file.is_read.then(|| taken.hand_over());
        file.under_way = u8::from(file.is_read);
        file.stage = Stage::Taken(taken);
        job
    }

    /// The store was asked and did not say yes.
    pub(super) fn refuse_asked(&mut self) {
        if self.file.as_ref().is_some_and(|file| matches!(file.stage, Stage::Asked { .. })) {
            self.refuse();
        }
    }

    /// The file that comes is dropped from now on. Says which upload is to be forgotten.
    pub(super) fn refuse(&mut self) -> Option<MessageId> {
        let file = self.file.as_mut()?;
        let upload = file.upload();
        file.stage = Stage::Refused;
        self.forget_if_over();
        upload
    }

    /// A part of the file was read. Says what is to be written now.
    pub(super) fn take_bytes(&mut self, bytes: &[u8], is_last: bool) -> Option<Job> {
        let file = self.file.as_mut()?;
        file.is_read |= is_last;
        file.since_progress += bytes.len();
        let Stage::Taken(taken) = &mut file.stage else {
            self.forget_if_over();
            return None;
        };
        taken.piece.extend_from_slice(bytes);
        if !is_last && taken.piece.len() < PIECE_FILLS {
            return None;
        }
        file.under_way += 1;
        Some(taken.hand_over())
    }

    /// When its sender's time for the whole file is over: never while it is not the sender's turn,
    /// and never for a file that is dropped, which holds no room.
    pub(super) fn due(&self) -> Moment {
        let taken = self.file.as_ref().filter(|file| matches!(file.stage, Stage::Taken(_)));
        taken.filter(|_| self.awaits_more()).map_or(Moment::NEVER, |file| file.due)
    }

    /// Whether enough of the file has come to speak of progress, since this was last asked.
    pub(super) fn has_progressed(&mut self) -> bool {
        let Some(file) = &mut self.file else { return true };
        let has = file.since_progress >= PIECE_FILLS;
        if has {
            file.since_progress = 0;
        }
        has
    }

    /// A job is handed to the file worker.
    pub(super) fn note_job(&mut self, job: FileJob) {
        self.jobs.push_back(job);
    }

    /// The file worker is done with a job: with which.
    pub(super) fn job_done(&mut self) -> Option<FileJob> {
        self.jobs.pop_front()
    }

    /// What became of a piece is known.
    pub(super) fn piece_done(&mut self, done: PieceDone) -> Option<MessageId> {
        let file = self.file.as_mut()?;
        file.under_way = file.under_way.saturating_sub(1);
        match done {
            PieceDone::More => {}
            PieceDone::Whole => self.file = None,
            PieceDone::Failed => return self.refuse(),
        }
        self.forget_if_over();
        None
    }

    fn forget_if_over(&mut self) {
        if self.file.as_ref().is_some_and(IncomingFile::is_over) {
            self.file = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPLOAD: MessageId = MessageId(7);

    fn named() -> Named {
        Named { text: "t".to_owned(), name: "n".to_owned() }
    }

    fn due() -> Moment {
        Moment::at(Duration::from_secs(100))
    }

    /// A file of so many bytes that the store has room for.
    fn opened(size: u32) -> Frames {
        let mut frames = Frames::default();
        frames.expect_file(named());
        assert!(frames.awaits_more() && !frames.holds(), "its length is to come");
        assert!(frames.begin(size).is_some());
        frames.ask(UPLOAD, u64::from(size), due());
        assert!(frames.holds(), "the store is asked");
        frames
    }

    /// What a job writes: where, and how much.
    fn written(job: Option<Job>) -> Option<(u64, usize)> {
        let Job::Put { upload, offset, data, .. } = job? else { panic!("another job") };
        assert_eq!(upload, UPLOAD);
        Some((offset, data.len()))
    }

    #[test]
    fn pieces_are_handed_over_when_they_are_full_and_two_at_most() {
        let part = vec![1; READ_BUFFER_BYTES];
        let mut frames = opened(100 * 1024);
        assert_eq!(frames.open(), None);
        assert!(!frames.holds());
        for _ in 0..2 {
            assert_eq!(frames.take_bytes(&part, false), None);
        }
        assert_eq!(written(frames.take_bytes(&part, false)), Some((0, PIECE_FILLS)));
        assert!(!frames.holds() && !frames.awaits_more());
        assert!(frames.take_bytes(&part, false).is_none());
        assert!(frames.take_bytes(&part, false).is_none());
        let next = PIECE_FILLS as u64;
        assert_eq!(written(frames.take_bytes(&part, false)), Some((next, PIECE_FILLS)));
        assert!(frames.holds(), "two are under way");
        assert_eq!(frames.piece_done(PieceDone::More), None);
        assert!(!frames.holds());
        assert_eq!(written(frames.take_bytes(&part[..4096], true)), Some((2 * next, 4096)));
        assert!(frames.holds());
        assert_eq!(frames.piece_done(PieceDone::More), None);
        assert!(frames.holds(), "what is behind the file waits until it is whole");
        assert_eq!(frames.piece_done(PieceDone::Whole), None);
        assert!(!frames.holds() && frames.file.is_none());
        assert_eq!(frames.refuse(), None, "it is nobody's to forget any more");
    }

    #[test]
    fn an_empty_file_is_one_empty_piece() {
        let mut frames = opened(0);
        assert_eq!(written(frames.open()), Some((0, 0)));
        assert!(frames.holds());
        frames.piece_done(PieceDone::Whole);
        assert!(frames.file.is_none());
    }

    #[test]
    fn a_refused_file_is_read_to_its_end() {
        let mut frames = Frames::default();
        frames.expect_file(named());
        assert!(frames.begin(5).is_some());
        assert!(!frames.holds());
        assert!(frames.take_bytes(b"abc", false).is_none());
        assert!(frames.file.is_some());
        assert!(frames.take_bytes(b"de", true).is_none());
        assert!(frames.file.is_none());
        frames.expect_nothing();
        assert!(frames.begin(0).is_none());
        assert!(frames.file.is_none(), "an empty one has no more to read");
        let mut frames = opened(5);
        frames.refuse_asked();
        assert!(!frames.holds() && frames.open().is_none());
        frames.take_bytes(b"abcde", true);
        assert!(frames.file.is_none());
    }

    #[test]
    fn who_is_gone_leaves_an_upload_to_be_forgotten() {
        assert_eq!(opened(9).refuse(), Some(UPLOAD));
        let mut frames = opened(9);
        frames.open();
        frames.take_bytes(b"abc", false);
        assert_eq!(frames.refuse(), Some(UPLOAD));
        assert_eq!(frames.refuse(), None, "once");
        assert_eq!(Frames::default().refuse(), None);
    }

    #[test]
    fn what_fails_is_forgotten_once_and_its_rest_read() {
        let part = vec![1; PIECE_FILLS];
        let mut frames = opened(1 << 20);
        frames.open();
        frames.take_bytes(&part, false);
        frames.take_bytes(&part, false);
        assert_eq!(frames.piece_done(PieceDone::Failed), Some(UPLOAD));
        assert!(!frames.holds(), "one is still under way");
        assert_eq!(frames.piece_done(PieceDone::Failed), None);
        assert!(frames.take_bytes(&part, true).is_none());
        assert!(frames.file.is_none());
    }

    #[test]
    fn progress_is_as_much_as_a_piece() {
        let mut frames = Frames::default();
        frames.expect_nothing();
        frames.begin(1 << 20);
        frames.take_bytes(&[0; PIECE_FILLS - 1], false);
        assert!(!frames.has_progressed());
        frames.take_bytes(&[0], false);
        assert!(frames.has_progressed());
        assert!(!frames.has_progressed());
    }

    #[test]
    fn a_file_that_is_taken_must_have_come_in_its_time_however_it_progresses() {
        let mut frames = opened(1 << 20);
        assert_eq!(frames.due(), Moment::NEVER, "the store is asked");
        frames.open();
        assert_eq!(frames.due(), due());
        assert!(frames.take_bytes(&[0; PIECE_FILLS], false).is_some());
        assert!(frames.has_progressed());
        assert_eq!(frames.due(), Moment::NEVER, "the disk has its turn");
        frames.piece_done(PieceDone::More);
        assert_eq!(frames.due(), due(), "progress puts nothing off");
        frames.refuse();
        assert_eq!(frames.due(), Moment::NEVER, "what is dropped holds no room");
        assert_eq!(Frames::default().due(), Moment::NEVER);
    }

    #[test]
    fn the_time_for_a_file_goes_by_its_size_and_by_how_fast_it_is_read() {
        let seconds = Duration::from_secs;
        let rows = [
            (0, 0, 0),
            (1, 0, 1),
            (EXCHANGE_FILE_BYTES_PER_SECOND, 0, 1),
            (16 << 20, 0, 1024),
            (16 << 20, 1 << 20, 1024),
            (1000, 100, 20),
            (1000, 1, 1000),
        ];
        for (size, rate, expected) in rows {
            assert_eq!(time_to_come(size, rate), seconds(expected), "{size} at {rate}");
        }
    }
}
