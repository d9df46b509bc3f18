//! `jim-client` as a process, against a peer that says what each test tells it to.

use super::client_process::{Client, accept_guest, masked, run, run_alone};
use super::scripted_peer::{DEADLINE, Peer};
use super::support::{Folder, deaf};
use std::io::{BufRead, Write};
use std::process::Stdio;

// Reading.

#[test]
fn a_reader_shows_the_common_chat_until_the_server_ends() {
    let (code, output, errors) = run(&["-r"], b"", |peer| {
        accept_guest(peer);
        peer.message("a", "#all", "one");
        peer.message("a", "#room", "not shown");
        peer.message("a", "tester", "not shown");
        peer.say("{\"action\":\"notice\",\"event\":\"x\"}");
        peer.message("b", "#chat", "t\\u001b[31mwo\\n\\u202e");
        peer.say("{\"action\":\"message\",\"sender\":\"c\",\"mess_text\":\"three\",\"z\":1e999}");
    });
    assert_eq!(
        masked(&output),
        "[HH:MM:SS] a: one\n[HH:MM:SS] b: t\\u{1b}[31mwo\\n\\u{202e}\n[HH:MM:SS] c: three\n"
    );
    assert!(errors.contains("the server closed the connection"), "{errors}");
    assert_eq!(code, 5);
}

#[test]
fn a_reader_of_a_room_joins_it() {
    let (code, output, _) = run(&["-r", "-u", "anna", "--to", "#é", "--count", "1"], b"", |peer| {
        let login = peer.expect(&["\"action\":\"authenticate\"", "\"password\":\"secret\""]);
        assert!(login.contains("\"account_name\":\"anna\""));
        peer.say("{\"response\":202,\"time\":1,\"alert\":\"in\"}");
        peer.accept("presence");
        peer.accept("join");
        peer.message("a", "#all", "not shown");
        peer.message("a", "#e\\u0301", "shown");
        peer.accept("quit");
        peer.expect_end();
    });
    assert_eq!((code, masked(&output).as_str()), (0, "[HH:MM:SS] a: shown\n"));
}

#[test]
fn a_reader_counts_and_prints_objects() {
    let object =
        "{\"action\":\"msg\",\"from\":\"a\",\"to\":\"#all\",\"message\":\"\\u043f\",\"x\":[1]}";
    let (code, output, _) = run(&["-r", "--json", "--count", "2"], b"", move |peer| {
        accept_guest(peer);
        for _ in 0..5 {
            peer.say(object);
        }
        peer.accept("quit");
    });
    assert_eq!((code, output), (0, format!("{object}\n{object}\n")));
}

#[test]
fn a_readers_time_ends() {
    let (code, _, errors) = run(&["-r", "--timeout", "3"], b"", |peer| {
        accept_guest(peer);
        peer.accept("quit");
    });
    assert_eq!(code, 7);
    assert!(errors.contains("ended after 3 s"), "{errors}");
}

#[test]
fn a_probe_is_answered() {
    let (code, output, _) = run(&["-r", "--count", "1"], b"", |peer| {
        accept_guest(peer);
        peer.say("{\"action\":\"probe\",\"time\":1}");
        accept_guest(peer);
        peer.message("a", "#all", "x");
        peer.accept("quit");
    });
    assert_eq!((code, masked(&output).as_str()), (0, "[HH:MM:SS] a: x\n"));
}

// Getting in.

#[test]
fn a_guest_steps_aside_for_an_account() {
    let (code, _, errors) = run(&["-w"], b"", |peer| {
        peer.refuse("presence", 401, ",\"reason\":\"name_of_account\"");
        let next = peer.refuse("presence", 401, ",\"reason\":\"name_of_account\"");
        assert!(next.contains("\"tester-guest\""), "{next}");
        assert!(peer.accept("presence").contains("\"tester-guest2\""));
        peer.accept("quit");
    });
    assert_eq!(code, 0);
    assert!(errors.contains("trying tester-guest2"), "{errors}");
}

#[test]
fn a_refused_login_ends() {
    let (code, _, errors) = run(&["-r", "-u", "anna"], b"", |peer| {
        peer.refuse("authenticate", 402, "");
        peer.accept("quit");
    });
    assert_eq!(code, 4);
    assert!(errors.contains("402 why"), "{errors}");
    assert!(!errors.contains("secret"), "{errors}");
}

