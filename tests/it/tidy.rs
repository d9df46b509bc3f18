//! The rules of the house that no compiler checks: who may know whom, what is never there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A room and the rooms that it may know (ARCHITECTURE.md). A row may only name rooms above it, so
/// there are no cycles.
pub const ROOMS: [(&str, &[&str]); 19] = [
    ("limits", &[]),
    ("message", &["limits"]),
    ("terminal", &[]),
    ("small_file", &[]),
    ("few", &[]),
    ("rate", &[]),
    ("buffer", &["message", "limits"]),
    ("wire", &["message", "limits"]),
    ("chat", &["few", "rate", "message", "limits"]),
    ("workers", &["small_file", "message", "limits"]),
    ("certificate", &["small_file"]),
    ("transport", &["certificate", "message", "limits"]),
    ("logging", &["small_file", "message", "limits"]),
    ("control", &["message", "limits"]),
    (
        "server",
        &[
            "transport",
            "workers",
            "control",
            "chat",
            "wire",
            "buffer",
            "few",
            "rate",
            "logging",
            "message",
            "limits",
        ],
    ),
    (
        "config",
        &[
            "server",
            "certificate",
            "workers",
            "control",
            "chat",
            "terminal",
            "small_file",
            "logging",
            "message",
            "limits",
        ],
    ),
    (
        "client",
        &[
            "transport",
            "certificate",
            "chat",
            "wire",
            "buffer",
            "config",
            "terminal",
            "small_file",
            "message",
            "limits",
        ],
    ),
    ("bench", &["transport", "wire", "buffer", "config", "message", "limits"]),
    (
        "bin",
        &[
            "server",
            "client",
            "bench",
            "certificate",
            "config",
            "workers",
            "control",
            "logging",
            "terminal",
            "message",
            "limits",
            "chat",
        ],
    ),
];

/// A crate and the rooms that may use it.
const CRATES: [(&str, &[&str]); 13] = [
    ("mio", &["server", "client", "transport", "bench"]),
    ("rusqlite", &["workers"]),
    ("argon2", &["workers", "bench"]),
    ("serde", &["wire", "config", "control", "logging", "workers", "client", "bench"]),
    ("serde_json", &["wire", "config", "control", "logging", "workers", "client", "bench"]),
    ("log4rs", &["logging"]),
    ("rustls", &["transport"]),
    ("rustls_platform_verifier", &["transport"]),
    ("rustls_pki_types", &["certificate"]),
    ("rcgen", &["certificate"]),
    ("ratatui", &["client"]),
    ("crossterm", &["client"]),
    ("socket2", &["server", "client", "transport", "bench"]),
];

/// What the pure rooms never touch.
const IMPURE: [&str; 6] =
    ["std::net::Tcp", "std::fs", "std::thread", "Instant", "SystemTime", "log::"];

struct Source {
    room: String,
    path: PathBuf,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if name == "tests" || name.ends_with("_tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let first = inside.iter().next().unwrap().to_str().unwrap();
                let room = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { room, path, text });
            }
        }
    }
    assert!(found.len() > 30, "the sources are there");
    found
}

/// Code lines before the tests.
fn code(source: &Source) -> impl Iterator<Item = &str> {
    source
        .text
        .lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// The rooms that a line names: `crate::room`, `jim::room`, also in braces.
fn rooms_named(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for prefix in ["crate::", "jim::"] {
        for (at, _) in line.match_indices(prefix) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &line[at + prefix.len()..];
            let list = rest.strip_prefix('{').map_or(rest, |inside| inside);
            let ends = if rest.starts_with('{') { '}' } else { ';' };
            for part in list.split(ends).next().unwrap_or_default().split(", ") {
                let name: String =
                    part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                named.push(name);
                if !rest.starts_with('{') {
                    break;
                }
            }
        }
    }
    named
}

#[test]
fn dependencies_point_one_way() {
    for (place, (room, known)) in ROOMS.iter().enumerate() {
        for other in *known {
            let above = ROOMS[..place].iter().any(|(name, _)| name == other);
            assert!(above, "{room} may not know {other}: the table has a cycle");
        }
    }
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.room != "lib") {
        let known = allowed.get(source.room.as_str()).copied();
        let known = known.unwrap_or_else(|| panic!("no row for the room {}", source.room));
        for line in code(source) {
            for named in rooms_named(line) {
                let is_room = allowed.contains_key(named.as_str());
                if is_room && named != source.room && !known.contains(&named.as_str()) {
                    wrong.push(format!("{}: {}", source.path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the house does not have:\n{}", wrong.join("\n"));
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for source in &sources() {
        for line in code(source) {
            for (name, rooms) in CRATES {
                let used = line.contains(&format!("use {name}::"))
                    || line.contains(&format!(" {name}::"))
                    || line.contains(&format!("({name}::"));
                if used && !rooms.contains(&source.room.as_str()) {
                    wrong.push(format!("{}: {}", source.path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "crates outside their rooms:\n{}", wrong.join("\n"));
}

#[test]
fn the_rules_and_the_wire_touch_no_socket_clock_file_or_log() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| ["chat", "wire"].contains(&&*source.room)) {
        for line in code(source) {
            if IMPURE.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}: {}", source.path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "what a pure room does not do:\n{}", wrong.join("\n"));
}

#[test]
fn files_have_one_subject_and_nothing_is_left_for_later() {
    let sources = sources();
    let long: Vec<_> = sources.iter().filter(|s| s.text.lines().count() > 600).collect();
    assert!(long.len() * 10 <= sources.len(), "more than one file of ten is over 600 lines");
    for source in &sources {
        let path = source.path.display();
        assert!(source.text.lines().count() <= 900, "{path} is over 900 lines");
        assert!(source.text.starts_with("//!"), "{path} does not say what it is");
        for word in ["todo!", "unimplemented!", "FIXME", "unsafe {"] {
            assert!(!source.text.contains(word), "{path} has {word}");
        }
    }
}
