//! `jim-bench` with the real server: `stored`, beside those that are installed, and `faults`.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

const JIM_BENCH: &str = env!("CARGO_BIN_EXE_jim-bench");

fn stored() -> Output {
    let mut command = Command::new(JIM_BENCH);
    command.args(["stored", "--quick", "--seconds", "0.1", "--window", "16", "--no-pin"]);
    command.args(["--redis", "--nats", "--json"]).stdin(Stdio::null());
    command.output().unwrap()
}

/// The values of one side for a figure under a durability; none where there is no such figure.
fn values(document: &Value, durability: &str, figure: &str, side: &str) -> Vec<f64> {
    let figures = document["figures"].as_array().unwrap();
    let found = figures.iter().find(|entry| {
        let measure = entry["measure"].as_str().unwrap();
        entry["figure"] == figure
            && measure.starts_with(&format!("stored, durability {durability}"))
    });
    let Some(entry) = found else { return Vec::new() };
    let others = entry["others"].as_array().unwrap();
    let values = match side {
        "server" => &entry["server"],
        _ => {
            others.iter().find(|other| other["name"] == side).map_or(&Value::Null, |o| &o["values"])
        }
    };
    values.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// Whether a side has rates, waits and CPU times under a durability: all or none.
fn measured(document: &Value, durability: &str, side: &str) -> bool {
    let keys =
        ["answered_per_second", "answer_p50_ms", "answer_p99_ms", "server_cpu_us_per_message"];
    let found = keys.map(|key| values(document, durability, key, side));
    assert!(found.iter().flatten().all(|value| *value > 0.0), "{side} {durability}: {found:?}");
    let count = found.iter().filter(|values| values.len() == 1).count();
    assert!(count == 0 || count == keys.len(), "{side} {durability}: {found:?}");
    count > 0
}

#[test]
fn what_is_stored_is_measured_beside_those_that_are_installed() {
    let output = stored();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for durability in ["none", "os", "fsync"] {
        assert!(measured(&document, durability, "server"));
        let median = values(&document, durability, "commit_median_messages", "server");
        let largest = values(&document, durability, "commit_largest_messages", "server");
        assert!(median[0] >= 1.0 && median <= largest, "{median:?} {largest:?}");
        assert!(largest[0] <= 4.0 * 16.0, "no more than four windows can wait: {largest:?}");
    }
    // Whoever is not measured is named, and only they are.
    let nats_syncs = !said.contains("does not know sync_interval: always");
    for (side, program, syncs) in
        [("Redis", "redis-server", true), ("NATS", "nats-server", nats_syncs)]
    {
        let missing = said.contains(&format!("{program} is not installed"));
        assert!(!(missing && runs(program)), "{program} is installed: {said}");
        assert_eq!(measured(&document, "os", side), !missing, "{side}: {said}");
        assert_eq!(measured(&document, "fsync", side), !missing && syncs, "{side}: {said}");
        assert!(!measured(&document, "none", side), "nobody beside keeps so little");
    }
}

#[test]
fn faults_have_their_outcomes_and_others_go_on() {
    const FAULTS: [&str; 5] =
        ["half-close", "resets", "flood-throttled", "descriptors", "midnight"];
    let mut command = Command::new(JIM_BENCH);
    command.args(["faults", "--quick", "--seconds", "0.2", "--members", "10", "--rate", "200"]);
    command.args(["--no-pin", "--json", "--only", &FAULTS.join(",")]).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = document["faults"].as_array().unwrap();
    let names: Vec<&str> = faults.iter().map(|fault| fault["fault"].as_str().unwrap()).collect();
    assert_eq!(names, FAULTS);
    for fault in faults {
        assert!(fault["outcome"].as_str().is_some_and(|text| !text.is_empty()), "{fault}");
        for part in ["before", "during", "after"] {
            let figure = |key: &str| fault[part][key].as_f64().unwrap();
            // Ten members, of whom nine hear each message.
            assert!(figure("deliveries") >= 9.0 && figure("deliveries") % 9.0 == 0.0, "{fault}");
            assert!(figure("latency_p50_us") > 0.0, "{fault}");
            assert!(figure("latency_p50_us") <= figure("latency_max_us"), "{fault}");
            assert!(figure("server_cpu_percent") > 0.0, "{fault}");
        }
        assert!(fault["during"]["server_resident_mib"].as_f64() > Some(1.0), "{fault}");
    }
}

fn runs(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    version.is_ok_and(|output| output.status.success())
}