#[test]
fn a_login_that_has_to_wait_is_tried_again() {
    let (code, _, errors) = run(&["-w", "-u", "anna"], b"", |peer| {
        peer.refuse("authenticate", 429, ",\"reason\":\"busy\",\"limit\":1");
        peer.accept("authenticate");
        peer.accept("presence");
        peer.accept("quit");
    });
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("as anna"), "{errors}");
}

#[test]
fn nobody_listens() {
    let (_deaf, address) = deaf();
    let (code, _, errors) = run_alone(&[&address.to_string()], b"");
    assert_eq!(code, 3);
    assert!(errors.contains(&address.to_string()), "{errors}");
}

#[test]
fn arguments_are_taken_as_people_type_them() {
    for (argument, shown) in [
        ("-h", "Usage: jim-client"),
        ("--help", "130 Ctrl-C"),
        ("-V", concat!("jim-client ", env!("CARGO_PKG_VERSION"))),
        ("--version", "jim-client "),
    ] {
        let (code, output, errors) = run_alone(&[argument], b"");
        assert_eq!((code, errors.as_str()), (0, ""), "{argument}");
        assert!(output.contains(shown), "{output}");
    }
    for form in ["-pPORT", "--port=PORT", "127.0.0.1:PORT"] {
        let peer = Peer::new(|peer| {
            accept_guest(peer);
            peer.accept("quit");
        });
        let client = Client::start(&[&form.replace("PORT", &peer.port), "-w"], Stdio::null());
        assert_eq!(client.end().0, 0, "{form}");
        peer.join();
    }
}

#[test]
fn a_wrong_command_line_is_told() {
    for arguments in [&["-r", "-w"][..], &["--nonsense"], &["a", "70000"], &["--script", "/none"]] {
        let (code, output, errors) = run_alone(arguments, b"");
        assert_eq!((code, output.as_str()), (2, ""), "{arguments:?}");
        assert!(!errors.is_empty(), "{arguments:?}");
    }
}

// Servers that are none.

#[test]
fn what_is_no_jim_server_is_told() {
    for (sent, told) in [
        (&b"SSH-2.0-x\x1b[2J\r\n"[..], "no JIM server; it sent: SSH-2.0-x\\u{1b}[2J\\r\\n"),
        (b"{\"response\":", "closed the connection in the middle of an object"),
        (b"{oops}", "not valid JSON: {oops}"),
        (b"", "the server closed the connection"),
    ] {
        let (code, output, errors) = run(&["-r"], b"", move |peer| {
            peer.expect(&["presence"]);
            peer.say(sent);
        });
        assert_eq!((code, output.as_str()), (5, ""));
        assert!(errors.contains(told), "{errors}");
    }
}

#[test]
fn an_endless_object_is_given_up() {
    let (code, _, errors) = run(&["-r"], b"", |peer| {
        peer.say("{\"a\":\"");
        let chunk = vec![b'x'; 64 * 1024];
        // Far more than the client holds, and than any socket's buffers.
        let taken = (0..1024).take_while(|_| peer.try_to_say(&chunk)).count();
        assert!(taken < 1024);
    });
    assert_eq!(code, 5);
    assert!(errors.contains("does not end within 1048576 bytes"), "{errors}");
}

// Writing.

#[test]
fn a_writer_sends_each_line_as_it_stands() {
    let lines = "one\n/quit\n\n  \"three\" \\ п\r\nfour";
    let (code, output, errors) = run(&["-w"], lines.as_bytes(), |peer| {
        accept_guest(peer);
        for text in ["one", "/quit", "", "  \\\"three\\\" \\\\ п", "four"] {
            // Others may talk before the answer comes.
            peer.expect(&[&format!("\"message\":\"{text}\""), "\"to\":\"#all\"", "\"tester\""]);
            peer.message("a", "#all", "x");
            peer.say("{\"response\":200,\"time\":1,\"alert\":\"ok\"}");
        }
        peer.accept("quit");
        peer.expect_end();
    });
    assert_eq!((code, output.as_str()), (0, ""), "{errors}");
}

#[test]
fn a_writer_waits_and_sends_again() {
    let (code, _, errors) = run(&["-w", "--to", "bob"], b"a\nb\n", |peer| {
        accept_guest(peer);
        peer.refuse("msg", 429, ",\"reason\":\"busy\",\"limit\":1");
        assert!(peer.accept("msg").contains("\"message\":\"a\""));
        assert!(peer.accept("msg").contains("\"to\":\"bob\""));
        peer.accept("quit");
    });
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("trying again in 1 s"), "{errors}");
}

