//! `jim-client send` and `get`, `/send` and `/get`, against a peer that says what each test tells
//! it to.

use super::client_process::Client;
use super::client_terminal::AtTerminal;
use super::scripted_peer::{Conversation, Peer, Talk};
use super::support::{Folder, jim_client};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

const ID: &str = "00000000000000ab";
/// Of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// The client as anna, in a folder where it may also remember uploads.
fn start(folder: &Folder, port: &str, arguments: &[&str]) -> Client {
    let mut child = jim_client()
        .args(["-p", port, "-u", "anna"])
        .args(arguments)
        .envs([("JIM_PASSWORD", "secret"), ("LC_ALL", "C")])
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = BufReader::new(child.stderr.take().unwrap());
    Client { child, errors }
}

fn run(
    folder: &Folder,
    arguments: &[&str],
    talk: impl FnOnce(&mut Conversation) + Send + 'static,
) -> (i32, String, String) {
    let peer = Peer::new(talk);
    let result = start(folder, &peer.port, arguments).end();
    peer.join();
    result
}

/// Lets anna in, who may have what is listed.
fn let_in(peer: &mut Conversation, features: &str) {
    peer.expect(&["\"authenticate\"", "\"files\""]);
    peer.say(format!(
        "{{\"response\":202,\"time\":1,\"alert\":\"in\",\"features\":[{features}]}}\n"
    ));
}

fn answer(peer: &mut Conversation, parts: &[&str], fields: &str) {
    peer.expect(parts);
    peer.say(format!("{{\"response\":200,\"time\":1,\"alert\":\"ok\",{fields}}}\n"));
}

fn opened() -> String {
    format!("\"id\":\"{ID}\",\"upload\":\"{ID}\",\"next\":0")
}

/// What `get` is answered about `hello`.
fn hello(name: &str) -> String {
    format!(
        "\"next\":5,\"name\":\"{name}\",\"size\":5,\"sha256\":\"{HELLO}\",\"data\":\"aGVsbG8=\""
    )
}

#[test]
fn a_file_is_sent_to_a_room() {
    let folder = Folder::new();
    folder.file("hello.txt", "hello");
    let arguments = ["send", "hello.txt", "--to", "#tea", "--message", "look"];
    let (code, output, errors) = run(&folder, &arguments, |peer| {
        let_in(peer, "\"ids\",\"files\"");
        peer.accept("join");
        let upload = answer_line(peer, &opened());
        let upload: serde_json::Value = serde_json::from_str(&upload).unwrap();
        assert_eq!(upload["action"], "upload");
        assert_eq!(
            (&upload["to"], &upload["from"], &upload["name"], &upload["size"], &upload["message"]),
            (&"#tea".into(), &"anna".into(), &"hello.txt".into(), &5.into(), &"look".into())
        );
        let put = [&format!("\"id\":\"{ID}\"")[..], "\"offset\":0", "\"data\":\"aGVsbG8=\""];
        answer(peer, &put, &format!("\"next\":5,\"sha256\":\"{HELLO}\""));
        peer.accept("quit");
    });
    assert_eq!(code, 0, "{errors}");
    assert_eq!(output, format!("{ID}\n"));
    assert!(errors.contains("sending hello.txt (5 B) to #tea"), "{errors}");
    assert!(errors.contains(&format!("hello.txt is sent; it is got with jim-client get {ID}")));
    assert!(!errors.contains(['\r', '\u{1b}']), "a bar in a pipe: {errors:?}");
}

/// Expects any object and answers it with 200 and these fields; gives the object.
fn answer_line(peer: &mut Conversation, fields: &str) -> String {
    let line = peer.expect(&[]);
    peer.say(format!("{{\"response\":200,\"time\":1,\"alert\":\"ok\",{fields}}}\n"));
    line
}

#[test]
fn a_file_is_got_under_a_safe_new_name() {
    let folder = Folder::new();
    folder.file("_bashrc", "mine");
    for (number, saved) in ["_bashrc (1)", "_bashrc (2)"].into_iter().enumerate() {
        let (code, output, errors) = run(&folder, &["-q", "get", ID], |peer| {
            let_in(peer, "\"ids\",\"files\"");
            let name = "../../\\u001b/.bashrc";
            answer(peer, &["\"action\":\"get\"", ID, "\"offset\":0"], &hello(name));
            peer.accept("quit");
        });
        assert_eq!((code, errors.as_str()), (0, ""), "{number}");
        assert_eq!(output.trim(), saved);
        assert_eq!(fs::read_to_string(folder.path().join(saved)).unwrap(), "hello");
    }
    assert_eq!(fs::read_to_string(folder.path().join("_bashrc")).unwrap(), "mine");
}

