//! A file on its way to the server: what to ask next, and what the answers mean.
//!
//! Several pieces may be under way. Where one is refused, those behind it are of no use: all their
//! answers are waited for, and then it goes on from where the server says that it stands.

use super::protocol::{FileAnswer, FileRequest};
use super::source::Source;
use super::stop::Stop;
use crate::client::bounds::HASHED_PIECES_PER_TURN;
use crate::client::incoming::Answer;
use crate::message::MessageId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::VecDeque;

/// What is done at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The server is to give it a number.
    Opening,
    /// An empty piece at the end asks where a known upload stands.
    Probing,
    /// The server knows no such upload; perhaps it was whole already.
    Looking,
    /// Pieces are sent.
    Sending,
    /// The server has all.
    Whole,
}

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Open,
    Probe,
    Look,
    /// It ends here.
    Piece(u64),
    /// Its answer is of no use but for where the server stands.
    Stale,
}

/// What came of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It goes on.
    On,
    /// The upload has a number now, or stands where it stood before.
    Opened,
    /// It failed for now: after a pause it goes on.
    Later,
    /// Done, and what was sent is what the server has.
    Done,
}

/// A file that is sent.
#[derive(Debug)]
pub(super) struct Upload {
    source: Source,
    to: String,
    message: Option<String>,
    id: Option<MessageId>,
    stage: Stage,
    under_way: VecDeque<Sent>,
    /// How much the server is known to have.
    taken: u64,
    /// Where the next piece to be sent begins.
    next: u64,
    /// What the server says that it has, once that is all.
    sha256: Option<String>,
    /// Whether a remembered upload was found to be none.
    began_anew: bool,
}

impl Upload {
    /// A file for someone.
    pub(super) const fn new(source: Source, to: String, message: Option<String>) -> Self {
        Self {
            source,
            to,
            message,
            stage: Stage::Opening,
            id: None,
            under_way: VecDeque::new(),
            taken: 0,
            next: 0,
            sha256: None,
            began_anew: false,
        }
    }

    /// It was begun before, under this number.
    pub(super) const fn take_up(&mut self, id: MessageId) {
        self.id = Some(id);
        self.stage = Stage::Probing;
    }

    /// The file.
    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// Whom it is for.
    pub(super) fn to(&self) -> &str {
        &self.to
    }

    /// The text that goes with it.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The number that the server gave it.
    pub(super) const fn id(&self) -> Option<MessageId> {
        self.id
    }

    /// How much the server has, in bytes.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// How many answers are waited for.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Whether all of it was sent, be it that the server's word is still to come.
    pub(super) const fn is_all_sent(&self) -> bool {
        let has_sent = self.next >= self.source.size() && self.id.is_some();
        matches!(self.stage, Stage::Whole) || has_sent
    }

    /// The connection is lost, and the answers with it.
    pub(super) fn lose(&mut self) {
        self.under_way.clear();
        self.start_again();
    }

    /// Whether there is something to be asked, or read, without waiting for anything.
    pub(super) fn is_ready(&self, most_under_way: usize) -> bool {
        match self.stage {
            Stage::Opening | Stage::Probing | Stage::Looking => self.under_way.is_empty(),
            Stage::Sending => {
                let is_stale = self.under_way.contains(&Sent::Stale);
                self.has_piece() && !is_stale && self.under_way.len() < most_under_way
            }
            Stage::Whole => self.source.sha256().is_none(),
        }
    }

    /// The next request, if one is due now. Where much has to be hashed first, nothing is, and
    /// [`Self::is_ready`] stays true.
    pub(super) fn poll_request(
        &mut self,
        from: &str,
        most_under_way: usize,
    ) -> Result<Option<FileRequest>, Stop> {
        if !self.is_ready(most_under_way) {
            return Ok(None);
        }
        let id = self.id.map(|id| id.to_string()).unwrap_or_default();
        let offset = self.source.size();
        let (sent, request) = match self.stage {
            Stage::Opening => (Sent::Open, self.opening(from)),
            Stage::Probing => (Sent::Probe, FileRequest::Put { id, offset, data: String::new() }),
            Stage::Looking => (Sent::Look, FileRequest::Get { id, offset }),
            Stage::Sending => match self.next_piece(id)? {
                Some(request) => (Sent::Piece(self.next), request),
                None => return Ok(None),
            },
            Stage::Whole => {
                self.source.catch_up(offset, HASHED_PIECES_PER_TURN)?;
                return Ok(None);
            }
        };
        self.under_way.push_back(sent);
        Ok(Some(request))
    }

