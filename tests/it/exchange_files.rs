//! Files of the exchange (seed 004): every screen that a file is seen on, and every byte of it, with
//! senders and readers as slow, as short and as many as may be.

use super::crowd::{name_of, stuck};
use super::dialects::{console, exchange, jim, msg, said};
use super::process::{log_of, resident_kib, wait_until};
use super::support::{Client, Server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::net::Shutdown;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const MIB: usize = 1 << 20;

/// A file's bytes, like no other's, with every value of a byte.
fn bytes(seed: usize, count: usize) -> Vec<u8> {
    let block: Vec<u8> =
        (0..65_521_usize).map(|n| ((n * (seed * 2 + 7)) >> 3) as u8 ^ n as u8).collect();
    let mut all = block.repeat(count.div_ceil(block.len()));
    all.truncate(count);
    all
}

/// What a client of the exchange writes of a file, without the bytes.
fn heading(text: &str, name: &str, size: usize) -> Vec<u8> {
    let control = format!(r#"{{"text":"{text}","attachment":"{name}"}}"#);
    let mut out = (control.len() as u32).to_be_bytes().to_vec();
    out.extend_from_slice(control.as_bytes());
    out.extend_from_slice(&(size as u32).to_be_bytes());
    out
}

fn send_file(client: &mut Client, text: &str, name: &str, file: &[u8]) {
    client.send([&heading(text, name, file.len()), file].concat());
}

/// The next frame, what it says without its time, and the file behind it.
fn read_file(client: &mut Client) -> (String, Vec<u8>) {
    let frame = client.read_frame().unwrap();
    (said(&frame).to_owned(), client.read_bytes().unwrap())
}

fn shown(from: &str, text: &str, name: &str) -> String {
    format!(r#""nickname":"{from}","text":"{text}","attachment":"{name}"}}"#)
}

fn next_text(client: &mut Client) -> String {
    said(&client.read_frame().unwrap()).to_owned()
}

/// Clients of the exchange that know of one another: each is told of those after it.
fn in_exchange<const N: usize>(server: &Server, names: [&str; N]) -> [Client; N] {
    let mut clients: Vec<Client> = Vec::new();
    for name in names {
        let client = exchange(server, name);
        for other in &mut clients {
            let told = next_text(other);
            assert!(told.contains(&format!(r#"User \"{name}\" connected"#)), "{told}");
        }
        clients.push(client);
    }
    clients.try_into().ok().unwrap()
}

/// An account's client with these features that is present.
fn account(server: &Server, name: &str, features: &[&str]) -> Client {
    let mut client = server.connect();
    let user = json!({"account_name": name, "password": "secret"});
    let answer = client
        .ask(json!({"action":"authenticate","time":1,"user":user,"features":features}).to_string());
    assert_eq!(answer["response"], 202, "{answer}");
    assert_eq!(client.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    client
}

/// Fetches a whole file as JIM does.
fn fetch(client: &mut Client, id: &Value) -> Vec<u8> {
    let mut file = Vec::new();
    loop {
        let request = json!({"action":"get","time":1,"id":id,"offset":file.len()});
        let piece = client.ask(request.to_string());
        assert_eq!(piece["response"], 200, "{piece}");
        file.extend(STANDARD.decode(piece["data"].as_str().unwrap()).unwrap());
        assert_eq!(piece["next"], file.len());
        if piece["size"] == file.len() {
            return file;
        }
    }
}

/// Uploads a file as JIM does.
fn upload(client: &mut Client, from: &str, to: &str, name: &str, text: &str, file: &[u8]) {
    let answer = client.ask(
        json!({"action":"upload","time":1,"to":to,"from":from,"name":name,"size":file.len(),"message":text})
            .to_string(),
    );
    assert_eq!((&answer["response"], &answer["next"]), (&json!(200), &json!(0)), "{answer}");
    for (number, piece) in file.chunks(48 * 1024).enumerate() {
        let data = STANDARD.encode(piece);
        let offset = number * 48 * 1024;
        let answer = client.ask(
            json!({"action":"put","time":1,"id":answer["id"],"offset":offset,"data":data})
                .to_string(),
        );
        assert_eq!(answer["response"], 200, "{answer}");
    }
}

fn sha256(file: &[u8]) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parts of uploads that are open.
fn parts(server: &Server) -> Vec<PathBuf> {
    let folder = server.folder.path().join("jim-data/attachments/open");
    let entries = fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()));
    entries.map(Iterator::collect).unwrap_or_default()
}

#[test]
fn a_file_is_one_object_in_however_many_pieces_it_comes() {
    let server =
        Server::with_settings("[throttle]\nmessages_per_second = 1\nmessages_burst = 10\n");
    let [mut ivan, mut petya] = in_exchange(&server, ["ivan", "petya"]);
    let file = bytes(1, 2 * MIB);
    send_file(&mut ivan, "look", "a.bin", &file);
    let (control, came) = read_file(&mut petya);
    assert_eq!(control, shown("ivan", "look", "a.bin"));
    assert!(came == file, "{} bytes", came.len());
}

#[test]
fn every_screen_shows_one_file_and_every_byte_of_it() {
    let server = Server::with_users(&["ann"], &["--lang", "en"]);
    let mut con = console(&server, "con");
    let mut plain = jim(&server, "plain");
    let mut ann = account(&server, "ann", &["files", "ids"]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    let file = bytes(1, 3 * MIB + 1);
    send_file(&mut ivan, "see \\\"it\\\"", "../../p\\a/к\u{301}от.jpg", &file);
    let (frame, came) = read_file(&mut olga);
    assert_eq!(frame, shown("ivan", "see \\\"it\\\"", "к\u{301}от.jpg"));
    assert!(came == file);

    let in_words = "see \"it\" [file к\u{301}от.jpg, 3.0 MiB]";
    assert_eq!(con.object(), json!({"message_type":"message","sender":"ivan","data":in_words}));
    let msg = plain.object();
    assert_eq!(
        (&msg["action"], &msg["from"], &msg["to"], &msg["message"]),
        (&json!("msg"), &json!("ivan"), &json!("#all"), &json!(in_words)),
        "{msg}"
    );
    assert!(msg["time"].is_number() && msg.as_object().unwrap().len() == 5, "{msg}");

    let told = ann.object();
    let expected = json!({
        "action": "attachment", "time": told["time"], "from": "ivan", "to": "#all",
        "name": "к\u{301}от.jpg", "size": file.len(), "sha256": sha256(&file), "id": told["id"],
        "message": "see \"it\"", "msg_id": told["msg_id"], "server_time": told["server_time"],
    });
    assert_eq!(told, expected);
    assert!(told["time"].is_number() && told["id"].is_string() && told["msg_id"].is_string());
    assert!(fetch(&mut ann, &told["id"]) == file);
    plain.assert_nothing_came();

    // And nobody but the others was told: what comes next for the sender is somebody's text.
    plain.send(self::msg("plain", "#all", "nice"));
    assert_eq!(next_text(&mut ivan), r#""nickname":"plain","text":"nice"}"#);
}

#[test]
fn a_file_of_jims_comes_to_the_exchange_as_its_own_do() {
    let server = Server::with_users(&["ann"], &["--lang", "ru"]);
    let mut ann = account(&server, "ann", &["files"]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    let mut con = console(&server, "con");
    let file = bytes(2, 200_000);
    upload(&mut ann, "ann", "#all", "a \"b\".txt", "look", &file);
    for reader in [&mut ivan, &mut olga] {
        let (frame, came) = read_file(reader);
        assert_eq!(frame, shown("ann", "look", "a \\\"b\\\".txt"));
        assert!(came == file);
    }
    assert_eq!(con.object()["data"], "look [файл a \"b\".txt, 195,3 КиБ]");
    upload(&mut ann, "ann", "#all", "last", "", b"x");
    for reader in [&mut ivan, &mut olga] {
        assert_eq!(read_file(reader), (shown("ann", "", "last"), b"x".to_vec()));
    }
}

#[test]
fn what_is_said_around_files_keeps_its_order() {
    let server = Server::start(&["--lang", "en"]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    let mut jim = jim(&server, "jim");
    let files: Vec<Vec<u8>> =
        [1, 70_000, 0, 65_536, 65_537, 3].map(|count| bytes(count, count)).into();
    let mut stream = Vec::new();
    for (number, file) in files.iter().enumerate() {
        stream.extend(heading(&format!("with {number}"), &number.to_string(), file.len()));
        stream.extend_from_slice(file);
        let text = format!(r#"{{"text":"behind {number}"}}"#);
        stream.extend((text.len() as u32).to_be_bytes());
        stream.extend_from_slice(text.as_bytes());
    }
    ivan.send(stream);
    for (number, file) in files.iter().enumerate() {
        let (frame, came) = read_file(&mut olga);
        assert_eq!(frame, shown("ivan", &format!("with {number}"), &number.to_string()));
        assert!(came == *file, "{number}");
        let behind = format!(r#""nickname":"ivan","text":"behind {number}"}}"#);
        assert_eq!(next_text(&mut olga), behind);
        assert!(jim.object()["message"].as_str().unwrap().starts_with(&format!("with {number}")));
        assert_eq!(jim.object()["message"], format!("behind {number}"));
    }
}

#[test]
fn a_file_is_handed_on_though_its_sender_says_no_more() {
    let server = Server::start(&[]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    let file = bytes(3, MIB);
    send_file(&mut ivan, "bye", "f", &file);
    ivan.stream.shutdown(Shutdown::Write).unwrap();
    let (frame, came) = read_file(&mut olga);
    assert_eq!((frame, came == file), (shown("ivan", "bye", "f"), true));
    assert!(next_text(&mut olga).contains("disconnected"));
}

#[test]
fn two_files_at_once_do_not_mix() {
    let server = Server::start(&[]);
    let [mut ivan, mut oleg, mut olga] = in_exchange(&server, ["ivan", "oleg", "olga"]);
    let files = [bytes(4, 2 * MIB), bytes(5, 2 * MIB + 77)];
    let mut senders = [(&mut ivan, &files[0]), (&mut oleg, &files[1])];
    for (sender, file) in &mut senders {
        let size = file.len();
        sender.send(heading("", &size.to_string(), size));
    }
    for at in (0..files[1].len()).step_by(100_000) {
        for (sender, file) in &mut senders {
            sender.send(file.get(at..file.len().min(at + 100_000)).unwrap_or_default());
        }
    }
    let mut came: Vec<_> = (0..2).map(|_| read_file(&mut olga)).collect();
    came.sort_by_key(|(_, file)| file.len());
    for ((frame, came), (from, file)) in came.iter().zip([("ivan", &files[0]), ("oleg", &files[1])])
    {
        assert_eq!(*frame, shown(from, "", &file.len().to_string()));
        assert!(came == file, "{from}'s");
    }
    assert_eq!(read_file(&mut ivan).1.len(), files[1].len());
    assert_eq!(read_file(&mut oleg).1.len(), files[0].len());
}

#[test]
fn who_is_gone_half_way_leaves_nothing() {
    let server = Server::start(&["--lang", "en"]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    for ending in [Shutdown::Write, Shutdown::Both] {
        ivan.send(heading("half", "half", MIB));
        ivan.send(vec![1; 300_000]);
        wait_until("pieces are written", || parts(&server).len() == 1);
        ivan.stream.shutdown(ending).unwrap();
        assert!(next_text(&mut olga).contains(r#"User \"ivan\" disconnected"#));
        wait_until("the pieces are gone", || parts(&server).is_empty());
        ivan = exchange(&server, "ivan");
        assert!(next_text(&mut olga).contains(r#"User \"ivan\" connected"#));
    }
    // The name of the file and its length are all that came.
    ivan.send(heading("half", "half", MIB));
    ivan.stream.shutdown(Shutdown::Write).unwrap();
    assert!(next_text(&mut ivan).contains("ended in the middle"));
    assert_eq!(ivan.read_frame(), None);
    assert!(next_text(&mut olga).contains("disconnected"));
    wait_until("no upload is left", || parts(&server).is_empty());
}

#[test]
fn a_file_that_is_too_large_is_skipped_and_its_sender_lives_on() {
    let server = Server::with_settings("lang = \"en\"\nattachment_max = \"1MiB\"\n");
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    let before = resident_kib(server.pid());
    ivan.send(heading("large", "large", MIB + 1));
    // Told before a byte of it is read.
    let told = next_text(&mut ivan);
    assert!(told.contains("SERVER") && told.contains("1048577"), "{told}");
    ivan.send(vec![7; MIB + 1]);
    let whole = bytes(6, MIB);
    send_file(&mut ivan, "fits", "fits", &whole);
    let (frame, came) = read_file(&mut olga);
    assert_eq!((frame, came == whole), (shown("ivan", "fits", "fits"), true));
    // A length that nobody would skip ends the connection.
    ivan.send(heading("huge", "huge", u32::MAX as usize));
    assert!(next_text(&mut ivan).contains("4294967295"));
    assert_eq!(ivan.read_frame(), None);
    assert!(next_text(&mut olga).contains("disconnected"));
    let grown = resident_kib(server.pid()).saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB more");
}

#[test]
fn what_cannot_be_handed_on_is_told_and_skipped() {
    let server = Server::with_settings(
        "lang = \"en\"\nattachment_max = \"900KiB\"\nattachment_quota_user = \"1MiB\"\n",
    );
    let [mut ivan, mut olga, mut oleg] = in_exchange(&server, ["ivan", "olga", "oleg"]);
    // What is whole makes room, what is still to come does not.
    send_file(&mut ivan, "whole", "whole", &[0; 500_000]);
    assert_eq!(read_file(&mut olga).1.len(), 500_000);
    assert_eq!(read_file(&mut oleg).1.len(), 500_000);
    oleg.send(heading("open", "open", 600_000));
    send_file(&mut olga, "known", "known", b"");
    for reader in [&mut ivan, &mut oleg] {
        assert_eq!(read_file(reader).0, shown("olga", "known", "known"));
    }
    let long = "x".repeat(501);
    let rows = [
        (heading(&long, "name", 70_000), "500"),
        (heading("text", "..", 70_000), "name"),
        (heading("text", "a\u{1}", 70_000), "name"),
        (heading("text", "name/", 70_000), "name"),
        (heading("text", "size", 900 * 1024 + 1), "921600"),
        (heading("text", "quota", 800_000), "1048576"),
    ];
    for (heading, told) in rows {
        let size = u32::from_be_bytes(*heading.last_chunk().unwrap()) as usize;
        ivan.send([heading, vec![9; size]].concat());
        let answer = next_text(&mut ivan);
        assert!(answer.contains("SERVER") && answer.contains(told), "{answer}: {told}");
    }
    send_file(&mut ivan, "good", "good", b"good");
    for reader in [&mut olga, &mut oleg] {
        assert_eq!(read_file(reader), (shown("ivan", "good", "good"), b"good".to_vec()));
    }
    assert!(parts(&server).is_empty());
}

#[test]
fn what_the_disk_does_not_take_is_told_and_skipped() {
    let server = Server::start(&["--lang", "en"]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    send_file(&mut ivan, "one", "one", b"one");
    assert_eq!(read_file(&mut olga).1, b"one");
    let open = server.folder.path().join("jim-data/attachments/open");
    fs::remove_dir(&open).unwrap();
    fs::write(&open, "no folder").unwrap();
    send_file(&mut ivan, "lost", "lost", &bytes(1, 400_000));
    let told = next_text(&mut ivan);
    assert!(told.contains("SERVER") && told.contains("The server failed"), "{told}");
    fs::remove_file(&open).unwrap();
    fs::create_dir(&open).unwrap();
    send_file(&mut ivan, "two", "two", b"two");
    assert_eq!(read_file(&mut olga), (shown("ivan", "two", "two"), b"two".to_vec()));
}

#[test]
fn who_does_not_go_on_with_a_file_is_cut_off() {
    let server = Server::with_settings("lang = \"en\"\nhalf_object = \"1s\"\n");
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    ivan.send(heading("half", "half", MIB));
    ivan.send(vec![1; 300_000]);
    assert_eq!(ivan.read_frame(), None);
    assert!(next_text(&mut olga).contains("disconnected"));
    wait_until("the pieces are gone", || parts(&server).is_empty());
    server.wait_for_log(|line| line.contains("half an object stayed half"));
}

#[test]
fn where_files_are_off_the_text_goes_alone() {
    let server = Server::with_settings("lang = \"en\"\nattachment_max = 0\n");
    let [mut one, mut two] = in_exchange(&server, ["one", "two"]);
    one.send(heading("see", "../x", 3 * MIB));
    assert_eq!(next_text(&mut two), r#""nickname":"one","text":"see"}"#);
    one.send(vec![0xff; 3 * MIB]);
    assert!(next_text(&mut one).contains("Files are not handed on here"));
    one.send_frame(r#"{"text":"next"}"#);
    assert_eq!(next_text(&mut two), r#""nickname":"one","text":"next"}"#);
}

#[test]
fn guests_who_may_only_read_send_no_files() {
    let server = Server::with_settings("guests = \"read\"\n");
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    send_file(&mut ivan, "no", "no", &[0; 100_000]);
    assert!(next_text(&mut ivan).contains("SERVER"));
    drop(ivan);
    assert!(next_text(&mut olga).contains("disconnected"));
}

/// Seed 004's client takes what one `recv(4)` brings for the length, and waits for no more of it.
#[test]
fn a_length_comes_with_what_it_is_the_length_of() {
    let server = Server::start(&[]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    for number in 0..20 {
        send_file(&mut ivan, "t", "n", &bytes(number, 150_000));
        for _ in 0..2 {
            // It waits for the first byte, and the fifth is there too.
            assert_eq!(olga.stream.peek(&mut [0; 5]).unwrap(), 5, "{number}");
            olga.read_just_a_frame();
        }
    }
}

#[test]
fn who_reads_a_file_slowly_holds_up_nobody() {
    let server = Server::start(&["--lang", "en"]);
    let mut ivan = exchange(&server, "ivan");
    let mut slow = stuck(&server);
    slow.send_frame(r#"{"nickname":"slow"}"#);
    assert_eq!(slow.read_frame().unwrap(), r#"{"status":"success"}"#);
    assert!(next_text(&mut ivan).contains("connected"));
    let (mut bob, mut eve) = (jim(&server, "bob"), jim(&server, "eve"));
    let file = bytes(7, 6 * MIB);
    send_file(&mut ivan, "much", "much", &file);
    for reader in [&mut bob, &mut eve] {
        assert!(reader.object()["message"].as_str().unwrap().contains("[file much, 6.0 MiB]"));
    }
    for number in 0..300 {
        bob.send(msg("bob", "#all", &number.to_string()));
        assert_eq!(bob.object()["response"], 200);
        assert_eq!(eve.object()["message"], number.to_string());
        assert!(next_text(&mut ivan).contains(&format!("\"{number}\"")));
    }
    // What was said meanwhile is behind the file.
    let (frame, came) = read_file(&mut slow);
    assert_eq!((frame, came == file), (shown("ivan", "much", "much"), true));
    for number in 0..300 {
        assert_eq!(next_text(&mut slow), format!(r#""nickname":"bob","text":"{number}"}}"#));
    }
}

#[test]
fn who_reads_nothing_behind_a_file_is_cut_as_ever() {
    let server = Server::with_settings(
        "[output]\nsoft_bytes = \"64KiB\"\nsoft_for = \"1h\"\nhard_bytes = \"1MiB\"\n",
    );
    let mut ivan = exchange(&server, "ivan");
    let mut slow = stuck(&server);
    slow.send_frame(r#"{"nickname":"slow"}"#);
    assert_eq!(slow.read_frame().unwrap(), r#"{"status":"success"}"#);
    assert!(next_text(&mut ivan).contains("connected"));
    send_file(&mut ivan, "much", "much", &bytes(8, 8 * MIB));
    let text = "x".repeat(490);
    for _ in 0..4000 {
        ivan.send_frame(format!(r#"{{"text":"{text}"}}"#));
    }
    let name = name_of(&slow);
    server.wait_for_log(|line| {
        line.contains(&format!(" {name} ended after ")) && line.contains("slow reader: ")
    });
    assert!(next_text(&mut ivan).contains(r#"User \"slow\" disconnected"#));
}

#[test]
fn a_file_for_many_takes_little_memory() {
    const READERS: usize = 20;
    /// For each reader a piece of 64 KiB in its queue and one that it is given, and what the kernel
    /// makes the process hold besides.
    const GROWTH_KIB: u64 = 12 * 1024;
    let server = Server::start(&["--lang", "en"]);
    let mut readers: Vec<Client> = Vec::new();
    for number in 0..READERS {
        let mut reader = if number == READERS - 1 { stuck(&server) } else { server.connect() };
        reader.send_frame(format!(r#"{{"nickname":"r{number}"}}"#));
        assert_eq!(reader.read_frame().unwrap(), r#"{"status":"success"}"#);
        for other in &mut readers {
            assert!(next_text(other).contains("connected"));
        }
        readers.push(reader);
    }
    let mut ivan = exchange(&server, "ivan");
    let before = resident_kib(server.pid());
    let file = Arc::new(bytes(9, 16 * MIB));
    send_file(&mut ivan, "much", "much", &file);
    // One never reads.
    let deaf = readers.pop().unwrap();
    let reading: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            let file = Arc::clone(&file);
            thread::spawn(move || {
                assert!(next_text(&mut reader).contains("connected"));
                assert!(read_file(&mut reader).1 == *file);
            })
        })
        .collect();
    let mut most = 0;
    while reading.iter().any(|reader| !reader.is_finished()) {
        most = most.max(resident_kib(server.pid()));
        thread::sleep(Duration::from_millis(5));
    }
    for reader in reading {
        reader.join().unwrap();
    }
    let grown = most.saturating_sub(before);
    assert!(grown < GROWTH_KIB, "{grown} KiB more");
    assert!(!log_of(&server).contains("slow reader"));
    drop(deaf);
}

#[test]
fn a_file_whose_content_vanishes_ends_those_who_are_given_it() {
    let server = Server::start(&[]);
    let mut ivan = exchange(&server, "ivan");
    let mut slow = stuck(&server);
    slow.send_frame(r#"{"nickname":"slow"}"#);
    assert_eq!(slow.read_frame().unwrap(), r#"{"status":"success"}"#);
    assert!(next_text(&mut ivan).contains("connected"));
    let file = bytes(10, 8 * MIB);
    send_file(&mut ivan, "gone", "gone", &file);
    assert!(next_text(&mut slow).contains("gone"));
    let sum = sha256(&file);
    let folder = server.folder.path().join("jim-data/attachments");
    fs::remove_file(folder.join(&sum[..2]).join(&sum)).unwrap();
    let mut rest = Vec::new();
    std::io::copy(&mut slow.stream, &mut rest).unwrap();
    assert!(rest.len() < file.len(), "{} bytes came", rest.len());
    assert!(next_text(&mut ivan).contains("disconnected"));
}

#[test]
fn a_writer_that_does_not_stop_is_read_as_fast_as_the_disk_takes_it() {
    let server = Server::start(&[]);
    let [mut ivan, mut olga] = in_exchange(&server, ["ivan", "olga"]);
    let mut stream = ivan.stream.try_clone().unwrap();
    let file = bytes(11, 8 * MIB);
    let sent = file.clone();
    let before = resident_kib(server.pid());
    let writer = thread::spawn(move || {
        stream.write_all(&heading("", "f", sent.len())).unwrap();
        stream.write_all(&sent).unwrap();
    });
    let mut most = 0;
    while !writer.is_finished() {
        most = most.max(resident_kib(server.pid()));
        thread::sleep(Duration::from_millis(2));
    }
    writer.join().unwrap();
    assert!(read_file(&mut olga).1 == file);
    let grown = most.saturating_sub(before);
    assert!(grown < 6 * 1024, "{grown} KiB more");
    ivan.send_frame(r#"{"text":"on"}"#);
    assert!(next_text(&mut olga).contains("on"));
}