#[test]
fn what_is_there_is_not_written_over_by_name() {
    let folder = Folder::new();
    folder.file("mine", "mine");
    let (code, output, errors) = run(&folder, &["get", ID, "-o", "mine"], |_| {});
    assert_eq!((code, output.as_str()), (9, ""), "{errors}");
    assert!(errors.contains("mine is there already and is left as it is"), "{errors}");
    let (code, output, errors) = run(&folder, &["get", ID, "-o", "new"], |peer| {
        let_in(peer, "\"files\"");
        answer(peer, &["\"get\""], &hello("x"));
        peer.accept("quit");
    });
    assert_eq!((code, output.as_str()), (0, "new\n"), "{errors}");
    assert!(!folder.path().join("new.part").exists());
}

#[test]
fn damage_refusals_and_servers_without_files_have_codes_and_plain_words() {
    let folder = Folder::new();
    folder.file("a", "hello");
    let send = ["send", "a", "--to", "boris"];
    let (code, output, errors) = run(&folder, &["get", ID], |peer| {
        let_in(peer, "\"files\"");
        answer(peer, &["\"get\""], &hello("x").replace("aGVsbG8=", "aGVsbHA="));
        peer.accept("quit");
    });
    assert_eq!((code, output.as_str()), (10, ""), "{errors}");
    assert!(errors.contains("x: what arrived is not what was sent"), "{errors}");
    assert!(!folder.path().join("x").exists() && !folder.path().join("x.part").exists());
    let (code, _, errors) = run(&folder, &send, |peer| {
        let_in(peer, "\"ids\"");
        peer.accept("quit");
    });
    assert_eq!(code, 8, "{errors}");
    assert!(errors.contains("a: this server takes no files"), "{errors}");
    let (code, _, errors) = run(&folder, &send, |peer| {
        let_in(peer, "\"files\"");
        peer.refuse("upload", 400, ",\"reason\":\"quota\"");
        peer.accept("quit");
    });
    assert_eq!(code, 8, "{errors}");
    assert!(errors.contains("a: the server says: 400 why"), "{errors}");
    let (code, _, errors) = run(&folder, &["send", "none", "--to", "boris"], |_| {});
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("none cannot be read: No such file"), "{errors}");
}

#[test]
fn a_lost_connection_is_made_again_and_the_upload_goes_on() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
    fs::write(folder.path().join("a"), bytes).unwrap();
    let first: Talk = Box::new(|peer| {
        let_in(peer, "\"files\"");
        answer(peer, &["\"upload\""], &opened());
        answer(peer, &["\"put\"", "\"offset\":0,"], "\"next\":49152");
        peer.expect(&["\"put\"", "\"offset\":49152"]);
    });
    let second: Talk = Box::new(|peer| {
        let_in(peer, "\"files\"");
        peer.refuse("put", 400, ",\"next\":49152");
        answer(peer, &["\"put\"", "\"offset\":49152"], "\"next\":98304");
        let sum = "dc0ffee";
        answer(peer, &["\"put\"", "\"offset\":98304"], &format!("\"sha256\":\"{sum}\""));
        peer.accept("quit");
    });
    let peer = Peer::in_turn(vec![first, second]);
    let client = start(&folder, &peer.port, &["send", "a", "--to", "boris"]);
    let (code, _, errors) = client.end();
    peer.join();
    assert!(errors.contains("connecting again in 1 s"), "{errors}");
    // The peer made its sum up.
    assert_eq!(code, 10, "{errors}");
}