    /// Takes the answer to the oldest request under way.
    pub(super) fn handle_answer(&mut self, answer: Answer) -> Result<Step, Stop> {
        let Some(sent) = self.under_way.pop_front() else { return Err(Stop::Strange) };
        let file = answer.file.clone().map(|file| *file).unwrap_or_default();
        if answer.is_error() {
            return self.handle_refusal(sent, answer, &file);
        }
        match sent {
            Sent::Open => self.handle_opened(&file),
            _ => self.handle_taken(sent, file),
        }
    }

    /// Whether the server has what was sent, once all is sent and hashed.
    pub(super) fn poll_verdict(&self) -> Option<Result<(), Stop>> {
        let (theirs, ours) = (self.sha256.as_ref()?, self.source.sha256()?);
        Some(if theirs.eq_ignore_ascii_case(&ours) { Ok(()) } else { Err(Stop::Damaged) })
    }

    fn opening(&self, from: &str) -> FileRequest {
        FileRequest::Upload {
            to: self.to.clone(),
            from: from.to_owned(),
            name: self.source.name().to_owned(),
            size: self.source.size(),
            message: self.message.clone(),
        }
    }

    /// Whether a piece is left to be sent: a file without any byte has one all the same.
    fn has_piece(&self) -> bool {
        let nothing_sent = self.taken == 0 && self.under_way.is_empty();
        self.next < self.source.size() || (self.source.size() == 0 && nothing_sent)
    }

    fn next_piece(&mut self, id: String) -> Result<Option<FileRequest>, Stop> {
        let offset = self.next;
        if !self.source.catch_up(offset, HASHED_PIECES_PER_TURN)? {
            return Ok(None);
        }
        let piece = self.source.read(offset)?;
        self.next += piece.len() as u64;
        Ok(Some(FileRequest::Put { id, offset, data: STANDARD.encode(piece) }))
    }

    fn handle_opened(&mut self, file: &FileAnswer) -> Result<Step, Stop> {
        self.id = Some(file.id.ok_or(Stop::Strange)?);
        self.stage = Stage::Sending;
        self.stand_at(file.next.unwrap_or_default())?;
        Ok(Step::Opened)
    }

    fn handle_taken(&mut self, sent: Sent, file: FileAnswer) -> Result<Step, Stop> {
        if let Some(sha256) = file.sha256 {
            (self.taken, self.next) = (self.source.size(), self.source.size());
            (self.stage, self.sha256) = (Stage::Whole, Some(sha256));
            return Ok(Step::Done);
        }
        // A server that has all says what.
        let next = file.next.filter(|next| *next < self.source.size()).ok_or(Stop::Strange)?;
        match sent {
            Sent::Piece(end) if end != next => return Err(Stop::Strange),
            Sent::Piece(_) => self.taken = next,
            _ => {
                self.stage = Stage::Sending;
                (self.taken, self.next) = (next, next);
            }
        }
        Ok(Step::On)
    }

    fn handle_refusal(
        &mut self,
        sent: Sent,
        answer: Answer,
        file: &FileAnswer,
    ) -> Result<Step, Stop> {
        let is_passing = matches!(answer.code, 429 | 500);
        match (sent, file.next) {
            // It does not say more than the answer that made it so.
            (Sent::Stale, None) => Ok(Step::On),
            (Sent::Probe | Sent::Piece(_) | Sent::Stale, Some(next)) if answer.code == 400 => {
                self.make_stale();
                self.stage = Stage::Sending;
                self.stand_at(next)?;
                Ok(match sent {
                    Sent::Probe => Step::Opened,
                    Sent::Piece(_) => Step::Later,
                    _ => Step::On,
                })
            }
            _ if is_passing => {
                self.make_stale();
                self.start_again();
                Ok(Step::Later)
            }
            (Sent::Probe, _) if answer.code == 404 => {
                self.stage = Stage::Looking;
                Ok(Step::On)
            }
            (Sent::Look, _) if answer.code == 404 && !self.began_anew => {
                self.began_anew = true;
                self.id = None;
                self.start_again();
                Ok(Step::On)
            }
            _ => Err(Stop::Refused { code: answer.code, text: answer.text }),
        }
    }

    /// It goes on from where the server stands.
    fn stand_at(&mut self, next: u64) -> Result<(), Stop> {
        if next > self.source.size() {
            return Err(Stop::Strange);
        }
        (self.taken, self.next) = (next, next);
        Ok(())
    }

    fn make_stale(&mut self) {
        self.under_way.iter_mut().for_each(|sent| *sent = Sent::Stale);
    }

    fn start_again(&mut self) {
        if self.stage != Stage::Whole {
            self.stage = if self.id.is_some() { Stage::Probing } else { Stage::Opening };
        }
    }
}
