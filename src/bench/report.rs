//! The figures as a table for people and as JSON for programs.

use super::figure::{Aim, Figure, Side, median};
use serde::Serialize;
use std::fmt::Write as _;

/// Under what circumstances the figures came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Circumstances {
    /// The version of the measuring tool.
    pub(crate) version: &'static str,
    /// Whose figures they are.
    pub(crate) server: String,
    /// Rounds of each measure.
    pub(crate) rounds: usize,
    /// Whether server and load had a core each.
    pub(crate) pinned: bool,
    /// The machine and its system.
    pub(crate) system: String,
    /// The servers, with their versions.
    pub(crate) programs: Vec<String>,
}

/// One row of the table.
type Row = Vec<String>;

/// The table, a block for each measure.
pub(crate) fn table(circumstances: &Circumstances, figures: &[Figure]) -> String {
    let sides = sides(figures);
    let heading = heading(&sides);
    let rows: Vec<Row> = figures.iter().map(|figure| row(figure, &sides)).collect();
    let widths = widths(rows.iter().chain([&heading]));
    let mut text = introduction(circumstances);
    let mut measure = "";
    for (figure, row) in figures.iter().zip(&rows) {
        if figure.measure != measure {
            measure = &figure.measure;
            let _ = writeln!(text, "\n{measure}");
            write_row(&mut text, &heading, &widths);
        }
        write_row(&mut text, row, &widths);
    }
    text
}

fn introduction(circumstances: &Circumstances) -> String {
    let Circumstances { version, server, rounds, pinned, .. } = circumstances;
    let cores = if *pinned { "a core each for server and load" } else { "cores shared" };
    format!(
        "jim-bench {version}: {server}, rounds: {rounds}, {cores}\n\
         medians (least to most); x: how many times worse than that the server is\n"
    )
}

/// Who has figures, the server aside.
pub(crate) fn sides(figures: &[Figure]) -> Vec<Side> {
    let others = Side::ALL.into_iter().filter(|side| *side != Side::Server);
    others.filter(|side| figures.iter().any(|figure| !figure.of(*side).is_empty())).collect()
}

fn heading(sides: &[Side]) -> Row {
    let others = sides.iter().flat_map(|side| [side.name(), "x"]);
    let names = ["", "server"].into_iter().chain(others).chain(["aims"]);
    names.map(str::to_owned).collect()
}

fn row(figure: &Figure, sides: &[Side]) -> Row {
    let name = format!("  {}, {}", figure.kind.name, figure.kind.unit);
    let others = sides.iter().flat_map(|side| [spread(figure.of(*side)), times(figure, *side)]);
    let first = [name, spread(figure.of(Side::Server))];
    first.into_iter().chain(others).chain([aims(figure)]).collect()
}

/// How many times worse than another the server is.
pub(crate) fn times(figure: &Figure, side: Side) -> String {
    figure.times(side).map_or_else(|| "-".to_owned(), |times| format!("{times:.2}"))
}

/// All aims, each with whether it is reached.
pub(crate) fn aims(figure: &Figure) -> String {
    let aim = |aim: &Aim| {
        let text = aim_text(*aim, figure.kind.unit);
        match figure.reached(*aim) {
            Some(true) => format!("{text}: reached"),
            Some(false) => format!("{text}: missed"),
            None => text,
        }
    };
    figure.aims.iter().map(aim).collect::<Vec<_>>().join("; ")
}

/// An aim in words.
pub(crate) fn aim_text(aim: Aim, unit: &str) -> String {
    match aim {
        Aim::Times(side, most) => format!("<= {most} x {}", side.name()),
        Aim::AtMost(most) => format!("<= {most} {unit}"),
    }
}

/// The median, and the range where there is more than one value.
pub(crate) fn spread(values: &[f64]) -> String {
    let Some(middle) = median(values) else { return "-".to_owned() };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match values.len() {
        1 => short(middle),
        _ => format!("{} ({} to {})", short(middle), short(least), short(most)),
    }
}

/// Three digits that count.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn widths<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn write_row(text: &mut String, row: &Row, widths: &[usize]) {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
    let line = cells.collect::<Vec<_>>().join("  ");
    let _ = writeln!(text, "{}", line.trim_end());
}

/// All of it as JSON.
#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    circumstances: &'a Circumstances,
    figures: Vec<Entry<'a>>,
}

/// One figure as JSON.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    measure: &'a str,
    figure: &'a str,
    unit: &'a str,
    server: &'a [f64],
    server_median: Option<f64>,
    others: Vec<Other<'a>>,
    aims: Vec<AimEntry>,
}

