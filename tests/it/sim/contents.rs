//! Files as the disk holds them: what the store knows of each, which the writer commits with all
//! else, and their bytes, which only the file worker sees.

use jim::message::{
    AccountId, Announced, AttachmentRecord, Done, MessageId, PutFault, Sha256, Upload,
};
use std::collections::BTreeMap;

/// How large the files are that JIM's clients send.
pub const FILE_BYTES: usize = 8;

/// The most bytes of one file.
pub const MOST_BYTES: u64 = 400;

/// The most bytes of one account's files, and of all guests'.
const OWN_QUOTA: u64 = 5 * FILE_BYTES as u64;
const GUESTS_QUOTA: u64 = 600;

/// The most bytes of all files.
const QUOTA: u64 = GUESTS_QUOTA + 2 * OWN_QUOTA;

/// What a file has at a place; `seed` tells files apart.
pub fn letter(seed: usize, at: usize) -> u8 {
    b'A' + u8::try_from((seed + at) % 26).unwrap()
}

/// What is said with a file: its seed, who sends it (0: somebody), and its size.
pub fn said_with(seed: usize, sender: usize, bytes: usize) -> String {
    format!("f {seed} {sender} {bytes}")
}

/// Reads [`said_with`]: the seed, the sender and the size.
pub fn read_said(text: &str) -> Option<(usize, usize, usize)> {
    let mut words = text.split(' ');
    let is_file = words.next()? == "f";
    let mut number = || words.next()?.parse().ok();
    let said = (number()?, number()?, number()?);
    is_file.then_some(said)
}

#[derive(Default)]
pub struct Files {
    rows: BTreeMap<MessageId, AttachmentRecord>,
    /// What has come of those that are not whole and announced.
    parts: BTreeMap<MessageId, Vec<u8>>,
    whole: BTreeMap<Sha256, Vec<u8>>,
}

// The writer's half.
impl Files {
    pub fn open(&mut self, upload: &Upload) -> Done {
        let own = if upload.sender.is_some() { OWN_QUOTA } else { GUESTS_QUOTA };
        for (limit_bytes, is_own) in [(own, true), (QUOTA, false)] {
            let used_bytes = self.used(upload.sender, is_own);
            if used_bytes + upload.size > limit_bytes {
                return Done::QuotaExceeded { limit_bytes, used_bytes, is_own };
            }
        }
        let record = AttachmentRecord { upload: upload.clone(), sha256: None };
        assert!(self.rows.insert(upload.id, record).is_none(), "two uploads of one number");
        Done::UploadOpened { upload: upload.id }
    }

    fn used(&self, sender: Option<AccountId>, is_own: bool) -> u64 {
        let uploads = self.rows.values().map(|row| &row.upload);
        uploads.filter(|one| !is_own || one.sender == sender).map(|one| one.size).sum()
    }

    /// Whether the upload was open; it is announced from now on, and whole.
    pub fn announce(&mut self, announced: &Announced) -> bool {
        let Some(row) = self.rows.get_mut(&announced.upload) else { return false };
        if row.sha256.is_some() {
            return false;
        }
        let content = self.whole.get(&announced.sha256).expect("it is on disk before that");
        assert_eq!(content.len() as u64, row.upload.size);
        let (seed, _, _) = read_said(&row.upload.text).expect("what clients say");
        let is_it = content.iter().enumerate().all(|(at, byte)| *byte == letter(seed, at));
        assert!(is_it, "{:?} has another file's bytes", announced.upload);
        row.sha256 = Some(announced.sha256);
        true
    }

    /// Forgets an upload that was not announced.
    pub fn drop_upload(&mut self, upload: MessageId) -> Done {
        self.rows.retain(|id, row| *id != upload || row.sha256.is_some());
        Done::UploadDropped { upload }
    }

    /// An account is gone, and what it was sending.
    pub fn forget_sender(&mut self, gone: AccountId) {
        self.rows.retain(|_, row| row.upload.sender != Some(gone) || row.sha256.is_some());
    }

    pub fn record(&self, id: MessageId) -> Option<&AttachmentRecord> {
        self.rows.get(&id)
    }

    /// What a file has that was announced.
    pub fn content(&self, id: MessageId) -> Option<&[u8]> {
        self.whole.get(&self.rows.get(&id)?.sha256?).map(Vec::as_slice)
    }
}

// What is left at the end.
impl Files {
    /// Uploads of guests that are neither announced nor forgotten.
    pub fn open_of_guests(&self) -> impl Iterator<Item = MessageId> {
        let is_guests = |row: &&AttachmentRecord| row.upload.sender.is_none();
        let open = self.rows.values().filter(is_guests).filter(|row| row.sha256.is_none());
        open.map(|row| row.upload.id)
    }
}

// The file worker's half.
impl Files {
    /// The next piece; base64 is taken for the bytes themselves.
    pub fn put(&mut self, upload: MessageId, size: u64, offset: u64, data: &[u8]) -> Done {
        let part = self.parts.entry(upload).or_default();
        let next = part.len() as u64;
        if offset != next {
            return Done::PutOffset { next };
        }
        if next + data.len() as u64 > size {
            return Done::PutRefused(PutFault::Size);
        }
        part.extend_from_slice(data);
        if (part.len() as u64) < size {
            return Done::Put { next: part.len() as u64 };
        }
        let sha256 = sum(part);
        self.whole.insert(sha256, part.clone());
        Done::PutWhole { sha256 }
    }

    pub fn read(&self, sha256: Sha256, offset: u64, bytes: usize) -> Done {
        let content = self.whole.get(&sha256).expect("nobody asks for what was not announced");
        let rest = content.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        Done::Piece(Some(rest.get(..bytes).unwrap_or(rest).into()))
    }

    pub fn drop_pieces(&mut self, upload: MessageId) -> Done {
        self.parts.remove(&upload);
        Done::UploadDropped { upload }
    }
}

/// Stands for a sum.
fn sum(content: &[u8]) -> Sha256 {
    // FNV-1a.
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    let hash = content.iter().fold(0xCBF2_9CE4_8422_2325, step).to_be_bytes();
    Sha256(std::array::from_fn(|at| hash[at % hash.len()]))
}
