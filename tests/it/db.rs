//! `jimd db …`, as operators use it: beside a running server, after a crash, on damaged files.

use super::process::{Ended, run, run_jimd};
use super::support::{Folder, Server, add_user, jimd, user_command};
use rustix::process::Signal;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

fn db(folder: &Folder, args: &[&str]) -> Ended {
    run_jimd(folder, &[&["db"], args].concat())
}

fn report(store: &str, accounts: u32, rooms: u32, memberships: u32) -> String {
    format!(
        "Store:       {store}\nVersion:     4\nAccounts:    {accounts}\nRooms:       {rooms}\n\
         Memberships: {memberships}\nBans:        0\nContacts:    0\nMessages:    0\n\
         Waiting:     0\nFiles:       0\nUploads:     0\nNo damage was found.\n"
    )
}

/// Two accounts, of which one is blocked, and two rooms, one of them with both as members.
fn lively() -> Server {
    let server = Server::with_users(&["ann", "Вася"], &[]);
    for (name, rooms) in [("Вася", &["#чай"][..]), ("ann", &["#чай", "#a"])] {
        let mut client = server.connect();
        assert_eq!(client.log_in(name, "secret")["response"], 202);
        for room in rooms {
            let joined = client.ask(format!(
                "{{\"action\":\"join\",\"time\":0,\"from\":\"{name}\",\"room\":\"{room}\"}}\n"
            ));
            assert_eq!(joined["response"], 200, "{joined}");
        }
    }
    user_command(&server.folder, &["block", "Вася"], None);
    server
}

/// The same without the server.
fn lively_folder() -> Folder {
    let mut server = lively();
    server.stop();
    std::mem::replace(&mut server.folder, Folder::new())
}

fn store(folder: &Folder) -> std::path::PathBuf {
    folder.path().join("jim-data/jim.db")
}

fn sql(path: &Path, sql: &str) {
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
                  c.executescript(sys.argv[2])\nc.commit()\nc.close()";
    let done = Command::new("python3").args(["-c", script]).arg(path).arg(sql).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_check_beside_a_server_and_after_its_death_changes_nothing() {
    let mut server = lively();
    let expected = report("./jim-data/jim.db", 2, 2, 3);
    db(&server.folder, &["check"]).assert_done(&expected);
    server.signal(Signal::KILL);
    server.wait();
    let files = || {
        ["jim.db", "jim.db-wal"]
            .map(|name| fs::read(server.folder.path().join("jim-data").join(name)).unwrap())
    };
    let before = files();
    assert!(!before[1].is_empty(), "the log is to be read too");
    db(&server.folder, &["check"]).assert_done(&expected);
    assert!(files() == before, "a check writes nothing");
}

#[test]
fn where_no_store_is_none_is_made() {
    let folder = Folder::new();
    for args in [&["check"][..], &["backup", "x.db"], &["export"], &["export", "x"]] {
        db(&folder, args).assert_refused(7, "there is no store ./jim-data/jim.db");
    }
    db(&folder, &["restore", "x.db"]).assert_refused(7, "there is no store x.db");
    let missing = "cannot read x: No such file or directory (os error 2)";
    db(&folder, &["import", "x"]).assert_refused(7, missing);
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
}

#[test]
fn damage_is_named_and_left_as_it_is() {
    let folder = lively_folder();
    let path = store(&folder);
    let sound = fs::read(&path).unwrap();
    let mut torn = sound.clone();
    torn.truncate(sound.len() - 4096);
    let mut holed = sound.clone();
    holed[4096..8192].fill(0x5a);
    let mut short = sound.clone();
    short.truncate(sound.len() - 100);
    for damaged in [torn, holed, short, b"no database at all, but long enough".to_vec()] {
        fs::write(&path, &damaged).unwrap();
        fs::write(folder.path().join("copy.db"), &damaged).unwrap();
        for args in [&["check"][..], &["backup", "x.db"], &["restore", "copy.db", "--force"]] {
            let ended = db(&folder, args);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(9), ""), "{args:?} {ended:?}");
            assert!(ended.stderr.contains("damaged: "), "{ended:?}");
            assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        }
        assert!(fs::read(&path).unwrap() == damaged, "nothing is rewritten");
    }
    assert!(!names(folder.path()).iter().any(|name| name.contains("x.db")));
    assert_eq!(names(folder.path()), ["copy.db", "jim-data", "logs"]);
}

