//! What was written, and what a power cut leaves of it.
//!
//! What was written to a file before its last sync is there. Of what came later, each write may have
//! reached the disk or not, whatever their order was, and the last one in part.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes were written.
    Write { file: String, offset: u64, bytes: Vec<u8> },
    /// A file was cut to this length.
    Truncate { file: String, length: u64 },
    /// A file was removed; at once for good, or like a write.
    Delete { file: String, is_lasting: bool },
    /// What was written to the file lasts.
    Sync { file: String },
    /// The test's own.
    Mark(u64),
}

impl Event {
    fn file(&self) -> Option<&str> {
        match self {
            Self::Write { file, .. }
            | Self::Truncate { file, .. }
            | Self::Delete { file, .. }
            | Self::Sync { file } => Some(file),
            Self::Mark(_) => None,
        }
    }

    fn is_lasting(&self) -> bool {
        matches!(self, Self::Sync { .. } | Self::Delete { is_lasting: true, .. })
    }
}

/// What of the unsynced writes a power cut loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// All of them.
    All,
    /// None of them.
    Nothing,
    /// The second half of the last one.
    HalfOfTheLast,
    /// Some of them, by a seed.
    Some(u64),
}

/// The files of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Reads all but the memory that processes share.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = crate::state::name_of(&path);
            if path.is_file() && !name.ends_with("-shm") {
                files.0.insert(name, fs::read(&path)?);
            }
        }
        Ok(files)
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Write { file, offset, bytes } => {
                let content = self.0.entry(file.clone()).or_default();
                let start = usize::try_from(*offset).expect("a small file");
                let end = start + bytes.len();
                content.resize(content.len().max(end), 0);
                content[start..end].copy_from_slice(bytes);
            }
            Event::Truncate { file, length } => {
                let length = usize::try_from(*length).expect("a small file");
                self.0.entry(file.clone()).or_default().truncate(length);
            }
            Event::Delete { file, .. } => {
                self.0.remove(file);
            }
            Event::Sync { file } => {
                self.0.entry(file.clone()).or_default();
            }
            Event::Mark(_) => {}
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        self.0.iter().try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
    }
}

/// All that was written in a folder, in order.
#[derive(Debug, Clone)]
pub struct Recording {
    pub(crate) start: Files,
    pub(crate) events: Vec<Event>,
}

impl Recording {
    /// The moments right after each sync, counted in events from the beginning.
    #[must_use]
    pub fn syncs(&self) -> Vec<usize> {
        let events = (1..).zip(&self.events);
        events.filter(|(_, e)| matches!(e, Event::Sync { .. })).map(|(moment, _)| moment).collect()
    }

    /// The moment after everything.
    #[must_use]
    pub fn end(&self) -> usize {
        self.events.len()
    }

    /// The marks that were set before a moment.
    pub fn marks(&self, moment: usize) -> impl Iterator<Item = u64> + '_ {
        self.events.iter().take(moment).filter_map(|event| match event {
            Event::Mark(mark) => Some(*mark),
            _ => None,
        })
    }

    /// Fills an empty folder with what is on the disk when the power is cut at a moment.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn cut(&self, moment: usize, lost: Lost, folder: &Path) -> io::Result<()> {
        let events = self.events.get(..moment).unwrap_or(&self.events);
        let mut files = self.start.clone();
        let mut chance = Chance(match lost {
            Lost::Some(seed) => seed.wrapping_mul(2).wrapping_add(1),
            _ => 1,
        });
        let names: Vec<&str> = events.iter().filter_map(Event::file).collect();
        let last_write = events.iter().rposition(|e| matches!(e, Event::Write { .. }));
        for name in names.iter().collect::<std::collections::BTreeSet<_>>() {
            let own = |event: &Event| event.file() == Some(*name);
            let lasts = events.iter().rposition(|e| own(e) && e.is_lasting());
            for (place, event) in events.iter().enumerate().filter(|(_, event)| own(event)) {
                let reached = match lost {
                    _ if lasts.is_some_and(|lasts| place <= lasts) => Reached::Whole,
                    Lost::All => Reached::Not,
                    Lost::Nothing => Reached::Whole,
                    Lost::HalfOfTheLast if Some(place) == last_write => Reached::Half,
                    Lost::HalfOfTheLast => Reached::Whole,
                    Lost::Some(_) => chance.reached(),
                };
                match (reached, event) {
                    (Reached::Whole, event) => files.apply(event),
                    (Reached::Half, Event::Write { file, offset, bytes }) => {
                        let bytes = bytes[..bytes.len() / 2].to_vec();
                        files.apply(&Event::Write { file: file.clone(), offset: *offset, bytes });
                    }
                    // What came later went into a new file, which is not there either.
                    (_, Event::Delete { .. }) => break,
                    _ => {}
                }
            }
        }
        files.write(folder)
    }
}

