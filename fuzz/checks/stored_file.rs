//! A store that was damaged anywhere: opened or refused, each record read or named as damaged; and
//! what the check finds whole can be exported.

use super::input::Input;
use super::scratch::Scratch;
use jim::limits::Limits;
use jim::message::Durability;
use jim::workers::db::{DbError, check as check_store, export, import};
use jim::workers::{Accounts, DataFolder, Invitations, Reader, Store};
use std::fs;
use std::sync::OnceLock;

/// Something of everything.
const CONTENT: &[u8] = include_bytes!("../corpus/export_lines/everything");

/// The bytes of a store that has it.
fn whole_store() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let scratch = Scratch::new();
        let folder = scratch.path().join("data");
        import(&folder, &scratch.file("export", CONTENT), &Limits::default()).expect("it is good");
        fs::read(folder.join("jim.db")).expect("the store")
    })
}

/// Overwrites parts, or cuts the end off, as the input says.
fn damaged(input: &mut Input<'_>) -> Vec<u8> {
    let mut bytes = whole_store().to_vec();
    while !input.is_empty() {
        let kind = input.byte();
        let at = usize::from(input.byte())
            | usize::from(input.byte()) << 8
            | usize::from(input.byte()) << 16;
        let at = at % bytes.len();
        let length = usize::from(input.byte() % 16) + 1;
        match kind % 8 {
            0 => bytes.truncate(at.max(1)),
            1 => bytes.iter_mut().skip(at).take(length * 256).for_each(|byte| *byte = 0),
            _ => {
                let patch = input.bytes(length);
                bytes.iter_mut().skip(at).zip(patch).for_each(|(byte, new)| *byte ^= new);
            }
        }
    }
    bytes
}

pub fn check(data: &[u8]) {
    let bytes = damaged(&mut Input(data));
    let is_whole = bytes == whole_store();
    let scratch = Scratch::new();
    let folder = DataFolder::open(scratch.path().join("data")).expect("a folder");
    fs::write(folder.path().join("jim.db"), &bytes).expect("a store");
    // The content of its file is no part of the store.
    let found = match check_store(folder.path()) {
        Err(DbError::Files { .. }) => Ok(()),
        found => found.map(drop),
    };
    assert!(!is_whole || found.is_ok(), "{found:?}");
    let written = export(folder.path(), &mut Vec::new());
    assert!(found.is_err() || written.is_ok(), "{written:?}");
    if let Ok(mut accounts) = Accounts::open(&folder, &Limits::default()) {
        let _ = accounts.list();
        let _ = accounts.block("ann");
    }
    if let Ok(invitations) = Invitations::open(&folder, 25) {
        let _ = invitations.list();
    }
    let _ = Reader::open(&folder);
    let _ = Store::open(&folder, Durability::None);
}
