//! The pages are true to the tree: what they name is there, and the rooms are those of the house.

use super::tidy::ROOMS;
use std::fs;
use std::path::{Path, PathBuf};

const PAGES: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "PROTOCOL.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "tests/README.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands in one pair of backquotes outside fenced blocks, line by line.
fn quoted(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// The targets of Markdown links.
fn links(text: &str) -> Vec<&str> {
    let targets = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
    targets.filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn what_the_pages_link_to_is_there() {
    let mut count = 0;
    for name in PAGES {
        for link in links(&page(name)) {
            if link.starts_with("https://") {
                continue;
            }
            count += 1;
            let file = link.split('#').next().unwrap();
            assert!(root().join(file).exists(), "{name} links to {link}");
        }
    }
    assert!(count > 3, "the pages link to each other");
}

/// The names of all files below a folder.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn the_files_that_the_pages_name_are_there() {
    let mut sources = files_below(&root().join("src"));
    sources.extend(files_below(&root().join("tests")));
    let mut count = 0;
    for name in ["README.md", "ARCHITECTURE.md"] {
        for word in quoted(&page(name)) {
            let first = word.split('/').next().unwrap();
            let is_path = ["src", "tests", "macros", "fuzz", "examples"].contains(&first);
            let is_path = is_path && word.contains('/') && !word.contains(' ');
            let is_source = word.ends_with(".rs") && !word.contains('/');
            assert!(!is_path || root().join(&word).exists(), "{name} names {word}");
            assert!(!is_source || sources.contains(&word), "{name} names {word}");
            count += usize::from(is_path || is_source);
        }
    }
    assert!(count > 20, "only {count} names of files were found");
}

/// Whether a file has a test of this name.
fn has_test(file: &str, name: &str) -> bool {
    let path = if file.starts_with("src/") || file.starts_with("tests/") {
        root().join(format!("{file}.rs"))
    } else {
        root().join(format!("tests/it/{file}.rs"))
    };
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut tests = text.split("#[test]").skip(1);
    let name = format!("fn {name}(");
    tests.any(|test| {
        test.lines().find(|line| line.contains("fn ")).is_some_and(|l| l.contains(&name))
    })
}

#[test]
fn every_fault_has_tests_that_are_there() {
    let text = page("tests/README.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let mut count = 0;
    for row in rows.filter(|row| !row.ends_with("| tests |")) {
        let named: Vec<String> =
            quoted(row).into_iter().filter(|word| word.contains("::")).collect();
        assert!(!named.is_empty(), "no test is named: {row}");
        for test in &named {
            let (file, name) = test.split_once("::").unwrap();
            assert!(has_test(file, name), "there is no test {test}");
        }
        count += 1;
    }
    assert!(count > 40, "only {count} faults");
}

#[test]
fn architecture_has_the_rooms_of_the_house() {
    let text = page("ARCHITECTURE.md");
    for (room, known) in ROOMS {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{room}` |")));
        let row = row.unwrap_or_else(|| panic!("no row for {room}"));
        let knows = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        assert_eq!(knows, known.join(", "), "what {room} may know");
    }
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_stem().unwrap().to_str().unwrap();
        assert!(room == "lib" || text.contains(&format!("| `{room}` |")), "no row for {room}");
    }
    assert!(text.lines().count() <= 150, "ARCHITECTURE.md is to be read in one go");
}

#[test]
fn the_pages_are_about_the_product_and_tidy() {
    for name in PAGES.into_iter().chain([".ci/run", "examples/jimd.service"]) {
        let text = page(name);
        for (line, number) in text.lines().zip(1..) {
            assert_eq!(line, line.trim_end(), "{name}:{number}: white space at the end");
            for word in line.split([' ', '`', '(', '"', '=']) {
                let strange = ["/home/", "/root", "/tmp", "/work", "TODO", "FIXME"];
                let is_strange = strange.iter().any(|start| word.starts_with(start));
                assert!(!is_strange, "{name}:{number}: {word}");
            }
        }
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}: its end");
    }
}

#[test]
fn the_programs_that_the_readme_runs_are_built() {
    let manifest = page("Cargo.toml");
    let text = page("README.md");
    let named = |mark| text.split(mark).skip(1).filter_map(|rest| rest.split(' ').next());
    let programs: Vec<&str> = named("--bin ").chain(named("target/release/")).collect();
    assert!(programs.len() >= 2, "the README runs more than the server");
    for program in programs {
        assert!(manifest.contains(&format!("name = \"{program}\"")), "no program {program}");
    }
}

#[test]
fn the_licences_are_whole_and_named() {
    let apache = page("LICENSE-APACHE");
    assert!(apache.contains("Version 2.0, January 2004") && apache.contains("limitations under"));
    assert!(page("LICENSE-MIT").contains("THE SOFTWARE IS PROVIDED \"AS IS\""));
    assert!(page("Cargo.toml").contains("license = \"MIT OR Apache-2.0\""));
    assert!(page("README.md").contains("MIT"));
}

#[test]
fn the_version_is_in_the_changelog() {
    let version = env!("CARGO_PKG_VERSION");
    let text = page("CHANGELOG.md");
    assert!(text.contains(&format!("## [{version}]")) || text.contains("## [Unreleased]"));
}

/// The continuous check runs what the README tells to run, and can be started as it is.
#[test]
fn the_continuous_check_runs_the_tests_as_the_readme_does() {
    use std::os::unix::fs::PermissionsExt;
    let script = page(".ci/run");
    for command in ["cargo fmt", "cargo clippy", "-D warnings", "\ncargo test\n"] {
        assert!(script.contains(command), "{command}");
    }
    assert!(page("README.md").contains("cargo test"));
    let mode = fs::metadata(Path::new(&root()).join(".ci/run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111, ".ci/run is executable");
}
