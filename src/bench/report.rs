//! The figures as a table for people and as JSON for programs.

use super::figure::{Aim, Figure, median};
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
}

/// One row of the table.
type Row = [String; 6];

/// The table, a block for each measure.
pub(crate) fn table(circumstances: &Circumstances, figures: &[Figure]) -> String {
    let heading = ["", "server", "floor", "x floor", "aim", ""].map(str::to_owned);
    let rows: Vec<Row> = figures.iter().map(row).collect();
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
    let Circumstances { version, server, rounds, pinned } = circumstances;
    let cores = if *pinned { "a core each for server and load" } else { "cores shared" };
    format!(
        "jim-bench {version}: {server}, rounds: {rounds}, {cores}\n\
         medians (least to most); x floor: times worse than the least server that can do it\n"
    )
}

fn row(figure: &Figure) -> Row {
    [
        format!("  {}, {}", figure.kind.name, figure.kind.unit),
        spread(&figure.server),
        spread(&figure.floor),
        figure.times_floor().map_or_else(|| "-".to_owned(), |times| format!("{times:.2}")),
        figure.aim.map_or_else(String::new, |aim| aim_text(aim, figure.kind.unit)),
        figure
            .reached()
            .map_or("", |reached| if reached { "reached" } else { "missed" })
            .to_owned(),
    ]
}

fn aim_text(aim: Aim, unit: &str) -> String {
    match aim {
        Aim::TimesFloor(most) => format!("<= {most} x floor"),
        Aim::AtMost(most) => format!("<= {most} {unit}"),
    }
}

/// The median, and the range where there is more than one value.
fn spread(values: &[f64]) -> String {
    let Some(middle) = median(values) else { return "-".to_owned() };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match values.len() {
        1 => short(middle),
        _ => format!("{} ({} to {})", short(middle), short(least), short(most)),
    }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn widths<'a>(rows: impl Iterator<Item = &'a Row>) -> [usize; 6] {
    let mut widths = [0; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn write_row(text: &mut String, row: &Row, widths: &[usize; 6]) {
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
    floor: &'a [f64],
    server_median: Option<f64>,
    floor_median: Option<f64>,
    times_floor: Option<f64>,
    aim_times_floor: Option<f64>,
    aim_at_most: Option<f64>,
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
    let (aim_times_floor, aim_at_most) = match figure.aim {
        Some(Aim::TimesFloor(most)) => (Some(most), None),
        Some(Aim::AtMost(most)) => (None, Some(most)),
        None => (None, None),
    };
    Entry {
        measure: &figure.measure,
        figure: figure.kind.key,
        unit: figure.kind.unit,
        server: &figure.server,
        floor: &figure.floor,
        server_median: median(&figure.server),
        floor_median: median(&figure.floor),
        times_floor: figure.times_floor(),
        aim_times_floor,
        aim_at_most,
        reached: figure.reached(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figure::Kind;
    use super::*;

    fn circumstances() -> Circumstances {
        Circumstances { version: "0.0.0", server: "jimd".to_owned(), rounds: 3, pinned: true }
    }

    fn figures() -> Vec<Figure> {
        let fan_out = |kind, aim, server: &[f64], floor: &[f64]| Figure {
            measure: "fan-out: 100 members".to_owned(),
            kind,
            aim,
            server: server.to_vec(),
            floor: floor.to_vec(),
        };
        let aim = Some(Aim::TimesFloor(2.0));
        vec![
            fan_out(Kind::DELIVERIES, None, &[500_000.0, 400_000.0, 600_000.0], &[800_000.0; 3]),
            fan_out(Kind::CPU, aim, &[1.5, 1.25, 1.75], &[0.5; 3]),
            Figure {
                measure: "idle: 10 connections".to_owned(),
                ..fan_out(Kind::MEMORY, Some(Aim::AtMost(4.0)), &[3.5], &[])
            },
        ]
    }

    #[test]
    fn the_table_to_the_letter() {
        let expected = "\
jim-bench 0.0.0: jimd, rounds: 3, a core each for server and load
medians (least to most); x floor: times worse than the least server that can do it

fan-out: 100 members
                                        server                     floor                      x floor  aim
  deliveries, 1/s                       500000 (400000 to 600000)  800000 (800000 to 800000)  1.60
  server CPU per million deliveries, s  1.50 (1.25 to 1.75)        0.500 (0.500 to 0.500)     3.00     <= 2 x floor  missed

idle: 10 connections
                                        server                     floor                      x floor  aim
  server memory per connection, KiB     3.50                       -                          -        <= 4 KiB      reached
";
        assert_eq!(table(&circumstances(), &figures()), expected);
    }

    #[test]
    fn json_holds_every_round() {
        let text = json(&circumstances(), &figures()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["rounds"], 3);
        let cpu = &value["figures"][1];
        assert_eq!(cpu["figure"], "server_cpu_seconds_per_million_deliveries");
        assert_eq!(cpu["server"], serde_json::json!([1.5, 1.25, 1.75]));
        assert_eq!(cpu["times_floor"], 3.0);
        assert_eq!(cpu["reached"], false);
        assert_eq!(value["figures"][2]["floor_median"], serde_json::Value::Null);
    }
}
