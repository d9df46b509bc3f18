use super::*;
use crate::message::{AccountId, Membership, MessageId, Name, Role, RoomId, RoomRecord};
use crate::workers::account_table;
use std::fs;
use tempfile::TempDir;

/// A data folder that goes with the test, and its store.
pub(crate) struct Scratch {
    pub(crate) temp: TempDir,
    pub(crate) folder: DataFolder,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path().join("data")).unwrap();
        Self { temp, folder }
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.folder, Durability::Os).unwrap()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("jim.db")
    }

    fn open_error(&self) -> StoreError {
        Store::open(&self.folder, Durability::Os).unwrap_err()
    }
}

/// An account with a hash that no password fits.
pub(crate) fn add_account(store: &mut Store, name: &str) -> AccountId {
    let name = Name::account(name, 25).unwrap();
    let insert = |connection: &Connection| {
        account_table::insert(connection, &name, "$none", 1).map(Ok::<_, StoreError>)
    };
    store.change(insert).unwrap()
}

pub(crate) fn join(account: AccountId, room: &str) -> Job {
    Job::Join { account, room: Name::room(room, 25).unwrap(), position: MessageId(70) }
}

pub(crate) fn one(store: &mut Store, job: Job) -> Done {
    let (mut done, error) = store.perform(&[job], 7);
    assert!(error.is_none(), "{error:?}");
    done.remove(0)
}

pub(crate) fn joined(
    store: &mut Store,
    account: AccountId,
    room: &str,
) -> (RoomRecord, Membership) {
    match one(store, join(account, room)) {
        Done::Joined { room, membership, .. } => (room, membership),
        other => panic!("{other:?}"),
    }
}

fn left(store: &mut Store, account: AccountId, room: RoomId) -> Option<AccountId> {
    match one(store, Job::Leave { account, room }) {
        Done::Left { heir, .. } => heir,
        other => panic!("{other:?}"),
    }
}

fn owner(store: &mut Store) -> Option<AccountId> {
    store.snapshot().unwrap().rooms[0].owner
}

pub(crate) fn sql(store: &mut Store, sql: &str) {
    store.connection.execute_batch(sql).unwrap();
}

#[test]
fn the_first_who_joins_owns_the_room() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let (ann, bob) = (add_account(&mut store, "ann"), add_account(&mut store, "боб"));
    let (room, membership) = joined(&mut store, ann, "#чай");
    assert_eq!(room.owner, Some(ann));
    assert_eq!(room.name.as_str(), "#чай");
    let expected = Membership {
        room: room.id,
        account: ann,
        since_unix_micros: 7,
        role: Role::Member,
        position: MessageId(70),
    };
    assert_eq!(membership, expected);
    let (same, _) = joined(&mut store, bob, "#чаи\u{306}");
    assert_eq!(same, room);
}

#[test]
fn joining_twice_is_joining_once() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let first = joined(&mut store, ann, "#a");
    let (again, _) = store.perform(&[join(ann, "#a")], 99);
    assert_eq!(again, [Done::Joined { account: ann, room: first.0, membership: first.1 }]);
    assert_eq!(store.snapshot().unwrap().memberships.len(), 1);
}

#[test]
fn everything_is_there_after_a_restart() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let (ann, bob) = (add_account(&mut store, "ann"), add_account(&mut store, "bob"));
    joined(&mut store, ann, "#a");
    joined(&mut store, bob, "#a");
    joined(&mut store, bob, "#b");
    let before = store.snapshot().unwrap();
    drop(store);
    let after = scratch.open().snapshot().unwrap();
    assert_eq!(after, before);
    let counts = (after.accounts.len(), after.rooms.len(), after.memberships.len());
    assert_eq!(counts, (2, 2, 3));
}

#[test]
fn the_longest_standing_operator_inherits_else_the_member() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let [ann, bob, cat, dan] =
        ["ann", "bob", "cat", "dan"].map(|name| add_account(&mut store, name));
    let (room, _) = joined(&mut store, ann, "#a");
    for account in [bob, cat, dan] {
        joined(&mut store, account, "#a");
    }
    sql(&mut store, "UPDATE memberships SET role = 'op' WHERE account >= 3");
    assert_eq!(left(&mut store, ann, room.id), Some(cat));
    assert_eq!(left(&mut store, bob, room.id), None, "no owner left");
    joined(&mut store, bob, "#a");
    assert_eq!(left(&mut store, cat, room.id), Some(dan));
    assert_eq!(left(&mut store, dan, room.id), Some(bob), "a member, where no operator is");
    assert_eq!(owner(&mut store), Some(bob));
}

