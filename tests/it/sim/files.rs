//! Files of the exchange as the server has them: those that come, piece by piece, from a connection
//! to the file worker, and those that queues wait for, from there.

use super::contents::MOST_BYTES;
use super::disk;
use super::world::{Owed, World};
use jim::chat::Offered;
use jim::message::{ConnectionId, Dialect, Done, Job, MessageId, Phrase, PutData, Upload};
use jim::wire::attachment::Attachment;
use jim::wire::exchange;
use std::collections::VecDeque;

/// A piece this long goes to the file worker.
const PIECE_BYTES: usize = 40;

/// So many pieces of one connection may be on their way there.
const UNDER_WAY: usize = 2;

/// What a connection of the exchange sends, and is sent.
#[derive(Default)]
pub struct Pours {
    coming: Option<Coming>,
    /// What the file worker does for it, in that order: whether each is a piece that comes.
    jobs: VecDeque<bool>,
}

struct Coming {
    stage: Stage,
    under_way: usize,
    /// All of it was read.
    is_read: bool,
}

enum Stage {
    Named {
        text: String,
        name: String,
    },
    Asked {
        upload: MessageId,
        size: u64,
    },
    Taken {
        upload: MessageId,
        size: u64,
        handed: u64,
        piece: Vec<u8>,
    },
    /// It is read and dropped.
    Refused,
}

impl Coming {
    const fn new(stage: Stage) -> Self {
        Self { stage, under_way: 0, is_read: false }
    }
}

impl Pours {
    /// Whether nothing more is read for now.
    pub fn holds(&self) -> bool {
        self.coming.as_ref().is_some_and(|coming| match coming.stage {
            Stage::Named { .. } => false,
            Stage::Asked { .. } => true,
            Stage::Taken { .. } | Stage::Refused => {
                coming.under_way >= UNDER_WAY || (coming.is_read && coming.under_way > 0)
            }
        })
    }

    /// Whether the file that comes is its sender's to go on with.
    pub fn awaits_more(&self) -> bool {
        self.coming.as_ref().is_some_and(|coming| coming.under_way == 0 && !self.holds())
    }

    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.coming.is_none()
    }

    /// The file that comes is dropped; says which upload is to be forgotten.
    pub fn refuse(&mut self) -> Option<MessageId> {
        let coming = self.coming.as_mut()?;
        let upload = match coming.stage {
            Stage::Asked { upload, .. } | Stage::Taken { upload, .. } => Some(upload),
            Stage::Named { .. } | Stage::Refused => None,
        };
        coming.stage = Stage::Refused;
        self.forget_if_over();
        upload
    }

    fn forget_if_over(&mut self) {
        let is_over = |coming: &Coming| {
            coming.is_read && coming.under_way == 0 && matches!(coming.stage, Stage::Refused)
        };
        self.coming = self.coming.take().filter(|coming| !is_over(coming));
    }

    /// The next piece's job, if one is to be handed over.
    fn hand_over(&mut self, at_once: bool) -> Option<Job> {
        let coming = self.coming.as_mut()?;
        let Stage::Taken { upload, size, handed, piece } = &mut coming.stage else { return None };
        if !at_once && piece.len() < PIECE_BYTES {
            return None;
        }
        let (upload, size, offset) = (*upload, *size, *handed);
        *handed += piece.len() as u64;
        coming.under_way += 1;
        self.jobs.push_back(true);
        let data = PutData::Bytes(std::mem::take(piece).into());
        Some(Job::Put { upload, size, offset, data })
    }
}

// Files that come.
impl World {
    /// A message names a file.
    pub(super) fn expect_file(&mut self, id: ConnectionId, text: String, name: String) {
        let has_files = self.policy.attachments.max_bytes > 0;
        let end = self.wires.end(id).expect("it was heard");
        end.socket.frames.expect_file();
        if has_files {
            end.pours.coming = Some(Coming::new(Stage::Named { text, name }));
        } else {
            end.pours.coming = Some(Coming::new(Stage::Refused));
            self.say_in_exchange(id, &text);
        }
    }

    /// Its length is known.
    pub(super) fn begin_file(&mut self, id: ConnectionId, length: u32) {
        let pours = &mut self.wires.end(id).expect("it was heard").pours;
        let Some(coming) = pours.coming.as_mut() else { return };
        coming.is_read = length == 0;
        let stage = std::mem::replace(&mut coming.stage, Stage::Refused);
        pours.forget_if_over();
        let Stage::Named { text, name } = stage else {
            return self.malformed(id, Phrase::NoFiles);
        };
        self.trace.push(format!("{id:?} > a file of {length}: {text}"));
        self.line(id).owed.push_back(Owed::default());
        let file = Offered { text: &text, name: &name, size: u64::from(length) };
        self.chat.handle_file(self.now, id, file);
        self.take_effects(None);
    }

    /// The store is asked whether it has room.
    pub(super) fn note_upload(&mut self, id: ConnectionId, upload: &Upload) {
        assert!(upload.size <= MOST_BYTES, "it is too large");
        let Some(end) = self.wires.end(id).filter(|end| end.socket.dialect == Dialect::Exchange)
        else {
            return;
        };
        let mut coming = Coming::new(Stage::Asked { upload: upload.id, size: upload.size });
        coming.is_read = upload.size == 0;
        end.pours.coming = Some(coming);
    }

