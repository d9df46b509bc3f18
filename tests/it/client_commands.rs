//! The commands of the interactive `jim-client` and `register`, against a peer that says what each
//! test tells it to.

use super::client_process::run;
use super::scripted_peer::Conversation;

/// Lets a user in who may have everything.
fn let_in(peer: &mut Conversation) {
    peer.expect(&["\"authenticate\"", "[\"ids\",\"notices\",\"offline\",\"files\",\"history\"]"]);
    peer.say(
        "{\"response\":202,\"time\":1,\"alert\":\"in\",\
         \"features\":[\"ids\",\"notices\",\"offline\",\"files\",\"history\"]}\n",
    );
    peer.accept("presence");
}

/// Runs an interactive client of anna's that types these lines.
fn typed(
    lines: &str,
    talk: impl FnOnce(&mut Conversation) + Send + 'static,
) -> (i32, String, String) {
    run(&["-u", "anna"], lines.as_bytes(), |peer| {
        let_in(peer);
        talk(peer);
        peer.accept("quit");
    })
}

/// Expects a request and answers it with fields more.
fn answer(peer: &mut Conversation, parts: &[&str], fields: &str) {
    peer.expect(parts);
    peer.say(format!("{{\"response\":200,\"time\":1,\"alert\":\"fine\"{fields}}}\n"));
}

#[test]
fn lists_are_shown_as_aligned_lines() {
    let (code, output, errors) = typed("/who\n/rooms\n/members #tea\n/contacts\n", |peer| {
        answer(
            peer,
            &["\"action\":\"who\""],
            ",\"users\":[{\"account_name\":\"anna\",\"status\":\"tea\",\"guest\":false},\
             {\"account_name\":\"o\\u001b\",\"status\":null,\"guest\":true},7]",
        );
        answer(
            peer,
            &["\"action\":\"rooms\""],
            ",\"rooms\":[{\"room\":\"#tea\",\"topic\":\"hot\",\"members\":3,\"online\":1,\
             \"member\":true},{\"room\":\"#a\",\"topic\":\"\",\"members\":12,\"online\":0,\
             \"member\":false}]",
        );
        answer(
            peer,
            &["\"action\":\"members\"", "\"room\":\"#tea\""],
            ",\"members\":[{\"account_name\":\"anna\",\"online\":true,\"role\":\"owner\"},\
             {\"account_name\":\"bob\",\"online\":false,\"role\":\"op\"}]",
        );
        answer(peer, &["\"action\":\"get_contacts\""], ",\"data_list\":[]");
    });
    assert_eq!(
        output,
        "anna     user   tea\no\\u{1b}  guest\n\
         #tea  3 members, 1 online   joined  hot\n#a    12 members, 0 online\n\
         anna  owner     online\nbob   operator  offline\n"
    );
    assert!(errors.contains("nothing to show"), "{errors}");
    assert_eq!(code, 0);
}

#[test]
fn more_goes_on_where_a_list_ended() {
    let message = |number: u64| {
        format!(
            "{{\"action\":\"msg\",\"from\":\"a\",\"to\":\"#tea\",\"message\":\"m{number}\",\
             \"msg_id\":\"{number:016x}\"}}"
        )
    };
    let page = move |one, other| {
        format!(",\"messages\":[{},{}],\"more\":true", message(one), message(other))
    };
    let lines = "/history #tea 2\n/more\n/search m\n/more\n/who\n/more\n/more\n";
    let (_, output, errors) = typed(lines, move |peer| {
        answer(peer, &["\"history\"", "\"with\":\"#tea\"", "\"limit\":2"], &page(3, 4));
        answer(peer, &["\"history\"", "\"before\":\"0000000000000003\""], &page(1, 2));
        answer(peer, &["\"search\"", "\"query\":\"m\""], &page(9, 8));
        answer(peer, &["\"search\"", "\"before\":\"0000000000000008\""], ",\"messages\":[]");
        let users = ",\"users\":[{\"account_name\":\"bob\"}],\"more\":true";
        answer(peer, &["\"who\""], users);
        answer(peer, &["\"who\"", "\"after\":\"bob\""], ",\"users\":[]");
    });
    let shown: Vec<&str> = output.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(shown, ["m3", "m4", "m1", "m2", "m8", "m9", "user"], "{output}");
    assert!(output.contains("] a (#tea): m8"), "{output}");
    assert_eq!(errors.matches("/more shows it").count(), 4, "{errors}");
    assert!(errors.contains("there is nothing more"), "{errors}");
}

