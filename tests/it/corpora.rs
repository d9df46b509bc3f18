//! The fuzz targets' inputs, run as an ordinary test, so that they hold without a fuzzer. What a
//! fuzzer finds becomes one of them.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// The checks that the decoder's own tests run too.
#[path = "../../src/wire/tests"]
mod jim_wire {
    use jim::limits::Limits;
    use jim::message::{JsonFault, Phrase, Request};
    use jim::wire::jim::{Bounds, Decoded, Decoder};

    mod checks;

    pub fn any_cut_is_as_good(data: &[u8]) {
        checks::any_cut_is_as_good(data);
    }

    pub fn agrees_with_serde(data: &[u8]) {
        checks::agrees_with_serde(data);
    }
}

#[path = "../../fuzz/checks"]
mod checks {
    pub mod client_dialects;
    pub mod client_profile;
    pub mod client_stream;
    pub mod client_words;
    pub mod console_object;
    pub mod control_order;
    pub mod detector;
    pub mod exchange_stream;
    pub mod export_lines;
    pub mod file_pieces;
    mod input;
    pub mod jimd_settings;
    pub mod names;
    pub mod proxy_header;
    mod scratch;
    pub mod serialiser;
    pub mod stored_file;
}

/// What must hold for any bytes.
type Check = fn(&[u8]);

/// Every target and what it checks.
const TARGETS: [(&str, Check); 17] = [
    ("client_dialects", checks::client_dialects::check),
    ("client_profile", checks::client_profile::check),
    ("client_stream", checks::client_stream::check),
    ("client_words", checks::client_words::check),
    ("console_object", checks::console_object::check),
    ("control_order", checks::control_order::check),
    ("detector", checks::detector::check),
    ("exchange_stream", checks::exchange_stream::check),
    ("export_lines", checks::export_lines::check),
    ("file_pieces", checks::file_pieces::check),
    ("jim_lexer_vs_serde", jim_wire::agrees_with_serde),
    ("jim_stream", jim_wire::any_cut_is_as_good),
    ("jimd_settings", checks::jimd_settings::check),
    ("names", checks::names::check),
    ("proxy_header", checks::proxy_header::check),
    ("serialiser", checks::serialiser::check),
    ("stored_file", checks::stored_file::check),
];

/// The fewest inputs of a target.
const FEWEST: usize = 10;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn stems(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_target_has_a_program_a_row_and_a_corpus() {
    let rows: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(stems(&fuzz().join("fuzz_targets")), rows, "programs and rows");
    assert_eq!(stems(&fuzz().join("corpus")), rows, "corpora and rows");
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let names = manifest["bin"].as_array().unwrap().iter();
    let names: BTreeSet<String> =
        names.map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, rows, "the manifest and rows");
}

/// Runs a target's corpus; the inputs that fail.
fn failures(target: &str, check: Check) -> Vec<PathBuf> {
    let entries = fs::read_dir(fuzz().join("corpus").join(target)).unwrap();
    let mut inputs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(inputs.len() >= FEWEST, "the corpus of {target} has {} inputs", inputs.len());
    inputs.retain(|input| {
        let data = fs::read(input).unwrap();
        catch_unwind(|| check(&data)).is_err()
    });
    inputs
}

#[test]
fn all_inputs_hold() {
    let failed: Vec<PathBuf> =
        TARGETS.iter().flat_map(|(target, check)| failures(target, *check)).collect();
    assert!(failed.is_empty(), "inputs that fail: {failed:#?}");
}
