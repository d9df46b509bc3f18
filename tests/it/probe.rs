<<<<<<< HEAD
//! The server asks silent connections for a sign of life, where it may.

use super::support::Server;

const EVERYONE: &str = "probe = \"all\"\nprobe_after = \"200ms\"\nprobe_timeout = \"400ms\"\n";

#[test]
fn a_silent_connection_is_probed_again_and_again_and_lives() {
    let server = Server::with_settings(EVERYONE);
    let mut client = server.connect();
    client.presence("ann");
    for _ in 0..2 {
        let probe = client.object();
        assert_eq!(probe["action"], "probe");
        assert!(probe["time"].is_number());
    }
    client.presence("ann");
}

#[test]
fn with_drop_silent_only_who_answers_lives() {
    let server = Server::with_settings(&format!("{EVERYONE}drop_silent = true\n"));
    let (mut answers, mut silent) = (server.connect(), server.connect());
    answers.presence("ann");
    silent.presence("bob");
    assert_eq!(silent.object()["action"], "probe");
    // Each answer comes within the time, so this connection outlives the other's end.
    for _ in 0..4 {
        assert_eq!(answers.object()["action"], "probe");
        answers.presence("ann");
    }
    silent.assert_closed();
    server
        .wait_for_log(|line| line.contains("(user bob)") && line.contains("no answer to a probe"));
}

#[test]
fn by_default_only_who_asked_for_a_feature_is_probed() {
    let server = Server::with_settings("probe_after = \"100ms\"\n");
    let (mut plain, mut modern) = (server.connect(), server.connect());
    plain.presence("ann");
    let answer = modern.ask(r#"{"action":"presence","time":1,"features":["ids"]}"#);
    assert_eq!(answer["features"], serde_json::json!([]), "none is granted yet");
    assert_eq!(modern.object()["action"], "probe");
    plain.assert_nothing_came();
}
=======
//! `probe`, and the deadline of the first object: what the server asks of the silent, and of whom.

use super::support::{Client, Server};

const PRESENCE: &str = r#"{"action":"presence","time":1}"#;
const WITH_FEATURES: &str = r#"{"action":"presence","time":1,"features":[]}"#;

fn is_probe(client: &mut Client) {
    let probe = client.object();
    assert_eq!(probe["action"], "probe", "{probe}");
    assert!(probe["time"].is_f64(), "{probe}");
    assert_eq!(probe.as_object().unwrap().len(), 2, "{probe}");
}

#[test]
fn the_silent_are_probed_if_they_asked_for_a_feature_and_nobody_else() {
    let server = Server::with_settings("probe_after = \"100ms\"\nprobe_timeout = \"100ms\"\n");
    let (mut plain, mut able) = (server.connect(), server.connect());
    assert_eq!(plain.ask(PRESENCE)["response"], 200);
    assert_eq!(able.ask(WITH_FEATURES)["response"], 200);
    for _ in 0..3 {
        is_probe(&mut able);
        // A presence answers it, and is answered.
        assert_eq!(able.ask(PRESENCE)["response"], 200);
    }
    // One that leaves it unanswered lives on, and is asked again.
    is_probe(&mut able);
    is_probe(&mut able);
    plain.assert_nothing_came();
}

#[test]
fn all_are_probed_where_the_setting_says_so() {
    let server = Server::with_settings(
        "probe = \"all\"\nprobe_after = \"100ms\"\nprobe_timeout = \"100ms\"\n",
    );
    let mut plain = server.connect();
    assert_eq!(plain.ask(PRESENCE)["response"], 200);
    is_probe(&mut plain);
    assert_eq!(plain.ask(PRESENCE)["response"], 200);
    is_probe(&mut plain);
}

#[test]
fn nobody_is_probed_where_the_setting_says_so() {
    let server = Server::with_settings("probe = \"off\"\nprobe_after = \"1ms\"\n");
    let mut able = server.connect();
    assert_eq!(able.ask(WITH_FEATURES)["response"], 200);
    let mut other = server.connect();
    for _ in 0..100 {
        assert_eq!(other.ask(PRESENCE)["response"], 200);
    }
    able.assert_nothing_came();
}

#[test]
fn the_silent_are_dropped_where_the_setting_says_so() {
    let server = Server::with_settings(
        "probe_after = \"200ms\"\nprobe_timeout = \"100ms\"\ndrop_silent = true\n",
    );
    let (mut silent, mut writer) = (server.connect(), server.connect());
    let named = WITH_FEATURES.replacen('{', r#"{"user":{"account_name":"s"},"#, 1);
    assert_eq!(silent.ask(named)["response"], 200);
    is_probe(&mut silent);
    silent.assert_closed();
    server.wait_for_log(|line| line.contains("no answer to a probe"));
    // The name is free.
    writer.presence("w");
    let gone = r#"{"action":"msg","time":1,"to":"s","from":"w","message":"m"}"#;
    assert_eq!(writer.ask(gone)["response"], 404);
}

#[test]
fn who_brings_no_whole_object_in_time_is_closed_and_who_did_may_be_silent() {
    let server = Server::with_settings("first_object = \"1s\"\nfirst_object_when_full = \"1s\"\n");
    let mut early = server.connect();
    assert_eq!(early.ask(PRESENCE)["response"], 200);
    let (mut silent, mut half, mut noise) = (server.connect(), server.connect(), server.connect());
    half.send(r#"{"action":"pres"#);
    noise.send("hello\n");
    assert_eq!(noise.object()["response"], 400);
    for client in [&mut silent, &mut half, &mut noise] {
        client.assert_closed();
        let peer = client.stream.local_addr().unwrap().to_string();
        server.wait_for_log(|line| line.contains(&peer) && line.contains("no whole object"));
    }
    assert_eq!(early.ask(PRESENCE)["response"], 200);
}
>>>>>>> 0103ed4 (Test probes, first-object deadlines and passwords; play each conversation in Russian too)