#[test]
fn a_search_that_found_nothing_yet_goes_on_at_the_position_that_it_is_told() {
    let (_, _, errors) = typed("/search m\n/more\n", |peer| {
        let none = ",\"messages\":[],\"more\":true,\"next\":\"0000000000000005\"";
        answer(peer, &["\"search\""], none);
        let parts = ["\"search\"", "\"before\":\"0000000000000005\""];
        answer(peer, &parts, ",\"messages\":[],\"more\":false");
    });
    assert_eq!(errors.matches("/more shows it").count(), 1, "{errors}");
}

#[test]
fn deeds_are_requests_and_their_answers_are_told() {
    let lines = "/topic #tea\n/topic #tea Green\n/invite bob #tea\n/kick bob #tea\n/ban bob #tea\n\
                 /op bob #tea\n/hide #tea\n/add bob\n/remove bob\n";
    let (_, output, errors) = typed(lines, |peer| {
        answer(peer, &["\"topic\"", "\"room\":\"#tea\"}"], ",\"topic\":\"Black\"");
        answer(peer, &["\"topic\":\"Green\""], ",\"topic\":\"Green\"");
        for action in ["invite", "kick", "ban", "op"] {
            let action = format!("\"action\":\"{action}\"");
            answer(peer, &[&action, "\"room\":\"#tea\"", "\"target\":\"bob\""], "");
        }
        answer(peer, &["\"action\":\"hide\"", "\"room\":\"#tea\""], "");
        answer(peer, &["\"action\":\"add_contact\"", "\"contact\":\"bob\""], "");
        peer.refuse("del_contact", 404, "");
    });
    assert_eq!(output, "#tea: Black\n#tea: Green\n");
    assert_eq!(errors.matches("fine").count(), 6, "{errors}");
    assert!(errors.contains("the server says: 404 why"), "{errors}");
}

#[test]
fn who_we_are_is_said_and_changed() {
    let lines = "/status at tea\n/me waves\n/nick berta\nhi\n/nick carla\nho\n\\q\nnever\n";
    let (code, _, errors) = run(&["--name", "anna"], lines.as_bytes(), |peer| {
        peer.accept("presence");
        answer(peer, &["\"account_name\":\"anna\"", "\"status\":\"at tea\""], "");
        answer(peer, &["\"message\":\"/me waves\""], "");
        answer(peer, &["\"presence\"", "\"account_name\":\"berta\""], "");
        answer(peer, &["\"from\":\"berta\"", "\"message\":\"hi\""], "");
        peer.refuse("presence", 401, "");
        answer(peer, &["\"from\":\"berta\"", "\"message\":\"ho\""], "");
        peer.accept("quit");
    });
    assert_eq!(errors.matches("fine").count(), 2, "{errors}");
    assert!(errors.contains("the server says: 401 why"), "{errors}");
    assert_eq!(code, 0);
    let (_, _, errors) = typed("/nick berta\n/help msg\n/help hepl\n", |_| {});
    for told in ["only guests", "/msg TO TEXT", "no command hepl; did you mean /help?"] {
        assert!(errors.contains(told), "{errors}");
    }
}

