//! The fuzz targets' seeds, run as ordinary tests, so that they hold without a fuzzer.

use super::checks;
use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds > 10, "the corpus of {target} is missing");
}

#[test]
fn the_seeds_of_jim_stream_hold() {
    replay("jim_stream", checks::any_cut_is_as_good);
}

#[test]
fn the_seeds_of_jim_lexer_vs_serde_hold() {
    replay("jim_lexer_vs_serde", checks::agrees_with_serde);
}
