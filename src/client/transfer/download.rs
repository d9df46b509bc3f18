//! A file on its way from the server: what to ask next, and what the answers mean.

use super::hash::RunningHash;
use super::protocol::{FileAnswer, FileRequest};
use super::stop::Stop;
use super::target::{Place, Target};
use super::upload::Step;
use crate::client::bounds::{HASHED_PIECES_PER_TURN, PIECE_BYTES};
use crate::client::incoming::Answer;
use crate::message::MessageId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::VecDeque;
use std::path::PathBuf;

/// What the server said of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    name: String,
    size: u64,
    sha256: String,
}

/// A request under way: where its piece begins, or `None` where its answer is of no use any more.
type Sent = Option<u64>;

/// A file that is got.
#[derive(Debug)]
pub(super) struct Download {
    id: MessageId,
    /// Where it is wanted, until a place is found.
    place: Option<Place>,
    known: Option<Known>,
    target: Option<Target>,
    hash: RunningHash,
    under_way: VecDeque<Sent>,
    /// How much is there.
    taken: u64,
    /// Where the next piece to be asked for begins.
    next: u64,
    /// How long a piece of the server's is.
    piece_bytes: u64,
    /// How much was there before anything came.
    found: u64,
}

impl Download {
    /// A file of this number for a place.
    pub(super) fn new(id: MessageId, place: Place) -> Self {
        Self {
            id,
            place: Some(place),
            known: None,
            target: None,
            hash: RunningHash::default(),
            under_way: VecDeque::new(),
            taken: 0,
            next: 0,
            piece_bytes: 0,
            found: 0,
        }
    }

    /// Its number.
    pub(super) const fn id(&self) -> MessageId {
        self.id
    }

    /// Its name, as its sender gave it, once that is known.
    pub(super) fn name(&self) -> Option<&str> {
        Some(&self.known.as_ref()?.name)
    }

    /// Its length in bytes, once that is known.
    pub(super) fn size(&self) -> Option<u64> {
        Some(self.known.as_ref()?.size)
    }

    /// How much is there, in bytes.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// How much was there before anything came, in bytes.
    pub(super) const fn found(&self) -> u64 {
        self.found
    }

    /// Where what is there lies, once something is.
    pub(super) fn part_path(&self) -> Option<PathBuf> {
        Some(self.target.as_ref()?.part_path())
    }

    /// How many answers are waited for.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// The connection is lost, and the answers with it.
    pub(super) fn lose(&mut self) {
        self.under_way.clear();
        self.next = self.taken;
    }

    /// Whether there is something to be asked, or hashed, without waiting for anything.
    pub(super) fn is_ready(&self, most_under_way: usize) -> bool {
        if self.hash.at() < self.taken {
            return true;
        }
        let is_stale = self.under_way.contains(&None);
        match &self.known {
            None => self.under_way.is_empty(),
            Some(known) => {
                self.next < known.size && !is_stale && self.under_way.len() < most_under_way
            }
        }
    }

    /// The next request, if one is due now. Where much has to be hashed first, nothing is, and
    /// [`Self::is_ready`] stays true.
    pub(super) fn poll_request(
        &mut self,
        most_under_way: usize,
    ) -> Result<Option<FileRequest>, Stop> {
        if !self.is_ready(most_under_way) || !self.catch_up()? {
            return Ok(None);
        }
        let offset = self.next;
        if self.known.as_ref().is_some_and(|known| offset >= known.size) {
            return Ok(None);
        }
        // The first piece says how long the others are.
        self.next += self.piece_bytes;
        self.under_way.push_back(Some(offset));
        Ok(Some(FileRequest::Get { id: self.id.to_string(), offset }))
    }

    /// Takes the answer to the oldest request under way.
    pub(super) fn handle_answer(&mut self, answer: Answer) -> Result<Step, Stop> {
        let Some(sent) = self.under_way.pop_front() else { return Err(Stop::Strange) };
        let Some(offset) = sent else { return Ok(Step::On) };
        if answer.is_error() {
            return match answer.code {
                429 | 500 => {
                    self.go_back();
                    Ok(Step::Later)
                }
                code => Err(Stop::Refused { code, text: answer.text }),
            };
        }
        let file = answer.file.map(|file| *file).unwrap_or_default();
        let data = STANDARD.decode(file.data.as_deref().ok_or(Stop::Strange)?);
        let piece = data.map_err(|_| Stop::Strange)?;
        let is_first = self.known.is_none();
        if is_first {
            self.learn(file, &piece)?;
        } else if file.sha256.is_some() && file.sha256.as_ref() != self.sha256() {
            return Err(Stop::Strange);
        }
        self.take(offset, &piece)?;
        Ok(if is_first { Step::Opened } else { Step::On })
    }