#[test]
fn a_reference_to_nothing_is_damage() {
    let folder = lively_folder();
    let change = "PRAGMA foreign_keys=OFF; DELETE FROM accounts WHERE name = 'ann'";
    sql(&store(&folder), change);
    let ended = db(&folder, &["check"]);
    assert_eq!(ended.code, Some(9), "{ended:?}");
    assert!(ended.stderr.contains("of memberships refers to a row of accounts"), "{ended:?}");
}

#[test]
fn an_index_that_misses_a_row_is_damage() {
    let folder = lively_folder();
    let steps = [
        "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'rooms_by_owner';
         PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'rooms_by_owner'",
        "UPDATE rooms SET owner = 2",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept",
        "DROP TABLE kept",
    ];
    for step in steps {
        sql(&store(&folder), step);
    }
    let ended = db(&folder, &["check"]);
    assert_eq!(ended.code, Some(9), "{ended:?}");
    assert!(ended.stderr.contains("missing from index rooms_by_owner"), "{ended:?}");
}

#[test]
fn what_a_hostile_backup_brings_is_named_and_not_restored() {
    let folder = lively_folder();
    let trigger = "CREATE TRIGGER gone AFTER INSERT ON messages BEGIN
        DELETE FROM messages WHERE id = new.id; END";
    let called = |name: &str| format!("UPDATE accounts SET name = {name} WHERE name = 'ann'");
    for (change, named) in [
        (trigger.to_owned(), "the trigger gone is none that jimd makes"),
        (called("char(27) || '[31mX'"), "the account \\u{1b}[31mX has the control or invisible"),
        (called("'Bacя'"), "the account Вася looks like the account Bacя"),
        (called("hex(zeroblob(1000000))"), "has 2000000 characters, at most 32 are allowed"),
        ("UPDATE rooms SET name = '#a' || char(10)".to_owned(), "the room #a\\n has the control"),
    ] {
        let change = change.replace("UPDATE rooms", "DELETE FROM rooms WHERE id > 1; UPDATE rooms");
        assert_eq!(db(&folder, &["backup", "b.db", "--force"]).code, Some(0));
        let other = Folder::new();
        let file = folder.path().join("b.db");
        sql(&file, &format!("PRAGMA foreign_keys = ON; {change}"));
        let refused = |ended: Ended| {
            assert_eq!(ended.code, Some(9), "{named} {ended:?}");
            assert!(ended.stderr.contains(named) && ended.stderr.len() < 400, "{ended:?}");
        };
        refused(db(&other, &["restore", file.to_str().unwrap()]));
        assert!(!other.path().join("jim-data/jim.db").exists());
        fs::create_dir_all(other.path().join("jim-data")).unwrap();
        fs::copy(&file, store(&other)).unwrap();
        refused(db(&other, &["check"]));
        refused(db(&other, &["backup", "c.db"]));
        assert!(!other.path().join("c.db").exists());
        if change == trigger {
            refused(run_jimd(&other, &["-a", "127.0.0.1", "-p", "0"]));
        }
    }
}

#[test]
fn a_name_that_newer_rules_refuse_is_a_remark() {
    let folder = lively_folder();
    sql(&store(&folder), "UPDATE rooms SET name = '#אa' WHERE name = '#a'");
    let remark = "Remark: the room #אa mixes letters";
    for (args, done) in [
        (&["check"][..], "No damage was found.\n"),
        (&["backup", "b.db"], "The store was backed up to b.db and checked.\n"),
        (&["restore", "b.db", "--force"], "was restored from b.db.\n"),
    ] {
        let ended = db(&folder, args);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(done) && ended.stdout.contains(remark), "{ended:?}");
    }
}

