//! A configuration that is read anew: what takes effect at once, what waits for a restart, and that
//! nobody is dropped, whatever the file says.

use super::crowd::{MANY, client_from, guest, stuck, tell};
use super::process::{Ended, log_of, run, run_jimd, wait_until};
use super::support::{Client, DEADLINE, Folder, Server, add_user, jimd};
use super::tls_peer::{self, TlsClient, files_of};
use jim::certificate::{IdentityFiles, make};
use jim::config::settings_and_whether_live;
use rustix::process::Signal;
use rustls::ClientConfig;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

/// A server with these settings, and an account.
fn server(settings: &str) -> Server {
    let folder = Folder::new();
    add_user(&folder, "ann", "secret");
    folder.file("jimd.toml", settings);
    Server::start_in(folder, &["--config", "jimd.toml"])
}

fn reload(server: &Server, settings: &str) -> Ended {
    server.folder.file("jimd.toml", settings);
    run_jimd(&server.folder, &["reload"])
}

fn renew(server: &Server, settings: &str) {
    let ended = reload(server, settings);
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
}

fn message(text: &str) -> String {
    json!({"action": "msg", "time": 1, "to": "#all", "from": "bob", "message": text}).to_string()
}

const READ_ANEW: &str = "the configuration was read anew";

fn times_read(server: &Server) -> usize {
    log_of(server).matches(READ_ANEW).count()
}

