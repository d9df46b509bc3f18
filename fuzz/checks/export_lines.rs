//! Any bytes as an export: refused with nothing changed, or taken; what was taken is whole, and
//! exported and imported again it is the same.

use super::scratch::Scratch;
use jim::limits::Limits;
use jim::workers::db::{DbError, check as check_store, export, import};
use std::path::Path;

fn exported(data: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    export(data, &mut out).expect("it is whole");
    out
}

pub fn check(data: &[u8]) {
    let (scratch, limits) = (Scratch::new(), Limits::default());
    let folder = scratch.path().join("data");
    let file = scratch.file("export", data);
    let imported = match import(&folder, &file, &limits) {
        Ok(imported) => imported,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let summary = check_store(&folder).expect("nothing is damaged");
            assert_eq!((summary.accounts, summary.rooms, summary.messages), (0, 0, 0));
            return;
        }
    };
    match check_store(&folder) {
        Ok(summary) => {
            assert_eq!(summary.accounts, imported.accounts);
            assert_eq!(summary.messages, imported.messages);
        }
        // The content of files is no part of an export.
        Err(error) => assert!(matches!(error, DbError::Files { .. }) && imported.attachments > 0),
    }
    let first = exported(&folder);
    let other = scratch.path().join("other");
    import(&other, &scratch.file("again", &first), &limits).expect("our own export");
    assert_eq!(String::from_utf8(exported(&other)), String::from_utf8(first));
}