#[test]
fn a_pipe_is_no_backup_and_no_store() {
    let folder = lively_folder();
    folder.pipe("pipe");
    let refusal =
        |file| format!("cannot open or write the store {file}: it is a pipe, and no regular file");
    db(&folder, &["restore", "pipe"]).assert_refused(7, &refusal("pipe"));
    folder.pipe("jim-data/jim.db-journal");
    db(&folder, &["check"]).assert_refused(7, &refusal("./jim-data/jim.db-journal"));
    fs::remove_file(store(&folder)).unwrap();
    folder.pipe("jim-data/jim.db");
    let started = run_jimd(&folder, &["-a", "127.0.0.1", "-p", "0"]);
    started.assert_refused(7, &refusal("./jim-data/jim.db"));
}

#[test]
fn a_backup_may_have_any_name() {
    let folder = lively_folder();
    let name = "a ?mode=x#%41 копия.db";
    assert_eq!(db(&folder, &["backup", name]).code, Some(0));
    let elsewhere = Folder::new();
    let file = folder.path().join(name);
    assert_eq!(db(&elsewhere, &["restore", file.to_str().unwrap()]).code, Some(0));
    db(&elsewhere, &["check"]).assert_done(&report("./jim-data/jim.db", 2, 2, 3));
    assert_eq!(names(folder.path()), [name, "jim-data", "logs"], "nothing is left beside it");
}

