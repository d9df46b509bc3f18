//! What is built in, held to `deny.toml`: licences, sources, and no crate twice. What is known
//! against a crate only `cargo deny check` says.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn output(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// All crates that are built on this system, by what they say of themselves. Metadata name those
/// too whose feature nobody asks for; the tree does not.
fn packages() -> Vec<Value> {
    let tree = ["tree", "--workspace", "--offline", "--locked", "--prefix=none", "--format={p}"];
    let tree = output(&tree);
    let built: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap()))
        .collect();
    let metadata = output(&["metadata", "--format-version=1", "--offline", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap().to_owned();
    let is_built =
        |package: &&Value| built.contains(&(&*text(package, "name"), &*text(package, "version")));
    let packages: Vec<Value> = packages.filter(is_built).cloned().collect();
    assert_eq!(packages.len(), built.len(), "{built:?}");
    packages
}

fn rules() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn texts<'r>(list: &'r toml::Value, key: Option<&str>) -> BTreeSet<&'r str> {
    let text = |item: &'r toml::Value| key.map_or(item, |key| &item[key]).as_str().unwrap();
    list.as_array().unwrap().iter().map(text).collect()
}

/// Whether one may keep to an SPDX expression with these licences. `AND` binds tighter than `OR`,
/// for which `/` stands in older ones.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let (allowed, rest) = any(&words, allowed);
    assert!(rest.is_empty(), "{expression}: {rest:?}");
    allowed
}

fn any<'w, 'a>(words: &'w [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'w [&'a str]) {
    let (mut is, mut rest) = all(words, allowed);
    while let ["OR", more @ ..] = rest {
        let (other, behind) = all(more, allowed);
        (is, rest) = (is || other, behind);
    }
    (is, rest)
}

fn all<'w, 'a>(words: &'w [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'w [&'a str]) {
    let (mut is, mut rest) = one(words, allowed);
    while let ["AND", more @ ..] = rest {
        let (other, behind) = one(more, allowed);
        (is, rest) = (is && other, behind);
    }
    (is, rest)
}

fn one<'w, 'a>(words: &'w [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'w [&'a str]) {
    match words {
        ["(", inside @ ..] => {
            let (is, rest) = any(inside, allowed);
            (is, rest.strip_prefix(&[")"]).unwrap())
        }
        // An exception is another licence, which nobody has allowed.
        [_, "WITH", _, rest @ ..] => (false, rest),
        [licence, rest @ ..] => (allowed.contains(licence), rest),
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn an_expression_of_licences_is_read_as_it_is_meant() {
    let allowed = BTreeSet::from(["MIT", "ISC"]);
    for (expression, is) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only/MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND ISC", true),
        ("(GPL-3.0-only OR MIT) AND ISC", true),
        ("GPL-3.0-only OR MIT AND Zlib", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
    ] {
        assert_eq!(is_allowed(expression, &allowed), is, "{expression}");
    }
}

#[test]
fn all_that_is_built_in_keeps_to_the_rules() {
    let (rules, packages) = (rules(), packages());
    assert!(packages.len() > 50, "{}", packages.len());
    let licences = texts(&rules["licenses"]["allow"], None);
    let sources = texts(&rules["sources"]["allow-registry"], None);
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        versions.entry(name).or_default().push(package["version"].as_str().unwrap());
        let licence = package["license"].as_str().unwrap_or("none at all");
        assert!(is_allowed(licence, &licences), "{name}: {licence}");
        let source = package["source"].as_str();
        let is_known = source.is_none_or(|source| {
            source.strip_prefix("registry+").is_some_and(|source| sources.contains(source))
        });
        assert!(is_known, "{name} comes from {source:?}");
    }
    versions.retain(|_, versions| versions.len() > 1);
    let twice: BTreeSet<&str> = versions.keys().copied().collect();
    let skipped = texts(&rules["bans"]["skip"], Some("crate"));
    assert_eq!(twice, skipped, "in two versions: {versions:?}");
}