#[test]
fn a_writer_tells_what_was_not_sent() {
    let mut input = "я".repeat(501).into_bytes();
    input.extend(b"\nfine\n\xff\nrefused\n");
    let (code, _, errors) = run(&["-w"], &input, |peer| {
        accept_guest(peer);
        assert!(peer.accept("msg").contains("fine"));
        peer.refuse("msg", 404, "");
        peer.accept("quit");
    });
    assert_eq!(code, 6);
    for told in [
        "line 1 is not sent: it has 501 characters",
        "line 3 is not sent: it is not UTF-8",
        "line 4 was refused: 404 why",
        "not acknowledged: 3, acknowledged: 1",
    ] {
        assert!(errors.contains(told), "{errors}");
    }
}

#[test]
fn a_writer_splits_where_it_may() {
    let long = format!("{} {}\n", "a".repeat(300), "b".repeat(300));
    let (code, _, _) = run(&["-w", "--split"], long.as_bytes(), |peer| {
        accept_guest(peer);
        assert!(peer.accept("msg").contains(&format!("\"{} \"", "a".repeat(300))));
        assert!(peer.accept("msg").contains(&format!("\"{}\"", "b".repeat(300))));
        peer.accept("quit");
    });
    assert_eq!(code, 0);
}

#[test]
fn a_writer_whose_server_goes_says_how_far_it_came() {
    let (code, _, errors) = run(&["-w"], b"a\nb\nc\n", |peer| {
        accept_guest(peer);
        peer.accept("msg");
        peer.expect(&["\"b\""]);
    });
    assert_eq!(code, 5);
    assert!(errors.contains("lines acknowledged until then: 1"), "{errors}");
}

// Scripts.

#[test]
fn a_script_shows_seed_000s_console() {
    let script = "// seed 000\n/login user pass word\n/presence\n/join #geekbrains\n\
                  /msg #geekbrains Ну и больно надо...\n/leave #geekbrains\n";
    let (code, output, errors) =
        run(&["--lang", "ru", "--script", "-"], script.as_bytes(), |peer| {
            peer.expect(&["authenticate", "\"account_name\":\"user\",\"password\":\"pass word\""]);
            peer.say(
                "{\"response\":202,\"time\":1,\"alert\":\"Пользователь user аутентифицирован\"}",
            );
            peer.accept("presence");
            peer.expect(&[
                "join",
                "\"user\":{\"account_name\":\"user\"}",
                "\"room\":\"#geekbrains\"",
            ]);
            peer.message("a", "#all", "not shown");
            peer.say("{\"response\":200,\"time\":1,\"alert\":\"вошел\"}");
            peer.accept("msg");
            peer.refuse("leave", 403, "");
            peer.expect_end();
        });
    let port = output.lines().next().unwrap().rsplit(':').next().unwrap();
    assert_eq!(
        masked(&output),
        format!(
            "[HH:MM:SS] Клиент подключился к 127.0.0.1:{port}\n\
             [HH:MM:SS] Аутентификация user...\n\
             [HH:MM:SS] Сервер ответил: 202 Пользователь user аутентифицирован\n\
             [HH:MM:SS] Шлем presence...\n\
             [HH:MM:SS] Пользователь user присоединяется к чату #geekbrains...\n\
             [HH:MM:SS] Сервер ответил: 200 вошел\n\
             [HH:MM:SS] Шлем сообщение от user к #geekbrains: Ну и больно надо...\n\
             [HH:MM:SS] Сервер ответил: 200 ok\n\
             [HH:MM:SS] Пользователь user выходит из чата #geekbrains...\n\
             [HH:MM:SS] Сервер ответил ошибкой: 403 why\n"
        )
    );
    assert_eq!((code, errors.as_str()), (0, ""));
}

#[test]
fn a_wrong_script_sends_nothing() {
    let (code, output, errors) = run_alone(&["--script", "-"], b"/presence\n/dance\n");
    assert_eq!((code, output.as_str()), (2, ""));
    assert!(errors.contains("-:2: no command /dance"), "{errors}");
}

#[test]
fn the_example_scripts_can_be_played() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let scripts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jim"))
        .collect();
    assert_eq!(scripts.len(), 5);
    for script in scripts {
        let text = std::fs::read(&script).unwrap();
        let parsed = jim::client::script::parse(&script.display().to_string(), &text);
        assert!(parsed.is_ok_and(|commands| !commands.is_empty()), "{script:?}");
    }
}

// Neither mode.