/// What the server is compared with.
#[derive(Debug, Serialize)]
struct Other<'a> {
    name: &'static str,
    values: &'a [f64],
    median: Option<f64>,
    /// How many times worse the server is.
    times: Option<f64>,
}

/// One aim as JSON.
#[derive(Debug, Serialize)]
struct AimEntry {
    /// With this, `at_most` is a ratio.
    times: Option<&'static str>,
    at_most: f64,
    reached: Option<bool>,
}

/// The figures as one JSON object with a line end.
///
/// # Errors
/// Never for figures that are numbers.
pub(crate) fn json(
    circumstances: &Circumstances,
    figures: &[Figure],
) -> Result<String, serde_json::Error> {
    let figures = figures.iter().map(entry).collect();
    let mut text = serde_json::to_string_pretty(&Document { circumstances, figures })?;
    text.push('\n');
    Ok(text)
}

fn entry(figure: &Figure) -> Entry<'_> {
    let other = |side: Side| Other {
        name: side.name(),
        values: figure.of(side),
        median: median(figure.of(side)),
        times: figure.times(side),
    };
    let aim = |aim: &Aim| {
        let (times, at_most) = match *aim {
            Aim::Times(side, most) => (Some(side.name()), most),
            Aim::AtMost(most) => (None, most),
        };
        AimEntry { times, at_most, reached: figure.reached(*aim) }
    };
    Entry {
        measure: &figure.measure,
        figure: figure.kind.key,
        unit: figure.kind.unit,
        server: figure.of(Side::Server),
        server_median: median(figure.of(Side::Server)),
        others: sides(std::slice::from_ref(figure)).into_iter().map(other).collect(),
        aims: figure.aims.iter().map(aim).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figure::Kind;
    use super::*;

    fn circumstances() -> Circumstances {
        Circumstances {
            version: "0.0.0",
            server: "jimd".to_owned(),
            rounds: 3,
            pinned: true,
            system: "2 cores".to_owned(),
            programs: Vec::new(),
        }
    }

    fn figures() -> Vec<Figure> {
        let fan_out = |kind| Figure::new("fan-out: 100 members", kind);
        let aims = [Aim::Times(Side::Floor, 2.0), Aim::Times(Side::Redis, 0.5)];
        vec![
            fan_out(Kind::DELIVERIES)
                .with(Side::Server, [500_000.0, 400_000.0, 600_000.0])
                .with(Side::Floor, [800_000.0; 3]),
            fan_out(Kind::CPU)
                .aiming(aims)
                .with(Side::Server, [0.15, 0.125, 0.175])
                .with(Side::Floor, [0.05; 3])
                .with(Side::Redis, [0.5; 3]),
            Figure::new("idle: 10 connections", Kind::MEMORY)
                .aiming([Aim::AtMost(4.0)])
                .with(Side::Server, [3.5]),
        ]
    }

    #[test]
    fn the_table_to_the_letter() {
        let expected = "\
jim-bench 0.0.0: jimd, rounds: 3, a core each for server and load
medians (least to most); x: how many times worse than that the server is

fan-out: 100 members
                                     server                     floor                      x     Redis                   x     aims
  deliveries, 1/s                    500000 (400000 to 600000)  800000 (800000 to 800000)  1.60  -                       -
  server CPU a delivery, µs          0.150 (0.125 to 0.175)     0.050 (0.050 to 0.050)     3.00  0.500 (0.500 to 0.500)  0.30  <= 2 x floor: missed; <= 0.5 x Redis: reached

idle: 10 connections
                                     server                     floor                      x     Redis                   x     aims
  server memory per connection, KiB  3.50                       -                          -     -                       -     <= 4 KiB: reached
";
        assert_eq!(table(&circumstances(), &figures()), expected);
    }

    #[test]
    fn json_holds_every_round() {
        let text = json(&circumstances(), &figures()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["rounds"], 3);
        let cpu = &value["figures"][1];
        assert_eq!(cpu["figure"], "server_cpu_us_per_delivery");
        assert_eq!(cpu["server"], serde_json::json!([0.15, 0.125, 0.175]));
        assert_eq!(
            (&cpu["others"][0]["name"], &cpu["others"][1]["name"]),
            (&"floor".into(), &"Redis".into())
        );
        assert!((cpu["others"][0]["times"].as_f64().unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(cpu["aims"][0]["reached"], false);
        assert_eq!(cpu["aims"][1]["times"], "Redis");
        assert_eq!(value["figures"][2]["others"], serde_json::json!([]));
    }
}