#[test]
fn an_empty_room_lasts_and_goes_to_who_enters_it() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let (ann, bob) = (add_account(&mut store, "ann"), add_account(&mut store, "bob"));
    let (room, _) = joined(&mut store, ann, "#a");
    assert_eq!(left(&mut store, ann, room.id), None);
    assert_eq!(left(&mut store, ann, room.id), None, "leaving twice is leaving once");
    let (again, _) = joined(&mut store, bob, "#a");
    assert_eq!((again.id, again.owner), (room.id, Some(bob)));
    let (back, _) = joined(&mut store, ann, "#a");
    assert_eq!(back.owner, Some(bob));
}

#[test]
fn an_account_that_is_gone_can_do_nothing() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let gone = AccountId(99);
    assert_eq!(one(&mut store, join(gone, "#a")), Done::AccountGone);
    assert_eq!(one(&mut store, Job::Leave { account: gone, room: RoomId(1) }), Done::AccountGone);
    assert!(store.snapshot().unwrap().rooms.is_empty(), "no room was made");
}

#[test]
fn a_number_is_never_used_again() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let first = add_account(&mut store, "ann");
    sql(&mut store, "DELETE FROM accounts");
    assert!(add_account(&mut store, "ann") > first);
}

#[test]
fn an_account_is_found_in_any_spelling_of_its_nfc() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let id = add_account(&mut store, "Йод");
    for (name, expected) in [("Йод", true), ("И\u{306}од", true), ("йод", false), ("x", false)]
    {
        let name = Name::shown(name);
        let found = store.read(|connection| account_table::find(connection, &name)).unwrap();
        assert_eq!(found.map(|account| account.id), expected.then_some(id), "{name}");
    }
}

#[test]
fn one_job_refused_by_the_tables_fails_alone() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    sql(
        &mut store,
        "CREATE TRIGGER no_bad BEFORE INSERT ON memberships
         WHEN (SELECT name FROM rooms WHERE id = new.room) = '#bad'
         BEGIN SELECT raise(ABORT, 'no'); END",
    );
    let (done, error) = store.perform(&[join(ann, "#a"), join(ann, "#bad"), join(ann, "#c")], 1);
    assert!(matches!(error, Some(StoreError::Failed { .. })), "{error:?}");
    assert!(matches!(done[0], Done::Joined { .. }));
    assert_eq!(done[1], Done::Failed);
    assert!(matches!(done[2], Done::Joined { .. }));
    let rooms = store.snapshot().unwrap().rooms;
    let names: Vec<&str> = rooms.iter().map(|room| room.name.as_str()).collect();
    assert_eq!(names, ["#a", "#c"], "nothing of the refused job stays");
}

/// Rooms until the file may not grow: the whole batch fails.
#[test]
fn a_full_disk_fails_the_batch_and_nothing_else() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    sql(&mut store, "PRAGMA max_page_count = 1");
    let jobs: Vec<Job> = (0..1000).map(|n| join(ann, &format!("#a room of number {n}"))).collect();
    let (done, error) = store.perform(&jobs, 1);
    assert!(matches!(error, Some(StoreError::Full { .. })), "{error:?}");
    assert!(done.iter().all(|done| *done == Done::Failed));
    assert!(store.snapshot().unwrap().rooms.is_empty());
    sql(&mut store, "PRAGMA max_page_count = 100000");
    joined(&mut store, ann, "#space");
}

#[test]
fn a_writer_next_to_a_writer_waits_for_it() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    let mut other = scratch.open();
    let tx = other.connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    store.connection.busy_timeout(Duration::from_millis(1)).unwrap();
    let (done, error) = store.perform(&[join(ann, "#a")], 1);
    assert_eq!(done, [Done::Failed]);
    assert!(matches!(error, Some(StoreError::Busy { .. })), "{error:?}");
    tx.commit().unwrap();
    joined(&mut store, ann, "#a");
}