#[test]
fn a_talker_sends_and_shows() {
    let input = b"hello\n\n//slash\n/dance\n/msg bob hi\n/join\n/quit\nnever\n";
    let (code, output, errors) = run(&[], input, |peer| {
        accept_guest(peer);
        peer.message("a", "#all", "one");
        peer.message("a", "tester", "two");
        assert!(peer.accept("msg").contains("\"message\":\"hello\""));
        assert!(peer.accept("msg").contains("\"message\":\"/slash\""));
        assert!(peer.refuse("msg", 410, "").contains("\"to\":\"bob\""));
        peer.accept("quit");
        peer.expect_end();
    });
    assert_eq!(masked(&output), "[HH:MM:SS] a: one\n[HH:MM:SS] a (tester): two\n");
    assert_eq!(code, 0);
    for told in ["no command /dance", "/join #ROOM", "the server says: 410 why"] {
        assert!(errors.contains(told), "{errors}");
    }
}

#[test]
fn any_input_will_do() {
    let folder = Folder::new();
    let file = folder.file("lines", "from a file\n");
    let inputs = [
        (Stdio::null(), false),
        (Stdio::from(std::fs::File::open(&file).unwrap()), true),
        (Stdio::from(std::fs::OpenOptions::new().write(true).open(&file).unwrap()), false),
    ];
    for (input, has_line) in inputs {
        let peer = Peer::new(move |peer| {
            accept_guest(peer);
            if has_line {
                assert!(peer.accept("msg").contains("from a file"));
            }
            peer.accept("quit");
        });
        let client = Client::start(&["-p", &peer.port, "-w"], input);
        let (code, _, errors) = client.end();
        assert_eq!(code, 0, "{errors}");
        peer.join();
    }
}

#[test]
fn keyboard_and_socket_are_waited_for_together() {
    let peer = Peer::new(|peer| {
        accept_guest(peer);
        peer.message("a", "#all", "first");
        assert!(peer.accept("msg").contains("answer"));
        peer.message("a", "#all", "second");
        peer.accept("quit");
    });
    let mut client = Client::start(&["-p", &peer.port], Stdio::piped());
    let mut shown = client.stdout();
    let mut typed = client.stdin();
    let mut line = String::new();
    shown.read_line(&mut line).unwrap();
    typed.write_all(b"answer\n").unwrap();
    shown.read_line(&mut line).unwrap();
    drop(typed);
    assert_eq!(masked(&line), "[HH:MM:SS] a: first\n[HH:MM:SS] a: second\n");
    assert_eq!(client.end().0, 0);
    peer.join();
}

// Ends that the user makes.

#[test]
fn ctrl_c_says_goodbye() {
    for arguments in [&["-r"][..], &["-w"], &["-v"]] {
        let peer = Peer::new(|peer| {
            accept_guest(peer);
            peer.accept("quit");
            peer.expect_end();
        });
        let mut client = Client::start(&[&["-p", &peer.port], arguments].concat(), Stdio::piped());
        client.wait_until_entered();
        // Kept open: waiting for a child closes its input, which would be an end of its own.
        let typed = client.child.stdin.take();
        let pid = rustix::process::Pid::from_child(&client.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(client.end(), (130, String::new(), String::new()), "{arguments:?}");
        drop(typed);
        peer.join();
    }
}

#[test]
fn a_reader_whose_output_is_closed_leaves() {
    let peer = Peer::new(|peer| {
        accept_guest(peer);
        peer.accept("quit");
    });
    let mut client = Client::start(&["-p", &peer.port, "-r"], Stdio::null());
    client.wait_until_entered();
    drop(client.child.stdout.take());
    assert_eq!(client.end(), (0, String::new(), String::new()));
    peer.join();
}

#[test]
fn a_script_whose_output_is_closed_leaves() {
    let (closed, is_closed) = std::sync::mpsc::channel();
    let peer = Peer::new(move |peer| {
        is_closed.recv_timeout(DEADLINE).unwrap();
        // A process that another test is just starting may hold the pipe open for a moment more.
        while !peer.accept_any().contains("\"quit\"") {}
        peer.expect_end();
    });
    let folder = Folder::new();
    let script = folder.file("script", &"/presence\n".repeat(50_000));
    let mut client =
        Client::start(&["-p", &peer.port, "--script", script.to_str().unwrap()], Stdio::null());
    // It has shown its first lines and waits for an answer; a further line finds the pipe closed.
    let mut shown = client.stdout();
    let mut lines = String::new();
    while !lines.contains("presence") {
        shown.read_line(&mut lines).unwrap();
    }
    drop(shown);
    closed.send(()).unwrap();
    assert_eq!(client.end(), (0, String::new(), String::new()));
    peer.join();
}
