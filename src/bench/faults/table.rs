//! What came of the faults, as tables and JSON.

use super::room::{Measured, PHASES};
use super::{FaultsPlan, Row};
use crate::bench::report::Circumstances;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

const MIB: f64 = (1 << 20) as f64;

/// A part's figures.
#[derive(Debug, Serialize)]
struct Figures {
    deliveries: u64,
    latency_p50_us: f64,
    latency_p99_us: f64,
    latency_max_us: f64,
    members_late_p99_us: f64,
    server_cpu_percent: f64,
    server_waited_percent: f64,
    server_resident_mib: f64,
}

impl Figures {
    fn of(measured: &Measured) -> Self {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let latency = |share| micros(measured.latencies.percentile(share));
        let time = measured.time.as_secs_f64();
        let percent = |part: Duration| {
            if time > 0.0 { 100.0 * part.as_secs_f64() / time } else { 0.0 }
        };
        Self {
            deliveries: measured.latencies.total(),
            latency_p50_us: latency(0.5),
            latency_p99_us: latency(0.99),
            latency_max_us: latency(1.0),
            members_late_p99_us: micros(measured.own.percentile(0.99)),
            server_cpu_percent: percent(measured.cpu),
            server_waited_percent: percent(measured.waited),
            server_resident_mib: measured.resident_bytes as f64 / MIB,
        }
    }
}

/// A column: its heading, and what stands there for a part.
type Column = (&'static str, fn(&Figures) -> String);

const COLUMNS: [Column; 6] = [
    ("p50, ms", |figures| millis(figures.latency_p50_us)),
    ("p99, ms", |figures| millis(figures.latency_p99_us)),
    ("max, ms", |figures| millis(figures.latency_max_us)),
    ("CPU, %", |figures| format!("{:.0}", figures.server_cpu_percent)),
    ("wait, %", |figures| format!("{:.0}", figures.server_waited_percent)),
    ("MiB", |figures| format!("{:.0}", figures.server_resident_mib)),
];

/// With three digits at most.
fn millis(micros: f64) -> String {
    let millis = micros / 1000.0;
    match millis {
        ..1.0 => format!("{millis:.2}"),
        1.0..10.0 => format!("{millis:.1}"),
        _ => format!("{millis:.0}"),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let figures: Vec<Figures> = row.measured.iter().map(Figures::of).collect();
    let cell =
        |show: fn(&Figures) -> String| figures.iter().map(show).collect::<Vec<_>>().join(" / ");
    COLUMNS.iter().map(|(_, show)| cell(*show)).collect()
}

fn outcome(row: &Row) -> String {
    match &row.outcome {
        Ok(text) => text.clone(),
        Err(text) => format!("**missed**: {text}"),
    }
}

fn introduction(circumstances: &Circumstances, plan: &FaultsPlan) -> String {
    let Circumstances { version, rounds, pinned, system, programs, .. } = circumstances;
    let cores = if *pinned {
        "a core for the server, another for members and attackers"
    } else {
        "cores shared"
    };
    format!(
        "jim-bench {version} with {}; {system}; {cores}; rounds: {rounds}. A room of {} at {} \
         messages a second, {} s each {}.\n",
        programs.join(", "),
        plan.crowd.members,
        plan.rate,
        plan.time.as_secs_f64(),
        PHASES.join(" / "),
    )
}

/// For people: a block for each fault.
pub(super) fn text(circumstances: &Circumstances, plan: &FaultsPlan, rows: &[Row]) -> String {
    let mut text = introduction(circumstances, plan);
    for row in rows {
        // Writing to a text never fails.
        let _ = writeln!(text, "\n{}: {}", row.fault.name, row.fault.title);
        for ((heading, _), cell) in COLUMNS.iter().zip(cells(row)) {
            let _ = writeln!(text, "  {heading:8} {cell}");
        }
        let _ = writeln!(text, "  {}", outcome(row));
    }
    text
}

/// A row for each fault.
pub(super) fn markdown(circumstances: &Circumstances, plan: &FaultsPlan, rows: &[Row]) -> String {
    let mut text = introduction(circumstances, plan);
    let headings = COLUMNS.map(|(heading, _)| format!(" {heading} |"));
    let _ = writeln!(text, "\n| fault |{} outcome |", headings.concat());
    let _ = writeln!(text, "|---|{}---|", "--:|".repeat(COLUMNS.len()));
    for row in rows {
        let cells: String = cells(row).iter().map(|cell| format!(" {cell} |")).collect();
        let _ = writeln!(text, "| {} |{cells} {} |", row.fault.title, outcome(row));
    }
    text
}

/// All of it as JSON.
#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    circumstances: &'a Circumstances,
    faults: Vec<Entry<'a>>,
}

/// One fault as JSON.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    fault: &'static str,
    title: &'static str,
    before: Figures,
    during: Figures,
    after: Figures,
    outcome: Option<&'a str>,
    missed: Option<&'a str>,
}

/// One JSON object with a line end.
pub(super) fn json(
    circumstances: &Circumstances,
    rows: &[Row],
) -> Result<String, serde_json::Error> {
    let faults = rows.iter().map(entry).collect();
    let mut text = serde_json::to_string_pretty(&Document { circumstances, faults })?;
    text.push('\n');
    Ok(text)
}

fn entry(row: &Row) -> Entry<'_> {
    let [before, during, after] = row.measured.each_ref().map(Figures::of);
    Entry {
        fault: row.fault.name,
        title: row.fault.title,
        before,
        during,
        after,
        outcome: row.outcome.as_deref().ok(),
        missed: row.outcome.as_ref().err().map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_as_many_digits_as_mean_something() {
        assert_eq!([120.0, 1_540.0, 47_200.0].map(millis), ["0.12", "1.5", "47"]);
    }

    #[test]
    fn a_part_without_time_has_no_share_of_a_core() {
        let figures = Figures::of(&Measured::default());
        assert!(figures.server_cpu_percent.abs() < f64::EPSILON);
        assert_eq!(figures.deliveries, 0);
    }
}
