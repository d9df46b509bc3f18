//! `jim-client` and messages of the past, against a peer that says what each test tells it to.

use super::client_process::{run, run_alone};
use super::scripted_peer::{Conversation, Peer, Talk};

/// A number as 16 hexadecimal digits.
fn id(number: u64) -> String {
    format!("{number:016x}")
}

/// A message of a room as it is stored, and as it is delivered to who has `ids`.
fn stored(number: u64) -> String {
    format!(
        "{{\"action\":\"msg\",\"time\":1,\"from\":\"a\",\"to\":\"#tea\",\"message\":\"m{number}\",\
         \"msg_id\":\"{}\",\"server_time\":1700000000.5}}",
        id(number)
    )
}

/// Says a page.
fn say_page(peer: &mut Conversation, numbers: &[u64], more: bool) {
    let messages: Vec<String> = numbers.iter().map(|number| stored(*number)).collect();
    say_messages(peer, &messages.join(","), more);
}

fn say_messages(peer: &mut Conversation, messages: &str, more: bool) {
    peer.say(format!(
        "{{\"response\":200,\"time\":2,\"alert\":\"ok\",\"messages\":[{messages}],\
         \"more\":{more}}}\n"
    ));
}

/// Lets a user in who asked for what history needs, and into the room.
fn let_in(peer: &mut Conversation) {
    peer.expect(&["\"authenticate\"", "\"features\":[\"ids\",", "\"files\",\"history\"]"]);
    peer.say("{\"response\":202,\"time\":1,\"alert\":\"in\",\"features\":[\"ids\",\"history\"]}\n");
    let presence = peer.accept("presence");
    assert!(!presence.contains("features"), "{presence}");
    peer.accept("join");
}

/// Expects a request for a page of the room.
fn expect_page(peer: &mut Conversation, range: &str, limit: u64) {
    peer.expect(&["\"history\"", "\"with\":\"#tea\"", range, &format!("\"limit\":{limit}}}")]);
}

fn after(number: u64) -> String {
    format!("\"after\":\"{}\"", id(number))
}

/// The texts that were shown; every other line says the day.
fn texts(output: &str) -> Vec<&str> {
    let lines = output.lines().filter(|line| !line.starts_with("--- "));
    lines.map(|line| line.split_once("] a: ").expect("a message").1).collect()
}

/// The command line of a reader of the room that ends after so many messages.
fn reader<'a>(count: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["-r", "-u", "anna", "--to", "#tea", "--count", count], more].concat()
}

#[test]
fn the_newest_messages_come_first_and_the_live_ones_behind_them() {
    let (code, output, errors) = run(&reader("4", &["--history", "2"]), b"", |peer| {
        let_in(peer);
        expect_page(peer, "\"with\":\"#tea\",\"limit\"", 2);
        // One is delivered before its page is, and one is not in the page.
        peer.say(stored(3) + &stored(4));
        say_page(peer, &[2, 3], true);
        peer.say(stored(3) + &stored(5));
        peer.accept("quit");
    });
    assert_eq!(texts(&output), ["m2", "m3", "m4", "m5"], "{errors}");
    assert!(output.starts_with("--- 2023-11-1"), "{output}");
    assert_eq!(output.matches("--- ").count(), 1, "{output}");
    assert_eq!(code, 0);
}

#[test]
fn many_messages_are_read_page_by_page_backwards() {
    let (code, output, _) = run(&reader("301", &["--history", "301"]), b"", |peer| {
        let_in(peer);
        expect_page(peer, "\"with\":\"#tea\",\"limit\"", 200);
        say_page(peer, &(301..=500).collect::<Vec<_>>(), true);
        expect_page(peer, &format!("\"before\":\"{}\"", id(301)), 101);
        say_page(peer, &(200..=300).collect::<Vec<_>>(), true);
        peer.accept("quit");
    });
    let expected: Vec<String> = (200..=500).map(|number| format!("m{number}")).collect();
    assert_eq!((code, texts(&output)), (0, expected.iter().map(String::as_str).collect()));
}

#[test]
fn messages_since_a_number_or_a_time() {
    let since = id(7);
    for (typed, range) in [
        (since.as_str(), after(7)),
        // The number just before the first of that moment.
        ("1970-01-01T00:00:02Z", format!("\"after\":\"{}\"", id((2000 << 20) - 1))),
    ] {
        let arguments = reader("2", &["--since", typed]);
        let (code, output, _) = run(&arguments, b"", move |peer| {
            let_in(peer);
            expect_page(peer, &range, 200);
            say_page(peer, &[3_000_000_000_000], true);
            expect_page(peer, &after(3_000_000_000_000), 200);
            say_page(peer, &[3_000_000_000_001], false);
            peer.accept("quit");
        });
        assert_eq!((code, texts(&output)), (0, vec!["m3000000000000", "m3000000000001"]));
    }
}

