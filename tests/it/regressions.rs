//! Defects that were found once, each shown to be gone.

use super::support::Server;
use jim::chat::{Chat, CloseReason, Effect, Policy};
use jim::limits::Limits;
use jim::message::{
    AccountId, AccountList, AccountRecord, ConnectionId, Done, Features, Job, Name, Now, Request,
    Snapshot,
};
use jim::wire::jim::{Decoded, Decoder};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

const ID: ConnectionId = ConnectionId { slot: 0, generation: 0 };

fn bob(id: i64) -> AccountRecord {
    AccountRecord {
        id: AccountId(id),
        name: Name::shown("bob"),
        phc: "x".into(),
        blocked: false,
        created_unix_micros: 0,
        version: id,
    }
}

fn ask(chat: &mut Chat, bytes: &[u8]) -> Vec<Effect> {
    let Decoded::Request { request, .. } = Decoder::default().decode(bytes, &Limits::default())
    else {
        panic!("not an object")
    };
    let request: Request<'_> = request;
    chat.handle_request(Now::default(), ID, &request);
    effects(chat)
}

fn done(chat: &mut Chat, done: Done) -> Vec<Effect> {
    chat.handle_done(Now::default(), ID, done);
    effects(chat)
}

fn effects(chat: &mut Chat) -> Vec<Effect> {
    std::iter::from_fn(|| chat.poll_effect()).collect()
}

const LOG_IN: &[u8] =
    br#"{"action":"authenticate","time":1,"user":{"account_name":"bob","password":"p"}}"#;

fn chat_with(accounts: Vec<AccountRecord>) -> Chat {
    let snapshot = Snapshot { accounts, ..Snapshot::default() };
    let mut chat = Chat::new(Policy::default(), Limits::default(), snapshot);
    chat.handle_open(Now::default(), ID);
    chat
}

#[test]
fn who_logs_in_again_as_a_name_that_was_made_anew_is_not_the_former_any_more() {
    let mut chat = chat_with(vec![bob(1)]);
    ask(&mut chat, LOG_IN);
    done(&mut chat, Done::Account(Some(bob(1))));
    let effects = done(&mut chat, Done::Password(true));
    assert!(
        matches!(effects.last(), Some(Effect::Reply { reply, .. }) if reply.code.number() == 202)
    );
    let effects = ask(&mut chat, LOG_IN);
    assert!(matches!(effects[..], [Effect::Job { job: Job::FindAccount { .. }, .. }]));
    // Removed and added beside the running server: another account.
    let effects = done(&mut chat, Done::Account(Some(bob(2))));
    assert_eq!(effects, [Effect::Close { connection: ID, reason: CloseReason::Removed }]);
    assert!(done(&mut chat, Done::Password(true)).is_empty(), "nobody waits for it");
}

#[test]
fn a_guest_whose_name_turns_out_to_be_an_accounts_is_ended_though_it_asked() {
    let mut chat = chat_with(Vec::new());
    ask(&mut chat, br#"{"action":"presence","time":1,"user":{"account_name":"bob"}}"#);
    ask(&mut chat, LOG_IN);
    let effects = done(&mut chat, Done::Account(Some(bob(1))));
    assert_eq!(effects, [Effect::Close { connection: ID, reason: CloseReason::NameRegistered }]);
}

#[test]
fn a_new_account_ends_guests_that_look_like_it_and_a_known_one_ends_nobody() {
    let mut chat = chat_with(vec![bob(1)]);
    ask(&mut chat, r#"{"action":"presence","time":1,"user":{"account_name":"аnn"}}"#.as_bytes());
    let list = |version, accounts| AccountList { version, accounts, owners: Vec::new() };
    chat.handle_accounts(list(1, vec![bob(1)]));
    assert_eq!(effects(&mut chat), []);
    let ann = AccountRecord { id: AccountId(2), name: Name::shown("ann"), ..bob(2) };
    chat.handle_accounts(list(2, vec![bob(1), ann]));
    let ended = Effect::Close { connection: ID, reason: CloseReason::NameRegistered };
    assert_eq!(effects(&mut chat), [ended]);
}

#[test]
fn the_features_of_a_refused_log_in_have_no_effect() {
    let mut chat = chat_with(vec![bob(1)]);
    let asking = br#"{"action":"authenticate","time":1,"features":["ids"],
        "user":{"account_name":"bob","password":"p"}}"#;
    for (fits, features) in [(false, None), (true, Some(Features::IDS))] {
        ask(&mut chat, asking);
        done(&mut chat, Done::Account(Some(bob(1))));
        let effects = done(&mut chat, Done::Password(fits));
        let Some(Effect::Reply { reply, .. }) = effects.last() else { panic!("{effects:?}") };
        assert_eq!(reply.features, features);
        assert_eq!(chat.poll_timeout().is_some(), fits, "only who was let in is probed");
    }
}

#[test]
fn an_input_that_ends_before_it_says_what_it_is_gets_an_answer() {
    let server = Server::start(&[]);
    for bytes in [&b"G"[..], b"PUT", b"\x16", b"\xEF\xBB"] {
        let mut client = server.connect();
        client.send(bytes);
        client.stream.shutdown(Shutdown::Write).unwrap();
        let answer = client.object();
        assert_eq!(answer["response"], 400, "{bytes:?}: {answer}");
        client.assert_closed();
    }
}

/// The connections that a limit refuses take no places from the others, however many they are.
#[test]
fn refused_connections_take_no_places() {
    let server = Server::with_settings(
        "max_connections = 100\nmax_connections_per_address = 2\nexempt = []\n",
    );
    let mut first = server.connect();
    first.presence("first");
    let mut second = server.connect();
    second.presence("second");
    // Each is told why, or, where too many are being told, closed at once.
    let mut refused: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let mut told = 0;
    for stream in &mut refused {
        let mut text = String::new();
        // What was closed at once may be a reset.
        let _ = stream.read_to_string(&mut text);
        told += usize::from(text.contains("429"));
    }
    assert!((64..300).contains(&told), "{told} were told");
    first.stream.write_all(b"{\"action\":\"presence\",\"time\":1}\n").unwrap();
    assert_eq!(first.object()["response"], 200);
}
