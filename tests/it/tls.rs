//! TLS on the one port: what goes in comes out, whoever misbehaves is bounded, and who may do
//! without.

use super::process::run_jimd;
use super::support::{Client, Folder, Server};
use super::tls_peer::{End, TlsClient, config_for, files_of, folder_with_certificate, server};
use jim::limits::TLS_OUTPUT_BYTES;
use jim::server::Plaintext;
use rustix::process::Signal;
use rustls::version::{TLS12, TLS13};
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;

/// Waits for the log line that says how a connection ended.
fn end_of(server: &Server, client: &str) -> String {
    server.wait_for_log(|line| line.contains(&format!("{client} ended after ")))
}

fn hello(from: &str, number: usize) -> String {
    format!(r##"{{"action":"msg","time":1,"to":"#all","from":"{from}","message":"{number}"}}"##)
}

#[test]
fn both_versions_are_spoken_and_end_in_peace() {
    let server = server("");
    let mut plain = server.connect();
    plain.presence("plain");
    for (version, name) in [(&TLS12, "two"), (&TLS13, "three")] {
        for protocols in [vec![], vec![b"jim".to_vec()], vec![b"h2".to_vec(), b"jim".to_vec()]] {
            let mut config = config_for(&server, &[version]);
            config.alpn_protocols.clone_from(&protocols);
            let mut client = TlsClient::begin(server.address, config);
            client.shake().unwrap();
            assert_eq!(client.session.protocol_version(), Some(version.version));
            let agreed = client.session.alpn_protocol().map(<[u8]>::to_vec);
            assert_eq!(agreed, protocols.last().cloned());
            client.presence(name);
            let said = hello(name, 1);
            assert_eq!(client.ask(&said)["response"], 200);
            assert_eq!(plain.line(), said);
            plain.send(hello("plain", 2));
            assert_eq!(client.read_line(), Ok(hello("plain", 2)));
            assert_eq!(plain.object()["response"], 200);
            assert_eq!(client.ask(r#"{"action":"quit"}"#)["response"], 200);
            assert_eq!(client.read_line(), Err(End::Notified));
        }
    }
    let mut config = config_for(&server, &[&TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut other = TlsClient::begin(server.address, config);
    let refused = other.shake().unwrap_err().to_string();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
}

#[test]
fn a_handshake_may_come_byte_by_byte() {
    let server = server("");
    let mut client = TlsClient::begin(server.address, config_for(&server, &[&TLS13]));
    while client.session.is_handshaking() {
        for byte in client.records() {
            client.socket.write_all(&[byte]).unwrap();
        }
        if client.session.wants_read() {
            client.session.read_tls(&mut client.socket).unwrap();
            client.session.process_new_packets().unwrap();
        }
    }
    let request = r#"{"action":"presence","time":1,"user":{"account_name":"slow"}}"#;
    for byte in [client.records(), client.encrypt(request)].concat() {
        client.socket.write_all(&[byte]).unwrap();
    }
    assert_eq!(client.object()["response"], 200);
}

#[test]
fn half_a_handshake_has_its_time() {
    let server = server("handshake = \"300ms\"\n");
    let mut half = TlsClient::begin(server.address, config_for(&server, &[&TLS13]));
    let records = half.records();
    half.socket.write_all(&records[..records.len() / 2]).unwrap();
    // The other half of the handshake is missing here.
    let mut silent = TlsClient::begin(server.address, config_for(&server, &[&TLS13]));
    let records = silent.records();
    silent.socket.write_all(&records).unwrap();
    // One that is through has all the time of the others.
    let mut through = TlsClient::connect(&server);
    for client in [&half, &silent] {
        let end = end_of(&server, &client.name());
        assert!(end.contains("the TLS handshake did not end in time"), "{end}");
    }
    let mut rest = Vec::new();
    half.socket.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.first(), Some(&0x15), "an alert: {rest:?}");
    through.presence("through");
}

#[test]
fn half_a_record_has_the_time_of_half_an_object() {
    let server = server("half_object = \"1s\"\n");
    for version in [&TLS12, &TLS13] {
        let begin = || {
            let mut client = TlsClient::begin(server.address, config_for(&server, &[version]));
            client.shake().unwrap();
            client
        };
        let (mut slow, mut half) = (begin(), begin());
        for (client, name) in [(&mut slow, "slow"), (&mut half, "half")] {
            client.presence(name);
            let records = client.encrypt(format!("{}\n", hello(name, 1)));
            let (front, back) = records.split_at(7);
            client.socket.write_all(front).unwrap();
            if name == "slow" {
                client.socket.write_all(back).unwrap();
                assert_eq!(client.object()["response"], 200);
            }
        }
        assert!(end_of(&server, &half.name()).contains("half an object stayed half"));
        assert_eq!(half.read_line(), Err(End::Notified));
        assert_eq!(slow.ask(&hello("slow", 2))["response"], 200);
    }
}

#[test]
fn garbage_after_the_first_bytes_gets_an_alert_and_the_end() {
    let server = server("");
    let long = [b"\x16\x03GET".as_slice(), &[b'x'; 20_000]].concat();
    let rows: [(&[u8], Option<&u8>); 4] = [
        (&long, None),
        (b"\x16\x03\x01\x00\x05hello and more", None),
        (b"\x16\x03\x01\xff\xff\x01\x00\x00\x00", Some(&0x15)),
        (b"\x16\x03\x01\x00\x04\x0f\x00\x00\x00", Some(&0x15)),
    ];
    for (garbage, alert) in rows {
        let mut client = server.connect();
        client.send(garbage);
        let mut rest = Vec::new();
        client.stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.first(), alert, "{rest:?} to {:?}", &garbage[..6]);
        let end = end_of(&server, &client.stream.local_addr().unwrap().to_string());
        assert!(end.contains("TLS: "), "{end}");
    }
    // A hello may have many records, but not any length.
    let mut client = server.connect();
    let first = [b"\x16\x03\x01\x40\x00\x01\x00\xF0\x00".as_slice(), &[0; 16_380]].concat();
    client.send([first.as_slice(), b"\x16\x03\x01\x40\x00", &[0; 8_000]].concat());
    client.assert_closed();
    let end = end_of(&server, &client.stream.local_addr().unwrap().to_string());
    assert!(end.contains("the TLS handshake is too long"), "{end}");
    // Garbage later on ends the user, too, and is no news to the others.
    let mut client = TlsClient::connect(&server);
    client.presence("one");
    client.socket.write_all(b"\x17\x03\x03\x00\x20this is no record of this session").unwrap();
    assert!(end_of(&server, &client.name()).contains("TLS: cannot decrypt"));
    TlsClient::connect(&server).presence("two");
}

#[test]
fn bytes_changed_at_random_end_their_own_connection_alone() {
    const CONNECTIONS: usize = 200;
    let server = server("handshake = \"500ms\"\n");
    let mut other = server.connect();
    other.presence("other");
    let mut random = 7_u64;
    let mut below = |bound: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(random >> 33).unwrap() % bound
    };
    for _ in 0..CONNECTIONS {
        let mut client = TlsClient::begin(server.address, config_for(&server, &[&TLS13]));
        let mut records = client.records();
        for _ in 0..=below(8) {
            let at = 2 + below(records.len() - 2);
            records[at] = u8::try_from(below(256)).unwrap();
        }
        records.truncate(2 + below(records.len()));
        client.socket.write_all(&records).unwrap();
        client.socket.shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        client.socket.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty() || matches!(rest[0], 0x15 | 0x16), "{rest:?}");
    }
    other.assert_nothing_came();
    TlsClient::connect(&server).presence("still");
}

#[test]
fn many_handshakes_at_once_hold_nobody_up_and_all_succeed() {
    const CONNECTIONS: usize = 150;
    let server = server("");
    let mut other = server.connect();
    other.presence("other");
    let config = config_for(&server, &[&TLS13]);
    let mut clients: Vec<TlsClient> =
        (0..CONNECTIONS).map(|_| TlsClient::begin(server.address, config.clone())).collect();
    for client in &mut clients {
        let hello = client.records();
        client.socket.write_all(&hello).unwrap();
    }
    other.assert_nothing_came();
    for (at, client) in clients.iter_mut().enumerate() {
        client.shake().unwrap();
        client.presence(&format!("c{at}"));
    }
    other.assert_nothing_came();
}

#[test]
fn tls_is_spoken_once() {
    let server = server("");
    let mut client = TlsClient::connect(&server);
    client.send(b"\x16\x03\x01\x00\x05hello");
    assert_eq!(client.read_line(), Err(End::Notified));
    assert!(end_of(&server, &client.name()).contains("TLS inside TLS"));
}

#[test]
fn a_room_gets_everything_in_order_in_tls_and_without() {
    const MEMBERS: usize = 12;
    const MESSAGES: usize = 400;
    let server = server("");
    let padding = "x".repeat(450);
    let message = |number: usize| {
        format!(
            r##"{{"action":"msg","time":1,"to":"#all","from":"w","message":"{padding}{number}"}}"##
        )
    };
    let mut secret: Vec<TlsClient> = (0..MEMBERS).map(|_| TlsClient::connect(&server)).collect();
    secret.iter_mut().enumerate().for_each(|(at, member)| member.presence(&format!("t{at}")));
    let mut plain: Vec<Client> = (0..MEMBERS).map(|_| server.connect()).collect();
    plain.iter_mut().enumerate().for_each(|(at, member)| member.presence(&format!("p{at}")));
    let mut writer = TlsClient::connect(&server);
    writer.presence("w");
    let all: String = (0..MESSAGES).map(message).collect();
    let records = writer.encrypt(&all);
    let mut sending = writer.socket.try_clone().unwrap();
    let sent = thread::spawn(move || sending.write_all(&records).unwrap());
    for number in 0..MESSAGES {
        assert_eq!(writer.object()["response"], 200);
        let expected = message(number);
        for member in &mut secret {
            assert_eq!(member.read_line().as_deref(), Ok(expected.as_str()));
        }
        for member in &mut plain {
            assert_eq!(member.line(), expected);
        }
    }
    sent.join().unwrap();
}

#[test]
fn ten_thousand_requests_in_one_go_are_answered() {
    const REQUESTS: usize = 10_000;
    let server = server("");
    let mut client = TlsClient::connect(&server);
    client.presence("busy");
    let request = r#"{"action":"presence","time":1}"#;
    let records = client.encrypt(request.repeat(REQUESTS));
    let mut sending = client.socket.try_clone().unwrap();
    let sent = thread::spawn(move || sending.write_all(&records).unwrap());
    for _ in 0..REQUESTS {
        assert_eq!(client.object()["response"], 200);
    }
    sent.join().unwrap();
}

#[test]
fn what_comes_while_decrypted_requests_still_wait_is_read_too() {
    const RECORD: usize = 16 * 1024;
    let server = server(
        "[throttle]\nmessages_per_second = 40\nmessages_burst = 4\n[limits]\nbad_requests = 1000\n",
    );
    let mut client = TlsClient::connect(&server);
    client.presence("p");
    let padding = "x".repeat(450);
    let said = hello("p", 0).replace("\"}", &format!("{padding}\"}}"));
    let requests = RECORD / said.len() + 2;
    let all = said.repeat(requests);
    // With half a request before it, a whole record is more than the read buffer has room for.
    let (half, rest) = all.split_at(100);
    let (record, rest) = rest.split_at(RECORD);
    client.send(half);
    client.send(record);
    // The server reads the rest of what it has decrypted much later than this comes.
    assert_eq!(client.object()["response"], 200);
    client.send(rest);
    for _ in 1..requests {
        assert_eq!(client.object()["response"], 200);
    }
}

#[test]
fn a_first_object_that_ends_the_handshake_with_it_counts() {
    let server = server("first_object = \"1s\"\nfirst_object_when_full = \"1s\"\n");
    let mut client = TlsClient::begin(server.address, config_for(&server, &[&TLS13]));
    while client.session.is_handshaking() {
        let records = client.records();
        client.socket.write_all(&records).unwrap();
        if client.session.wants_read() {
            client.session.read_tls(&mut client.socket).unwrap();
            client.session.process_new_packets().unwrap();
        }
    }
    let request = r#"{"action":"presence","time":1,"user":{"account_name":"quick"}}"#;
    let records = [client.records(), client.encrypt(request)].concat();
    client.socket.write_all(&records).unwrap();
    assert_eq!(client.object()["response"], 200);
    // One that came later and says nothing has had its time by then, and so has the first.
    let silent = TlsClient::connect(&server);
    assert!(end_of(&server, &silent.name()).contains("no whole object came in time"));
    client.presence("quick");
}

#[test]
fn a_reader_that_stops_is_cut_in_tls_too() {
    let server = server("[output]\nsoft_bytes = \"64KiB\"\nhard_bytes = \"1MiB\"\n");
    let mut slow = TlsClient::connect(&server);
    slow.presence("slow");
    let mut writer = server.connect();
    writer.presence("writer");
    let padding = "x".repeat(450);
    // The system's buffers, the session's and the queue's bound together.
    let most = (16 << 20) + TLS_OUTPUT_BYTES;
    for number in 0..most / padding.len() {
        let answer = writer.ask(hello("writer", number).replace("\"}", &format!("{padding}\"}}")));
        assert_eq!(answer["response"], 200);
        let log = fs::read_to_string(server.folder.path().join("logs/jimd.log")).unwrap();
        if number % 100 == 0 && log.contains("slow reader: ") {
            break;
        }
    }
    assert!(end_of(&server, &slow.name()).contains("slow reader: "));
    writer.assert_nothing_came();
}

#[test]
fn what_was_asked_is_answered_whether_the_end_is_announced_or_not() {
    let server = server("");
    let request = r#"{"action":"presence","time":1,"user":{"account_name":"a"}}"#;
    let mut client = TlsClient::connect(&server);
    client.send(request.repeat(3));
    client.finish();
    for _ in 0..3 {
        assert_eq!(client.object()["response"], 200);
    }
    assert_eq!(client.read_line(), Err(End::Notified));
    assert!(end_of(&server, &client.name()).contains("the client closed the connection"));

    let mut client = TlsClient::connect(&server);
    client.send(format!("{request}{}", &request[..20]));
    client.socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.object()["response"], 200);
    assert_eq!(client.object()["reason"], "cut_short");
    assert_eq!(client.read_line(), Err(End::Notified));
    assert!(end_of(&server, &client.name()).contains("without TLS's word for its end"));
}

