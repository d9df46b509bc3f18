//! How many messages shared a commit, as the server's log says when it ends: over its whole life,
//! the load's beginning included.

use super::figure::{Kind, Sample};
use std::fs;
use std::path::Path;

/// Reads the log of a server that has ended from the folder it lived in: none where it stored no
/// message, or is no `jimd`.
pub(crate) fn samples(folder: &Path) -> Vec<Sample> {
    let Ok(files) = fs::read_dir(folder.join("logs")) else { return Vec::new() };
    let logs = files.flatten().filter_map(|file| fs::read(file.path()).ok());
    let found = logs.filter_map(|log| String::from_utf8_lossy(&log).lines().find_map(sizes)).next();
    let Some([median, most]) = found else { return Vec::new() };
    vec![Kind::COMMIT_MEDIAN.sample(median), Kind::COMMIT_LARGEST.sample(most)]
}

/// The median and the largest number of messages of a commit.
fn sizes(line: &str) -> Option<[f64; 2]> {
    let (_, said) = line.split_once(" messages in ")?;
    let (_, said) = said.split_once(" commits of ")?;
    let (median, most) = said.split_once(" (median), at most ")?;
    let number = |text: &str| text.parse::<u32>().ok().map(f64::from);
    Some([number(median)?, number(most)?])
}

#[cfg(test)]
mod tests {
    use super::super::process::Workspace;
    use super::*;

    #[test]
    fn the_last_words_of_a_server_are_read() {
        let workspace = Workspace::new().unwrap();
        assert_eq!(samples(workspace.path()), []);
        let logs = workspace.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let line = "stored 503 messages in 3 commits of 2 (median), at most 500";
        fs::write(logs.join("jimd.log"), format!("x\n2026 INFO m f {line}\nstopped\n")).unwrap();
        let expected = [Kind::COMMIT_MEDIAN.sample(2.0), Kind::COMMIT_LARGEST.sample(500.0)];
        assert_eq!(samples(workspace.path()), expected);
    }

    #[test]
    fn other_lines_say_nothing_of_it() {
        for line in
            ["", "5 messages in a bottle", "5 messages in 1 commits of x (median), at most 1"]
        {
            assert_eq!(sizes(line), None, "{line}");
        }
    }
}