#[test]
fn a_store_that_another_process_has_open_is_not_put_aside() {
    let folder = lively_folder();
    assert_eq!(db(&folder, &["backup", "b.db"]).code, Some(0));
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
                  c.execute('SELECT * FROM accounts').fetchall()\nprint('open',flush=True)\n\
                  sys.stdin.read()";
    let mut other = Command::new("python3")
        .args(["-c", script])
        .arg(store(&folder))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(other.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let held = "the store ./jim-data/jim.db is held by another process";
    db(&folder, &["restore", "b.db", "--force"]).assert_refused(1, held);
    drop(other.stdin.take());
    other.wait().unwrap();
    assert_eq!(db(&folder, &["restore", "b.db", "--force"]).code, Some(0));
}

#[test]
fn files_of_a_newer_jimd_or_another_program_are_refused() {
    let folder = lively_folder();
    db(&folder, &["backup", "newer.db"]);
    sql(&folder.path().join("newer.db"), "PRAGMA user_version = 99");
    sql(&folder.path().join("other.db"), "CREATE TABLE t (x)");
    let newer = "the store newer.db has version 99, this jimd knows up to 4";
    let other = "other.db is a database of another program";
    db(&folder, &["restore", "newer.db", "--force"]).assert_refused(9, newer);
    db(&folder, &["restore", "other.db", "--force"]).assert_refused(9, other);
    db(&folder, &["check"]).assert_done(&report("./jim-data/jim.db", 2, 2, 3));
}

#[test]
fn a_backup_of_a_running_server_is_restored_and_lets_its_users_in() {
    let mut server = lively();
    db(&server.folder, &["backup", "b.db"])
        .assert_done("The store was backed up to b.db and checked.\n");
    let backup = server.folder.path().join("b.db");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    add_user(&server.folder, "late", "secret");
    let held = db(&server.folder, &["restore", "b.db", "--force"]);
    assert_eq!(held.code, Some(8), "{held:?}");
    server.stop();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    let exists = "there is a store already, ./jim-data/jim.db; --force puts it aside and keeps it";
    db(&folder, &["restore", "b.db"]).assert_refused(13, exists);
    for number in ["", ".2"] {
        let ended = db(&folder, &["restore", "b.db", "--force"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("is kept as ./jim-data/jim.db.before-restore-"), "{ended:?}");
        assert!(ended.stdout.ends_with(&format!("{number}.\n")), "{ended:?}");
    }
    let kept: Vec<String> = names(&folder.path().join("jim-data"));
    assert_eq!(kept.len(), 5, "the files, the store, two old ones and the lock: {kept:?}");
    db(&folder, &["check"]).assert_done(&report("./jim-data/jim.db", 2, 2, 3));
    let old = folder.path().join("jim-data").join(&kept[2]);
    let elsewhere = Folder::new();
    db(&elsewhere, &["restore", old.to_str().unwrap()]).assert_done(&format!(
        "The store ./jim-data/jim.db was restored from {}.\n",
        old.display()
    ));
    db(&elsewhere, &["check"]).assert_done(&report("./jim-data/jim.db", 3, 2, 3));
    let server = Server::start_in(folder, &[]);
    assert_eq!(server.connect().log_in("ann", "secret")["response"], 202);
    assert_eq!(server.connect().log_in("late", "secret")["response"], 402);
}

#[test]
fn a_killed_server_s_log_is_part_of_backups_and_goes_aside_with_its_store() {
    let mut server = lively();
    server.signal(Signal::KILL);
    server.wait();
    let folder = &server.folder;
    fs::copy(store(folder), folder.path().join("bare")).unwrap();
    assert_eq!(db(folder, &["backup", "b.db"]).code, Some(0));
    // A damaged store keeps its log under the new name; the restored one does not read it.
    let mut bytes = fs::read(store(folder)).unwrap();
    bytes[..100].fill(0);
    fs::write(store(folder), &bytes).unwrap();
    assert_eq!(db(folder, &["check"]).code, Some(9));
    assert_eq!(db(folder, &["restore", "b.db", "--force"]).code, Some(0));
    let inside = names(&folder.path().join("jim-data"));
    let kept = |ending: &str| {
        inside.iter().any(|name| name.contains("before-restore") && name.ends_with(ending))
    };
    assert!(kept("-wal"), "{inside:?}");
    db(folder, &["check"]).assert_done(&report("./jim-data/jim.db", 2, 2, 3));
}

#[test]
fn existing_files_are_overwritten_only_by_force_and_the_server_s_own_never() {
    let folder = lively_folder();
    folder.file("x", "precious");
    symlink("/dev/null", folder.path().join("link")).unwrap();
    for verb in ["backup", "export"] {
        db(&folder, &[verb, "x"]).assert_refused(13, "x exists already; --force overwrites it");
        assert_eq!(fs::read(folder.path().join("x")).unwrap(), b"precious");
        for own in ["jim.db", "bans", "cert.pem", "key.pem"].map(|own| format!("./jim-data/{own}"))
        {
            let sentence = format!("{own} is one of the server's own files: name another one");
            db(&folder, &[verb, &own, "--force"]).assert_refused(7, &sentence);
        }
        for special in ["jim-data", "link"] {
            let sentence = format!("{special} is not a plain file, so it is not overwritten");
            db(&folder, &[verb, special, "--force"]).assert_refused(7, &sentence);
        }
    }
    folder.file("x-wal", "of the old one");
    assert_eq!(db(&folder, &["backup", "x", "--force"]).code, Some(0));
    assert_eq!(names(folder.path()), ["jim-data", "link", "logs", "x"]);
    let elsewhere = Folder::new();
    let file = folder.path().join("x");
    assert_eq!(db(&elsewhere, &["restore", file.to_str().unwrap()]).code, Some(0));
    db(&elsewhere, &["check"]).assert_done(&report("./jim-data/jim.db", 2, 2, 3));
}

#[test]
fn an_export_comes_back_as_it_was() {
    let mut server = lively();
    let first = db(&server.folder, &["export"]);
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    let header = r#"{"type":"jim-export","version":3,"accounts":2,"rooms":2,"memberships":3,"#;
    assert!(first.stdout.starts_with(header), "{}", first.stdout);
    assert_eq!(first.stdout.lines().count(), 8);
    db(&server.folder, &["export", "e"]).assert_done("The store was exported to e.\n");
    let file = server.folder.path().join("e");
    assert_eq!(fs::read_to_string(&file).unwrap(), first.stdout);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(db(&server.folder, &["import", "e"]).code, Some(8));
    server.stop();
    let full = "the store ./jim-data/jim.db is not empty (2 accounts, 2 rooms, 0 messages, 0 \
                invitations, 0 files): an import needs an empty one, name another folder with \
                --data";
    db(&server.folder, &["import", "e"]).assert_refused(13, full);

    let other = Folder::new();
    db(&other, &["import", file.to_str().unwrap()])
        .assert_done("2 accounts, 2 rooms, 3 memberships and 0 messages were imported.\n");
    assert_eq!(db(&other, &["export"]).stdout, first.stdout);
    let server = Server::start_in(other, &[]);
    assert_eq!(server.connect().log_in("ann", "secret")["response"], 202);
    assert_eq!(server.connect().log_in("Вася", "secret")["response"], 403);
}

const HEADER: &str = r#"{"type":"jim-export","version":1}"#;
const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                   J0WnHN9cYdPqYvDGkTJw0Z0d1XlTn4J7C2ZbQ9v7m4A";

fn account(name: &str) -> String {
    format!(r#"{{"type":"account","name":"{name}","phc":"{PHC}","blocked":false,"created":5}}"#)
}

#[test]
fn a_wrong_line_is_named_and_nothing_is_imported() {
    let folder = Folder::new();
    let room = r##"{"type":"room","name":"#a","owner":"ann","created":5}"##;
    let member = r##"{"type":"membership","room":"#a","account":"ann","role":"member","since":5}"##;
    let long = format!("\"{}\"", "x".repeat(70_000));
    let rows: Vec<(Vec<String>, &str)> = vec![
        (vec![], "line 1: an export begins with"),
        (vec![account("ann")], "line 1: an export begins with"),
        (vec![HEADER.replace('1', "4")], "line 1: the export has version 4, this jimd knows"),
        (vec![HEADER.into(), HEADER.into()], "line 2: only the first line has the type"),
        (vec![HEADER.into(), "{\"type\"".into()], "line 2: EOF while parsing"),
        (vec![HEADER.into(), r#"{"type":"cat"}"#.into()], "line 2: unknown variant `cat`"),
        (vec![HEADER.into(), long], "line 2: the line is longer than 65536 bytes"),
        (vec![HEADER.into(), account("server")], "line 2: the name \"server\" is reserved"),
        (vec![HEADER.into(), account("ann").replace("argon2id", "md5")], "line 2: \"phc\" is no"),
        (vec![HEADER.into(), account("ann").replace(":5", ":-5")], "line 2: invalid value"),
        (vec![HEADER.into(), account("ann"), account("ann")], "line 3: there is an account ann"),
        (vec![HEADER.into(), account("admin"), account("аdmin")], "line 3: аdmin looks like the"),
        (vec![HEADER.into(), room.into()], "line 2: no line before has the account ann"),
        (vec![HEADER.into(), account("ann"), member.into()], "line 3: no line before has the room"),
        (vec![HEADER.into(), account("ann"), room.into(), room.into()], "line 4: there is a room"),
        (
            vec![HEADER.into(), account("ann"), room.replace("\"ann\"", "null"), member.into()],
            "line 3: the room has members, but its owner is none",
        ),
        (
            vec![HEADER.into(), account("ann"), room.into(), member.into(), member.into()],
            "line 5: ann is in #a already",
        ),
    ];
    for (lines, start) in rows {
        folder.file("e", &lines.join("\n"));
        let ended = db(&folder, &["import", "e"]);
        assert_eq!(ended.code, Some(14), "{start}: {ended:?}");
        assert!(ended.stderr.starts_with(&format!("jimd: e, {start}")), "{start}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    }
    let header = HEADER.replace('}', ",\"accounts\":2}");
    folder.file("e", &format!("{header}\n{}\n", account("ann")));
    db(&folder, &["import", "e"])
        .assert_refused(14, "e is cut short or changed: it announces 2 accounts and has 1");
    db(&folder, &["check"]).assert_done(&report("./jim-data/jim.db", 0, 0, 0));
    folder.file("e", &[HEADER.into(), account("ann"), room.into(), member.into()].join("\n"));
    assert_eq!(db(&folder, &["import", "e"]).code, Some(0));
}

#[test]
fn a_killed_import_leaves_the_store_empty() {
    let folder = Folder::new();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut import = jimd(&folder)
        .args(["db", "import", "fifo"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // More than a pipe holds, so that most has been taken in once all is written.
    let mut pipe = OpenOptions::new().write(true).open(&fifo).unwrap();
    let mut text = format!("{HEADER}\n");
    for number in 0..1200 {
        text.push_str(&account(&format!("user {number} x")));
        text.push('\n');
    }
    assert!(text.len() > 3 * 65536);
    pipe.write_all(text.as_bytes()).unwrap();
    import.kill().unwrap();
    import.wait().unwrap();
    db(&folder, &["check"]).assert_done(&report("./jim-data/jim.db", 0, 0, 0));
}

#[test]
fn a_reader_of_an_export_may_go_away() {
    let folder = lively_folder();
    let programs = Path::new(super::support::JIMD).display();
    let mut shell = Command::new("sh");
    let line = format!("{{ {programs} db export; echo $? >&2; }} | true");
    shell.args(["-c", &line]).current_dir(folder.path()).env_clear();
    let ended = run(&mut shell, b"");
    assert_eq!(ended.stderr, "0\n", "{ended:?}");
}

#[test]
fn the_content_of_files_is_checked_and_no_part_of_a_backup() {
    let folder = lively_folder();
    // Of "hello".
    let sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let add = |id: u32, name: &str, sum: &str| {
        let sum = if sum.is_empty() { "NULL".to_owned() } else { format!("x'{sum}'") };
        format!(
            "INSERT INTO attachments (id, created, place, peer, name, size, text, sha256)
             VALUES ({id}, 1, 0, 0, '{name}', 5, '', {sum});"
        )
    };
    let rows = [add(1, "a.txt", sum), add(2, "b.txt", sum), add(3, "open", "")];
    sql(&store(&folder), &rows.concat());
    let refused = |folder: &Folder, wrong: &str| {
        db(folder, &["check"]).assert_refused(
            9,
            &format!(
                "2 of 2 files in ./jim-data/attachments are missing or changed: \
                 {sum} (\"a.txt\") {wrong}; {sum} (\"b.txt\") {wrong}"
            ),
        );
    };
    refused(&folder, "is missing");
    let content = |folder: &Folder| folder.path().join("jim-data/attachments/2c").join(sum);
    fs::create_dir_all(content(&folder).parent().unwrap()).unwrap();
    fs::write(content(&folder), "hellO").unwrap();
    refused(&folder, "is not as it was stored");
    fs::write(content(&folder), "hello").unwrap();
    let sound = report("./jim-data/jim.db", 2, 2, 3)
        .replace("Files:       0\nUploads:     0", "Files:       2\nUploads:     1");
    db(&folder, &["check"]).assert_done(&sound);

    db(&folder, &["backup", "b.db"]).assert_done(
        "The store was backed up to b.db and checked.\nThe content of 2 sent files is not in it: \
         copy the folder ./jim-data/attachments too.\n",
    );
    let backup = folder.path().join("b.db");
    let restored = Folder::new();
    db(&restored, &["restore", backup.to_str().unwrap()]).assert_done(&format!(
        "The store ./jim-data/jim.db was restored from {}.\nThe content of 2 of 2 sent files is \
         missing: copy it to the folder ./jim-data/attachments.\n",
        backup.display()
    ));
    refused(&restored, "is missing");

    let export = db(&folder, &["export"]).stdout;
    fs::write(folder.path().join("e"), &export).unwrap();
    let imported = Folder::new();
    let file = folder.path().join("e");
    db(&imported, &["import", file.to_str().unwrap()]).assert_done(
        "2 accounts, 2 rooms, 3 memberships and 0 messages were imported.\nThe content of 2 sent \
         files is to be copied to the folder ./jim-data/attachments.\n",
    );
    fs::create_dir_all(content(&imported).parent().unwrap()).unwrap();
    fs::copy(content(&folder), content(&imported)).unwrap();
    db(&imported, &["check"]).assert_done(&sound.replace("Uploads:     1", "Uploads:     0"));
    assert_eq!(db(&imported, &["export"]).stdout, export);
}