    /// Whether what came is what was sent, once all is there; then where it is.
    pub(super) fn poll_verdict(&mut self) -> Option<Result<PathBuf, Stop>> {
        let known = self.known.as_ref()?;
        if self.taken < known.size || self.hash.at() < known.size {
            return None;
        }
        let is_same = self.hash.hex().eq_ignore_ascii_case(&known.sha256);
        let target = self.target.take()?;
        if is_same {
            return Some(target.finish());
        }
        if target.found() > 0 {
            // What was there from before may be of another file that begins in the same way.
            return self.start_anew(target).err().map(Err);
        }
        target.remove();
        Some(Err(Stop::Damaged))
    }

    fn sha256(&self) -> Option<&String> {
        Some(&self.known.as_ref()?.sha256)
    }

    /// Takes what the first answer says of the file, and finds a place for it.
    fn learn(&mut self, file: FileAnswer, head: &[u8]) -> Result<(), Stop> {
        let (Some(name), Some(size), Some(sha256)) = (file.name, file.size, file.sha256) else {
            return Err(Stop::Strange);
        };
        check_piece(0, head, size)?;
        let place = self.place.take().ok_or(Stop::Strange)?;
        let target = Target::open(place, &name, size, head)?;
        self.piece_bytes = (head.len() as u64).max(1);
        self.found = target.found();
        self.taken = self.found;
        self.next = self.taken.max(head.len() as u64);
        self.target = Some(target);
        self.known = Some(Known { name, size, sha256 });
        Ok(())
    }

    fn take(&mut self, offset: u64, piece: &[u8]) -> Result<(), Stop> {
        let (Some(known), Some(target)) = (&self.known, &self.target) else {
            return Err(Stop::Strange);
        };
        check_piece(offset, piece, known.size)?;
        let end = offset + piece.len() as u64;
        // Of the first piece some may be there already.
        let there = usize::try_from(self.taken.saturating_sub(offset)).unwrap_or(usize::MAX);
        if let Some(new) = piece.get(there..).filter(|new| !new.is_empty()) {
            if offset > self.taken {
                return Err(Stop::Strange);
            }
            target.write(self.taken, new)?;
            self.hash.take(offset, piece);
            self.taken = end;
        }
        if end < known.size && piece.len() as u64 != self.piece_bytes {
            self.go_back();
        }
        Ok(())
    }

    /// What is under way is of no use; it goes on behind what is there.
    fn go_back(&mut self) {
        self.under_way.iter_mut().for_each(|sent| *sent = None);
        self.next = self.taken;
    }

    /// Hashes what was there from before, a part in each turn; true when that is done.
    fn catch_up(&mut self) -> Result<bool, Stop> {
        let Some(target) = &self.target else { return Ok(true) };
        for _ in 0..HASHED_PIECES_PER_TURN {
            let bytes = self.taken.saturating_sub(self.hash.at()).min(PIECE_BYTES);
            if bytes == 0 {
                return Ok(true);
            }
            let piece = target.read(self.hash.at(), usize::try_from(bytes).unwrap_or_default())?;
            self.hash.take(self.hash.at(), &piece);
        }
        Ok(self.hash.at() >= self.taken)
    }

    fn start_anew(&mut self, mut target: Target) -> Result<(), Stop> {
        target.clear()?;
        self.target = Some(target);
        self.hash = RunningHash::default();
        self.taken = 0;
        self.go_back();
        Ok(())
    }
}

/// Whether a piece can be one of a file of so many bytes.
fn check_piece(offset: u64, piece: &[u8], size: u64) -> Result<(), Stop> {
    let length = piece.len() as u64;
    let is_too_much = offset + length > size || length > 2 * PIECE_BYTES;
    let is_nothing = length == 0 && offset < size;
    if is_too_much || is_nothing { Err(Stop::Strange) } else { Ok(()) }
}
