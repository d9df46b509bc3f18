//! What `jim-client` does with secrets in each of its modes: it sends them, and shows none.

use super::super::scripted_peer::{Conversation, Peer};
use super::super::support::{Folder, Server, add_user, jim_client, user_command};
use super::super::tls_peer;
use super::search::Finds;
use super::{assert_none_in_files, canary, files};
use std::io::Write;
use std::process::{Command, Output, Stdio};

const NAME: &str = "ann";

fn password() -> String {
    canary("password")
}

/// A client in this folder, which ends with its input.
fn run(command: &mut Command, folder: &Folder, arguments: &[&str], input: &str) -> Output {
    let mut child = command
        .args(arguments)
        .current_dir(folder.path())
        .envs([("USER", "tester"), ("LC_ALL", "C")])
        .env("HOME", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    // It may end before it has read all.
    let _ = typed.write_all(input.as_bytes());
    drop(typed);
    child.wait_with_output().unwrap()
}

fn assert_none_shown(what: &str, output: &Output, finds: &Finds) {
    finds.assert_not_in(&format!("standard output of {what}"), &output.stdout);
    finds.assert_not_in(&format!("standard error of {what}"), &output.stderr);
}

/// How a mode is begun, what is typed, and how it ends.
type Mode<'a> = (&'a [&'a str], &'a str, i32);

const MODES: [Mode<'_>; 15] = [
    (&["-u", NAME, "-w", "-v"], "hello\n", 0),
    (&["-u", NAME, "-w", "--to", "#r", "-v"], "hello\n", 0),
    (&["-u", NAME, "-r", "-v", "--timeout", "1"], "", 7),
    (&["-u", NAME, "-r", "--json", "-v", "--timeout", "1"], "", 7),
    (&["-u", NAME, "-v"], "/who\n/passwd\n/nonsense\n/quit\n", 0),
    (&["-u", NAME, "-v", "--to", "#r", "--history", "5", "-r", "--timeout", "1"], "", 7),
    (&["send", "note.txt", "-u", NAME, "--to", "#r", "-v"], "", 0),
    (&["get", "00000000000000ab", "-u", NAME, "-v"], "", 8),
    (&["-u", NAME, "-w", "--tls", "-v"], "hello\n", 3),
    (&["-w", "-v"], "a guest has a password that nobody asks for\n", 0),
    (&["-v"], "/quit\n", 0),
    (&["spawn", "2", "-w", "-v"], "hello\n", 0),
    (&["register", "dora", "-v"], "", 4),
    (&["--console-chat", "-v"], "cat\nhello\ncmd!current_time\n", 0),
    (&["--exchange", "eve", "-v"], "hello\n\n\\q\n", 0),
];

#[test]
fn no_mode_of_the_client_shows_the_password() {
    let folder = Folder::new();
    add_user(&folder, NAME, &password());
    let mut server = Server::start_in(folder, &["--verbose"]);
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let (home, finds) = (Folder::new(), Finds::new(&[]));
    let file = home.file("password", &format!("{}\n", password()));
    let file = file.to_str().unwrap();
    home.file("note.txt", "a note\n");
    for (mode, input, code) in MODES {
        let port = if mode.contains(&"--exchange") {
            vec![host.as_str(), &port]
        } else {
            vec!["-a", &host, "-p", &port]
        };
        let arguments = [mode, &port].concat();
        let by_variable =
            run(jim_client().env("JIM_PASSWORD", password()), &home, &arguments, input);
        assert_eq!(by_variable.status.code(), Some(code), "{mode:?}: {by_variable:?}");
        assert_none_shown(&format!("{mode:?}"), &by_variable, &finds);
        if mode.contains(&"-u") {
            let arguments = [&arguments[..], &["--password-file", file]].concat();
            let by_file = run(&mut jim_client(), &home, &arguments, input);
            assert_eq!(by_file.status.code(), Some(code), "{mode:?}: {by_file:?}");
            assert_none_shown(&format!("{mode:?} with a file"), &by_file, &finds);
        }
    }
    user_command(&server.folder, &["passwd", NAME], Some("another"));
    let arguments = ["-u", NAME, "-w", "-v", "-a", &host, "-p", &port];
    let refused = run(jim_client().env("JIM_PASSWORD", password()), &home, &arguments, "");
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    assert_none_shown("a refused log-in", &refused, &finds);
    finds.assert_not_in("the console", server.stop().join("\n").as_bytes());
    assert_none_in_files(server.folder.path(), &finds);
    // What the client remembers of what it sent.
    std::fs::remove_file(file).unwrap();
    for file in files(home.path()) {
        finds.assert_not_in(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

#[test]
fn no_log_in_over_tls_shows_the_password() {
    let mut server = tls_peer::server("verbose = true\n");
    user_command(&server.folder, &["add", NAME], Some(&password()));
    let pin = tls_peer::files_of(&server.folder).read().unwrap().fingerprint().to_string();
    let port = server.address.port().to_string();
    let (home, finds) = (Folder::new(), Finds::new(&[]));
    for (pin, code) in [(pin, 0), ("0".repeat(64), 3)] {
        let arguments = ["-u", NAME, "-w", "-v", "-p", &port, "--tls", "--pin", &pin];
        let output = run(jim_client().env("JIM_PASSWORD", password()), &home, &arguments, "hi\n");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_none_shown("a log-in over TLS", &output, &finds);
    }
    finds.assert_not_in("the console", server.stop().join("\n").as_bytes());
    assert_none_in_files(server.folder.path(), &finds);
}

#[test]
fn no_script_shows_its_passwords() {
    let folder = Folder::new();
    add_user(&folder, NAME, &password());
    let mut server = Server::start_in(folder, &["--verbose"]);
    let port = server.address.port().to_string();
    let (home, finds) = (Folder::new(), Finds::new(&[]));
    let good = password();
    for (text, code) in [
        (format!("/login {NAME} {good}\n/join #r\n/msg #r hi\n/quit\n"), 0),
        (format!("/login {NAME} {good}!\n/quit\n"), 0),
        (format!("/login {NAME} {}\n/quit\n", "x".repeat(200) + &good), 0),
        (format!("/name x\n/presence\n/login {NAME} {good}\n/login {NAME} {good}\n"), 0),
        (format!("/login \"{NAME} {good}\n"), 2),
        (format!("/login {good}\n"), 2),
        (format!("login {NAME} {good}\n"), 2),
        (format!("{good}\n"), 2),
        (format!("/quit\n/login {NAME} {good}\n"), 2),
        (format!("/login {NAME} {good}\n/nonsense\n"), 2),
    ] {
        home.file("script.jim", &text);
        for (script, input) in [("script.jim", ""), ("-", text.as_str())] {
            let arguments = ["-p", &port, "--script", script, "-v"];
            let output = run(&mut jim_client(), &home, &arguments, input);
            assert_eq!(output.status.code(), Some(code), "{text}: {output:?}");
            assert_none_shown(&text, &output, &finds);
        }
    }
    finds.assert_not_in("the console", server.stop().join("\n").as_bytes());
    assert_none_in_files(server.folder.path(), &finds);
}

/// The ways in which a server can go wrong behind a log-in.
const WRONGS: [&str; 7] = [
    "",
    "{\"response\":",
    "{oops}",
    "SSH-2.0\r\n",
    "{\"response\":402,\"time\":1,\"error\":\"no\"}",
    "{\"response\":999,\"time\":1}",
    "{\"response\":400,\"time\":1,\"error\":\"no\",\"reason\":\"unknown_action\"}",
];

#[test]
fn no_fault_of_a_server_makes_the_client_show_a_password() {
    let (home, finds) = (Folder::new(), Finds::new(&[]));
    let modes: [&[&str]; 4] =
        [&["-w"], &["-r"], &[], &["register", "new", "--invite", "qzKanarienvogelqz-code"]];
    for mode in modes {
        for wrong in WRONGS {
            let talk = move |peer: &mut Conversation| {
                peer.expect(&["qzKanarienvogelqz-password"]);
                peer.try_to_say(wrong);
            };
            let peer = Peer::new(talk);
            let user: &[&str] = if mode.first() == Some(&"register") { &[] } else { &["-u", NAME] };
            let arguments = [mode, user, &["-v", "-p", &peer.port]].concat();
            let output =
                run(jim_client().env("JIM_PASSWORD", password()), &home, &arguments, "hi\n");
            assert_ne!(output.status.code(), Some(0), "{mode:?} {wrong}: {output:?}");
            assert_none_shown(&format!("{mode:?} at {wrong:?}"), &output, &finds);
            peer.join();
        }
    }
}

#[test]
fn settings_that_are_refused_do_not_show_what_else_they_hold() {
    let (home, finds) = (Folder::new(), Finds::new(&[]));
    std::fs::create_dir_all(home.path().join(".config/jim")).unwrap();
    let secret = canary("profile");
    for text in [
        format!("[profile.default]\npassword = \"{secret}\"\n"),
        format!("password = \"{secret}\"\n"),
        format!("[profile.default]\npassword = \"{secret}\n"),
        format!("[profile.default]\npassword = {secret}\n"),
        format!("[profile.default]\nuser = [\"{secret}\"]\n"),
    ] {
        home.file(".config/jim/client.toml", &text);
        let output = run(&mut jim_client(), &home, &["-w", "-v"], "");
        assert_eq!(output.status.code(), Some(2), "{text}: {output:?}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains("client.toml:1:") || errors.contains("client.toml:2:"), "{errors}");
        assert_none_shown(&text, &output, &finds);
    }
}
