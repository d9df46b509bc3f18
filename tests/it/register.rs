//! `register`, `passwd` and `jimd invite …` against the real server.

use super::process::run_jimd;
use super::support::{Client, Folder, Server, add_user};
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;

fn server(registration: &str, more: &str) -> Server {
    Server::with_settings(&format!("registration = \"{registration}\"\nlang = \"en\"\n{more}"))
}

fn request(name: &str, invite: Option<&str>) -> String {
    let mut request = json!({"action": "register", "time": 1,
        "user": {"account_name": name, "password": "secret"}});
    if let Some(code) = invite {
        request["invite"] = code.into();
    }
    request.to_string()
}

fn register(client: &mut Client, name: &str, invite: Option<&str>) -> Value {
    client.ask(request(name, invite))
}

fn passwd(client: &mut Client, old: &str, new: &str) -> Value {
    let user = json!({"password": old, "new_password": new});
    client.ask(json!({"action": "passwd", "time": 1, "user": user}).to_string())
}

/// A new invitation's code. Beside a server whose settings are in a file of its own, the command
/// warns that registration is closed.
fn invite(folder: &Folder, options: &[&str]) -> String {
    let args = [&["--config", "jimd.toml", "invite", "new"], options].concat();
    let ended = run_jimd(folder, &args);
    assert_eq!((ended.stderr.as_str(), ended.code), ("", Some(0)));
    let code = ended.stdout.trim_end();
    assert!(code.len() >= 16 && code.chars().all(|c| c.is_ascii_alphanumeric()), "{code}");
    code.to_owned()
}