#[test]
fn a_lost_connection_in_the_middle_of_a_page_loses_and_repeats_nothing() {
    let first: Talk = Box::new(|peer| {
        let_in(peer);
        expect_page(peer, "\"with\":\"#tea\",\"limit\"", 2);
        say_page(peer, &[1, 2], true);
        peer.say(stored(3));
        // Half of what comes next.
        let half = stored(4);
        peer.say(&half[..half.len() / 2]);
    });
    let second: Talk = Box::new(|peer| {
        let_in(peer);
        expect_page(peer, &after(3), 200);
        peer.say(stored(9));
        say_page(peer, &[4, 5], true);
        expect_page(peer, &after(5), 200);
        let page = format!("{{\"response\":200,\"messages\":[{},{}", stored(6), stored(7));
        peer.say(&page[..page.len() - 5]);
    });
    let third: Talk = Box::new(|peer| {
        let_in(peer);
        // What was held back is asked for again, and shown at its place.
        expect_page(peer, &after(5), 200);
        peer.say(stored(10) + &stored(8));
        say_page(peer, &[6, 7, 8], true);
        expect_page(peer, &after(8), 200);
        say_page(peer, &[9], false);
        peer.say(stored(10) + &stored(11));
        peer.accept("quit");
    });
    let peer = Peer::in_turn(vec![first, second, third]);
    let arguments = reader("11", &["--history", "2", "--follow", "-p", &peer.port]);
    let (code, output, errors) = run_alone(&arguments, b"");
    peer.join();
    let expected: Vec<String> = (1..=11).map(|number| format!("m{number}")).collect();
    assert_eq!(texts(&output), expected.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(errors.contains("in the middle of an object") && errors.contains("connecting again"));
    assert_eq!(code, 0);
}

#[test]
fn who_is_put_out_by_a_newer_log_in_does_not_come_back() {
    let args = ["-r", "-u", "anna", "--to", "#tea", "--follow"];
    let (code, _, errors) = run(&args, b"", |peer| {
        peer.expect(&["\"authenticate\"", "\"notices\""]);
        peer.say(
            "{\"response\":202,\"time\":1,\"alert\":\"in\",\
             \"features\":[\"ids\",\"notices\"]}\n",
        );
        peer.accept("presence");
        peer.accept("join");
        peer.say(
            "{\"action\":\"notice\",\"time\":1,\"event\":\"kick\",\"account_name\":\"anna\",\
             \"reason\":\"superseded\"}\n",
        );
    });
    assert_eq!(code, 5, "{errors}");
    assert!(errors.contains("you logged in from elsewhere"), "{errors}");
}

#[test]
fn who_follows_from_now_on_misses_nothing_after_that() {
    let first: Talk = Box::new(|peer| {
        let_in(peer);
        expect_page(peer, "\"with\":\"#tea\",\"limit\"", 1);
        // It is committed, and on its way to us.
        say_page(peer, &[5], true);
        peer.say(stored(5));
    });
    let second: Talk = Box::new(|peer| {
        peer.refuse("authenticate", 409, "");
        peer.expect_end();
    });
    let third: Talk = Box::new(|peer| {
        let_in(peer);
        expect_page(peer, &after(5), 200);
        say_page(peer, &[6], false);
        peer.say(stored(7));
        peer.accept("quit");
    });
    let peer = Peer::in_turn(vec![first, second, third]);
    let arguments = reader("3", &["--follow", "-p", &peer.port]);
    let (code, output, errors) = run_alone(&arguments, b"");
    peer.join();
    assert_eq!((code, texts(&output)), (0, vec!["m5", "m6", "m7"]), "{errors}");
}

#[test]
fn garbage_in_a_page_harms_nothing() {
    let (code, output, errors) = run(&reader("4", &["--since", &id(1)]), b"", |peer| {
        let_in(peer);
        expect_page(peer, &after(1), 200);
        let odd = format!(
            "7,null,[{{}}],\"x\",{{\"message\":\"no number\"}},{{\"msg_id\":\"zz\"}},{},{},{}",
            stored(3),
            stored(2),
            stored(3)
        );
        say_messages(peer, &odd, true);
        expect_page(peer, &after(3), 200);
        peer.say(stored(4));
        // A page that leads nowhere is the last.
        say_page(peer, &[2, 3], true);
        peer.say(stored(5));
        peer.accept("quit");
    });
    assert_eq!((code, texts(&output)), (0, vec!["m2", "m3", "m4", "m5"]), "{errors}");
}

#[test]
fn what_drives_a_terminal_is_made_visible_in_the_past_too() {
    let (_, output, _) = run(&reader("1", &["--history", "1"]), b"", |peer| {
        let_in(peer);
        peer.expect(&["\"history\""]);
        say_messages(peer, &stored(1).replace("m1", "\\u001b[2J\\n\\u202e"), false);
        peer.accept("quit");
    });
    assert_eq!(texts(&output), ["\\u{1b}[2J\\n\\u{202e}"]);
}

#[test]
fn objects_of_the_past_are_printed_as_they_came() {
    let arguments = reader("2", &["--history", "1", "--json"]);
    let (code, output, _) = run(&arguments, b"", |peer| {
        let_in(peer);
        peer.expect(&["\"history\""]);
        say_page(peer, &[1], false);
        peer.say(stored(2));
        peer.accept("quit");
    });
    assert_eq!((code, output), (0, format!("{}\n{}\n", stored(1), stored(2))));
}

#[test]
fn a_server_without_history_is_read_as_before() {
    let (code, output, errors) = run(&reader("1", &["--history", "5"]), b"", |peer| {
        peer.accept("authenticate");
        peer.accept("presence");
        peer.accept("join");
        peer.message("a", "#tea", "live");
        peer.accept("quit");
    });
    assert_eq!((code, texts(&output)), (0, vec!["live"]));
    assert!(errors.contains("keeps no messages of the past"), "{errors}");
}

#[test]
fn a_refused_page_is_told_and_what_was_held_back_is_shown() {
    let (code, output, errors) = run(&reader("1", &["--history", "5"]), b"", |peer| {
        let_in(peer);
        peer.refuse("history", 429, ",\"reason\":\"busy\",\"limit\":1");
        peer.expect(&["\"history\""]);
        peer.say(stored(3));
        peer.say("{\"response\":403,\"time\":1,\"error\":\"why\",\"reason\":\"not_a_member\"}\n");
        peer.accept("quit");
    });
    assert_eq!((code, texts(&output)), (0, vec!["m3"]));
    assert!(errors.contains("cannot be shown: 403 why"), "{errors}");
}

#[test]
fn an_endless_page_is_given_up() {
    let (code, _, errors) = run(&reader("1", &["--history", "5"]), b"", |peer| {
        let_in(peer);
        peer.expect(&["\"history\""]);
        peer.say("{\"response\":200,\"messages\":[");
        let chunk = "{},".repeat(20_000);
        let taken = (0..20_000).take_while(|_| peer.try_to_say(&chunk)).count();
        assert!(taken < 20_000);
    });
    assert_eq!(code, 5);
    assert!(errors.contains("does not end within 1048576 bytes"), "{errors}");
}

// Messages that waited.

/// A message to the reader alone, sent at a time of the server's.
fn waiting(from: &str, number: u64, server_time: u64) -> String {
    stored(number)
        .replace("#tea", "anna")
        .replace("\"from\":\"a\"", &format!("\"from\":\"{from}\""))
        .replace("1700000000.5", &server_time.to_string())
}

/// Lets a user in at 100 s of the server's clock.
fn let_in_with_ids(peer: &mut Conversation) {
    peer.expect(&["\"authenticate\"", "\"ids\""]);
    peer.say("{\"response\":202,\"time\":99,\"alert\":\"in\",\"features\":[\"ids\"]}\n");
    peer.expect(&["\"presence\""]);
    peer.say("{\"response\":200,\"time\":100,\"alert\":\"in\"}\n");
}

fn expect_ack(peer: &mut Conversation, number: u64) {
    peer.expect(&["\"action\":\"ack\"", &format!("\"msg_id\":\"{}\"", id(number))]);
    peer.say("{\"response\":200,\"time\":101,\"alert\":\"ok\"}\n");
}

#[test]
fn what_waited_is_acknowledged_once_it_is_shown() {
    let arguments = ["-r", "-u", "anna", "--to", "a", "--count", "3"];
    let (code, output, _) = run(&arguments, b"", |peer| {
        let_in_with_ids(peer);
        peer.say(waiting("a", 1, 50));
        expect_ack(peer, 1);
        // It is offered again, and not shown again.
        peer.say(waiting("a", 1, 50) + &waiting("a", 2, 60));
        expect_ack(peer, 1);
        expect_ack(peer, 2);
        // This one did not wait.
        peer.say(waiting("a", 3, 200));
        peer.accept("quit");
    });
    assert_eq!((code, texts(&output)), (0, vec!["m1", "m2", "m3"]));
}

#[test]
fn what_is_not_shown_is_not_acknowledged() {
    let arguments = ["-r", "-u", "anna", "--to", "a", "--count", "2"];
    let (code, output, _) = run(&arguments, b"", |peer| {
        let_in_with_ids(peer);
        peer.say(waiting("a", 1, 50));
        expect_ack(peer, 1);
        peer.say(waiting("b", 2, 50) + &waiting("a", 3, 50));
        peer.accept("quit");
    });
    assert_eq!((code, texts(&output)), (0, vec!["m1", "m3"]));
}