#[test]
fn a_flood_of_key_updates_is_ended() {
    let server = server("");
    let mut client = TlsClient::connect(&server);
    client.presence("k");
    for _ in 0..10 {
        client.session.refresh_traffic_keys().unwrap();
        client.presence("k");
    }
    let mut flood = Vec::new();
    for _ in 0..1000 {
        client.session.refresh_traffic_keys().unwrap();
        flood.extend(client.records());
    }
    // It may be cut off before it has said all.
    let _ = client.socket.write_all(&flood);
    let end = end_of(&server, &client.name());
    assert!(end.contains("TLS: ") && end.contains("TooManyKeyUpdateRequests"), "{end}");
}

#[test]
fn a_stop_is_announced() {
    let server = server("");
    let mut client = TlsClient::connect(&server);
    client.presence("a");
    server.signal(Signal::TERM);
    assert_eq!(client.read_line(), Err(End::Notified));
}

// Who may do without.

#[test]
fn who_may_do_without_tls() {
    let rows = [
        (Plaintext::Allow, [true, true]),
        (Plaintext::Local, [true, false]),
        (Plaintext::Refuse, [false, false]),
    ];
    for (plaintext, expected) in rows {
        let peers = ["127.0.0.1", "192.0.2.1"].map(|peer| plaintext.allows(peer.parse().unwrap()));
        assert_eq!(peers, expected, "{plaintext:?}");
        assert_eq!(plaintext.allows("::1".parse().unwrap()), expected[0]);
    }
}

