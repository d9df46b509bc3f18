//! A file in an output queue: it comes from the disk piece by piece, as the socket takes it.

use crate::message::Sha256;

/// A piece of a file that is needed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The file's content.
    pub sha256: Sha256,
    /// Where the piece begins.
    pub offset: u64,
    /// How many bytes of the file are left from there: the piece has no more.
    pub left: u64,
}

/// A file on its way out.
#[derive(Debug)]
pub(super) struct Pour {
    sha256: Sha256,
    size: u64,
    /// So many bytes of it have been here.
    come: u64,
    /// What goes before its first byte, until that is here.
    lead: Box<[u8]>,
    /// The piece that is here, and how much of it has gone.
    piece: Box<[u8]>,
    gone: usize,
    /// The next piece is on its way.
    is_asked: bool,
}

impl Pour {
    pub(super) fn new(lead: &[u8], sha256: Sha256, size: u64) -> Self {
        debug_assert!(size > 0, "an empty file is nothing but its lead");
        let (lead, piece) = (lead.into(), Box::default());
        Self { sha256, size, come: 0, lead, piece, gone: 0, is_asked: false }
    }

    /// What of it can be written now.
    pub(super) fn data(&self) -> &[u8] {
        self.piece.get(self.gone..).unwrap_or_default()
    }

    /// So many bytes of the data have gone.
    pub(super) const fn skip(&mut self, count: usize) {
        self.gone += count;
    }

    /// Whether there is more of it than what is here.
    pub(super) const fn lacks_more(&self) -> bool {
        self.come < self.size
    }

    /// Lets go of the piece, all of which has gone; says how long it was.
    pub(super) fn give_up(&mut self) -> usize {
        self.gone = 0;
        std::mem::take(&mut self.piece).len()
    }

    /// The next piece, if the last has gone and this was not said before.
    pub(super) fn wanted(&mut self) -> Option<Wanted> {
        let is_wanted = self.lacks_more() && self.piece.is_empty() && !self.is_asked;
        self.is_asked |= is_wanted;
        let (offset, left) = (self.come, self.size - self.come);
        is_wanted.then_some(Wanted { sha256: self.sha256, offset, left })
    }

    /// Takes the piece that was wanted, if it can be that; says how much there is to be written.
    pub(super) fn fill(&mut self, piece: Box<[u8]>) -> Option<usize> {
        let come = self.come + u64::try_from(piece.len()).ok()?;
        if !std::mem::take(&mut self.is_asked) || piece.is_empty() || come > self.size {
            return None;
        }
        self.come = come;
        let lead = std::mem::take(&mut self.lead);
        self.piece = if lead.is_empty() { piece } else { [lead, piece].concat().into() };
        Some(self.piece.len())
    }
}