#[test]
fn who_interrupts_a_transfer_is_told_how_to_go_on() {
    let folder = Folder::new();
    fs::write(folder.path().join("a"), vec![1; 100_000]).unwrap();
    let first: Talk = Box::new(|peer| {
        let_in(peer, "\"files\"");
        answer(peer, &["\"upload\""], &opened());
        peer.skip_to_end();
    });
    let second: Talk = Box::new(|peer| {
        let_in(peer, "\"files\"");
        peer.expect(&["\"put\"", ID, "\"offset\":100000", "\"data\":\"\""]);
        peer.say("{\"response\":400,\"time\":1,\"error\":\"why\",\"next\":98304}\n");
        peer.expect(&["\"put\"", "\"offset\":98304"]);
        peer.say("{\"response\":403,\"time\":1,\"error\":\"why\"}\n");
        peer.accept("quit");
    });
    let peer = Peer::in_turn(vec![first, second]);
    let send = ["send", "a", "--to", "boris"];
    let mut client = start(&folder, &peer.port, &send);
    let mut seen = String::new();
    while !seen.contains("sending a") {
        assert!(client.errors.read_line(&mut seen).unwrap() > 0, "{seen}");
    }
    let pid = rustix::process::Pid::from_child(&client.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let (code, _, errors) = client.end();
    assert_eq!(code, 130, "{errors}");
    assert!(errors.contains("a is not sent to its end; to go on, send it again"), "{errors}");
    let (code, _, errors) = start(&folder, &peer.port, &send).end();
    peer.join();
    assert_eq!(code, 8, "{errors}");
    // What was refused is not tried again.
    assert_eq!(fs::read_dir(folder.path().join("state/jim/uploads")).unwrap().count(), 0);
}

#[test]
fn files_go_beside_the_chat_and_what_is_announced_is_shown() {
    let folder = Folder::new();
    folder.file("a.txt", "hello");
    let peer = Peer::new(|peer| {
        let_in(peer, "\"ids\",\"notices\",\"offline\",\"files\",\"history\"");
        peer.accept("presence");
        peer.expect(&["\"upload\"", "\"to\":\"#all\"", "\"message\":\"look here\""]);
        peer.expect(&["\"action\":\"msg\"", "\"message\":\"typed meanwhile\""]);
        let ok = "{\"response\":200,\"time\":1,\"alert\":\"ok\"";
        peer.say(format!("{ok},{}}}{ok}}}", opened()));
        peer.say(format!(
            "{{\"action\":\"attachment\",\"time\":1,\"from\":\"boris\",\"to\":\"#all\",\
             \"name\":\"x\\u001b.jpg\",\"size\":12600,\"sha256\":\"00\",\"id\":\"{ID}\",\
             \"message\":\"mine\"}}\n"
        ));
        answer(peer, &["\"put\""], &format!("\"sha256\":\"{HELLO}\""));
        answer(peer, &["\"get\"", ID], &hello("b.txt"));
        peer.accept("quit");
    });
    let mut client = start(&folder, &peer.port, &[]);
    let lines = format!("/send a.txt look here\n/get {ID}\ntyped meanwhile\n/send none\n/get x\n");
    client.stdin().write_all(lines.as_bytes()).unwrap();
    let (code, output, errors) = client.end();
    peer.join();
    assert_eq!(code, 0, "{errors}");
    assert!(output.contains(&format!("boris: mine [file x\\u{{1b}}.jpg, 12.3 KiB: /get {ID}]")));
    for told in [
        "waits: files before it: 1",
        "a.txt is sent",
        "saved as b.txt",
        "none cannot be read",
        "this command is written /get ID",
    ] {
        assert!(errors.contains(told), "no {told:?} in {errors}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("b.txt")).unwrap(), "hello");
}

#[test]
fn a_reader_is_told_how_to_get_a_file() {
    let folder = Folder::new();
    let (code, output, errors) = run(&folder, &["-r", "--count", "1"], |peer| {
        let_in(peer, "\"ids\",\"files\"");
        peer.accept("presence");
        peer.say(format!(
            "{{\"action\":\"attachment\",\"time\":1,\"from\":\"boris\",\"to\":\"#all\",\
             \"name\":\"x.jpg\",\"size\":5,\"sha256\":\"00\",\"id\":\"{ID}\",\"message\":\"\"}}\n"
        ));
        peer.accept("quit");
    });
    assert_eq!(code, 0, "{errors}");
    assert!(output.ends_with(&format!("boris: [file x.jpg, 5 B: jim-client get {ID}]\n")));
}

#[test]
fn a_terminal_sees_a_bar_and_a_quiet_one_does_not() {
    let folder = Folder::new();
    let path = folder.path().join("a.bin");
    fs::write(&path, vec![0; 60_000]).unwrap();
    for quiet in ["", "-q"] {
        let peer = Peer::new(|peer| {
            let_in(peer, "\"files\"");
            answer(peer, &["\"upload\""], &opened());
            answer(peer, &["\"put\"", "\"offset\":0,"], "\"next\":49152");
            peer.refuse("put", 403, "");
            peer.accept("quit");
        });
        let line = format!("-p {} -u anna {quiet} send {} --to b", peer.port, path.display());
        let (code, shown) = AtTerminal::start(&line).end();
        peer.join();
        assert_eq!(code, Some(8), "{shown}");
        assert_eq!(shown.contains("a.bin   0 % ["), quiet.is_empty(), "{shown:?}");
        // What is told stands on lines of its own.
        let told = shown.lines().find(|line| line.contains("403 why")).unwrap();
        let told = told.rsplit('\u{1b}').next().unwrap().trim_start_matches("[K");
        assert_eq!(told, "jim-client: a.bin: the server says: 403 why");
    }
}
