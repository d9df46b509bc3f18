//! Files, over real sockets: sent in pieces, gone on with elsewhere, fetched by who may, and told of
//! to those who know none.

use super::process::resident_kib;
use super::support::{Client, DEADLINE, Folder, Server, add_user};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::net::Shutdown;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

const USERS: [&str; 4] = ["ann", "bob", "cat", "dora"];

/// The most of a file that one `put` has.
const PIECE: usize = 48 * 1024;

const FILES: &[&str] = &["files"];

fn server() -> Server {
    Server::with_users(&USERS, &["--lang", "en"])
}

fn server_with(settings: &str) -> Server {
    let folder = Folder::new();
    folder.file("jimd.toml", settings);
    for user in USERS {
        add_user(&folder, user, "secret");
    }
    Server::start_in(folder, &["--lang", "en", "--config", "jimd.toml"])
}

/// A former connection of the user may not have ended yet.
fn logged_in(server: &Server, name: &str, features: &[&str]) -> Client {
    let user = json!({"account_name": name, "password": "secret"});
    let mut request = json!({"action": "authenticate", "time": 1, "user": user});
    if !features.is_empty() {
        request["features"] = json!(features);
    }
    let deadline = Instant::now() + DEADLINE;
    loop {
        let mut client = server.connect();
        let answer = client.ask(request.to_string());
        if answer["response"] == 202 {
            return client;
        }
        assert!(answer["response"] == 409 && Instant::now() < deadline, "{answer}");
    }
}