#[test]
fn where_only_tls_is_served_each_is_told_in_its_own_form() {
    let mut server = server("plaintext = \"refuse\"\nlang = \"en\"\n");
    let text = "Only encrypted connections are served here: use TLS (jim-client --tls)";
    let presence = r#"{"action":"presence","time":1,"user":{"account_name":"a"}}"#;
    for first in [presence, "hello\n", "{\"action\":\"quit\"}", "{\"a\":1}"] {
        let mut client = server.connect();
        let answer = client.ask(first);
        assert_eq!(answer["response"], 403, "{first}: {answer}");
        assert_eq!(answer["error"], text);
        assert_eq!(answer["reason"], "not_encrypted");
        client.assert_closed();
    }
    let mut console = server.connect();
    let answer = console.ask(r#"{"username":"a"}"#);
    assert_eq!(
        (&answer["message_type"], &answer["data"]),
        (&"system_message".into(), &text.into())
    );
    console.assert_closed();
    let mut exchange = server.connect();
    exchange.send_frame(r#"{"nickname":"a"}"#);
    let status = exchange.read_frame().unwrap();
    assert_eq!(status, format!(r#"{{"status":"error: {text}"}}"#));
    exchange.assert_closed();
    let mut browser = server.connect();
    browser.send("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(browser.line(), "HTTP/1.1 501 Not Implemented");
    TlsClient::connect(&server).presence("a");
    let console = server.stop().join("\n");
    assert!(console.contains("encrypted (TLS), always"), "{console}");
    assert!(console.contains(" --tls --pin "), "{console}");
}

#[test]
fn this_machine_may_do_without_where_that_is_allowed() {
    let server = server("plaintext = \"local\"\n");
    server.connect().presence("a");
    TlsClient::connect(&server).presence("b");
}

// The certificate.

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let folder = Folder::new();
    let refused = |folder: &Folder, settings: &str, code: i32, said: &str| {
        folder.file("jimd.toml", settings);
        let ended = run_jimd(folder, &["-p", "0", "--config", "jimd.toml"]);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.stderr.contains(said), "{said}: {ended:?}");
    };
    for plaintext in ["refuse", "local"] {
        let settings = format!("plaintext = \"{plaintext}\"\n");
        refused(&folder, &settings, 3, "TLS needs a certificate: make one with 'jimd cert new'");
    }
    refused(&folder, "tls_cert = \"a\"\n", 3, "tls_cert and tls_key are only good together");
    refused(&folder, "tls_cert = \"a\"\ntls_key = \"b\"\n", 7, "cannot read a: ");

    let folder = folder_with_certificate();
    let files = files_of(&folder);
    let certificate = fs::read_to_string(&files.certificate).unwrap();
    fs::write(&files.certificate, "").unwrap();
    refused(&folder, "", 7, "cert.pem has no certificate: it should have a block");
    fs::write(&files.certificate, &certificate).unwrap();
    let key = fs::read_to_string(&files.key).unwrap();
    fs::write(&files.key, &certificate).unwrap();
    refused(&folder, "", 7, "key.pem has no key");
    let other = folder_with_certificate();
    fs::copy(files_of(&other).key, &files.key).unwrap();
    refused(&folder, "", 7, "cannot be used together: ");
    fs::remove_file(&files.key).unwrap();
    refused(&folder, "", 7, "but no ./jim-data/key.pem: a certificate needs its key");
    fs::write(&files.key, key).unwrap();
    TlsClient::connect(&Server::start_in(folder, &[])).presence("a");
}

#[test]
fn the_operator_makes_a_certificate_and_is_shown_it() {
    let folder = Folder::new();
    let run = |args: &[&str]| run_jimd(&folder, args);
    let none = run(&["cert", "show"]);
    assert_eq!(none.code, Some(7), "{none:?}");
    assert!(none.stderr.contains("there is no certificate in ./jim-data"), "{none:?}");
    let made = run(&["cert", "new", "--host", "localhost", "--host", "127.0.0.1"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stdout.contains("is a certificate for localhost, 127.0.0.1;"), "{made:?}");
    let fingerprint = files_of(&folder).read().unwrap().fingerprint().to_string();
    assert!(made.stdout.contains(&format!("SHA-256: {fingerprint}\n")), "{made:?}");
    let shown = run(&["cert", "show"]).stdout;
    assert!(
        shown.contains("For:         localhost, 127.0.0.1\nGood:        1975-01-01 to "),
        "{shown}"
    );
    assert!(shown.contains(&format!("SHA-256:     {fingerprint}\n")), "{shown}");
    run(&["cert", "new"]).assert_refused(
        13,
        "./jim-data/cert.pem is there already; --force replaces the certificate and its key",
    );
    let forced = run(&["cert", "new", "--force", "--data", "jim-data"]);
    assert!(forced.stdout.contains("localhost, 127.0.0.1, ::1; "), "{forced:?}");
    assert!(!forced.stdout.contains(&fingerprint));
    let bad = run(&["cert", "new", "--force", "--host", "п"]);
    assert_eq!(bad.code, Some(11), "{bad:?}");
}
