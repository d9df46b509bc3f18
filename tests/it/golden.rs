//! Golden transcripts: whole conversations over a real socket.

use super::support::{Folder, Server, add_user, user_command};
use super::transcript::play;
use std::fs;
use std::path::Path;

/// Plays `tests/golden/NAME.txt`.
fn check(server: &Server, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    let expected = fs::read_to_string(&path).unwrap();
    let played = play(server, &expected);
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
        fs::write(&path, played).unwrap();
        return;
    }
    assert_eq!(played, expected, "{name}: what went differs from the golden transcript");
}

/// A server in a language with these accounts, of which `eve` is blocked.
fn server(users: &[&str], language: &str) -> Server {
    let folder = Folder::new();
    for user in users {
        add_user(&folder, user, "secret");
        if *user == "eve" {
            user_command(&folder, &["block", user], None);
        }
    }
    Server::start_in(folder, &["--lang", language])
}

/// Plays one conversation in both languages.
fn check_both(users: &[&str], name: &str) {
    check(&server(users, "en"), name);
    check(&server(users, "ru"), &format!("{name}-ru"));
}

#[test]
fn guests() {
    check(&server(&[], "en"), "guests");
}

#[test]
fn console_chat() {
    check(&server(&[], "en"), "console-chat");
}

#[test]
fn exchange() {
    check(&server(&[], "en"), "exchange");
}

#[test]
fn seed_000() {
    check(&server(&["user", "user1"], "ru"), "seed-000");
}

#[test]
fn authenticate() {
    check_both(&["user", "ann", "bob", "Йод", "eve"], "authenticate");
}

#[test]
fn register() {
    for (language, name) in [("en", "register"), ("ru", "register-ru")] {
        let folder = Folder::new();
        for user in ["ann", "Вася"] {
            add_user(&folder, user, "secret");
        }
        let settings = folder.file("jimd.toml", "registration = \"open\"\n");
        let args = ["--lang", language, "--config", settings.to_str().unwrap()];
        check(&Server::start_in(folder, &args), name);
    }
}

#[test]
fn rooms() {
    check_both(&["ann", "bob"], "rooms");
}

#[test]
fn moderation() {
    check_both(&["ann", "bob", "cat"], "moderation");
}

#[test]
fn contacts() {
    check_both(&["ann", "bob"], "contacts");
}

#[test]
fn who() {
    check_both(&["ann", "bob"], "who");
}

#[test]
fn messages() {
    check_both(&["ann", "bob"], "messages");
}

#[test]
fn files() {
    check_both(&["ann", "bob", "cat", "dora"], "files");
}

#[test]
fn synonyms() {
    check_both(&["ann"], "synonyms");
}

#[test]
fn quit() {
    check_both(&["ann"], "quit");
}

#[test]
fn names() {
    check_both(&["admin", "Вася"], "names");
}

#[test]
fn bad_input() {
    check_both(&["ann"], "bad-input");
}
