use super::*;
use crate::message::{AccountId, Durability, MessageId, Name, Secret};
use crate::workers::store::Store;
use crate::workers::store::tests::Scratch;
use crate::workers::{account_table, db, invitation_table};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A file of an older version with an account, a room with a member, and an invitation.
fn make_older(scratch: &Scratch, version: usize) -> AccountId {
    let file = Connection::open(scratch.file()).unwrap();
    migrate_to(&file, 0, version).unwrap();
    let id = account_table::insert(&file, &Name::shown("ann"), "$", 1).unwrap();
    file.execute_batch(
        "INSERT INTO rooms (name, owner, created, topic) VALUES ('#a', 1, 1, 'чай');
         INSERT INTO memberships (room, account, since) VALUES (1, 1, 1)",
    )
    .unwrap();
    if version > 1 {
        let invitation = invitation_table::Invitation {
            id: 0,
            room: None,
            uses: 2,
            used: 0,
            created_unix_micros: 1,
            expires_unix_micros: 9,
        };
        invitation_table::insert(&file, &Secret::new("code"), &invitation).unwrap();
    }
    id
}

fn version_of(path: &Path) -> i64 {
    version(&Connection::open(path).unwrap(), path).unwrap()
}

/// The copies beside a store.
fn copies(scratch: &Scratch) -> Vec<PathBuf> {
    let entries = fs::read_dir(scratch.folder.path()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_copy =
        |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("jim.db.v");
    paths.filter(is_copy).collect()
}

#[test]
fn an_older_store_is_brought_up_to_date_and_kept_as_it_was() {
    for older in [1, 2, 3] {
        let scratch = Scratch::new();
        let id = make_older(&scratch, older);
        let mut store = scratch.open();
        let snapshot = store.snapshot().unwrap();
        assert_eq!((snapshot.accounts[0].id, &*snapshot.rooms[0].topic), (id, "чай"));
        assert_eq!(snapshot.memberships[0].position, MessageId::ZERO, "it reads all there is");
        let invitations = store.read(invitation_table::all).unwrap();
        assert_eq!(invitations.len(), usize::from(older > 1));
        drop(store);
        assert_eq!(version_of(&scratch.file()), 4);

        let kept = copies(&scratch);
        assert_eq!(kept.len(), 1, "{kept:?}");
        let name = kept[0].file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&format!("jim.db.v{older}.2")), "{name}");
        assert_eq!(fs::metadata(&kept[0]).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(version_of(&kept[0]), i64::try_from(older).unwrap());

        let elsewhere = Scratch::new();
        let restored = db::restore(elsewhere.folder.path(), &kept[0], false, "").unwrap();
        assert_eq!((restored.summary.accounts, restored.summary.memberships), (1, 1));
        drop(scratch.open());
        assert_eq!(copies(&scratch).len(), 1, "there is nothing more to keep");
    }
}

#[test]
fn a_new_store_leaves_no_copy() {
    let scratch = Scratch::new();
    drop(scratch.open());
    assert_eq!(copies(&scratch), Vec::<PathBuf>::new());
}

#[test]
fn without_a_copy_the_store_stays_as_it_is() {
    let scratch = Scratch::new();
    make_older(&scratch, 2);
    let before = fs::read(scratch.file()).unwrap();
    let mut connection = Connection::open(scratch.file()).unwrap();
    // A folder with something in it, where the copy is to be written.
    let partial = format!(".jim.db.v2.now.partial-{}/x", std::process::id());
    fs::create_dir_all(scratch.folder.path().join(partial)).unwrap();
    let path = scratch.file();
    let keep = |version| db::keep_older(&path, version, "now").map(drop);
    let error = migrate(&mut connection, &path, keep).unwrap_err();
    assert!(matches!(error, StoreError::NotKept { version: 2, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("version 2 and is left as it is, since no copy"), "{text}");
    drop(connection);
    assert_eq!(fs::read(scratch.file()).unwrap(), before);
    assert_eq!(copies(&scratch), Vec::<PathBuf>::new());
}

#[test]
fn a_damaged_older_store_is_damaged_and_neither_copied_nor_changed() {
    let scratch = Scratch::new();
    make_older(&scratch, 2);
    let file = Connection::open(scratch.file()).unwrap();
    file.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM accounts").unwrap();
    drop(file);
    let error = Store::open(&scratch.folder, Durability::Os).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert_eq!(copies(&scratch), Vec::<PathBuf>::new());
    assert_eq!(version_of(&scratch.file()), 2);
}

#[test]
fn a_copy_takes_no_name_that_something_has() {
    let scratch = Scratch::new();
    make_older(&scratch, 1);
    let taken = scratch.folder.path().join("jim.db.v1.now");
    fs::write(&taken, "precious").unwrap();
    let kept = db::keep_older(&scratch.file(), 1, "now").unwrap();
    assert_eq!(kept, scratch.folder.path().join("jim.db.v1.now.2"));
    assert_eq!(fs::read(&taken).unwrap(), b"precious");
}
