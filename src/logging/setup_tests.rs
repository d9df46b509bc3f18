//! What is read from `log4rs.yaml`, and what is refused.

use super::*;
use log::{Level, Log, Record};
use log4rs::Logger as RootLogger;
use std::fs;
use tempfile::TempDir;

fn load_text(folder: &TempDir, text: &str, verbose: bool) -> Result<Config, LogError> {
    let config = folder.path().join("log.yaml");
    fs::write(&config, text).unwrap();
    load(&LogOptions { config: Some(config), logs: folder.path().join("logs"), verbose })
}

fn log(logger: &RootLogger, target: &str, level: Level) {
    let arguments = format_args!("hello");
    logger.log(&Record::builder().args(arguments).target(target).level(level).build());
}

/// What of each level of `jim::chat` and of a dependency is in the log.
fn logged(text: &str, verbose: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let logger = RootLogger::new(load_text(&folder, text, verbose).unwrap());
    for level in [Level::Trace, Level::Debug, Level::Info, Level::Warn] {
        log(&logger, "jim::chat", level);
        log(&logger, "mio::poll", level);
    }
    Log::flush(&logger);
    let text = fs::read_to_string(folder.path().join("logs/jimd.log")).unwrap();
    text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

#[test]
fn the_built_in_configuration_is_right() {
    assert_eq!(
        logged(BUILT_IN, false),
        ["INFO jim::chat - hello", "WARN jim::chat - hello", "WARN mio::poll - hello"]
    );
}

#[test]
fn verbose_is_debug_for_our_own() {
    let expected = [
        "DEBUG jim::chat - hello",
        "INFO jim::chat - hello",
        "WARN jim::chat - hello",
        "WARN mio::poll - hello",
    ];
    assert_eq!(logged(BUILT_IN, true), expected);
    let text = "
appenders: { file: { kind: daily_file, path: jimd.log } }
root: { level: warn, appenders: [file] }
loggers: { 'jim::chat': { level: error } }";
    assert_eq!(logged(text, true), expected);
    assert_eq!(logged(text, false), ["WARN mio::poll - hello"]);
}

fn check_wrong(text: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let error = load_text(&folder, text, false).unwrap_err();
    assert!(matches!(error, LogError::Wrong { .. }), "{error:?}");
    let text = error.to_string();
    let what = text.split_once("log.yaml: ").expect("the file is named").1;
    assert!(what.contains(expected), "{what:?} lacks {expected:?}");
    assert!(!what.contains('\n'), "{what:?}");
}

const NOTHING: &str = "nothing would be logged: root needs `appenders: [NAME]`";

const KINDS: &str = "its kind is daily_file or console";

#[test]
fn what_log4rs_would_let_pass_is_refused() {
    let appender = |text: &str| format!("appenders: {{ file: {{ {text} }} }}");
    let file = |text: &str| appender(&format!("kind: daily_file, path: a.log, {text}"));
    check_wrong("appender: {}", "unknown field `appender`, expected one of");
    check_wrong("root: { level: loud }", "unknown variant `loud`");
    check_wrong("root:\n  levle: info", "at line 2 column 3");
    check_wrong("root: { appenders: [file] }", "nonexistent appender: `file`; there is none");
    check_wrong(
        &format!("{}\nroot: {{ appenders: [fiel] }}", file("keep: 3")),
        "nonexistent appender: `fiel`; there is `file`",
    );
    check_wrong("", NOTHING);
    check_wrong("root: { level: info }", NOTHING);
    check_wrong(&file("keep: 3"), NOTHING);
    check_wrong("loggers: { 'a::': { level: info } }", "Invalid logger name `a::`");
    check_wrong("loggers: { a: { level: info }, a: { level: info } }", "duplicate");
    check_wrong("root: [", "at line 2");
    check_wrong("refresh_rate: 5 seconds", "refresh_rate has no effect here");
    check_wrong(&appender("path: a.log"), "missing field `kind`");
    check_wrong(&appender("kind: dayly_file"), KINDS);
    check_wrong(&appender("kind: daily_file"), "Missing field path");
    check_wrong(&appender("kind: daily_file, path: ''"), "it must name a file");
    check_wrong(&appender("kind: daily_file, path: a/"), "it must name a file");
    check_wrong(&file("keeep: 3"), "appender `file`: Unknown field keeep. Expected one of path");
    check_wrong(&file("keep: 0"), "keep is 0: it must be 1 to 36500");
    check_wrong(&file("keep: many"), "appender `file`: ");
    check_wrong(&file("queue: 65537"), "queue is 65537: it must be 1 to 65536");
    check_wrong(&file("encoder: { kind: lines }"), "encoder's kind line or pattern");
    check_wrong(&file("encoder: { kind: line, a: 1 }"), "Unknown field a");
    check_wrong(&file("filters: [{ kind: treshold }]"), "its filters' kind is threshold");
    check_wrong(&file("filters: [{ kind: threshold, level: loud }]"), "loud");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("logs"), "a file stands here").unwrap();
    let error = load_text(&folder, BUILT_IN, false).unwrap_err();
    assert!(matches!(&error, LogError::Open { path, .. } if path.ends_with("logs/jimd.log")));
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let config = Some(PathBuf::from("/nowhere/log.yaml"));
    let error = load(&LogOptions { config, ..LogOptions::default() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read /nowhere/log.yaml: No such file or directory (os error 2)"
    );
}

#[test]
fn other_kinds_and_filters_work() {
    let text = "
appenders:
  file:
    kind: daily_file
    path: jimd.log
    encoder: { kind: pattern, pattern: 'x {l} {t} - {m}{n}' }
    filters: [{ kind: threshold, level: warn }]
  out: { kind: console, encoder: { kind: line } }
root: { level: trace, appenders: [file] }";
    assert_eq!(logged(text, false), ["WARN jim::chat - hello", "WARN mio::poll - hello"]);
}