#[test]
fn a_room_is_destroyed_only_when_it_is_typed_twice() {
    let lines = "/destroy #tea\n/destroy #milk\n/destroy #tea\n/destroy #tea\n";
    let (_, _, errors) = typed(lines, |peer| {
        answer(peer, &["\"action\":\"destroy\"", "\"room\":\"#tea\""], "");
    });
    assert_eq!(errors.matches("for everyone; to do it, type /destroy #tea again").count(), 2);
}

#[test]
fn a_line_between_takes_the_confirmation_back() {
    let (_, _, errors) = typed("/destroy #tea\nwait\n/destroy #tea\n", |peer| {
        peer.accept("msg");
    });
    assert_eq!(errors.matches("type /destroy #tea again").count(), 2, "{errors}");
}

#[test]
fn what_a_server_does_not_know_is_told_apart() {
    let (_, _, errors) = typed("/whoo\n/who\n/rooms\n", |peer| {
        peer.refuse("who", 400, ",\"reason\":\"unknown_action\"");
        peer.refuse("rooms", 400, "");
    });
    for told in
        ["no command /whoo; did you mean /who?", "this server does not know who", "says: 400 why"]
    {
        assert!(errors.contains(told), "{errors}");
    }
}

#[test]
fn a_server_that_grants_nothing_is_used_as_before() {
    let (code, output, errors) = run(&["-u", "anna"], b"/history\nhello\n", |peer| {
        peer.accept("authenticate");
        peer.accept("presence");
        peer.message("a", "anna", "hi");
        peer.accept("msg");
        peer.accept("quit");
    });
    assert!(output.ends_with("] a (anna): hi\n"), "{output}");
    assert!(errors.contains("keeps no messages of the past"), "{errors}");
    assert_eq!(code, 0);
}

#[test]
fn events_and_late_delivery_are_told() {
    let (_, output, errors) = typed("/msg bob hi\n", |peer| {
        peer.say("{\"action\":\"notice\",\"event\":\"online\",\"account_name\":\"ann\"}");
        peer.say("{\"action\":\"notice\",\"event\":\"dance\",\"account_name\":\"ann\"}");
        peer.say("{\"action\":\"notice\",\"event\":\"shutdown\"}");
        peer.expect(&["\"to\":\"bob\""]);
        peer.say("{\"response\":202,\"time\":1,\"alert\":\"bob gets it later\"}");
    });
    let shown: Vec<&str> = output.lines().map(|line| &line[11..]).collect();
    assert_eq!(shown, ["* ann is online", "* the server stops"]);
    assert!(errors.contains("bob gets it later"), "{errors}");
}

// Accounts.

#[test]
fn an_account_is_made() {
    let (code, output, errors) = run(&["register", "anna", "--invite", "c0de"], b"", |peer| {
        let request = peer.refuse("register", 429, ",\"reason\":\"busy\",\"limit\":1");
        for part in ["\"account_name\":\"anna\"", "\"password\":\"secret\"", "\"invite\":\"c0de\""]
        {
            assert!(request.contains(part), "{request}");
        }
        peer.expect(&["\"register\""]);
        peer.say("{\"response\":201,\"time\":1,\"alert\":\"made\"}");
        peer.accept("quit");
        peer.expect_end();
    });
    assert_eq!((code, output.as_str()), (0, ""), "{errors}");
    assert!(errors.contains("the account anna is made; log in with -u anna"), "{errors}");
    assert!(!errors.contains("secret") && !errors.contains("c0de"), "{errors}");
}

#[test]
fn why_no_account_is_made_is_told() {
    for (code, reason, told) in [
        (409, "name_taken", "is not made: 409 why"),
        (403, "registration_closed", "is not made: 403 why"),
        (400, "unknown_action", "this server does not know register"),
    ] {
        let (exit, _, errors) = run(&["register", "anna"], b"", move |peer| {
            peer.refuse("register", code, &format!(",\"reason\":\"{reason}\""));
            peer.accept("quit");
        });
        assert_eq!(exit, 4);
        assert!(errors.contains(told), "{errors}");
    }
}
