//! `jim-client` and a real `jimd` that keeps messages: what was missed is there later.

use super::client_process::Client;
use super::support::{Folder, Server, add_user, own_place};
use rustix::process::Signal;
use std::io::{BufRead, Write};
use std::process::Stdio;

/// Runs a client of this server to its end; gives its output and errors.
fn run(server: &Server, arguments: &[&str], input: &str) -> (String, String) {
    let (code, output, errors) = start(server, arguments, input).end();
    assert_eq!(code, 0, "{arguments:?}: {errors}");
    (output, errors)
}

fn start(server: &Server, arguments: &[&str], input: &str) -> Client {
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    Client::with_input(&[&["-a", &host, "-p", &port], arguments].concat(), input.as_bytes())
}

/// The texts of messages, without their times and senders.
fn texts(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| Some(line.split_once("boris: ")?.1)).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

const READ_TEA: [&str; 5] = ["-r", "-u", "anna", "--to", "#tea"];
const WRITE_TEA: [&str; 5] = ["-w", "-u", "boris", "--to", "#tea"];

#[test]
fn a_room_is_read_from_the_past_on() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let lines = numbers(0..450);
    run(&server, &WRITE_TEA, &lines.join("\n"));
    let newest = [&READ_TEA[..], &["--history", "420", "--count", "420"]].concat();
    let (output, _) = run(&server, &newest, "");
    assert_eq!(texts(&output), &lines[30..]);
    let all = [&READ_TEA[..], &["--since", "1h", "--count", "450"]].concat();
    let (output, _) = run(&server, &all, "");
    assert_eq!(texts(&output), lines);
    let objects = [&READ_TEA[..], &["--history", "9", "--count", "1", "--json"]].concat();
    let (output, _) = run(&server, &objects, "");
    let (_, behind) = output.split_once("\"msg_id\":\"").unwrap();
    let after = [&READ_TEA[..], &["--since", &behind[..16], "--count", "8"]].concat();
    let (output, _) = run(&server, &after, "");
    assert_eq!(texts(&output), &lines[442..]);
}

#[test]
fn who_follows_over_a_killed_server_sees_each_message_once() {
    let place = own_place();
    let folder = Folder::new();
    add_user(&folder, "anna", "secret");
    add_user(&folder, "boris", "secret");
    let mut server = Server::start_at(place, folder, &[]);
    let lines = numbers(0..90);
    run(&server, &WRITE_TEA, &lines[..30].join("\n"));
    let follow = [&READ_TEA[..], &["--history", "10", "--follow", "--count", "70"]].concat();
    let mut reader = start(&server, &follow, "");
    let mut shown = reader.stdout();
    let mut output = String::new();
    while texts(&output).len() < 10 {
        assert!(shown.read_line(&mut output).unwrap() > 0, "{output}");
    }
    run(&server, &WRITE_TEA, &lines[30..60].join("\n"));
    server.signal(Signal::KILL);
    server.wait();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    drop(server);
    let server = Server::start_at(place, folder, &[]);
    run(&server, &WRITE_TEA, &lines[60..].join("\n"));
    while shown.read_line(&mut output).unwrap() > 0 {}
    assert_eq!(texts(&output), &lines[20..]);
    let (code, _, errors) = reader.end();
    assert!(errors.contains("connecting again in 1 s"), "{errors}");
    assert_eq!(code, 0);
}

#[test]
fn what_waited_is_shown_once_to_who_is_back() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    run(&server, &["-w", "-u", "boris", "--to", "anna"], "one\ntwo\n");
    let interactive = ["-u", "anna"];
    let mut anna = Client::start(
        &[&["-p", &server.address.port().to_string()], &interactive[..]].concat(),
        Stdio::piped(),
    );
    let mut typed = anna.stdin();
    let mut shown = anna.stdout();
    let mut output = String::new();
    while output.lines().count() < 2 {
        assert!(shown.read_line(&mut output).unwrap() > 0, "{output}");
    }
    let texts: Vec<&str> = output.lines().map(|line| &line[11..]).collect();
    assert_eq!(texts, ["boris (anna): one", "boris (anna): two"]);
    typed.write_all(b"/quit\n").unwrap();
    drop(typed);
    assert_eq!(anna.end().0, 0);
    // Nothing waits any more, or it would come before the answer to this line.
    let (output, _) = run(&server, &interactive, "/history boris\n");
    assert_eq!(output.lines().count(), 2, "{output}");
    // A reader of something else leaves what waits for later.
    run(&server, &["-w", "-u", "boris", "--to", "anna"], "three\n");
    run(&server, &["-w", "-u", "anna"], "hello\n");
    let (output, _) = run(&server, &["-r", "-u", "anna", "--to", "boris", "--count", "1"], "");
    assert!(output.ends_with("boris: three\n"), "{output}");
}

