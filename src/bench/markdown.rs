//! The figures as a table in Markdown, and the place in a file where it belongs.

use super::Failure;
use super::figure::{Figure, Side};
use super::report::{Circumstances, aim_text, aims, short, sides, spread, times};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A part of a file that is written by this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The figures of all rows.
    Figures,
    /// Faults.
    Faults,
    /// Instructions.
    Instructions,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Figures => "figures",
            Self::Faults => "faults",
            Self::Instructions => "instructions",
        }
    }

    /// The lines around it.
    fn marks(self) -> [String; 2] {
        ["begin", "end"].map(|end| format!("<!-- jim-bench {}: {end} -->", self.name()))
    }
}

/// The circumstances, how far each aim is reached, and all figures.
pub(crate) fn table(circumstances: &Circumstances, figures: &[Figure]) -> String {
    let mut text = introduction(circumstances);
    if figures.iter().any(|figure| !figure.aims.is_empty()) {
        text.push_str("\n| workload | figure | aim | is | |\n|---|---|---|--:|---|\n");
        figures.iter().for_each(|figure| aim_rows(&mut text, figure));
    }
    all_rows(&mut text, figures);
    text
}

/// A row for each aim of a figure that can be told.
fn aim_rows(text: &mut String, figure: &Figure) {
    for aim in &figure.aims {
        let (Some(reached), Some(value)) = (figure.reached(*aim), figure.against(*aim)) else {
            continue;
        };
        let verdict = if reached { "reached" } else { "missed" };
        let (measure, kind) = (&figure.measure, figure.kind);
        let aim = aim_text(*aim, kind.unit);
        let name = kind.name;
        let _ = writeln!(text, "| {measure} | {name} | {aim} | {} | {verdict} |", short(value));
    }
}

fn all_rows(text: &mut String, figures: &[Figure]) {
    let sides = sides(figures);
    let others = sides.iter().map(|side| format!(" {0} | ÷ {0} |", side.name()));
    let _ = writeln!(text, "\n| | server |{} aims |", others.collect::<String>());
    let _ = writeln!(text, "|---|--:|{}---|", "--:|--:|".repeat(sides.len()));
    let mut measure = "";
    for figure in figures {
        if figure.measure != measure {
            measure = &figure.measure;
            let empty = " |".repeat(2 * sides.len() + 2);
            let _ = writeln!(text, "| **{measure}** |{empty}");
        }
        row(text, figure, &sides);
    }
}

fn row(text: &mut String, figure: &Figure, sides: &[Side]) {
    let (kind, server) = (figure.kind, spread(figure.of(Side::Server)));
    let _ = write!(text, "| {}, {} | {server} |", kind.name, kind.unit);
    for side in sides {
        let _ = write!(text, " {} | {} |", spread(figure.of(*side)), times(figure, *side));
    }
    let _ = writeln!(text, " {} |", aims(figure));
}

fn introduction(circumstances: &Circumstances) -> String {
    let Circumstances { version, rounds, pinned, system, programs, .. } = circumstances;
    let cores = if *pinned { "a core each for server and load" } else { "cores shared" };
    format!(
        "jim-bench {version} with {}; {system}; {cores}; rounds: {rounds}. Medians (least to most); \
         ÷ says how many times worse than that the server is.\n",
        programs.join(", ")
    )
}

/// Replaces a part of a file.
///
/// # Errors
/// The file cannot be read or written, or has no such part.
pub(crate) fn replace(file: &Path, part: Part, text: &str) -> Result<(), Failure> {
    let behind = with(file, part, text)?;
    fs::write(file, behind).map_err(Failure::while_doing("writing --file"))
}

/// That a file has a part, before an hour goes into what is to be written there.
///
/// # Errors
/// The file cannot be read, or has no such part.
pub(crate) fn check(file: &Path, part: Part) -> Result<(), Failure> {
    with(file, part, "").map(drop)
}

/// A file as it is with this part.
fn with(file: &Path, part: Part, text: &str) -> Result<String, Failure> {
    let before = fs::read_to_string(file).map_err(Failure::while_doing("reading --file"))?;
    replaced(&before, part, text).ok_or_else(|| {
        let [begin, end] = part.marks();
        Failure::Usage(format!("--file {}: no lines {begin} and {end}", file.display()))
    })
}

fn replaced(file: &str, part: Part, text: &str) -> Option<String> {
    let [begin, end] = part.marks();
    let (before, rest) = file.split_once(&begin)?;
    let (_, behind) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}{end}{behind}"))
}

#[cfg(test)]
mod tests {
    use super::super::figure::{Aim, Kind};
    use super::*;

    fn circumstances() -> Circumstances {
        Circumstances {
            version: "0.0.0",
            server: "jimd".to_owned(),
            rounds: 5,
            pinned: true,
            system: "2 cores, Linux 6.1".to_owned(),
            programs: vec!["jimd 0.0.0".to_owned(), "Redis 7.0".to_owned()],
        }
    }

    #[test]
    fn the_table_to_the_letter() {
        let figures = [
            Figure::new("fan-out: 100", Kind::CPU)
                .aiming([Aim::Times(Side::Redis, 0.62)])
                .with(Side::Server, [0.06, 0.05, 0.07])
                .with(Side::Redis, [0.12; 3]),
            Figure::new("fan-out: 100", Kind::P99).with(Side::Server, [7.0]),
        ];
        let expected = "\
jim-bench 0.0.0 with jimd 0.0.0, Redis 7.0; 2 cores, Linux 6.1; a core each for server and load; \
rounds: 5. Medians (least to most); ÷ says how many times worse than that the server is.

| workload | figure | aim | is | |
|---|---|---|--:|---|
| fan-out: 100 | server CPU a delivery | <= 0.62 x Redis | 0.500 | reached |

| | server | Redis | ÷ Redis | aims |
|---|--:|--:|--:|---|
| **fan-out: 100** | | | | |
| server CPU a delivery, µs | 0.060 (0.050 to 0.070) | 0.120 (0.120 to 0.120) | 0.50 | <= 0.62 x Redis: reached |
| latency p99, µs | 7.00 | - | - |  |
";
        assert_eq!(table(&circumstances(), &figures), expected);
    }

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let [begin, end] = Part::Figures.marks();
        let file = format!("above\n{begin}\nold\n{end}\nbelow\n");
        let text = replaced(&file, Part::Figures, "new\n").unwrap();
        assert_eq!(text, format!("above\n{begin}\nnew\n{end}\nbelow\n"));
        assert_eq!(replaced(&text, Part::Figures, "new\n").unwrap(), text);
        assert_eq!(replaced(&text, Part::Instructions, "new\n"), None);
    }

    #[test]
    fn the_benchmarks_page_has_all_parts() {
        let page = include_str!("../../BENCHMARKS.md");
        for part in [Part::Figures, Part::Faults, Part::Instructions] {
            assert!(replaced(page, part, "").is_some(), "{}", part.name());
        }
    }
}