#[test]
fn the_changes_of_others_are_seen_once() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    store.snapshot().unwrap();
    let mut other = scratch.open();
    assert_eq!(store.changed_accounts().unwrap(), None);
    let ann = add_account(&mut other, "ann");
    let seen = store.changed_accounts().unwrap().unwrap();
    assert_eq!(seen.accounts.iter().map(|account| account.id).collect::<Vec<_>>(), [ann]);
    assert_eq!(store.changed_accounts().unwrap(), None);
    joined(&mut other, ann, "#a");
    assert_eq!(store.changed_accounts().unwrap(), None, "rooms are no accounts");
    for change in ["UPDATE accounts SET blocked = 1", "DELETE FROM accounts"] {
        sql(&mut other, change);
        assert!(store.changed_accounts().unwrap().is_some(), "{change}");
    }
    joined_after_own_change_is_quiet(&mut store);
}

fn joined_after_own_change_is_quiet(store: &mut Store) {
    let ann = add_account(store, "ann");
    joined(store, ann, "#a");
    assert_eq!(store.changed_accounts().unwrap(), None);
}

#[test]
fn durability_is_what_was_asked_for() {
    let scratch = Scratch::new();
    for (durability, expected) in
        [(Durability::None, 0), (Durability::Os, 1), (Durability::Fsync, 2)]
    {
        let store = Store::open(&scratch.folder, durability).unwrap();
        let pragma = |name| -> rusqlite::Result<i64> {
            store.connection.pragma_query_value(None, name, |row| row.get(0))
        };
        assert_eq!(pragma("synchronous"), Ok(expected));
        assert_eq!(pragma("foreign_keys"), Ok(1));
        assert_eq!(pragma("wal_autocheckpoint"), Ok(CHECKPOINT_PAGES));
        assert_eq!(pragma("journal_size_limit"), Ok(JOURNAL_BYTES));
        let mode: String =
            store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}

/// What a store with content looks like as bytes, all in one file.
fn content(scratch: &Scratch) -> Vec<u8> {
    let mut store = scratch.open();
    for name in ["ann", "bob", "cat"] {
        let account = add_account(&mut store, name);
        joined(&mut store, account, "#a");
    }
    drop(store);
    fs::read(scratch.file()).unwrap()
}

#[test]
fn a_damaged_file_is_named_and_left_as_it_is() {
    let scratch = Scratch::new();
    let good = content(&scratch);
    let half = good.len() / 2;
    let mut zeroed_page = good.clone();
    zeroed_page[4096..8192].fill(0);
    let mut no_head = good.clone();
    no_head[..100].fill(0);
    let damaged = [
        ("text", b"this is no database, but a letter to my aunt".repeat(200)),
        ("zeros", vec![0; good.len()]),
        ("short", good[..half].to_vec()),
        ("cut in a page", good[..good.len() - 100].to_vec()),
        ("no head", no_head),
        ("a page of zeros", zeroed_page),
    ];
    for (what, bytes) in damaged {
        fs::write(scratch.file(), &bytes).unwrap();
        let error = Store::open(&scratch.folder, Durability::Os).err();
        let Some(error @ StoreError::Damaged { .. }) = error else { panic!("{what}: {error:?}") };
        assert!(error.to_string().contains("jim.db"), "{error}");
        assert_eq!(fs::read(scratch.file()).unwrap(), bytes, "{what}");
    }
    fs::write(scratch.file(), &good).unwrap();
    assert_eq!(scratch.open().snapshot().unwrap().accounts.len(), 3);
}

#[test]
fn a_store_cut_to_nothing_is_not_taken_for_a_new_one() {
    let scratch = Scratch::new();
    content(&scratch);
    fs::write(scratch.file(), "").unwrap();
    fs::write(scratch.folder.path().join("jim.db-wal"), "what is left").unwrap();
    let error = scratch.open_error();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    let left = fs::read(scratch.folder.path().join("jim.db-wal")).unwrap();
    assert_eq!(left, b"what is left");
}

#[test]
fn a_missing_table_is_damage() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    sql(&mut store, "DROP TRIGGER account_removed");
    drop(store);
    let error = scratch.open_error().to_string();
    assert!(error.contains("the trigger account_removed is missing or changed"), "{error}");
}

#[test]
fn an_index_of_the_operators_own_is_no_damage() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    sql(&mut store, "CREATE INDEX my_own ON rooms (created)");
    drop(store);
    scratch.open();
}

