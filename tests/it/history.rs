//! What is asked of the past that cannot be, and what nobody may learn by asking.

use super::process::run_jimd;
use super::support::{Client, Folder, Server, add_user};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

fn logged_in(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    let user = json!({"account_name": name, "password": "secret"});
    let features = ["ids", "history", "files"];
    let request = json!({"action":"authenticate","time":1,"user":user,"features":features});
    assert_eq!(client.ask(request.to_string())["response"], 202);
    client
}

fn msg(to: &str, from: &str) -> Value {
    json!({"action":"msg","time":1,"to":to,"from":from,"message":"findme"})
}

fn ask(client: &mut Client, request: &Value) -> Value {
    client.ask(request.to_string())
}

#[test]
fn an_id_is_a_position_or_is_refused_and_a_page_has_its_bounds() {
    let server = Server::with_users(&["ann"], &[]);
    let mut ann = logged_in(&server, "ann");
    for room in ["#a", "#b"] {
        assert_eq!(ask(&mut ann, &json!({"action":"join","time":1,"room":room}))["response"], 200);
    }
    // More than a page may have, and one message of another room amidst them.
    for number in 0..210 {
        ann.send(msg(if number == 100 { "#b" } else { "#a" }, "ann").to_string());
    }
    let ids: Vec<String> =
        (0..210).map(|_| ann.object()["msg_id"].as_str().unwrap().to_owned()).collect();
    let mut page = |more: &Value| {
        let mut request = json!({"action":"history","time":1,"with":"#a"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = ask(&mut ann, &request);
        let shown = answer["messages"].as_array().map(Vec::len);
        // Ten bad requests in a row would end the connection.
        assert_eq!(ask(&mut ann, &json!({"action":"rooms","time":1}))["response"], 200);
        (answer["response"].as_u64().unwrap(), shown, answer["more"] == true)
    };
    let rows = [
        (json!({}), (200, Some(50), true)),
        (json!({"limit": 1}), (200, Some(1), true)),
        (json!({"limit": 200}), (200, Some(200), true)),
        (json!({"limit": 201}), (200, Some(200), true)),
        (json!({"limit": 4_000_000_000_u64}), (200, Some(200), true)),
        (json!({"limit": 0}), (400, None, false)),
        (json!({"limit": -1}), (400, None, false)),
        (json!({"limit": 1.5}), (400, None, false)),
        (json!({"limit": "5"}), (400, None, false)),
        (json!({"after": "", "limit": 200}), (200, Some(200), true)),
        (json!({"after": ids[209]}), (200, Some(0), false)),
        (json!({"before": ids[0]}), (200, Some(0), false)),
        // Reversed, and of another room: positions like any other.
        (json!({"after": ids[150], "before": ids[50]}), (200, Some(0), false)),
        (json!({"after": ids[100], "limit": 200}), (200, Some(109), false)),
        (json!({"before": ids[100], "limit": 200}), (200, Some(100), false)),
        (json!({"after": "7fffffffffffffff"}), (200, Some(0), false)),
        (json!({"before": "0000000000000000"}), (200, Some(0), false)),
    ];
    for (more, expected) in rows {
        assert_eq!(page(&more), expected, "{more}");
    }
    for id in ["x", "-1", "+000000000000001", "0x00000000000001", "ffffffffffffffff0", " ", "１"] {
        for key in ["before", "after"] {
            assert_eq!(page(&json!({ key: id })).0, 400, "{key}: {id:?}");
        }
    }
    for value in [json!(5), json!(-1), json!(["x"]), json!({})] {
        assert_eq!(page(&json!({"before": value})).0, 400, "{value}");
    }
    assert_eq!(page(&json!({"with": "#a", "limit": 2})), (200, Some(2), true));
}

#[test]
fn a_hidden_room_is_answered_as_one_that_is_not_there() {
    let server = Server::with_users(&["ann", "eve"], &[]);
    let mut ann = logged_in(&server, "ann");
    for action in ["join", "hide"] {
        let answer = ask(&mut ann, &json!({"action":action,"time":1,"room":"#hidden"}));
        assert_eq!(answer["response"], 200, "{answer}");
    }
    assert_eq!(ask(&mut ann, &msg("#hidden", "ann"))["response"], 200);
    let mut eve = logged_in(&server, "eve");
    let requests: [fn(&str) -> Value; 11] = [
        |room| json!({"action":"history","time":1,"with":room}),
        |room| json!({"action":"search","time":1,"with":room,"query":"findme"}),
        |room| msg(room, "eve"),
        |room| json!({"action":"members","time":1,"room":room}),
        |room| json!({"action":"topic","time":1,"room":room}),
        |room| json!({"action":"topic","time":1,"room":room,"topic":"x"}),
        |room| json!({"action":"invite","time":1,"room":room,"target":"eve"}),
        |room| json!({"action":"op","time":1,"room":room,"target":"eve"}),
        |room| json!({"action":"show","time":1,"room":room}),
        |room| json!({"action":"leave","time":1,"room":room}),
        |room| json!({"action":"upload","time":1,"to":room,"from":"eve","name":"f","size":1}),
    ];
    for request in requests {
        let mut told = |room: &str| {
            let answer = ask(&mut eve, &request(room));
            (answer["response"].clone(), answer["error"].to_string().replace(room, "R"))
        };
        let of_none = told("#nothin");
        assert_eq!(told("#hidden"), of_none, "{}", request("#hidden"));
        assert!(of_none.0.as_u64() >= Some(400), "{of_none:?}");
    }
    let rooms = ask(&mut eve, &json!({"action":"rooms","time":1}));
    assert_eq!(rooms["rooms"], json!([]), "{rooms}");
    let found = ask(&mut eve, &json!({"action":"search","time":1,"query":"findme"}));
    assert_eq!(found["messages"], json!([]), "{found}");
}

/// An export of so many accounts, all in one room, and each in one of its own besides.
fn many(people: usize) -> String {
    const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut text = "{\"type\":\"jim-export\",\"version\":1}\n".to_owned();
    for n in 0..people {
        let account = json!({"type":"account","name":format!("u{n:05}x"),"phc":PHC,"blocked":false,"created":5});
        writeln!(text, "{account}").unwrap();
    }
    let room = |name: &str, owner: usize| json!({"type":"room","name":name,"owner":format!("u{owner:05}x"),"created":5});
    let membership = |name: &str, n: usize| json!({"type":"membership","room":name,"account":format!("u{n:05}x"),"role":"member","since":5});
    writeln!(text, "{}", room("#big", 0)).unwrap();
    for n in 0..people {
        let own = format!("#own{n}");
        writeln!(text, "{}\n{}\n{}", room(&own, n), membership(&own, n), membership("#big", n))
            .unwrap();
    }
    text
}

/// How long a hundred messages to a room take, each answered before the next.
fn hundred(client: &mut Client, to: &str) -> Duration {
    let begin = Instant::now();
    for _ in 0..100 {
        assert_eq!(ask(client, &msg(to, "ann"))["response"], 200);
    }
    begin.elapsed()
}

#[test]
fn a_room_of_ten_thousand_and_ten_thousand_rooms_cost_no_more_than_they_must() {
    const PEOPLE: usize = 10_000;
    let folder = Folder::new();
    folder.file("e", &many(PEOPLE));
    let ended = run_jimd(&folder, &["db", "import", "e"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ["ann", "bob"].iter().for_each(|name| add_user(&folder, name, "secret"));
    folder.file("jimd.toml", "durability = \"none\"\n");
    let server = Server::start_in(folder, &["--config", "jimd.toml"]);
    let (mut ann, mut bob) = (logged_in(&server, "ann"), logged_in(&server, "bob"));
    let join = |room: &str| json!({"action":"join","time":1,"room":room});
    for room in ["#big", "#small"] {
        for client in [&mut ann, &mut bob] {
            assert_eq!(ask(client, &join(room))["response"], 200);
        }
    }
    // Joining is one membership, however often.
    let again = join("#big").to_string();
    for _ in 0..100 {
        ann.send(again.repeat(100));
        for _ in 0..100 {
            assert_eq!(ann.object()["response"], 200);
        }
    }
    let rooms = ask(&mut ann, &json!({"action":"rooms","time":1,"limit":1}));
    assert_eq!(
        (&rooms["rooms"][0]["room"], &rooms["rooms"][0]["members"]),
        (&"#big".into(), &(PEOPLE + 2).into())
    );
    // What a message costs does not depend on how many members are away.
    let small = hundred(&mut ann, "#small");
    let big = hundred(&mut ann, "#big");
    assert!(
        big < small * 5 + Duration::from_millis(200),
        "{big:?} in a room of {PEOPLE}, else {small:?}"
    );
    for _ in 0..200 {
        assert_eq!(bob.object()["action"], "msg");
    }
    // All of a list comes in pages, each in a time that is felt by nobody.
    let (mut last, mut seen) = (String::new(), 0);
    let begin = Instant::now();
    loop {
        let request = json!({"action":"members","time":1,"room":"#big","after":last});
        let answer = ask(&mut ann, &request);
        let members = answer["members"].as_array().unwrap();
        assert!(members.len() <= 200, "{answer}");
        seen += members.len();
        if answer["more"] != true {
            break;
        }
        last = members.last().unwrap()["account_name"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, PEOPLE + 2);
    println!("small {small:?}, big {big:?}, {seen} members in {:?}", begin.elapsed());
    bob.assert_nothing_came();
}