/// How much of a write is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Whole,
    Half,
    Not,
}

/// A row of numbers that a seed determines (xorshift).
struct Chance(u64);

impl Chance {
    fn reached(&mut self) -> Reached {
        // The first few numbers of small seeds are alike.
        for _ in 0..8 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
        }
        match (self.0 >> 32) % 8 {
            0..=3 => Reached::Whole,
            4 => Reached::Half,
            _ => Reached::Not,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(file: &str, offset: u64, bytes: &[u8]) -> Event {
        Event::Write { file: file.to_owned(), offset, bytes: bytes.to_vec() }
    }

    fn sync(file: &str) -> Event {
        Event::Sync { file: file.to_owned() }
    }

    fn after(recording: &Recording, moment: usize, lost: Lost) -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        recording.cut(moment, lost, folder.path()).unwrap();
        Files::read(folder.path()).unwrap().0
    }

    fn files<const N: usize>(files: [(&str, &[u8]); N]) -> BTreeMap<String, Vec<u8>> {
        files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into()
    }

    #[test]
    fn what_was_synced_is_there_and_nothing_else_need_be() {
        let events = vec![
            write("a", 0, b"one"),
            sync("a"),
            Event::Mark(7),
            write("a", 3, b"two"),
            write("b", 1, b"x"),
        ];
        let recording = Recording { start: Files::default(), events };
        assert_eq!(recording.syncs(), [2]);
        assert_eq!(recording.marks(2).count(), 0);
        assert_eq!(recording.marks(3).collect::<Vec<_>>(), [7]);
        assert_eq!(after(&recording, 1, Lost::All), files([]));
        assert_eq!(after(&recording, 5, Lost::All), files([("a", b"one")]));
        let all = files([("a", b"onetwo"), ("b", b"\0x")]);
        assert_eq!(after(&recording, 5, Lost::Nothing), all);
        let half = files([("a", b"onet")]);
        assert_eq!(after(&recording, 4, Lost::HalfOfTheLast), half);
        let seeds = (0..50).map(|seed| after(&recording, 5, Lost::Some(seed)));
        let outcomes: std::collections::BTreeSet<_> = seeds.collect();
        assert!(outcomes.len() > 4, "{outcomes:?}");
        assert!(outcomes.iter().all(|files| files["a"].starts_with(b"one")), "{outcomes:?}");
    }

    #[test]
    fn a_file_is_gone_for_good_or_perhaps() {
        let delete = |is_lasting| Event::Delete { file: "a".to_owned(), is_lasting };
        let start = Files(files([("a", b"old")]));
        for (is_lasting, left) in [(true, files([])), (false, files([("a", b"old")]))] {
            let events = vec![delete(is_lasting), write("a", 0, b"n")];
            let recording = Recording { start: start.clone(), events };
            assert_eq!(after(&recording, 2, Lost::All), left);
            assert_eq!(after(&recording, 2, Lost::Nothing), files([("a", b"n")]));
        }
    }

    #[test]
    fn a_cut_file_is_short() {
        let events = vec![Event::Truncate { file: "a".to_owned(), length: 1 }];
        let recording = Recording { start: Files(files([("a", b"old")])), events };
        assert_eq!(after(&recording, 1, Lost::Nothing), files([("a", b"o")]));
        assert_eq!(after(&recording, 1, Lost::All), files([("a", b"old")]));
    }
}