    /// The store has answered that.
    pub(super) fn note_opened(&mut self, id: ConnectionId, done: &Done) {
        let Some(pours) = self.wires.end(id).map(|end| &mut end.pours) else { return };
        let Some(coming) = pours.coming.as_mut() else { return };
        let Stage::Asked { upload, size } = coming.stage else { return };
        if !matches!(done, Done::UploadOpened { .. }) {
            pours.refuse();
            return;
        }
        coming.stage = Stage::Taken { upload, size, handed: 0, piece: Vec::new() };
        if coming.is_read {
            let job = pours.hand_over(true);
            self.put(id, job);
        }
    }

    /// A part of it was read.
    pub(super) fn take_piece(&mut self, id: ConnectionId, bytes: &[u8], is_last: bool) {
        let pours = &mut self.wires.end(id).expect("it was heard").pours;
        let Some(coming) = pours.coming.as_mut() else { return };
        coming.is_read |= is_last;
        if let Stage::Taken { piece, .. } = &mut coming.stage {
            piece.extend_from_slice(bytes);
            let job = pours.hand_over(is_last);
            return self.put(id, job);
        }
        pours.forget_if_over();
    }

    fn put(&mut self, id: ConnectionId, job: Option<Job>) {
        self.files_to_do.extend(job.map(|job| (id, job)));
    }

    /// The connection ends: what it was sending is forgotten.
    pub(super) fn drop_upload(&mut self, upload: Option<MessageId>) {
        let Some(upload) = upload else { return };
        self.trace.push(format!("{upload:?} is forgotten"));
        self.forgotten.insert(upload);
        self.to_write.push_back((ConnectionId::NONE, Job::DropUpload { upload }));
        self.files_to_do.push_back((ConnectionId::NONE, Job::DropPieces { upload }));
    }

    fn put_done(&mut self, id: ConnectionId, done: Done) {
        let pours = &mut self.wires.any_end(id).expect("it is there").pours;
        let Some(coming) = pours.coming.as_mut() else { return };
        coming.under_way = coming.under_way.saturating_sub(1);
        match done {
            Done::Put { .. } => pours.forget_if_over(),
            Done::PutWhole { .. } => {
                pours.coming = None;
                self.done(id, done);
            }
            _ => {
                if let Some(upload) = pours.refuse() {
                    self.drop_upload(Some(upload));
                    self.done(id, Done::Failed);
                }
            }
        }
    }
}

// The file worker, and files that go.
impl World {
    /// The file worker does the next thing, or says that it has.
    pub(super) fn work_on_files(&mut self) {
        if self.random.below(2) == 0
            && let Some((id, job)) = self.files_to_do.pop_front()
        {
            let is_asked = matches!(job, Job::Put { .. } | Job::ReadPiece { .. });
            let done = match self.random.below(16) {
                0 => disk::failed(&job),
                1 if is_asked && !self.wires.is_in_exchange(id) => Done::Busy { seconds: 1 },
                _ => self.disk.carry_out(job, &mut self.random),
            };
            self.files_done.push_back((id, done));
        }
        if self.random.below(2) == 0
            && let Some((id, done)) = self.files_done.pop_front()
        {
            self.file_done(id, done);
        }
    }

    fn file_done(&mut self, id: ConnectionId, done: Done) {
        let job = self.wires.any_end(id).and_then(|end| end.pours.jobs.pop_front());
        match (job, done) {
            (None, done) => self.done(id, done),
            (Some(true), done) => self.put_done(id, done),
            (Some(false), Done::Piece(Some(piece))) => {
                let output = &mut self.wires.any_end(id).expect("it is there").socket.output;
                assert!(output.fill(piece), "no piece of the file that it waits for");
                self.trace.push(format!("{id:?} is poured a piece"));
            }
            (Some(false), _) => {
                self.trace.push(format!("{id:?} is lost with its file"));
                self.lose(id);
            }
        }
    }

    /// Hands a file to a connection of the exchange.
    pub(super) fn pour_to(&mut self, id: ConnectionId, object: &[u8], unix_micros: u64) {
        let file = Attachment::read(object).expect("a file");
        let content = file.content().expect("its sum");
        let size = u32::try_from(file.size).expect("a small file");
        let (length, mut out) = (exchange::file_length(size), Vec::new());
        exchange::write_attachment(&mut out, &file.from, &file.message, &file.name, unix_micros);
        self.wires.pour(id, &out, (&length, content, file.size));
    }

    /// Asks for the pieces that queues stand still for.
    pub(super) fn ask_for_pieces(&mut self) {
        for (id, end) in self.wires.all_ends() {
            let Some(wanted) = end.socket.output.wanted() else { continue };
            end.pours.jobs.push_back(false);
            let bytes = PIECE_BYTES.min(usize::try_from(wanted.left).unwrap());
            let (sha256, offset) = (wanted.sha256, wanted.offset);
            self.files_to_do.push_back((id, Job::ReadPiece { sha256, offset, bytes }));
        }
    }
}