/// A member of `#r`.
fn member(server: &Server, name: &str, features: &[&str]) -> Client {
    let mut client = logged_in(server, name, features);
    let answer = client.ask(r##"{"action":"join","time":1,"room":"#r"}"##);
    assert_eq!(answer["response"], 200, "{answer}");
    client
}

fn upload(from: &str, to: &str, name: &str, size: usize) -> Value {
    json!({"action": "upload", "time": 1, "from": from, "to": to, "name": name, "size": size})
}

fn open(client: &mut Client, from: &str, to: &str, name: &str, size: usize) -> String {
    let answer = client.ask(upload(from, to, name, size).to_string());
    assert_eq!((&answer["response"], &answer["next"]), (&json!(200), &json!(0)), "{answer}");
    assert_eq!(answer["id"], answer["upload"], "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

fn piece(id: &str, offset: usize, bytes: &[u8]) -> String {
    let data = STANDARD.encode(bytes);
    json!({"action": "put", "time": 1, "id": id, "offset": offset, "data": data}).to_string()
}

/// Sends what is missing from an offset on; the last answer.
fn send_from(client: &mut Client, id: &str, content: &[u8], from: usize) -> Value {
    let mut offset = from;
    loop {
        let bytes = &content[offset..(offset + PIECE).min(content.len())];
        let answer = client.ask(piece(id, offset, bytes));
        assert_eq!(answer["response"], 200, "{answer}");
        offset += bytes.len();
        assert_eq!(answer["next"], offset, "{answer}");
        if offset == content.len() {
            return answer;
        }
        assert_eq!(answer.get("sha256"), None, "{answer}");
    }
}

/// Sends a whole file; its number.
fn send(client: &mut Client, from: &str, to: &str, name: &str, content: &[u8]) -> String {
    let id = open(client, from, to, name, content.len());
    let answer = send_from(client, &id, content, 0);
    assert_eq!(answer["sha256"], sum(content), "{answer}");
    id
}

fn get(client: &mut Client, id: &str, offset: usize) -> Value {
    client.ask(json!({"action": "get", "time": 1, "id": id, "offset": offset}).to_string())
}

/// Fetches a whole file, and the answer with its last byte.
fn fetch(client: &mut Client, id: &str) -> (Vec<u8>, Value) {
    let mut content = Vec::new();
    loop {
        let answer = get(client, id, content.len());
        assert_eq!(answer["response"], 200, "{answer}");
        content.extend(STANDARD.decode(answer["data"].as_str().unwrap()).unwrap());
        assert_eq!(answer["next"], content.len(), "{answer}");
        if answer["next"] == answer["size"] {
            return (content, answer);
        }
    }
}

fn sum(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes in which no piece is like another.
fn content(bytes: usize) -> Vec<u8> {
    (0..bytes as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// All whole files, by their paths in the folder of files, once no other is there.
fn stored(server: &Server) -> Vec<PathBuf> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let files = files(server);
        if files.iter().all(|path| !path.starts_with("open")) {
            return files;
        }
        assert!(Instant::now() < deadline, "pieces stay: {files:?}");
        thread::yield_now();
    }
}

fn files(server: &Server) -> Vec<PathBuf> {
    let root = server.folder.path().join("jim-data/attachments");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(&root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn reason(answer: &Value) -> String {
    let code = &answer["response"];
    format!("{code} {}", answer["reason"].as_str().unwrap_or("")).trim_end().to_owned()
}

#[test]
fn a_file_reaches_a_room_and_each_member_in_the_form_that_its_client_knows() {
    let server = server();
    let mut ann = member(&server, "ann", &["files", "ids"]);
    let mut bob = member(&server, "bob", FILES);
    let mut cat = member(&server, "cat", &[]);
    let mut dora = member(&server, "dora", &["ids"]);
    let content = content(100_000);
    let mut request = upload("ann", "#r", "a \"1\".txt", content.len());
    request["message"] = json!("look \u{1b}[2J:");
    request["id"] = json!(7);
    let opened = ann.ask(request.to_string());
    assert_eq!((&opened["response"], &opened["id"]), (&json!(200), &json!(7)), "{opened}");
    let id = opened["upload"].as_str().unwrap();
    let last = send_from(&mut ann, id, &content, 0);
    assert_eq!(last["sha256"], sum(&content));

    let told = bob.object();
    let expected = json!({
        "action": "attachment", "time": told["time"], "from": "ann", "to": "#r",
        "name": "a \"1\".txt", "size": 100_000, "sha256": sum(&content), "id": id,
        "message": "look \u{1b}[2J:",
    });
    assert_eq!(told, expected);
    let words = "look \u{1b}[2J: [file a \"1\".txt, 97.6 KiB]";
    let plain = cat.object();
    let expected = json!({
        "action": "msg", "time": told["time"], "to": "#r", "from": "ann", "message": words,
    });
    assert_eq!(plain, expected);
    let marked = dora.object();
    assert_eq!((&marked["action"], &marked["message"]), (&json!("msg"), &json!(words)));
    assert_eq!((&marked["msg_id"], &marked["server_time"]), (&last["msg_id"], &told["time"]));

    for client in [&mut ann, &mut bob, &mut cat, &mut dora] {
        let (got, last) = fetch(client, id);
        assert!(got == content);
        assert_eq!(
            (&last["name"], &last["sha256"]),
            (&json!("a \"1\".txt"), &json!(sum(&content)))
        );
    }
    let sum = sum(&content);
    assert_eq!(stored(&server), [PathBuf::from(&sum[..2]).join(&sum)]);
}

#[test]
fn an_upload_goes_on_over_another_connection_and_after_the_servers_death() {
    let server = server();
    let content = content(3 * PIECE + 1000);
    let mut ann = logged_in(&server, "ann", FILES);
    let id = open(&mut ann, "ann", "#all", "x.bin", content.len());
    assert_eq!(ann.ask(piece(&id, 0, &content[..PIECE]))["next"], PIECE);
    drop(ann);
    let mut ann = logged_in(&server, "ann", FILES);
    let answer = ann.ask(piece(&id, 0, &content[..PIECE]));
    assert_eq!((reason(&answer), &answer["next"]), ("400 wrong_offset".into(), &json!(PIECE)));
    assert_eq!(ann.ask(piece(&id, PIECE, &content[PIECE..2 * PIECE]))["next"], 2 * PIECE);
    let server = Server::start_in(server.kill(), &["--lang", "en"]);
    let mut ann = logged_in(&server, "ann", FILES);
    let answer = ann.ask(piece(&id, 0, b""));
    assert_eq!((reason(&answer), &answer["next"]), ("400 wrong_offset".into(), &json!(2 * PIECE)));
    let last = send_from(&mut ann, &id, &content, 2 * PIECE);
    assert_eq!(last["sha256"], sum(&content));
    let server = Server::start_in(server.kill(), &["--lang", "en"]);
    let mut bob = logged_in(&server, "bob", FILES);
    assert!(fetch(&mut bob, &id).0 == content, "what was answered for outlives a crash");
}

#[test]
fn a_bad_piece_is_told_and_the_upload_goes_on() {
    let server = server();
    let mut ann = logged_in(&server, "ann", FILES);
    let id = open(&mut ann, "ann", "#all", "a", 10);
    let put = |offset: Value, data: &str| {
        json!({"action": "put", "time": 1, "id": id, "offset": offset, "data": data}).to_string()
    };
    let rows = [
        (put(json!(0), "aGVsbG8"), "400 bad_base64"),
        (put(json!(0), "aGVs bG8="), "400 bad_base64"),
        (put(json!(0), "@@@@"), "400 bad_base64"),
        (put(json!(1), "aGVsbG8="), "400 wrong_offset"),
        (put(json!(0), "aGVsbG8gaGVsbG8="), "400 too_long"),
        (put(json!(-1), "aGVsbG8="), "400 wrong_type"),
        (put(json!("0"), "aGVsbG8="), "400 wrong_type"),
        (put(json!(0), &"A".repeat(65_540)), "400 too_long"),
        (r#"{"action":"put","time":1,"id":"x","offset":0,"data":""}"#.into(), "400 bad_id"),
        (r#"{"action":"put","time":1,"offset":0,"data":""}"#.into(), "400 missing_field"),
    ];
    for (request, expected) in rows {
        assert_eq!(reason(&ann.ask(&request)), expected, "{request}");
        assert_eq!(ann.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    }
    let answer = ann.ask(put(json!(0), r"aGVsbG8="));
    assert_eq!((&answer["response"], &answer["next"]), (&json!(200), &json!(5)), "{answer}");
    let answer = ann.ask(put(json!(0), "aGVsbG8="));
    assert_eq!((reason(&answer), &answer["next"]), ("400 wrong_offset".into(), &json!(5)));
    let answer = ann.ask(put(json!(5), ""));
    assert_eq!((&answer["response"], &answer["next"]), (&json!(200), &json!(5)), "nothing is less");
    let answer = ann.ask(put(json!(5), "d29ybGQ="));
    assert_eq!(answer["sha256"], sum(b"helloworld"));
    let again = ann.ask(put(json!(5), "d29ybGQ="));
    assert_eq!(again["sha256"], sum(b"helloworld"), "the answer may have been lost");
    assert_eq!(fetch(&mut ann, &id).0, b"helloworld");
}

#[test]
fn an_empty_file_is_whole_with_an_empty_piece() {
    let server = server();
    let mut ann = member(&server, "ann", FILES);
    let mut bob = member(&server, "bob", FILES);
    let id = send(&mut ann, "ann", "#r", "empty", b"");
    assert_eq!(bob.object()["size"], 0);
    let answer = get(&mut bob, &id, 0);
    assert_eq!((&answer["data"], &answer["next"]), (&json!(""), &json!(0)), "{answer}");
}

#[test]
fn what_is_too_large_is_refused_before_a_byte_of_it_came() {
    let server = server_with(
        "attachment_max = 100000\nattachment_quota_user = 200000\nattachment_quota = 300000\n",
    );
    let mut ann = logged_in(&server, "ann", FILES);
    for size in ["100001", "5368709120", "99999999999999999999999999"] {
        let request = upload("ann", "#all", "a", 0).to_string();
        let answer = ann.ask(request.replace("\"size\":0", &format!("\"size\":{size}")));
        assert_eq!(reason(&answer), "400 too_large", "{answer}");
        assert_eq!((&answer["field"], &answer["limit"]), (&json!("size"), &json!(100_000)));
    }
    for _ in 0..2 {
        open(&mut ann, "ann", "#all", "a", 95_000);
    }
    let answer = ann.ask(upload("ann", "#all", "a", 20_000).to_string());
    assert_eq!((reason(&answer), &answer["limit"]), ("400 quota".into(), &json!(200_000)));
    assert!(answer["error"].as_str().unwrap().starts_with("Your files"), "{answer}");
    let mut bob = logged_in(&server, "bob", FILES);
    open(&mut bob, "bob", "#all", "a", 90_000);
    let answer = bob.ask(upload("bob", "#all", "a", 50_000).to_string());
    assert_eq!((reason(&answer), &answer["limit"]), ("400 quota".into(), &json!(300_000)));
    assert!(answer["error"].as_str().unwrap().starts_with("The server's"), "{answer}");
}

#[test]
fn a_file_is_none_to_who_may_not_read_where_it_was_sent() {
    let server = server();
    let mut ann = member(&server, "ann", FILES);
    let mut bob = member(&server, "bob", FILES);
    let mut cat = logged_in(&server, "cat", FILES);
    let in_room = send(&mut ann, "ann", "#r", "a", b"room");
    let direct = send(&mut ann, "ann", "bob", "a", b"direct");
    for id in [&in_room, &direct] {
        assert_eq!(bob.object()["id"], **id);
    }
    for id in [&in_room, &direct] {
        assert_eq!(fetch(&mut bob, id).1["response"], 200);
        assert_eq!(reason(&get(&mut cat, id, 0)), "404 no_such_file");
    }
    assert_eq!(bob.ask(r##"{"action":"leave","time":1,"room":"#r"}"##)["response"], 200);
    assert_eq!(reason(&get(&mut bob, &in_room, 0)), "404 no_such_file");
    assert_eq!(reason(&get(&mut ann, "0000000000000001", 0)), "404 no_such_file");
    assert_eq!(reason(&get(&mut ann, &in_room, 5)), "400 wrong_offset");
    assert_eq!(reason(&get(&mut ann, "../../etc/passwd", 0)), "400 bad_id");
    let half = open(&mut ann, "ann", "bob", "half", 10);
    assert_eq!(reason(&get(&mut ann, &half, 0)), "404 no_such_file");
    assert_eq!(reason(&cat.ask(piece(&half, 0, b"forged"))), "404 no_such_upload");
    let mut guest = server.connect();
    guest.presence("Guest");
    assert_eq!(reason(&get(&mut guest, &in_room, 0)), "401 not_authenticated");
}

#[test]
fn no_name_leads_out_of_the_folder_or_drives_a_terminal() {
    let server = server();
    let mut ann = member(&server, "ann", FILES);
    let mut bob = member(&server, "bob", FILES);
    let rows = [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        (".bashrc", ".bashrc"),
        ("CON", "CON"),
        ("CON", "CON"),
    ];
    for (number, (given, name)) in rows.into_iter().enumerate() {
        let content = [number as u8; 3];
        let id = send(&mut ann, "ann", "#r", given, &content);
        assert_eq!(bob.object()["name"], name, "{given}");
        let (got, answer) = fetch(&mut bob, &id);
        assert_eq!((got, &answer["name"]), (content.to_vec(), &json!(name)));
    }
    for given in ["..", "a/", "\u{1b}[2J", "a\nb", "\u{202e}fdp.exe", ""] {
        let answer = ann.ask(upload("ann", "#r", given, 1).to_string());
        let expected = if given.is_empty() { "400 missing_field" } else { "400 bad_name" };
        assert_eq!(reason(&answer), expected, "{given:?}");
    }
    let is_ours = |path: &PathBuf| {
        let parts: Vec<_> = path.iter().map(|part| part.len()).collect();
        parts == [2, 64]
    };
    let stored = stored(&server);
    assert_eq!((stored.len(), stored.iter().all(is_ours)), (rows.len(), true), "{stored:?}");
}

#[test]
fn one_content_is_stored_once_however_often_it_is_sent() {
    let server = server();
    let mut ann = member(&server, "ann", FILES);
    let mut bob = member(&server, "bob", FILES);
    let first = send(&mut ann, "ann", "#r", "a", b"the same");
    bob.object();
    let second = send(&mut bob, "bob", "#r", "b", b"the same");
    assert_ne!(first, second);
    assert_eq!(stored(&server).len(), 1);
    assert_eq!(fetch(&mut bob, &first).1["name"], "a");
    assert_eq!(fetch(&mut bob, &second).1["name"], "b");
}

#[test]
fn who_is_kicked_while_sending_is_told_and_nobody_hears_of_the_file() {
    let server = server();
    let mut bob = member(&server, "bob", FILES);
    let mut ann = member(&server, "ann", FILES);
    let id = open(&mut ann, "ann", "#r", "a", 10);
    assert_eq!(ann.ask(piece(&id, 0, b"hello"))["next"], 5);
    let kick = r##"{"action":"kick","time":1,"room":"#r","target":"ann"}"##;
    assert_eq!(bob.ask(kick)["response"], 200);
    assert_eq!(reason(&ann.ask(piece(&id, 5, b"world"))), "403 not_a_member");
    bob.assert_nothing_came();
}

#[test]
fn a_client_of_console_chat_and_a_russian_one_are_told_in_words() {
    let server = Server::with_users(&["ann", "bob"], &["--lang", "ru"]);
    let mut ann = logged_in(&server, "ann", FILES);
    let mut console = server.connect();
    console.send(r#"{"username":"Console"}"#);
    let mut bob = logged_in(&server, "bob", &[]);
    bob.ask(r#"{"action":"presence","time":1}"#);
    // The console's client is in the chat once somebody counts it.
    let deadline = Instant::now() + DEADLINE;
    let count = r#"{"action":"command","time":1,"command":"participants_count"}"#;
    while bob.ask(count)["alert"] != "Participants count: 2" {
        assert!(Instant::now() < deadline, "the console's client never came");
    }
    send(&mut ann, "ann", "#all", "отчёт.pdf", &[0; 2048]);
    assert_eq!(bob.object()["message"], "[файл отчёт.pdf, 2,0 КиБ]");
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains('}') {
        let mut part = [0; 1024];
        let count = std::io::Read::read(&mut console.stream, &mut part).unwrap();
        assert!(count > 0, "closed after {seen:?}");
        seen.extend_from_slice(&part[..count]);
    }
    let told: Value = serde_json::from_slice(&seen).unwrap();
    let expected = json!({
        "message_type": "message", "sender": "ann", "data": "[файл отчёт.pdf, 2,0 КиБ]",
    });
    assert_eq!(told, expected);
}

#[test]
fn history_search_and_what_waits_have_files_as_each_client_knows_them() {
    let server = server();
    let mut ann = member(&server, "ann", &["files", "ids", "offline"]);
    drop(member(&server, "bob", &[]));
    let mut request = upload("ann", "#r", "a.txt", 5);
    request["message"] = json!("minutes of the meeting");
    let id = ann.ask(request.to_string())["id"].as_str().unwrap().to_owned();
    let last = send_from(&mut ann, &id, b"hello", 0);
    let mut plain = logged_in(&server, "cat", &[]);
    assert_eq!(plain.ask(r##"{"action":"join","time":1,"room":"#r"}"##)["response"], 200);
    for read in [
        r##"{"action":"history","time":1,"with":"#r"}"##,
        r#"{"action":"search","time":1,"query":"meeting"}"#,
    ] {
        let page = ann.ask(read);
        let [found] = page["messages"].as_array().unwrap().as_slice() else { panic!("{page}") };
        assert_eq!((&found["action"], &found["id"]), (&json!("attachment"), &json!(id)));
        assert_eq!(found["msg_id"], last["msg_id"], "{page}");
        let page = plain.ask(read);
        let [found] = page["messages"].as_array().unwrap().as_slice() else { panic!("{page}") };
        let words = "minutes of the meeting [file a.txt, 5 B]";
        assert_eq!((&found["action"], &found["message"]), (&json!("msg"), &json!(words)));
        assert_eq!(found["msg_id"], last["msg_id"], "{page}");
    }

    let id = open(&mut ann, "ann", "bob", "b.txt", 5);
    let answer = send_from(&mut ann, &id, b"hello", 0);
    assert_eq!(answer["alert"], "File from ann waits until bob is back");
    for (features, action) in [(vec!["ids", "files"], "attachment"), (vec!["ids"], "msg")] {
        let mut bob = logged_in(&server, "bob", &features);
        bob.ask(r#"{"action":"presence","time":1}"#);
        let told = bob.object();
        assert_eq!((&told["action"], &told["from"]), (&json!(action), &json!("ann")), "{told}");
        assert_eq!(fetch(&mut bob, &id).0, b"hello");
        bob.ask(r#"{"action":"quit"}"#);
        bob.assert_closed();
    }
    drop(ann);
    let mut bare = logged_in(&server, "ann", FILES);
    let answer = bare.ask(upload("ann", "bob", "c", 1).to_string());
    assert_eq!(reason(&answer), "410 offline");
}

#[test]
fn pieces_may_follow_each_other_without_a_wait_and_the_end_of_input_loses_none() {
    let server = server();
    let mut ann = logged_in(&server, "ann", FILES);
    let content = content(5 * PIECE + 1);
    let id = open(&mut ann, "ann", "#all", "a", content.len());
    let mut writer = Client { stream: ann.stream.try_clone().unwrap(), held: Vec::new() };
    let all: String = content
        .chunks(PIECE)
        .enumerate()
        .map(|(number, bytes)| piece(&id, number * PIECE, bytes))
        .collect();
    let sender = thread::spawn(move || {
        writer.send(all);
        writer.stream.shutdown(Shutdown::Write).unwrap();
    });
    for number in 1..=5 {
        assert_eq!(ann.object()["next"], number * PIECE);
    }
    assert_eq!(ann.object()["sha256"], sum(&content));
    ann.assert_closed();
    sender.join().unwrap();
    let mut bob = logged_in(&server, "bob", FILES);
    assert!(fetch(&mut bob, &id).0 == content);
}

/// A thousand answers of 64 KiB are asked for and not read: they are not made either.
#[test]
fn who_reads_no_answer_is_given_no_further_pieces() {
    const GETS: usize = 1000;
    let server = server();
    let mut ann = logged_in(&server, "ann", FILES);
    let content = content(PIECE);
    let id = send(&mut ann, "ann", "#all", "a", &content);
    let mut bob = logged_in(&server, "bob", FILES);
    let before = resident_kib(server.pid());
    let get = json!({"action": "get", "time": 1, "id": id, "offset": 0}).to_string();
    bob.send(get.repeat(GETS));
    for _ in 0..200 {
        assert_eq!(fetch(&mut ann, &id).0.len(), PIECE);
    }
    let grown = resident_kib(server.pid()).saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB more");
    for _ in 0..GETS {
        assert_eq!(bob.object()["next"], PIECE);
    }
}

#[test]
fn only_a_put_may_be_long_and_only_with_files() {
    let server = server();
    let mut plain = logged_in(&server, "ann", &["ids"]);
    let id = "0000000000000001";
    let long = piece(id, 0, &content(40 * 1024));
    let answer = plain.ask(&long);
    assert_eq!((reason(&answer), &answer["limit"]), ("400 too_long".into(), &json!(640)));
    assert_eq!(reason(&plain.ask(piece(id, 0, &content(5000)))), "404 no_such_upload");
    let mut knowing = logged_in(&server, "bob", FILES);
    assert_eq!(reason(&knowing.ask(&long)), "404 no_such_upload");
    let padded = format!("{},\"x\":\"{}\"}}", &long[..long.len() - 1], "x".repeat(700));
    assert_eq!(reason(&knowing.ask(padded)), "400 too_long");
    let msg = json!({
        "action": "msg", "time": 1, "to": "#all", "from": "bob", "message": "x".repeat(60_000),
    });
    let answer = knowing.ask(msg.to_string());
    assert_eq!((reason(&answer), &answer["field"]), ("400 too_long".into(), &json!("message")));
    knowing.send(format!("{{\"x\":\"{}", "x".repeat(150_000)));
    assert_eq!(knowing.object()["reason"], "never_closes");
    knowing.assert_closed();
}

#[test]
fn who_asked_for_no_feature_gets_a_file_in_short_answers() {
    let server = server();
    let mut ann = logged_in(&server, "ann", FILES);
    let content = content(1000);
    let name = "н".repeat(500);
    let id = send(&mut ann, "ann", "#all", &name, &content);
    let mut plain = logged_in(&server, "bob", &[]);
    let mut got = Vec::new();
    while got.len() < content.len() {
        plain.send(json!({"action": "get", "time": 1, "id": id, "offset": got.len()}).to_string());
        let line = plain.line();
        assert!(line.len() < 640, "{line}");
        let answer: Value = serde_json::from_str(&line).unwrap();
        let data = STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        assert!(!data.is_empty(), "{line}");
        got.extend(data);
    }
    assert!(got == content);
}

#[test]
fn without_a_size_that_is_allowed_there_are_no_files() {
    let server = server_with("attachment_max = 0\n");
    let mut ann = server.connect();
    let request = json!({
        "action": "authenticate", "time": 1, "features": ["files", "ids"],
        "user": {"account_name": "ann", "password": "secret"},
    });
    assert_eq!(ann.ask(request.to_string())["features"], json!(["ids"]));
    assert_eq!(reason(&ann.ask(upload("ann", "#all", "a", 1).to_string())), "403 no_files");
    assert_eq!(reason(&get(&mut ann, "0000000000000001", 0)), "403 no_files");
}

#[test]
fn the_chat_goes_on_while_files_are_sent() {
    let server = server();
    let done = AtomicBool::new(false);
    let content = content(4 << 20);
    let senders = ["ann", "bob"].map(|name| (name, logged_in(&server, name, FILES)));
    let mut cat = logged_in(&server, "cat", FILES);
    let mut dora = logged_in(&server, "dora", FILES);
    thread::scope(|scope| {
        let senders = senders.map(|(name, mut client)| {
            let content = &content;
            scope.spawn(move || send(&mut client, name, "#all", "large", content))
        });
        let talk = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Acquire) {
                let text = format!("round {rounds}");
                let msg = json!({
                    "action": "msg", "time": 1, "to": "dora", "from": "cat", "message": text,
                });
                assert_eq!(cat.ask(msg.to_string())["response"], 200);
                assert_eq!(dora.object()["message"], text);
                rounds += 1;
            }
            rounds
        });
        let ids = senders.map(thread::ScopedJoinHandle::join);
        done.store(true, Ordering::Release);
        assert!(ids.iter().all(Result::is_ok), "{ids:?}");
        // Two files are 172 pieces: a chat that waited for each would be as slow as they are.
        assert!(talk.join().unwrap() > 10);
    });
}