#[test]
fn what_jimd_did_not_make_and_might_change_what_is_stored_is_damage() {
    for (make, named) in [
        (
            "CREATE TRIGGER gone AFTER INSERT ON messages BEGIN DELETE FROM messages; END",
            "the trigger gone is none that jimd makes",
        ),
        ("CREATE TABLE \"a\x1b[2J\" (x)", "the table a\\u{1b}[2J is none that jimd makes"),
        ("CREATE VIEW all_names AS SELECT name FROM accounts", "the view all_names is none"),
        ("CREATE UNIQUE INDEX one ON rooms (created)", "the index one is none that jimd makes"),
        ("ALTER TABLE rooms ADD COLUMN more TEXT", "the table rooms is missing or changed"),
    ] {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        sql(&mut store, make);
        drop(store);
        let error = scratch.open_error();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains(named), "{error}");
    }
    let scratch = Scratch::new();
    sql(&mut scratch.open(), "INSERT INTO rooms (name, created) VALUES ('#a', 1); ANALYZE");
    scratch.open();
}

#[test]
fn a_newer_version_and_a_foreign_file_are_refused_and_left() {
    let scratch = Scratch::new();
    let refused = |make: &str| {
        let connection = Connection::open(scratch.file()).unwrap();
        connection.execute_batch(make).unwrap();
        drop(connection);
        let before = fs::read(scratch.file()).unwrap();
        let error = scratch.open_error();
        assert_eq!(fs::read(scratch.file()).unwrap(), before);
        error
    };
    let error = refused("CREATE TABLE theirs (x)");
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error:?}");
    let error = refused("DROP TABLE theirs; VACUUM; PRAGMA application_id = 7");
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error:?}");
    fs::remove_file(scratch.file()).unwrap();
    scratch.open();
    let error = refused("PRAGMA user_version = 1000");
    assert!(matches!(error, StoreError::Newer { found: 1000, .. }), "{error:?}");
    let error = refused("PRAGMA user_version = -1");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[test]
fn many_may_open_a_new_store_at_once() {
    let scratch = Scratch::new();
    std::thread::scope(|scope| {
        let open = || Store::open(&scratch.folder, Durability::Os).map(drop);
        let all: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        for thread in all {
            thread.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_crash_loses_nothing_that_was_committed() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let ann = add_account(&mut store, "ann");
    joined(&mut store, ann, "#a");
    // What a crash leaves: the file and its log as they are, while nobody closed them.
    let copy = Scratch::new();
    for name in ["jim.db", "jim.db-wal"] {
        fs::copy(scratch.folder.path().join(name), copy.folder.path().join(name)).unwrap();
    }
    let mut log = fs::OpenOptions::new();
    let log = log.append(true).open(copy.temp.path().join("data/jim.db-wal")).unwrap();
    std::io::Write::write_all(&mut &log, b"a torn tail").unwrap();
    assert_eq!(copy.open().snapshot().unwrap(), store.snapshot().unwrap());
}

fn set_password(account: AccountId, old: &str, new: &str) -> Job {
    Job::SetPassword { account, old_phc: old.into(), phc: new.into() }
}

#[test]
fn a_password_is_set_only_over_the_one_that_was_verified() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let account = add_account(&mut store, "ann");
    let done = one(&mut store, set_password(account, "$none", "$new"));
    let set = &store.snapshot().unwrap().accounts[0];
    assert_eq!(done, Done::PasswordSet { account, phc: "$new".into(), version: set.version });
    assert_eq!(one(&mut store, set_password(account, "$none", "$late")), Done::PasswordStale);
    assert_eq!(&*store.snapshot().unwrap().accounts[0].phc, "$new");
    let gone = AccountId(account.0 + 1);
    assert_eq!(one(&mut store, set_password(gone, "$none", "$x")), Done::AccountGone);
}

#[test]
fn a_name_is_registered_once_also_within_a_batch() {
    let scratch = Scratch::new();
    let mut store = scratch.open();
    let register = |name: &str| Job::Register {
        name: Name::account(name, 25).unwrap(),
        phc: "$".into(),
        invite: None,
    };
    let (done, error) = store.perform(&["ann", "Ann", "bob"].map(register), 7);
    assert!(error.is_none(), "{error:?}");
    let by = Name::shown("ann");
    assert!(matches!(done[0], Done::Registered { joined: None, .. }), "{done:?}");
    assert_eq!(done[1], Done::NameTaken { by });
    let Done::Registered { account, .. } = &done[2] else { panic!("{done:?}") };
    assert_eq!(&store.snapshot().unwrap().accounts[1], account, "as it was announced");
    assert_eq!(store.changed_accounts().unwrap(), None, "our own changes are no news");
}
