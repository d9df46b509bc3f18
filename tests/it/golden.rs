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

#[test]
fn guests() {
    check(&server(&[], "en"), "guests");
}

#[test]
fn authenticate() {
    check(&server(&["user", "ann", "bob", "Йод", "eve"], "en"), "authenticate");
}

#[test]
fn seed_000() {
    check(&server(&["user", "user1"], "ru"), "seed-000");
}

#[test]
fn rooms() {
    check(&server(&["ann", "bob"], "en"), "rooms");
}

#[test]
fn messages() {
    check(&server(&["ann", "bob"], "en"), "messages");
}

#[test]
fn synonyms() {
    check(&server(&["ann"], "en"), "synonyms");
}

#[test]
fn quit() {
    check(&server(&["ann"], "en"), "quit");
}

#[test]
fn bad_input() {
    check(&server(&["ann"], "en"), "bad-input");
}

#[test]
fn bad_input_in_russian() {
    check(&server(&["ann"], "ru"), "bad-input-ru");
}

#[test]
fn names() {
    check(&server(&["admin", "Вася"], "en"), "names");
}
