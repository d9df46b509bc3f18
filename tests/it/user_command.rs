//! `jimd user …`, as scripts use it: passwords from pipes, exit codes, beside a running server.

use super::process::{Ended, log_of, run, run_jimd};
use super::support::{Folder, Server, add_user, jimd};
use std::fs;

fn piped(folder: &Folder, args: &[&str], input: &str) -> Ended {
    run(jimd(folder).arg("user").args(args), input.as_bytes())
}

fn user(folder: &Folder, args: &[&str]) -> Ended {
    run_jimd(folder, &[&["user"], args].concat())
}

/// The names and states of `user list`.
fn listed(folder: &Folder) -> Vec<(String, String)> {
    let ended = user(folder, &["list"]);
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
    let rows = ended.stdout.lines().skip(1).map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    });
    rows.collect()
}

#[test]
fn an_account_lives_its_life() {
    let folder = Folder::new();
    user(&folder, &["list"]).assert_done("No users yet. Add one with: jimd user add NAME\n");
    piped(&folder, &["add", "ann"], "secret\n").assert_done("User ann was added.\n");
    piped(&folder, &["add", "Вася"], "пароль").assert_done("User Вася was added.\n");
    user(&folder, &["block", "ann"]).assert_done("User ann is blocked.\n");
    let state = |name: &str| {
        listed(&folder).into_iter().find(|(listed, _)| listed == name).map(|(_, state)| state)
    };
    assert_eq!(state("ann").as_deref(), Some("blocked"));
    assert_eq!(state("Вася").as_deref(), Some("active"));
    user(&folder, &["unblock", "ann"]).assert_done("User ann is no longer blocked.\n");
    assert_eq!(state("ann").as_deref(), Some("active"));
    piped(&folder, &["passwd", "ann"], "other\n").assert_done("The password of ann was changed.\n");
    user(&folder, &["remove", "ann"]).assert_done("User ann was removed.\n");
    assert_eq!(state("ann"), None);
}

#[test]
fn a_running_server_sees_changes_at_the_next_log_in() {
    let server = Server::with_users(&["ann"], &[]);
    let code = |password: &str| server.connect().log_in("ann", password)["response"].clone();
    assert_eq!(code("secret"), 202);
    piped(&server.folder, &["passwd", "ann"], "other\n");
    assert_eq!((code("secret"), code("other")), (402.into(), 202.into()));
    user(&server.folder, &["block", "ann"]);
    assert_eq!((code("other"), code("wrong")), (403.into(), 402.into()));
    user(&server.folder, &["unblock", "ann"]);
    assert_eq!(code("other"), 202);
    user(&server.folder, &["remove", "ann"]);
    assert_eq!(code("other"), 402);
    add_user(&server.folder, "bob", "secret");
    assert_eq!(server.connect().log_in("bob", "secret")["response"], 202);
}

#[test]
fn who_is_not_there_is_said() {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    for args in [["remove", "bob"], ["block", "bob"], ["unblock", "bob"]] {
        user(&folder, &args).assert_refused(10, "there is no account bob");
    }
    piped(&folder, &["passwd", "bob"], "x\n").assert_refused(10, "there is no account bob");
    assert_eq!(listed(&folder).len(), 1);
}

#[test]
fn names_that_are_taken_or_look_like_one_or_are_none_are_refused() {
    let folder = Folder::new();
    add_user(&folder, "admin", "secret");
    let long = "n".repeat(26);
    // The Cyrillic а; capitals; the digit for the letter; and what is no name at all.
    for name in
        ["admin", "аdmin", "ADMIN", "adm1n", "SERVER", "all", "#room", " ann", "a\\b", &long]
    {
        let ended = piped(&folder, &["add", name], "secret\n");
        assert_eq!(ended.code, Some(11), "{name}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.starts_with("jimd: "), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
    let forged = piped(&folder, &["add", "x\n[21:33:43] Сервер отвечает: 202"], "secret\n");
    assert_eq!((forged.code, forged.stderr.lines().count()), (Some(11), 1), "{forged:?}");
    let look_alike = piped(&folder, &["add", "аdmin"], "secret\n");
    assert!(look_alike.stderr.contains("admin"), "{look_alike:?}");
    assert_eq!(listed(&folder), [("admin".to_owned(), "active".to_owned())]);
}

#[test]
fn passwords_that_are_none_are_refused() {
    let folder = Folder::new();
    let long = "я".repeat(129);
    let rows = [
        ("", "the password is empty"),
        ("\n", "the password is empty"),
        (&long, "the password is too long: 129 characters, at most 128 are allowed"),
    ];
    for (password, sentence) in rows {
        piped(&folder, &["add", "ann"], password).assert_refused(12, sentence);
    }
    run(jimd(&folder).args(["user", "add", "ann"]), b"\xff\n")
        .assert_refused(12, "the password is not UTF-8");
    user(&folder, &["list"]).assert_done("No users yet. Add one with: jimd user add NAME\n");
    add_user(&folder, "ann", &long[..256]);
}

#[test]
fn a_wrong_command_is_told_how_it_is_used() {
    let folder = Folder::new();
    for args in [&["add"][..], &["add", "a", "b"], &["delete", "a"], &[]] {
        let ended = user(&folder, args);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.ends_with("Try 'jimd --help'.\n"), "{ended:?}");
    }
    assert!(!folder.path().join("jim-data").exists());
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let folder = Folder::new();
    folder.file("file", "");
    user(&folder, &["list", "--data", "file"]).assert_refused(7, "file is not a folder");
}

/// Every file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_password_is_in_no_output_and_no_file() {
    const PASSWORD: &str = "Tr0ub4dor&3-unmistakable";
    let folder = Folder::new();
    let added = piped(&folder, &["add", "ann", "-v"], &format!("{PASSWORD}\n"));
    let changed = piped(&folder, &["passwd", "ann", "-v"], &format!("{PASSWORD}\n"));
    let listed = user(&folder, &["list", "-v"]);
    for ended in [added, changed, listed] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD), "{ended:?}");
    }
    let mut server = Server::start_in(folder, &["--verbose"]);
    assert_eq!(server.connect().log_in("ann", PASSWORD)["response"], 202);
    assert_eq!(server.connect().log_in("ann", &format!("{PASSWORD}!"))["response"], 402);
    let console = server.stop().join("\n");
    assert!(console.contains("202") && !console.contains(PASSWORD), "{console}");
    assert!(log_of(&server).contains("ask_hasher"));
    let files = files(server.folder.path());
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
        assert!(!found, "the password is in {}", file.display());
    }
}
