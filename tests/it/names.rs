//! One rule for names, one identity for each, over the wire.

use super::support::{Client, Server};
use serde_json::Value;

fn presence(client: &mut Client, name: &str) -> Value {
    client.ask(format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"#))
}

fn msg(client: &mut Client, to: &str, from: &str) -> Value {
    client.ask(format!(r#"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"m"}}"#))
}

fn codes(answer: &Value) -> (u64, &str) {
    (answer["response"].as_u64().unwrap(), answer["reason"].as_str().unwrap_or_default())
}

#[test]
fn a_guest_takes_no_accounts_name_and_none_that_looks_like_it() {
    let server = Server::with_users(&["admin", "Вася", "Иван Петров", "user1", "Йод"], &[]);
    let taken = [
        "admin",
        "аdmin",
        "ADMIN",
        "Admin",
        "adrnin",
        "ａｄｍｉｎ",
        "Bacя",
        "вася",
        "ВАСЯ",
        "иван петров",
        "Иван  Петров",
        "userl",
        "USER1",
        r"\u0418\u0306\u043e\u0434",
        "йод",
    ];
    let mut client = server.connect();
    for name in taken {
        assert_eq!(codes(&presence(&mut client, name)), (401, "name_of_account"), "{name}");
        // Neither has it been taken in part: the connection is nobody.
        assert_eq!(codes(&msg(&mut client, "x", name)), (401, "not_present"), "{name}");
    }
    for name in ["administrator", "Васи", "Петров Иван", "user2", "Иод", "тест", "сор"]
    {
        assert_eq!(presence(&mut client, name)["response"], 200, "{name}");
    }
}

#[test]
fn the_servers_names_and_what_cannot_be_seen_are_refused() {
    let server = Server::start(&[]);
    let reserved = ["SERVER", "server", "Server", "ЅЕRVЕR", "all", "ALL", "aLl", "а11", "#all"];
    let hidden = [
        r"\u0000",
        r"\u0007",
        r"\u001b",
        r"\r",
        r"\n",
        r"\t",
        r"\u007f",
        r"\u0085",
        r"\u009b",
        r"\u00ad",
        r"\u200b",
        r"\u200d",
        r"\u200e",
        r"\u2028",
        r"\u202e",
        r"\u2066",
        r"\ufeff",
        r"\u3164",
        r"\udb40\udc41",
    ];
    let odd = [" a", "a ", "\u{a0}a", "", " ", r"a\\b", "#a", "Z\u{351}\u{36b}\u{343}algo"];
    let mut names: Vec<String> = reserved.iter().chain(&odd).map(ToString::to_string).collect();
    names.extend(hidden.iter().map(|letter| format!("ad{letter}min")));
    for name in &names {
        let mut client = server.connect();
        assert_eq!(codes(&presence(&mut client, name)), (400, "bad_name"), "{name:?}");
        assert_eq!(codes(&msg(&mut client, "x", "y")), (401, "not_present"));
        // An anonymous guest's first `from` is its name.
        assert_eq!(client.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
        if !name.is_empty() {
            assert_eq!(codes(&msg(&mut client, "x", name)), (400, "bad_name"), "{name:?}");
        }
    }
}

#[test]
fn rooms_follow_the_same_rules_behind_their_hash() {
    let server = Server::with_users(&["ann"], &[]);
    let mut client = server.connect();
    client.log_in("ann", "secret");
    let join = |client: &mut Client, room: &str| {
        client.ask(format!(r#"{{"action":"join","time":1,"room":"{room}"}}"#))
    };
    for room in ["room", "#", "# a", "#a ", r"#a\\b", r"#a\nb", r"#a\u200bb", "##\u{202e}"] {
        let answer = join(&mut client, room);
        assert_eq!(codes(&answer), (400, "bad_name"), "{room:?}");
        assert_eq!(client.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    }
    for room in ["#geekbrains", "#дом", "#😀", "#two words", "##"] {
        assert_eq!(join(&mut client, room)["response"], 200, "{room}");
    }
    // The server's name and the common chat's, in any disguise.
    for room in
        ["#SERVER", "#server", "#ЅЕRVЕR", "#All", "#аll", "#a11", "#ａｌｌ", "#Chat", "#сhat"]
    {
        assert_eq!(codes(&join(&mut client, room)), (400, "bad_name"), "{room}");
    }
    for room in ["#ali", "#servers", "#all of us"] {
        assert_eq!(join(&mut client, room)["response"], 200, "{room}");
    }
}

#[test]
fn two_spellings_of_one_nfc_are_one_name_everywhere() {
    let server = Server::with_users(&["Йод"], &[]);
    let (composed, decomposed) = ("\u{419}од", "\u{418}\u{306}од");
    let mut user = server.connect();
    assert_eq!(user.log_in(decomposed, "secret")["response"], 202);
    assert_eq!(user.log_in(composed, "secret")["response"], 200);
    let (mut one, mut two) = (server.connect(), server.connect());
    assert_eq!(presence(&mut one, "ё")["response"], 200);
    assert_eq!(presence(&mut two, "е\u{308}")["response"], 200);
    for to in ["ё", "е\u{308}", r"\u0435\u0308"] {
        for from in [composed, decomposed] {
            assert_eq!(msg(&mut user, to, from)["response"], 200);
            for guest in [&mut one, &mut two] {
                // Each gets it as it was sent.
                let line = guest.line();
                assert!(line.contains(&format!(r#""to":"{to}","from":"{from}""#)), "{line}");
            }
        }
    }
    for from in ["ё", "е\u{308}"] {
        for to in [composed, decomposed] {
            assert_eq!(msg(&mut one, to, from)["response"], 200);
            user.line();
        }
    }
    let own =
        format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"{decomposed}"}}}}"#);
    assert_eq!(user.ask(own)["response"], 200);
}

#[test]
fn what_looks_like_an_addressee_is_not_it() {
    let server = Server::with_users(&["admin"], &[]);
    let mut admin = server.connect();
    admin.log_in("admin", "secret");
    let mut guest = server.connect();
    guest.presence("g");
    for name in ["аdmin", "Admin", "admin ", "nobody"] {
        assert_eq!(codes(&msg(&mut guest, name, "g")), (404, "no_such_user"), "{name}");
        let answer = server.connect().log_in(name, "secret");
        assert_eq!(codes(&answer), (402, "wrong_login"), "{name}");
    }
    admin.assert_nothing_came();
}

#[test]
fn guests_share_a_name_until_the_last_is_gone() {
    let server = Server::start(&[]);
    let mut writer = server.connect();
    writer.presence("w");
    let mut guests: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    for guest in &mut guests {
        guest.presence("John Doe");
    }
    while !guests.is_empty() {
        assert_eq!(msg(&mut writer, "John Doe", "w")["response"], 200);
        for guest in &mut guests {
            assert!(guest.line().contains("John Doe"));
        }
        let mut last = guests.pop().unwrap();
        assert_eq!(last.ask(r#"{"action":"quit"}"#)["response"], 200);
    }
    assert_eq!(codes(&msg(&mut writer, "John Doe", "w")), (404, "no_such_user"));
}

#[test]
fn a_name_forges_no_line_on_the_console_or_in_the_log() {
    let mut server = Server::start(&[]);
    let mut client = server.connect();
    let answer = client.log_in(r"x\n[00:00:01] 202 \u001b[2J", "secret");
    assert_eq!(answer["response"], 402);
    let line = server.wait_for_line(|line| line.contains("402"));
    assert!(line.contains("[00:00:01] 202"), "all of it is in one line: {line}");
    assert!(!line.contains('\u{1b}'), "{line:?}");
    let line = server.wait_for_log(|line| line.contains(" 402 "));
    assert!(line.contains("[00:00:01] 202") && !line.contains('\u{1b}'), "{line:?}");
}
