//! Golden transcripts: whole conversations over a real socket.

use super::support::Server;
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

#[test]
fn guests() {
    check(&Server::start(&["--lang", "en"]), "guests");
}
