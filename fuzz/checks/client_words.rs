//! Any text as a script, as what a person types behind `--since`, and as a long line: read or
//! refused by its line, and nothing of a line that is cut is lost.

use jiff::tz::TimeZone;
use jim::client::script::{parse, parse_command};
use jim::client::since::Since;
use jim::client::split::split;
use jim::message::Now;

pub fn check(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').count();
    match parse("a.jim", data) {
        Ok(commands) => assert!(commands.len() <= lines),
        Err(fault) => assert!((1..=lines).contains(&fault.line), "{fault}"),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = parse_command(text);
    let now = Now { unix_micros: 1_795_296_823_000_000, ..Now::default() };
    if let Some(since) = Since::parse(text) {
        let _ = (since.position(now, &TimeZone::UTC), since.is_to_come(now, &TimeZone::UTC));
    }
    for limit in [1, 7, 500] {
        let parts = split(text, limit);
        assert!(parts.iter().all(|part| part.chars().count() <= limit));
        let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(kept(&parts.concat()), kept(text));
    }
}
