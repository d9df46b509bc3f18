//! Seed 000's five scenarios: each script of `examples/` against a real server, and both consoles
//! as the seed prints them. Two things differ from the seed's own transcripts, on purpose: an
//! answer stands behind its own request, and `leave` shows its answer.

use super::support::{Folder, Server, add_user, jim_client};
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// Plays scripts one after another; the golden file has the last one's two consoles.
fn check(golden: &str, scripts: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new();
    add_user(&folder, "user", "password");
    let mut server = Server::start_in(folder, &["--lang", "ru"]);
    let mut client = Vec::new();
    for script in scripts {
        let output = jim_client()
            .args(["-p", &server.address.port().to_string(), "--lang", "ru", "--script"])
            .arg(root.join("examples").join(script))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        client.push(String::from_utf8(output.stdout).unwrap());
    }
    let port = server.address.port();
    let lines = server.stop();
    let shown = lines.iter().skip_while(|line| !line.starts_with('['));
    let server: String = shown.map(|line| format!("{line}\n")).collect();
    let client = client.last().unwrap();
    let went = mask(&format!("Сервер:\n{server}\nКлиент:\n{client}"), port);
    let path = root.join("tests/golden/console").join(format!("{golden}.txt"));
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &went).unwrap();
    }
    assert_eq!(went, fs::read_to_string(&path).unwrap(), "{golden}");
}

/// Times differ from run to run, and so does the port that the system chose.
fn mask(text: &str, port: u16) -> String {
    let text = text.replace(&format!(":{port}"), ":7777");
    let is_time = |line: &str| {
        let inside = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        inside.filter(|(time, _)| time.len() == 8).map(|(_, rest)| format!("[HH:MM:SS] {rest}"))
    };
    text.lines().map(|line| is_time(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

#[test]
fn normal() {
    check("1-normal", &["1-normal.jim"]);
}

#[test]
fn already_authenticated() {
    check("2-already-authenticated", &["2-already-authenticated.jim"]);
}

#[test]
fn wrong_password() {
    check("3-wrong-password", &["3-wrong-password.jim"]);
}

#[test]
fn not_a_member() {
    check("4-not-a-member", &["1-normal.jim", "4-not-a-member.jim"]);
}

#[test]
fn no_such_room() {
    check("5-no-such-room", &["5-no-such-room.jim"]);
}
