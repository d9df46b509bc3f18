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