#[test]
fn commands_are_answered_in_plain_words() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    run(&server, &WRITE_TEA, "green\nblack\n");
    let lines = "/join #tea\n/members #tea\n/rooms\n/who\n/history #tea 1\n/more\n\
                 /topic #tea\n/kick boris #tea\n/add boris\n/contacts\n/dance\n\
                 /join #mine\n/topic #mine Mine\n/hide #mine\n/invite boris #mine\n/op boris #mine\n\
                 /destroy #mine\n/destroy #mine\n/remove boris\n";
    let (output, errors) = run(&server, &["-u", "anna"], lines);
    for shown in [
        "anna   member  online\nboris  owner   offline\n",
        "#tea  2 members, 1 online  joined\n",
        "anna  user  20",
        "boris: black\n",
        "boris: green\n",
        "#tea: -\n",
        "\nboris\n",
        "#mine: Mine\n",
    ] {
        assert!(output.contains(shown), "no {shown:?} in {output}\n{errors}");
    }
    for told in ["403 ", "no command /dance", "/more shows it", "type /destroy #mine again"] {
        assert!(errors.contains(told), "no {told:?} in {errors}");
    }
    assert!(!errors.contains("does not know"), "{errors}");
}

#[test]
fn who_registers_can_log_in() {
    let server = Server::with_settings("registration = \"open\"\n");
    let (_, errors) = run(&server, &["register", "anna"], "");
    assert!(errors.contains("the account anna is made"), "{errors}");
    let (code, _, errors) = start(&server, &["register", "ANNA"], "").end();
    assert!(code == 4 && errors.contains("is not made: 409 "), "{errors}");
    run(&server, &["-w", "-u", "anna"], "hello\n");
}

#[test]
fn history_is_paged_to_its_beginning_and_searched() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    let mut lines = numbers(0..47);
    lines.push("Ещё чаю, друзья? 🍵".into());
    run(&server, &WRITE_TEA, &lines.join("\n"));
    let typed = "/join #tea\n/history 20\n/more\n/more\n/more\n";
    let (output, errors) = run(&server, &["-u", "anna"], typed);
    let pages = [&lines[28..], &lines[8..28], &lines[..8]].concat();
    assert_eq!(texts(&output), pages, "{errors}");
    assert_eq!(errors.matches("/more shows it").count(), 2, "{errors}");
    assert!(errors.contains("there is nothing more"), "{errors}");
    let typed = "/search еще ча*\n/search \"чаю друзья\"\n/search \"line 7\n/search кофе\n";
    let (output, errors) = run(&server, &["-u", "anna"], typed);
    let found = "boris (#tea): Ещё чаю, друзья? 🍵";
    let shown: Vec<&str> = output.lines().map(|line| &line[11..]).collect();
    assert_eq!(shown, [found, found, "boris (#tea): line 7"], "{errors}");
    assert!(errors.contains("nothing was found"), "{errors}");
}

#[test]
fn who_names_no_room_is_told_which_there_are() {
    let server = Server::with_users(&["anna", "boris"], &[]);
    run(&server, &["-w", "-u", "anna", "--to", "#tea"], "");
    run(&server, &["-w", "-u", "boris", "--to", "#milk"], "");
    let mut reader = start(&server, &["-r", "-u", "anna", "--history", "5", "--count", "1"], "");
    let mut told = String::new();
    while !told.contains("such as #tea\n") {
        assert!(reader.errors.read_line(&mut told).unwrap() > 0, "{told}");
    }
    assert!(told.contains("the common chat is not kept here; --to names a room"), "{told}");
    run(&server, &["-w", "-u", "boris"], "live");
    let (code, output, errors) = reader.end();
    assert_eq!((code, texts(&output)), (0, vec!["live"]), "{errors}");
    let server = Server::with_settings("registration = \"open\"\nhistory.common = true\n");
    for user in ["anna", "boris"] {
        run(&server, &["register", user], "");
    }
    run(&server, &["-w", "-u", "boris"], "one\ntwo\nthree");
    let newest = ["-r", "-u", "anna", "--history", "2", "--count", "2"];
    assert_eq!(texts(&run(&server, &newest, "").0), ["two", "three"]);
}