/// As many at once as there are requests: the codes of their answers, sorted.
fn at_once(server: &Server, requests: &[String]) -> Vec<i64> {
    let start = Barrier::new(requests.len());
    let address = server.address;
    let ask = |request: &String| {
        let mut client = Client::connect(address);
        start.wait();
        client.ask(request)["response"].as_i64().unwrap()
    };
    let mut codes: Vec<i64> = thread::scope(|scope| {
        let ask = &ask;
        let all: Vec<_> = requests.iter().map(|r| scope.spawn(move || ask(r))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    codes.sort_unstable();
    codes
}

#[test]
fn closed_is_the_default() {
    let server = Server::start(&["--lang", "en"]);
    let answer = register(&mut server.connect(), "ann", None);
    assert_eq!(
        (&answer["response"], &answer["reason"]),
        (&403.into(), &"registration_closed".into())
    );
    let ended = run_jimd(&server.folder, &["invite", "new"]);
    assert!(ended.stderr.contains("registration is closed"), "{ended:?}");
    let answer = register(&mut server.connect(), "ann", Some(ended.stdout.trim_end()));
    assert_eq!(answer["reason"], "registration_closed");
}

#[test]
fn a_registered_account_survives_a_restart() {
    let mut server = server("open", "");
    let mut ann = server.connect();
    assert_eq!(register(&mut ann, "ann", None)["response"], 201);
    assert_eq!(ann.ask(r##"{"action":"join","time":1,"room":"#r"}"##)["response"], 401);
    assert_eq!(ann.log_in("ann", "secret")["response"], 202);
    assert_eq!(passwd(&mut ann, "secret", "other")["response"], 200);
    server.stop();
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    let server = Server::start_in(folder, &["--config", "jimd.toml"]);
    let mut ann = server.connect();
    assert_eq!(ann.log_in("ann", "secret")["response"], 402);
    assert_eq!(ann.log_in("ann", "other")["response"], 202);
    let answer = register(&mut server.connect(), "Ann", None);
    assert_eq!((&answer["response"], &answer["reason"]), (&409.into(), &"name_taken".into()));
}

#[test]
fn of_those_who_register_a_name_at_once_one_gets_it() {
    let server = server("open", "");
    for names in [["bob", "bob", "bob", "bob"], ["Вася", "вася", "Bacя", "ВАСЯ"]] {
        let requests = names.map(|name| request(name, None));
        assert_eq!(at_once(&server, &requests), [201, 409, 409, 409], "{names:?}");
    }
}

#[test]
fn guests_of_a_registered_name_are_closed_and_the_asker_lives_on_without_it() {
    let server = server("open", "");
    let [mut asker, mut same, mut alike, mut other] = [(); 4].map(|()| server.connect());
    asker.presence("ann");
    same.presence("ann");
    alike.presence("ANN");
    other.presence("bob");
    assert_eq!(register(&mut asker, "ann", None)["response"], 201);
    same.assert_closed();
    alike.assert_closed();
    let to = |to: &str, from: &str| {
        json!({"action": "msg", "time": 1, "to": to, "from": from, "message": "hi"}).to_string()
    };
    // The name is an account's now, whose user is offline.
    assert_eq!(other.ask(to("ann", "bob"))["response"], 410);
    // The asker is still in the common chat, but may not speak under that name.
    assert_eq!(other.ask(to("#all", "bob"))["response"], 200);
    assert_eq!(asker.object()["from"], "bob");
    assert_eq!(asker.ask(to("#all", "ann"))["reason"], "name_of_account");
    assert_eq!(asker.log_in("ann", "secret")["response"], 202);
    assert_eq!(asker.ask(to("#all", "ann"))["response"], 200);
    assert_eq!(other.object()["from"], "ann");
}

#[test]
fn an_invitation_leads_to_its_room_and_is_used_up() {
    let server = server("invite", "");
    let mut owner = server.connect();
    add_user(&server.folder, "owner", "secret");
    assert_eq!(owner.log_in("owner", "secret")["response"], 202);
    assert_eq!(owner.ask(r##"{"action":"join","time":1,"room":"#tea"}"##)["response"], 200);

    let code = invite(&server.folder, &["--room", "#tea", "--uses", "2"]);
    let mut client = server.connect();
    let refusals = [
        register(&mut client, "ann", None),
        register(&mut client, "ann", Some("")),
        register(&mut client, "ann", Some("nonsense")),
        register(&mut client, "ann", Some(&code.to_uppercase())),
    ];
    for refused in &refusals {
        assert_eq!((&refused["response"], &refused["reason"]), (&403.into(), &"bad_invite".into()));
        assert_eq!(refused["error"], refusals[0]["error"]);
    }
    assert_eq!(register(&mut client, "Owner", Some(&code))["response"], 409);
    assert_eq!(register(&mut client, "ann", Some(&code))["response"], 201);
    assert_eq!(client.log_in("ann", "secret")["response"], 202);
    let message = r##"{"action":"msg","time":1,"to":"#tea","from":"ann","message":"hi"}"##;
    assert_eq!(client.ask(message)["response"], 200);
    assert_eq!(owner.object()["from"], "ann");

    // One use is left, and two ask for it.
    let requests = ["bob", "dora"].map(|name| request(name, Some(&code)));
    assert_eq!(at_once(&server, &requests), [201, 403]);
    let used_up = register(&mut server.connect(), "eve", Some(&code));
    assert_eq!(used_up["error"], refusals[0]["error"]);
}

#[test]
fn the_expired_and_the_revoked_are_refused_alike() {
    let server = server("invite", "");
    let folder = &server.folder;
    let expired = invite(folder, &["--expires", "1ms"]);
    let [revoked, good] = [(); 2].map(|()| invite(folder, &[]));
    run_jimd(folder, &["invite", "revoke", &revoked])
        .assert_done("The invitation is no longer good.\n");
    run_jimd(folder, &["invite", "revoke", &revoked])
        .assert_refused(1, "there is no such invitation");
    let mut client = server.connect();
    for code in [&expired, &revoked] {
        assert_eq!(register(&mut client, "ann", Some(code))["reason"], "bad_invite");
    }
    assert_eq!(register(&mut client, "ann", Some(&good))["response"], 201);
    let list = run_jimd(folder, &["invite", "list"]).stdout;
    let used: Vec<_> = list.lines().skip(1).filter_map(|l| l.split_whitespace().nth(1)).collect();
    assert_eq!(used, ["0/1", "1/1"], "{list}");
    assert!(!list.contains(&good), "{list}");
}

#[test]
fn an_invitation_into_no_room_is_not_made() {
    let folder = Folder::new();
    let new = |room| run_jimd(&folder, &["invite", "new", "--room", room]);
    new("tea").assert_refused(11, "the room \"tea\" must begin with # and have a name behind it");
    new("#all").assert_refused(11, "#all is the common chat, which nobody needs to join");
    let none = "No invitations. Make one with: jimd invite new\n";
    run_jimd(&folder, &["invite", "list"]).assert_done(none);
}

#[test]
fn a_new_password_ends_the_other_connections() {
    let server = server("open", "sessions = \"many\"\n");
    let [mut one, mut two, mut stranger] = [(); 3].map(|()| server.connect());
    assert_eq!(register(&mut one, "ann", None)["response"], 201);
    assert_eq!(one.log_in("ann", "secret")["response"], 202);
    assert_eq!(two.log_in("ann", "secret")["response"], 200);
    assert_eq!(passwd(&mut one, "wrong", "other")["response"], 402);
    two.assert_nothing_came();
    assert_eq!(passwd(&mut one, "secret", "other")["response"], 200);
    two.assert_closed();
    one.assert_nothing_came();
    assert_eq!(stranger.log_in("ann", "secret")["response"], 402);
    assert_eq!(stranger.log_in("ann", "other")["response"], 200);
    server.wait_for_log(|line| line.contains("the account's password was changed"));
}

#[test]
fn of_two_who_change_a_password_at_once_one_stays() {
    let server = server("open", "sessions = \"many\"\n");
    assert_eq!(register(&mut server.connect(), "ann", None)["response"], 201);
    let mut clients = [server.connect(), server.connect()];
    for client in &mut clients {
        assert!(client.log_in("ann", "secret")["response"].as_i64() < Some(300));
    }
    for (client, new) in clients.iter_mut().zip(["one", "two"]) {
        let user = json!({"password": "secret", "new_password": new});
        client.send(json!({"action": "passwd", "time": 1, "user": user}).to_string());
    }
    let answers = clients.each_mut().map(Client::read_line);
    let won: Vec<bool> = answers
        .iter()
        .map(|answer| answer.as_ref().is_some_and(|line| line.contains("\"response\":200")))
        .collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{answers:?}");
    let right = if won[0] { "one" } else { "two" };
    assert_eq!(server.connect().log_in("ann", right)["response"], 200);
}

#[test]
fn passwords_and_invitations_stay_out_of_the_log() {
    let server = server("invite", "verbose = true\n");
    let code = invite(&server.folder, &[]);
    let mut ann = server.connect();
    let user = json!({"account_name": "ann", "password": "hunter2"});
    let asked = json!({"action": "register", "time": 1, "user": user, "invite": code});
    assert_eq!(ann.ask(asked.to_string())["response"], 201);
    assert_eq!(ann.log_in("ann", "hunter2")["response"], 202);
    assert_eq!(passwd(&mut ann, "hunter2", "correct horse")["response"], 200);
    ann.ask(r#"{"action":"quit"}"#);
    server.wait_for_log(|line| line.contains("quit") && line.contains("ann"));
    let log = std::fs::read_to_string(server.folder.path().join("logs/jimd.log")).unwrap();
    for secret in ["hunter2", "correct horse", &code] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
