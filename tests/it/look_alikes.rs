//! Who may be called what: names that could be mistaken for an account's, the server's or the common
//! chat's, tried at every door through which a name comes in.

use super::dialects::exchange;
use super::process::{Ended, run, run_jimd, wait_until};
use super::support::{Client, Folder, Server, add_user, jimd, user_command};
use serde_json::{Value, json};

/// A server where anybody may register.
fn open_server(users: &[&str]) -> Server {
    let folder = Folder::new();
    users.iter().for_each(|user| add_user(&folder, user, "secret"));
    folder.file("jimd.toml", "registration = \"open\"\nlang = \"en\"\n");
    Server::start_in(folder, &["--config", "jimd.toml"])
}

fn code(answer: &Value) -> (u64, &str) {
    (answer["response"].as_u64().unwrap(), answer["reason"].as_str().unwrap_or_default())
}

fn presence(client: &mut Client, name: &str) -> Value {
    client.ask(json!({"action":"presence","time":1,"user":{"account_name":name}}).to_string())
}

fn register(client: &mut Client, name: &str) -> Value {
    let user = json!({"account_name": name, "password": "secret"});
    client.ask(json!({"action":"register","time":1,"user":user}).to_string())
}

fn first_from(server: &Server, name: &str) -> Value {
    let mut client = server.connect();
    assert_eq!(client.ask(r#"{"action":"presence","time":1}"#)["response"], 200);
    client.ask(json!({"action":"msg","time":1,"to":"x","from":name,"message":""}).to_string())
}

/// What the exchange says to a nickname before it closes, or that it took it.
fn as_nickname(server: &Server, name: &str) -> String {
    let mut client = server.connect();
    client.send_frame(format!("{{\"nickname\":\"{name}\"}}"));
    client.read_frame().unwrap()
}

/// What console chat says to a name, or what it says to a command of who is in.
fn as_username(server: &Server, name: &str) -> String {
    let mut client = server.connect();
    client.send(json!({"username": name}).to_string());
    client.send(r#"{"message_type":"command","data":"cmd!participants_count"}"#);
    client.read_line().unwrap_or_default()
}

fn add(folder: &Folder, name: &str) -> Ended {
    run(jimd(folder).args(["user", "add", "--", name]), b"secret\n")
}

/// Nobody who is not the account gets in under this name, by any door.
#[track_caller]
fn assert_shut(server: &Server, name: &str, code_of_guests: (u64, &str), code_of_new: (u64, &str)) {
    let mut client = server.connect();
    assert_eq!(code(&presence(&mut client, name)), code_of_guests, "presence of {name:?}");
    assert_eq!(code(&first_from(server, name)), code_of_guests, "a first message of {name:?}");
    assert_eq!(code(&register(&mut client, name)), code_of_new, "register {name:?}");
    let said = as_nickname(server, name);
    assert!(said.starts_with("{\"status\":\"error: "), "the exchange to {name:?}: {said}");
    let said = as_username(server, name);
    assert!(!said.contains("Participants count"), "console chat to {name:?}: {said}");
    let ended = add(&server.folder, name);
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(11), 1), "{name:?}: {ended:?}");
}

/// An account, and what could be mistaken for it.
const ALIKE: [(&str, &[&str]); 9] = [
    (
        "admin",
        &[
            "Admin",
            "ADMIN",
            "аdmin",
            "АDМІN",
            "adrnin",
            "adm1n",
            "ADM|N",
            "ADMlN",
            "ａｄｍｉｎ",
            "ＡＤＭＩＮ",
            "𝐚𝐝𝐦𝐢𝐧",
            "𝔞𝔡𝔪𝔦𝔫",
            "ⓐⓓⓜⓘⓝ",
            "ᵃᵈᵐⁱⁿ",
            "admiո",
            "αdmin",
            "adｍin",
        ],
    ),
    ("ivan", &["Ivan", "lvan", "1van", "ӏvan", "ıvan", "IVAN", "іvan", "ⅳan"]),
    ("Вася", &["вася", "ВАСЯ", "Bася", "Baся", "BACЯ", "ваcя"]),
    ("Иван Петров", &["иван петров", "Иван  Петров", "Иван\u{a0}Петров", "Иван\u{2003}Петров"]),
    ("user01", &["userO1", "userOl", "USERO1", "user０１", "uѕer0l"]),
    ("Йод", &["И\u{306}од", "йод", "и\u{306}од", "Йoд"]),
    ("Straße", &["STRASSE", "strasse", "STRAẞE"]),
    ("Σίσυφος", &["ΣΊΣΥΦΟΣ", "σίσυφοσ", "Σι\u{301}συφος"]),
    ("한국", &["\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"]),
];

/// What is called otherwise, whatever it has in common.
const DIFFERENT: [&str; 12] = [
    "administrator",
    "amdin",
    "admins",
    "Ivanna",
    "Ян",
    "Васи",
    "Елка",
    "user02",
    "Иод",
    "тест",
    "ali",
    "한국어",
];

#[test]
fn what_could_be_mistaken_for_an_account_is_nobodys_name() {
    let accounts = ALIKE.map(|(account, _)| account);
    let server = open_server(&accounts);
    for (account, names) in ALIKE {
        for name in names {
            // The account's own spelling is told apart from one that only looks like it.
            let is_spelled = jim::message::Name::shown(account).is_spelled(name);
            assert_shut(&server, name, (401, "name_of_account"), (409, "name_taken"));
            let said = presence(&mut server.connect(), name)["error"].to_string();
            assert_eq!(said.contains("looks like"), !is_spelled, "{said}");
            let answer = server.connect().log_in(name, "secret");
            let expected = if is_spelled { 202 } else { 402 };
            assert_eq!(answer["response"], expected, "{name:?} logs in as {account}: {answer}");
        }
    }
    let mut guest = server.connect();
    for name in DIFFERENT {
        assert_eq!(code(&presence(&mut guest, name)), (200, ""), "{name}");
    }
}

#[test]
fn the_server_and_the_common_chat_have_no_doubles() {
    let server = open_server(&[]);
    let reserved = [
        "SERVER",
        "server",
        "sErVeR",
        "ＳＥＲＶＥＲ",
        "ЅЕRVЕR",
        "ѕеrvеr",
        "𝐒𝐄𝐑𝐕𝐄𝐑",
        "all",
        "ALL",
        "All",
        "аll",
        "a11",
        "aII",
        "ａｌｌ",
        "al|",
        "ⓐⓛⓛ",
    ];
    for name in reserved {
        assert_shut(&server, name, (400, "bad_name"), (400, "bad_name"));
    }
    let disguised = [
        "SERVER ",
        " SERVER",
        "SERVER\u{a0}",
        "\u{3000}SERVER",
        "SER\u{200b}VER",
        "SERVER\u{200d}",
        "\u{feff}SERVER",
        "SERVER\u{ad}",
        "\u{202e}REVRES",
        "SERVER\u{fe0f}",
        "all\u{2800}",
        "\u{3164}all",
        "SERVER\u{1}",
        "#all",
        "＃all",
        "﹟all",
    ];
    for name in disguised {
        assert_shut(&server, name, (400, "bad_name"), (400, "bad_name"));
    }
    // What nobody takes for one of them is a name like any other.
    let mut guest = server.connect();
    for name in ["servers", "allan", "ali", "observer", "server-2"] {
        assert_eq!(code(&presence(&mut guest, name)), (200, ""), "{name}");
    }
}

#[test]
fn what_no_profile_of_names_allows_comes_in_nowhere() {
    let server = open_server(&[]);
    let names = [
        // Contextual rules: a middle dot between other letters than l, a joiner, Arabic digits of
        // two kinds, a Greek sign before no Greek.
        "a·b",
        "a\u{200c}b",
        "٣۳",
        "a\u{375}b",
        // Old Hangul, unassigned, private, no character at all, a surrogate's replacement aside.
        "\u{1100}",
        "\u{378}",
        "a\u{e000}",
        "a\u{fdd0}",
        "a\u{10ffff}",
        // Both directions of writing, in which two names could be shown alike.
        "aא1",
        "a1א",
        "1א",
        "אa",
        "א٣3",
        // Marks without a letter, and more than any script needs.
        "\u{301}a",
        "a\u{334}\u{335}\u{336}",
    ];
    for name in names {
        assert_shut(&server, name, (400, "bad_name"), (400, "bad_name"));
    }
    let mut guest = server.connect();
    for name in ["l·l", "שלום עולם", "عربى ٣", "x\u{323}\u{302}", "ยิ้ม", "क्षि", "😀", "O'Brien"]
    {
        assert_eq!(code(&presence(&mut guest, name)), (200, ""), "{name}");
    }
}

#[test]
fn a_new_account_ends_the_guests_that_could_be_mistaken_for_it_and_nobody_else() {
    let server = open_server(&[]);
    let alike = ["ANN", "аnn", "ａnn", "Аnn"];
    let mut doubles: Vec<Client> = alike.iter().map(|_| server.connect()).collect();
    for (guest, name) in doubles.iter_mut().zip(alike) {
        assert_eq!(presence(guest, name)["response"], 200, "{name}");
    }
    let mut nickname = exchange(&server, "Ann");
    let mut others: Vec<Client> = ["anna", "an", "Аня"]
        .map(|name| {
            let mut guest = server.connect();
            guest.presence(name);
            guest
        })
        .into();
    let mut asker = server.connect();
    assert_eq!(register(&mut asker, "ann")["response"], 201);
    for guest in &mut doubles {
        guest.assert_closed();
    }
    while nickname.read_frame().is_some() {}
    for other in &mut others {
        other.assert_nothing_came();
    }
    // The operator's command does the same, seen by the running server within its second.
    let mut guest = server.connect();
    guest.presence("ВОВ");
    add_user(&server.folder, "bob", "secret");
    guest.assert_closed();
}

#[test]
fn a_look_is_kept_as_long_as_its_account_is_there() {
    let server = open_server(&["ann"]);
    let refused = (401, "name_of_account");
    let guest = |name: &str| {
        let mut client = server.connect();
        let answer = presence(&mut client, name);
        (answer["response"].as_u64().unwrap(), client)
    };
    assert_eq!(code(&presence(&mut server.connect(), "аnn")), refused);
    user_command(&server.folder, &["block", "ann"], None);
    assert_eq!(server.connect().log_in("ann", "secret")["response"], 403);
    assert_eq!(code(&presence(&mut server.connect(), "ANN")), refused, "a block frees no name");
    user_command(&server.folder, &["remove", "ann"], None);
    wait_until("the name is free", || guest("аnn").0 == 200);
    // Another may have it now, and the first look is the other's double.
    assert_eq!(code(&register(&mut server.connect(), "аnn")), (201, ""));
    assert_eq!(code(&presence(&mut server.connect(), "ann")), refused);
    assert_eq!(add(&server.folder, "ann").code, Some(11));
    assert_eq!(code(&register(&mut server.connect(), "ANN")), (409, "name_taken"));
}

#[test]
fn of_two_that_look_alike_and_register_at_once_one_gets_its_name() {
    let server = open_server(&[]);
    for (round, names) in
        [["bob", "ВОВ"], ["ADMlN", "admin"], ["lvan", "ivan"]].into_iter().enumerate()
    {
        let mut clients = [server.connect(), server.connect()];
        for (client, name) in clients.iter_mut().zip(names) {
            let user = json!({"account_name": name, "password": "secret"});
            client.send(json!({"action":"register","time":1,"user":user}).to_string());
        }
        let mut codes = clients.map(|mut client| client.object()["response"].as_u64().unwrap());
        codes.sort_unstable();
        assert_eq!(codes, [201, 409], "{names:?}");
        let listed = run_jimd(&server.folder, &["user", "list"]).stdout;
        assert_eq!(listed.lines().count(), 2 + round, "{listed}");
    }
}

#[test]
fn a_password_has_one_form_wherever_it_is_set() {
    let server = open_server(&[]);
    let set = |name: &str, password: &str| {
        let user = json!({"account_name": name, "password": password});
        server.connect().ask(json!({"action":"register","time":1,"user":user}).to_string())
    };
    // Letters composed or not, any blank for any other; case and width are the password's own.
    let composed = "чай и \u{e9}\u{a0}ｐ";
    let decomposed = "чаи\u{306}\u{3000}и e\u{301} ｐ";
    assert_eq!(code(&set("ann", composed)), (201, ""));
    let ended = run(jimd(&server.folder).args(["user", "add", "bob"]), decomposed.as_bytes());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for name in ["ann", "bob"] {
        for password in [composed, decomposed] {
            assert_eq!(server.connect().log_in(name, password)["response"], 202, "{name}");
        }
        for wrong in ["чаи и e p", "ЧАЙ И \u{e9} ｐ", "чай и \u{e9} p", "чай и \u{e9} ｐ "]
        {
            assert_eq!(server.connect().log_in(name, wrong)["response"], 402, "{name}: {wrong:?}");
        }
    }
    let long = "я".repeat(129);
    let refused = ["", "a\0b", "a\u{1b}", "a\nb", "a\u{378}", "a\u{e000}", "a\u{fdd0}", &long];
    for password in refused {
        assert_eq!(set("eve", password)["response"], 400, "{password:?}");
        assert_eq!(presence(&mut server.connect(), "eve")["response"], 200);
    }
    for password in ["a\0b", "a\u{1b}", "a\u{378}", "a\u{e000}", &long] {
        let ended = run(jimd(&server.folder).args(["user", "add", "eve"]), password.as_bytes());
        assert_eq!(ended.code, Some(12), "{password:?}: {ended:?}");
    }
    assert_eq!(code(&set("eve", &"я".repeat(128))), (201, ""));
}

#[test]
fn a_name_that_is_imported_follows_the_same_rules() {
    const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let import = |names: &[&str]| {
        let folder = Folder::new();
        let account = |name: &&str| {
            json!({"type":"account","name":name,"phc":PHC,"blocked":false,"created":5}).to_string()
        };
        let lines: Vec<String> = names.iter().map(account).collect();
        folder.file(
            "e",
            &format!("{{\"type\":\"jim-export\",\"version\":1}}\n{}\n", lines.join("\n")),
        );
        let code = run_jimd(&folder, &["db", "import", "e"]).code;
        (code, run_jimd(&folder, &["user", "list"]).stdout)
    };
    for (account, names) in ALIKE {
        for name in names {
            assert_eq!(import(&[account, name]).0, Some(14), "{account} and {name}");
        }
    }
    for name in ["SERVER", "а11", "a\u{200b}", "aא1", "#a", " a", "a\\b", "\u{301}a", ""] {
        assert_eq!(import(&[name]).0, Some(14), "{name:?}");
    }
    // It is kept in the one form that all spellings have.
    let (code, listed) = import(&["И\u{306}од", "שלום עולם"]);
    assert_eq!(code, Some(0));
    assert!(listed.contains("Йод "), "{listed}");
}

#[test]
fn a_kick_or_a_ban_is_of_the_one_who_is_called_so() {
    let server = open_server(&["ann"]);
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    for command in ["kick", "ban"] {
        for name in ["аnn", "ANN", "ann ", "a\u{200b}nn"] {
            let ended = run_jimd(&server.folder, &[command, name]);
            assert_ne!(ended.code, Some(0), "{command} {name}: {ended:?}");
            assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        }
    }
    ann.assert_nothing_came();
    // An account is also named by another spelling of the same letters.
    add_user(&server.folder, "Йод", "secret");
    let mut iodine = server.connect();
    assert_eq!(iodine.log_in("Йод", "secret")["response"], 202);
    assert_eq!(run_jimd(&server.folder, &["kick", "И\u{306}од"]).code, Some(0));
    iodine.assert_closed();
}
