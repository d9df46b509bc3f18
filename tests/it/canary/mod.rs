//! Secrets with a mark that nothing else has are sent through every way in, right and wrong, and
//! then looked for in whatever comes out: logs, consoles, answers, what the programs print, and all
//! files of the data folder.
//!
//! What a field names is told to whoever asked (`action`, `account_name`, `room`, `id`), so a
//! secret that is sent as one of these is no secret any more, and none of this.

mod client;
mod search;
mod server;

use super::process::{Ended, run};
use super::support::{Folder, jimd};
use search::Finds;
use std::fs;
use std::path::{Path, PathBuf};

/// What all canaries have in common, of letters alone, so that no wire writes it otherwise.
const MARK: &str = "qzKanarienvogelqz";

/// A secret that says where it was put in.
fn canary(place: &str) -> String {
    format!("{MARK}-{place}")
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // A socket holds nothing.
        if path.is_dir() {
            found.extend(files(&path))
        } else if path.is_file() {
            found.push(path)
        }
    }
    found
}

/// No file below the folder has any of the secrets in any form.
fn assert_none_in_files(folder: &Path, finds: &Finds) {
    let files = files(folder);
    assert!(files.iter().any(|file| file.ends_with("jim-data/jim.db")), "{files:?}");
    for file in files {
        finds.assert_not_in(&file.display().to_string(), &fs::read(&file).unwrap());
    }
}

/// `jimd` with these words, and this as its standard input.
fn run_jimd(folder: &Folder, args: &[&str], input: &str) -> Ended {
    run(jimd(folder).args(args), format!("{input}\n").as_bytes())
}

fn assert_none_said(what: &str, ended: &Ended, finds: &Finds) {
    finds.assert_not_in(&format!("standard output of {what}"), ended.stdout.as_bytes());
    finds.assert_not_in(&format!("standard error of {what}"), ended.stderr.as_bytes());
}
