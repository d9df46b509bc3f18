//! `probe`: what the server asks of the silent, and of whom.

use super::support::{Client, Server};

const PRESENCE: &str = r#"{"action":"presence","time":1}"#;
const WITH_FEATURES: &str = r#"{"action":"presence","time":1,"features":[]}"#;

fn is_probe(client: &mut Client) {
    let probe = client.object();
    assert_eq!(probe["action"], "probe", "{probe}");
    assert!(probe["time"].is_f64(), "{probe}");
    assert_eq!(probe.as_object().unwrap().len(), 2, "{probe}");
}

/// Sends a presence; on a busy machine further probes may come before its answer.
fn answer_probe(client: &mut Client) {
    client.send(PRESENCE);
    loop {
        let object = client.object();
        if object["action"] != "probe" {
            assert_eq!(object["response"], 200, "{object}");
            return;
        }
    }
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
        answer_probe(&mut able);
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
    answer_probe(&mut plain);
    is_probe(&mut plain);
    answer_probe(&mut plain);
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
