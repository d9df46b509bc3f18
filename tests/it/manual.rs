//! The manual pages in `man/` are what the programs' own tables make of them, and say what `--help`
//! says. With `JIM_UPDATE_GOLDEN=1` they are written anew.

use super::support::{JIM_CLIENT, JIMD};
use argh::ArgsInfo;
use jim::client::settings::manual_of_client_settings;
use jim::client::{options, shell};
use jim::config::{self, JIMD_MANUAL, manual_of_settings, manual_page};
use std::fs;
use std::path::Path;
use std::process::Command;

fn pages() -> [(&'static str, String); 4] {
    [
        ("jimd.8", manual_page(&JIMD_MANUAL, &config::Args::get_args_info())),
        ("jim-client.1", manual_page(&shell::MANUAL, &options::Args::get_args_info())),
        ("jimd.toml.5", manual_of_settings()),
        ("client.toml.5", manual_of_client_settings()),
    ]
}

#[test]
fn the_manual_pages_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    for (name, page) in pages() {
        let path = folder.join(name);
        if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &page).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap();
        assert!(kept == page, "man/{name} is out of date: JIM_UPDATE_GOLDEN=1 cargo test manual");
    }
}

/// Text without what roff and the help's layout add.
fn words(text: &str) -> String {
    let text = text.replace("\\e", "\\").replace("\\-", "-").replace("\\(aq", "'");
    let text =
        ["\\fB", "\\fI", "\\fR", "\\&"].iter().fold(text, |text, mark| text.replace(mark, ""));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_manual_pages_have_all_that_help_says() {
    let pages = pages();
    for (program, page) in [(JIMD, &pages[0].1), (JIM_CLIENT, &pages[1].1)] {
        let output = Command::new(program).arg("--help").output().unwrap();
        assert!(output.status.success());
        let (help, page) = (String::from_utf8(output.stdout).unwrap(), words(page));
        let options = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
        let mut count = 0;
        for option in options.filter_map(|line| line.split(' ').next()) {
            assert!(page.contains(&format!("--{option}")), "{program} --{option}");
            count += 1;
        }
        assert!(count >= 8, "{program}: {count} options were found in its help");
        let notes = help.split("\nNotes:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
        // A note's further lines are indented more.
        let notes = notes.unwrap().replace("\n    ", " ");
        for note in notes.lines().map(words) {
            assert!(page.contains(&note), "{program}: {note}");
        }
    }
}

#[test]
fn completions_are_printed_for_each_shell() {
    for (program, option) in [(JIMD, "data"), (JIM_CLIENT, "follow")] {
        for shell in ["bash", "zsh", "fish"] {
            let output = Command::new(program).args(["completions", shell]).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty());
            assert!(
                String::from_utf8(output.stdout).unwrap().contains(option),
                "{program} {shell}"
            );
        }
        for line in [&["completions"][..], &["completions", "tcsh"], &["completions", "fish", "x"]]
        {
            let output = Command::new(program).args(line).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{program} {line:?}");
            assert!(output.stdout.is_empty() && !output.stderr.is_empty());
        }
    }
}
