//! Answers that wait for the next write: nobody notices but by the number of writes.

use super::support::{Client, Server};
use std::net::Shutdown;

/// Somebody whom nothing keeps apart in time: an ordinary client.
fn ordinary(server: &Server, name: &str) -> Client {
    let mut client = server.connect();
    let answer = client.ask(format!(
        r#"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}},"features":["ids"]}}"#
    ));
    assert_eq!(answer["response"], 200, "{answer}");
    client
}

/// A message with an `id`, so that its answer names it.
fn msg(from: &str, to: &str, id: usize) -> String {
    format!(
        r#"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"m","id":{id}}}{}"#,
        "\n"
    )
}

/// Until a client has so many answers, their ids and codes, and how many messages came between.
fn answers(client: &mut Client, count: usize) -> (Vec<(u64, u64)>, usize) {
    let (mut answers, mut messages) = (Vec::new(), 0);
    while answers.len() < count {
        let object = client.object();
        match object["response"].as_u64() {
            Some(code) => answers.push((object["id"].as_u64().unwrap(), code)),
            None => messages += 1,
        }
    }
    (answers, messages)
}

#[test]
fn a_lone_message_is_answered_though_nothing_else_happens() {
    let server = Server::start(&[]);
    let mut ann = ordinary(&server, "ann");
    let mut bob = ordinary(&server, "bob");
    for id in 0..50 {
        ann.send(msg("ann", "bob", id));
        assert_eq!(answers(&mut ann, 1), (vec![(id as u64, 200)], 0));
    }
    for _ in 0..50 {
        assert_eq!(bob.object()["from"], "ann");
    }
}

#[test]
fn answers_keep_their_order_among_messages_errors_and_other_answers() {
    const ROUNDS: usize = 60;
    let server = Server::start(&[]);
    let names: Vec<String> = (0..8).map(|number| format!("n{number}")).collect();
    let mut players: Vec<Client> = names.iter().map(|name| ordinary(&server, name)).collect();
    for round in 0..ROUNDS {
        for (number, player) in players.iter_mut().enumerate() {
            let (own, other) = (&names[number], &names[(number + 1 + round % 7) % 8]);
            let id = round * 3;
            player.send(msg(own, other, id));
            // Answered at once, and so behind what waits.
            player.send(msg(own, "nobody", id + 1));
            player.send(msg(own, if round % 5 == 0 { "#all" } else { other }, id + 2));
        }
    }
    for player in &mut players {
        let (answers, _) = answers(player, ROUNDS * 3);
        let expected = |at: usize| (at as u64, if at % 3 == 1 { 404 } else { 200 });
        assert_eq!(answers, (0..ROUNDS * 3).map(expected).collect::<Vec<_>>());
    }
}

#[test]
fn all_answers_come_before_an_end() {
    let server = Server::start(&[]);
    let _bob = ordinary(&server, "bob");
    let expected: Vec<(u64, u64)> = (0..20).map(|id| (id, 200)).collect();
    let twenty = (0..20).map(|id| msg("ann", "bob", id)).collect::<String>();
    for ending in ["quit", "half-close"] {
        let mut ann = ordinary(&server, "ann");
        if ending == "quit" {
            ann.send(format!("{twenty}{{\"action\":\"quit\"}}\n"));
        } else {
            ann.send(&twenty);
            ann.stream.shutdown(Shutdown::Write).unwrap();
        }
        assert_eq!(answers(&mut ann, 20), (expected.clone(), 0), "{ending}");
        if ending == "quit" {
            assert_eq!(ann.object()["response"], 200);
        }
        ann.assert_closed();
    }
}

#[test]
fn what_was_answered_is_written_when_the_server_stops() {
    let mut server = Server::start(&[]);
    let (mut ann, mut bob) = (ordinary(&server, "ann"), ordinary(&server, "bob"));
    // Whatever the server has read of this when it stops: as many answers as messages.
    let many = (0..500).map(|id| msg("ann", "bob", id)).collect::<String>();
    ann.send(many);
    assert_eq!(bob.object()["from"], "ann");
    server.stop();
    let read_all = |client: &mut Client| std::iter::from_fn(|| client.read_line()).count();
    let (delivered, answered) = (read_all(&mut bob) + 1, read_all(&mut ann));
    assert_eq!(delivered, answered);
}

/// With a steady hold the next message goes when its time has come, though nothing else happens.
#[test]
fn what_is_held_for_a_set_time_comes_by_itself() {
    let server = Server::with_settings("hold = 20_000\n");
    let mut guests: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for (number, guest) in guests.iter_mut().enumerate() {
        guest.send(format!(
            "{{\"action\":\"presence\",\"time\":1,\"user\":{{\"account_name\":\"g{number}\"}}}}\n"
        ));
        assert_eq!(guest.object()["response"], 200);
    }
    for round in 0..6 {
        let text = |number: usize| format!("{round} {number}");
        for number in 0..2 {
            let text = text(number);
            guests[0].send(format!(
                "{{\"action\":\"msg\",\"time\":1,\"to\":\"#all\",\"from\":\"g0\",\"message\":\"{text}\"}}\n"
            ));
            assert_eq!(guests[0].object()["response"], 200);
        }
        for guest in &mut guests[1..] {
            assert_eq!(guest.object()["message"], text(0));
            assert_eq!(guest.object()["message"], text(1));
        }
    }
}