#[test]
fn rules_change_for_those_who_are_there_and_nobody_is_dropped() {
    let server = server("lang = \"en\"\n");
    let mut bob = guest(server.connect(), "bob");
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    let long = "x".repeat(300);
    assert_eq!(bob.ask(message(&long))["response"], 200);
    server.folder.file("jimd.toml", "lang = \"ru\"\n[limits]\nmessage_chars = 299\n");
    server.signal(Signal::HUP);
    server.wait_for_log(|line| line.ends_with("read anew: lang, limits.message_chars"));
    let refused = bob.ask(message(&long));
    assert_eq!((&refused["response"], &refused["limit"]), (&400.into(), &299.into()));
    assert!(refused["error"].as_str().unwrap().contains("символов"), "{refused}");
    renew(&server, "guests = \"read\"\nsessions = \"many\"\nstrict = true\n");
    assert_eq!(bob.ask(message("hi"))["reason"], "guests_may_not");
    assert_eq!(server.connect().log_in("ann", "secret")["response"], 200, "a second session");
    let untimely = ann.ask(r#"{"action":"presence","time":"now"}"#);
    assert_eq!(untimely["response"], 400);
    renew(&server, "registration = \"open\"\ncommon = [\"#tea\"]\nlimits = { name_chars = 3 }\n");
    let long_name = ann.ask(r#"{"action":"presence","time":1,"user":{"account_name":"ann"}}"#);
    assert_eq!(long_name["response"], 200);
    let to_tea = message("hi").replace("#all", "#tea");
    assert_eq!(bob.ask(to_tea)["response"], 200);
    let register =
        r#"{"action":"register","time":1,"user":{"account_name":"dora","password":"x"}}"#;
    assert_eq!(server.connect().ask(register)["reason"], "too_long");
    assert_eq!(server.connect().ask(register.replace("dora", "dor"))["response"], 201);
}

#[test]
fn limits_of_connections_and_time_change() {
    let server = server("");
    let mut here: Vec<Client> = (0..3).map(|_| guest(server.connect(), "bob")).collect();
    renew(&server, "max_connections = 3\n");
    assert_eq!(server.connect().object()["response"], 429);
    renew(&server, "max_connections_per_address = 3\nexempt = []\n");
    let from_there = || client_from(([127, 0, 0, 2], 0).into(), &server);
    guest(from_there(), "carl").assert_nothing_came();
    renew(&server, "half_object = \"100ms\"\nfirst_object = \"1h\"\n");
    let mut half = from_there();
    half.send("{");
    half.assert_closed();
    renew(&server, "first_object = \"100ms\"\nfirst_object_when_full = \"100ms\"\n");
    from_there().assert_closed();
    here.iter_mut().for_each(Client::assert_nothing_came);
}

#[test]
fn what_is_kept_changes() {
    let server = server("history = { common = true }\n");
    let mut ann = server.connect();
    // Who asks for a feature is shown more at a time.
    let user = json!({"account_name": "ann", "password": "secret"});
    let asked = json!({"action": "authenticate", "time": 1, "user": user, "features": ["history"]});
    assert_eq!(ann.ask(asked.to_string())["response"], 202);
    let mut history = || {
        let asked = ann
            .ask(r##"{"action":"history","time":1,"with":"#all","user":{"account_name":"ann"}}"##);
        asked["messages"].as_array().map_or(usize::MAX, Vec::len)
    };
    let mut bob = guest(server.connect(), "bob");
    for _ in 0..5 {
        assert_eq!(bob.ask(message("hi"))["response"], 200);
    }
    assert_eq!(history(), 5);
    renew(&server, "history = { common = true, messages = 2 }\n");
    wait_until("the old messages are removed", || history() == 2);
    renew(&server, "history = { common = false, messages = 2 }\n");
    assert_eq!(bob.ask(message("hi"))["response"], 200);
    assert_eq!(history(), 2);
}

#[test]
fn a_wrong_file_is_refused_with_line_and_key_and_the_old_one_stays() {
    let server = server("lang = \"ru\"\n");
    let mut bob = guest(server.connect(), "bob");
    let rows = [
        ("lang = \"en\"\nport = \"x\"\n", "jimd: jimd.toml:2:8: port: "),
        (
            "lang = \"en\"\ngrce = 3\n",
            "jimd: jimd.toml:2:1: grce: there is no such setting; did you mean grace?",
        ),
        ("lang = \"en\"\n[limits\n", "jimd: jimd.toml:2:8: limits: unclosed table"),
        ("lang = \"en\"\nhost = [\"a\"\n[limits]\nname_chars = 3\n", "jimd: jimd.toml:3:1: "),
        (
            "lang = \"en\"\n[output]\nsoft_bytes = \"1GiB\"\n",
            "jimd: jimd.toml:3:14: output.soft_bytes: ",
        ),
    ];
    for (settings, complaint) in rows {
        let ended = reload(&server, settings);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
        assert!(ended.stderr.starts_with(complaint), "{complaint}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        let logged = complaint.trim_start_matches("jimd: ");
        server.wait_for_log(|line| line.contains(&format!("stays as it was: {logged}")));
        let alert = bob.ask(r#"{"action":"presence","time":1}"#)["alert"].clone();
        assert!(alert.as_str().unwrap().starts_with("Пользователь bob"), "{alert}");
    }
    fs::remove_file(server.folder.path().join("jimd.toml")).unwrap();
    let gone = run_jimd(&server.folder, &["reload"]);
    assert_eq!(gone.code, Some(3), "{gone:?}");
    // A log that cannot be is no reason either to take the rest.
    server.folder.file("log.yaml", "root: { level: loud }");
    let ended = reload(&server, "lang = \"en\"\nlog_config = \"log.yaml\"\n");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("log.yaml"), "{ended:?}");
    let alert = bob.ask(r#"{"action":"presence","time":1}"#)["alert"].clone();
    assert!(alert.as_str().unwrap().starts_with("Пользователь bob"), "{alert}");
}

/// `jimd --config <(...)`: the settings come once.
#[test]
fn settings_that_came_through_a_pipe_are_read_at_the_start_and_not_again() {
    let folder = Folder::new();
    let mut command = Command::new("bash");
    command.arg("-c").arg(
        "exec \"$0\" -a 127.0.0.1 -p 0 --config <(printf 'lang = \"en\"\\nmax_connections = 1\\n')",
    );
    command.arg(jimd(&folder).get_program()).current_dir(folder.path()).env_clear();
    command.env("PATH", std::env::var("PATH").unwrap_or_default());
    let server = Server::spawn(folder, command);
    let mut bob = guest(server.connect(), "bob");
    assert_eq!(server.connect().object()["limit"], 1);
    let ended = run_jimd(&server.folder, &["reload"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    let why = "the settings came through a pipe, which cannot be read again: start jimd with --config FILE";
    assert!(ended.stderr.contains(why), "{ended:?}");
    bob.assert_nothing_came();
    // A command reads its settings once.
    run(jimd(&server.folder).args(["config", "check", "/dev/stdin"]), b"port = 1\n")
        .assert_done("/dev/stdin: ok\n");
}

#[test]
fn what_waits_for_a_restart_is_named() {
    let server = server("");
    let ended = reload(&server, "durability = \"none\"\ndata = \"new\"\ngrace = \"3s\"\n");
    ended.assert_done("Changed: grace.\nThese wait for a restart: data, durability.\n");
    server.wait_for_log(|line| line.ends_with("waiting for a restart: data, durability"));
    guest(server.connect(), "bob").assert_nothing_came();
    let ended = run_jimd(&server.folder, &["reload"]);
    ended.assert_done(
        "No setting that takes effect at once has changed.\nThese wait for a restart: data, durability.\n",
    );
}

/// Every setting with another value than its default: a running server says of each what the table
/// says of it.
#[test]
fn the_table_says_which_settings_wait_for_a_restart() {
    let server = Server::with_settings("");
    // What takes a file or a folder needs one; the rest is told apart by what it may be.
    let files = "root: { level: info, appenders: [f] }\n\
                 appenders: { f: { kind: daily_file, path: jimd.log } }\n";
    server.folder.file("log.yaml", files);
    let [certificate, key] =
        ["other-cert.pem", "other-key.pem"].map(|n| server.folder.path().join(n));
    make(&["localhost".to_owned()], &IdentityFiles { certificate, key }, false).unwrap();
    let default = run_jimd(&server.folder, &["config", "default"]).stdout;
    let mut text = String::new();
    let mut allowed = String::new();
    for line in default.lines() {
        if line.starts_with('[') {
            text += &format!("{line}\n");
        }
        let entry = line.strip_prefix('#').unwrap_or(line);
        if let Some((key, value)) = entry.split_once(" = ").filter(|(key, _)| is_key(key)) {
            text += &format!("{key} = {}\n", other_value(key, value, &allowed));
        }
        if line.starts_with("# Allowed:") {
            allowed = line.to_owned();
        }
    }
    server.folder.file("jimd.toml", &text);
    let ended = run_jimd(&server.folder, &["reload"]);
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)), "{text}");
    let keys = |wanted: bool| -> Vec<&str> {
        let all = settings_and_whether_live();
        // The command line says these two, whatever the file says.
        all.filter(|(key, live)| *live == wanted && !["host", "port"].contains(key))
            .map(|(key, _)| key)
            .collect()
    };
    let (live, waiting) = (keys(true).join(", "), keys(false).join(", "));
    ended.assert_done(&format!("Changed: {live}.\nThese wait for a restart: {waiting}.\n"));
}

fn is_key(key: &str) -> bool {
    settings_and_whether_live().any(|(known, _)| known.rsplit('.').next() == Some(key))
}

/// Another value that fits; `allowed` is the line before, which says what may stand there.
fn other_value(key: &str, value: &str, allowed: &str) -> String {
    match (key, value) {
        ("log_config", _) => "\"log.yaml\"".to_owned(),
        ("tls_cert", _) => "\"other-cert.pem\"".to_owned(),
        ("tls_key", _) => "\"other-key.pem\"".to_owned(),
        ("exempt" | "proxy_from", _) => "[\"192.0.2.0/24\"]".to_owned(),
        ("common", list) if list.starts_with('[') => "[\"#tea\"]".to_owned(),
        ("data" | "logs" | "host", _) => "\"elsewhere\"".to_owned(),
        ("first_object_when_full", _) => "\"30s\"".to_owned(),
        ("hard_bytes", _) => "\"64MiB\"".to_owned(),
        (_, "true") => "false".to_owned(),
        (_, "false") => "true".to_owned(),
        _ if allowed.contains("a whole number") => (value.parse::<u64>().unwrap() + 1).to_string(),
        _ if allowed.contains("a time") || allowed.contains("a size") => {
            format!("\"1{}", &value[1..])
        }
        // One of a few words.
        _ => {
            let words = allowed.split('"').skip(1).step_by(2);
            let other = words.map(|word| format!("\"{word}\"")).find(|word| word != value);
            other.unwrap_or_else(|| panic!("{key} = {value}: {allowed}"))
        }
    }
}

#[test]
fn a_hundred_signals_in_a_second_drop_nobody_and_the_last_file_counts() {
    let server = server("");
    let mut bob = guest(server.connect(), "bob");
    let mut carl = guest(server.connect(), "carl");
    for round in 0..100 {
        server.folder.file("jimd.toml", &format!("[limits]\nmessage_chars = {}\n", 400 + round));
        server.signal(Signal::HUP);
        assert_eq!(bob.ask(message("hi"))["response"], 200);
        assert_eq!(carl.object()["message"], "hi");
    }
    let long = "x".repeat(600);
    let mut limit = || bob.ask(message(&long))["limit"].clone();
    wait_until("the last file is read", || limit() == 499);
    run_jimd(&server.folder, &["reload"])
        .assert_done("No setting that takes effect at once has changed.\n");
    carl.assert_nothing_came();
    assert!(times_read(&server) <= 102, "{}", times_read(&server));
}

#[test]
fn a_hundred_orders_at_once_are_all_answered_by_a_few_readings() {
    let server = server("");
    let mut bob = guest(server.connect(), "bob");
    server.folder.file("jimd.toml", "grace = \"3s\"\n");
    let socket = server.folder.path().join("jim-data/control.sock");
    let mut waiting: Vec<UnixStream> = (0..100)
        .map(|_| {
            let mut stream = UnixStream::connect(&socket).unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            stream.write_all(b"{\"order\":\"reload\"}\n").unwrap();
            stream
        })
        .collect();
    for stream in &mut waiting {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("{\"answer\":\"reloaded\","), "{answer:?}");
    }
    bob.assert_nothing_came();
    assert!(times_read(&server) < 20, "{}", times_read(&server));
    run_jimd(&server.folder, &["reload"])
        .assert_done("No setting that takes effect at once has changed.\n");
}

/// Whether the server shows those who come the one certificate that is believed.
fn shows(server: &Server, believed: &ClientConfig) -> bool {
    TlsClient::begin(server.address, believed.clone()).shake().is_ok()
}

fn make_anew(server: &Server) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    make(&names, &files_of(&server.folder), true).unwrap();
}

#[test]
fn another_certificate_is_shown_to_those_who_come_and_nobody_is_dropped() {
    let server = tls_peer::server("");
    let files = files_of(&server.folder);
    let pair = [files.certificate, files.key];
    let old_pair = pair.clone().map(|path| fs::read(path).unwrap());
    let old = tls_peer::config_for(&server, rustls::ALL_VERSIONS);
    let mut ann = TlsClient::connect(&server);
    ann.presence("ann");
    // Another has been shown the old one, and is not through yet.
    let mut halfway = TlsClient::begin(server.address, old.clone());
    let hello = halfway.records();
    halfway.socket.write_all(&hello).unwrap();
    assert_eq!(halfway.socket.peek(&mut [0]).unwrap(), 1);
    make_anew(&server);
    let new = tls_peer::config_for(&server, rustls::ALL_VERSIONS);
    assert!(shows(&server, &old) && !shows(&server, &new));
    run_jimd(&server.folder, &["reload"]).assert_done("Changed: tls_cert.\n");
    assert!(shows(&server, &new) && !shows(&server, &old));
    halfway.shake().unwrap();
    halfway.presence("halfway");
    let said = message("hi").replace("bob", "ann");
    assert_eq!(ann.ask(&said)["response"], 200);
    assert_eq!(halfway.object()["message"], "hi");
    run_jimd(&server.folder, &["reload"])
        .assert_done("No setting that takes effect at once has changed.\n");

    for (key, why) in [(old_pair[1].as_slice(), "cannot be used together"), (b"", "has no key")] {
        fs::write(&pair[1], key).unwrap();
        let ended = run_jimd(&server.folder, &["reload"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
        assert!(ended.stderr.contains("key.pem") && ended.stderr.contains(why), "{ended:?}");
        server.wait_for_log(|line| line.contains("stays as it was: ") && line.contains(why));
        assert!(shows(&server, &new));
    }
    for (path, content) in pair.iter().zip(old_pair) {
        fs::write(path, content).unwrap();
    }
    server.signal(Signal::HUP);
    wait_until("the old certificate is back", || shows(&server, &old));
    assert_eq!(ann.ask(&said)["response"], 200);
    assert_eq!(halfway.object()["message"], "hi");
}

#[test]
fn another_chain_behind_the_certificate_is_another() {
    let server = tls_peer::server("");
    let path = files_of(&server.folder).certificate;
    let one = fs::read_to_string(&path).unwrap();
    for (count, changed) in [(2, "Changed: tls_cert.\n"), (16, "Changed: tls_cert.\n")] {
        fs::write(&path, one.repeat(count)).unwrap();
        run_jimd(&server.folder, &["reload"]).assert_done(changed);
        run_jimd(&server.folder, &["reload"])
            .assert_done("No setting that takes effect at once has changed.\n");
    }
    fs::write(&path, one.repeat(500)).unwrap();
    let why = "cert.pem has 500 certificates: a chain has at most 16";
    for (order, code) in [(&["reload"][..], 3), (&["cert", "show"], 7)] {
        let ended = run_jimd(&server.folder, order);
        assert!(ended.code == Some(code) && ended.stderr.contains(why), "{ended:?}");
    }
    let ended = run_jimd(&server.kill(), &["-p", "0"]);
    assert!(ended.code == Some(7) && ended.stderr.contains(why), "{ended:?}");
}

#[test]
fn tls_begins_ends_and_becomes_a_duty() {
    let server = server("");
    let mut plain = guest(server.connect(), "bob");
    let refused = reload(&server, "plaintext = \"refuse\"\n");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("TLS needs a certificate"), "{refused:?}");
    make_anew(&server);
    reload(&server, "plaintext = \"refuse\"\n").assert_done("Changed: plaintext, tls_cert.\n");
    let mut ann = TlsClient::connect(&server);
    ann.presence("eve");
    assert_eq!(
        server.connect().ask(r#"{"action":"presence","time":1}"#)["reason"],
        "not_encrypted"
    );
    // Who was let in without stays.
    assert_eq!(plain.ask(message("hi"))["response"], 200);
    assert_eq!(ann.object()["message"], "hi");
    let files = files_of(&server.folder);
    fs::remove_file(&files.certificate).unwrap();
    let half = reload(&server, "");
    assert_eq!(half.code, Some(3), "{half:?}");
    assert!(half.stderr.contains("a certificate needs its key"), "{half:?}");
    fs::remove_file(&files.key).unwrap();
    renew(&server, "");
    assert_eq!(plain.ask(message("hi"))["response"], 200);
    assert_eq!(ann.object()["message"], "hi");
    guest(server.connect(), "carl").assert_nothing_came();
}

#[test]
fn log_files_are_opened_anew() {
    let server = server("");
    let logs = server.folder.path().join("logs/jimd.log");
    fs::rename(&logs, server.folder.path().join("aside.log")).unwrap();
    server.signal(Signal::HUP);
    server.wait_for_log(|line| line.contains(READ_ANEW));
    let debug = |log: &str| log.contains(" DEBUG ") || log.contains("[DEBUG]");
    assert!(!debug(&log_of(&server)));
    renew(&server, "verbose = true\nlogs = \"other\"\n");
    let mut bob = guest(server.connect(), "bob");
    let other = server.folder.path().join("other/jimd.log");
    wait_until("the log has every detail, in its new place", || {
        fs::read_to_string(&other).is_ok_and(|log| log.contains("DEBUG") && log.contains("bob"))
    });
    bob.assert_nothing_came();
}

#[test]
fn a_pipe_in_the_place_of_the_log_is_refused_and_holds_nobody_up() {
    let mut server = server("");
    let log = server.folder.path().join("logs/jimd.log");
    fs::remove_file(&log).unwrap();
    server.folder.pipe("logs/jimd.log");
    let refusal = "it is a pipe, and no regular file";
    server.wait_for_line(|line| line.contains("The log ") && line.ends_with(refusal));
    let ended = reload(&server, "");
    assert!(ended.stderr.contains(refusal), "{}", ended.stderr);
    assert_eq!(ended.code, Some(3));
    guest(server.connect(), "bob").assert_nothing_came();
    fs::remove_file(&log).unwrap();
    renew(&server, "");
    wait_until("it is logged again", || {
        drop(server.connect());
        log_of(&server).contains(" connected")
    });
}

#[test]
fn a_server_that_stops_reads_nothing_anew() {
    let server = server("grace = \"1h\"\n");
    let _debtor = guest(stuck(&server), "debtor");
    tell((&mut guest(server.connect(), "writer"), "writer"), 0..MANY, &mut []);
    let socket = server.folder.path().join("jim-data/control.sock");
    let [mut stop, mut reload] = [(); 2].map(|()| {
        let stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        BufReader::new(stream)
    });
    let ask = |stream: &mut BufReader<UnixStream>, order: &str| {
        let order = format!("{{\"order\":\"{order}\"}}\n");
        stream.get_mut().write_all(order.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()
    };
    assert_eq!(ask(&mut stop, "stop")["answer"], "stopping");
    let answer = ask(&mut reload, "reload");
    assert_eq!((&answer["answer"], &answer["why"]), (&"refused".into(), &"busy".into()));
    assert!(answer["text"].as_str().unwrap().starts_with("the server is stopping"), "{answer}");
    assert_eq!(times_read(&server), 0);
}
