//! What the commands print that speak to a running server.

use super::commands::moment;
use crate::control::{Stats, WhoRow};
use crate::message::{Network, visible};
use jiff::tz::TimeZone;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The table of `jimd who`, each line with its end, or the same as one line of JSON.
#[must_use]
pub fn who_text(rows: &[WhoRow], more: usize, json: bool, zone: &TimeZone) -> String {
    if json {
        return json_line(&serde_json::json!({ "connections": rows, "more": more }));
    }
    if rows.is_empty() {
        return "Nobody is connected.\n".to_owned();
    }
    let head = ["NAME", "KIND", "ADDRESS", "SPEAKS", "TLS", "SINCE", "IDLE", "REQUESTS", "UNREAD"];
    let mut table = vec![head.map(str::to_owned)];
    table.extend(rows.iter().map(|row| {
        [
            row.name.as_deref().map_or_else(|| "-".to_owned(), shown),
            row.kind.clone(),
            row.address.clone(),
            row.speaks.clone(),
            row.tls.clone().unwrap_or_else(|| "-".to_owned()),
            moment(row.since_unix_micros, zone),
            lasting(row.idle_seconds),
            row.requests.to_string(),
            row.unread_bytes.to_string(),
        ]
    }));
    let mut text = aligned(&table);
    if more > 0 {
        let _ = writeln!(text, "... and {more} more");
    }
    text
}

/// Names come from clients: nothing in them moves a terminal's cursor.
fn shown(name: &str) -> String {
    visible(name).to_string()
}

/// The report of `jimd stats`, or the same as one line of JSON.
#[must_use]
pub fn stats_text(stats: &Stats, json: bool) -> String {
    if json {
        return json_line(stats);
    }
    let number = |number: usize| number.to_string();
    let memory = stats.memory_bytes.map_or_else(|| "-".to_owned(), size);
    let rows = [
        ("Version", format!("{} (process {})", stats.version, stats.pid)),
        ("Uptime", lasting(stats.uptime_seconds)),
        ("Connections", number(stats.connections)),
        ("  users", format!("{} of {} accounts", stats.users, stats.accounts)),
        ("  guests", number(stats.guests)),
        ("  accepted", stats.accepted.to_string()),
        ("  refused", stats.refused.to_string()),
        ("Rooms", number(stats.rooms)),
        ("Requests", stats.requests.to_string()),
        ("Deliveries", stats.deliveries.to_string()),
        ("Throttled", stats.throttled.to_string()),
        ("Banned", number(stats.banned)),
        ("Unread", size(stats.unread_bytes as u64)),
        ("  longest", size(stats.longest_queue_bytes as u64)),
        ("Disk jobs", number(stats.jobs)),
        ("Memory", memory),
    ];
    rows.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name:<13}{value}");
        text
    })
}

/// What `jimd bans` shows.
#[must_use]
pub fn bans_text(bans: &[Network]) -> String {
    if bans.is_empty() {
        return "No address is banned.\n".to_owned();
    }
    bans.iter().map(|network| format!("{network}\n")).collect()
}

/// How many connections an order closed, as a sentence with its end.
#[must_use]
pub fn closed_text(connections: usize) -> String {
    match connections {
        0 => "No connection was open.\n".to_owned(),
        1 => "1 connection was closed.\n".to_owned(),
        count => format!("{count} connections were closed.\n"),
    }
}

/// What a ban did besides: whom it closed, and whom it does not hold for.
#[must_use]
pub fn banned_text(connections: usize, proxies: &[String]) -> String {
    let mut text = if connections > 0 { closed_text(connections) } else { String::new() };
    for proxy in proxies {
        let _ = writeln!(
            text,
            "{proxy} is in proxy_from: who comes through it counts under the address that it names, \
             which is what can be banned."
        );
    }
    text
}

/// What `jimd reload` did.
#[must_use]
pub fn reloaded_text(applied: &[String], restart: &[String]) -> String {
    let mut text = match applied {
        [] => "No setting that takes effect at once has changed.\n".to_owned(),
        keys => format!("Changed: {}.\n", keys.join(", ")),
    };
    if !restart.is_empty() {
        let _ = writeln!(text, "These wait for a restart: {}.", restart.join(", "));
    }
    text
}

fn json_line(value: &impl serde::Serialize) -> String {
    // Nothing that is printed has a key that is no text.
    format!("{}\n", serde_json::to_string(value).unwrap_or_default())
}

/// Columns as wide as a terminal shows their widest entry; the last one is not padded.
fn aligned<const COLUMNS: usize>(table: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for row in table {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    for row in table {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let gap = width.saturating_sub(cell.width());
            let _ = write!(line, "{cell}{:gap$}  ", "");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A time in its two largest units.
fn lasting(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let first = units.iter().position(|(_, unit)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut left = seconds;
    let parts: Vec<String> = units
        .iter()
        .skip(first)
        .take(2)
        .map(|(name, unit)| {
            let count = left / unit;
            left %= unit;
            format!("{count}{name}")
        })
        .collect();
    parts.join(" ")
}

/// A size to a tenth of its largest unit.
fn size(bytes: u64) -> String {
    let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: Option<&str>) -> WhoRow {
        WhoRow {
            name: name.map(str::to_owned),
            kind: "guest".to_owned(),
            address: "192.0.2.7:4000".to_owned(),
            speaks: "JIM".to_owned(),
            tls: Some("1.3".to_owned()),
            since_unix_micros: 1_632_746_096_789_000,
            idle_seconds: 61,
            requests: 3,
            unread_bytes: 0,
        }
    }

    #[test]
    fn who_is_a_table_that_no_name_breaks() {
        let rows = [row(Some("Вася")), row(Some("日本")), row(None), row(Some("a\u{1b}[2J"))];
        let text = who_text(&rows, 2, false, &TimeZone::UTC);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "NAME        KIND   ADDRESS         SPEAKS  TLS  SINCE             IDLE   REQUESTS  UNREAD"
        );
        assert_eq!(
            lines[1],
            "Вася        guest  192.0.2.7:4000  JIM     1.3  2021-09-27 12:34  1m 1s  3         0"
        );
        assert!(lines[2].starts_with("日本        guest"), "{text}");
        assert!(lines[3].starts_with("-           guest"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert_eq!(lines.last(), Some(&"... and 2 more"));
        assert_eq!(who_text(&[], 0, false, &TimeZone::UTC), "Nobody is connected.\n");
    }

    #[test]
    fn json_is_one_line() {
        let text = who_text(&[row(Some("ann"))], 0, true, &TimeZone::UTC);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["connections"][0]["name"], "ann");
        let stats = stats_text(&Stats { users: 3, ..Stats::default() }, true);
        let value: serde_json::Value = serde_json::from_str(&stats).unwrap();
        assert_eq!((value["users"].as_u64(), stats.lines().count()), (Some(3), 1));
    }

    #[test]
    fn stats_are_aligned() {
        let stats =
            Stats { uptime_seconds: 90_061, memory_bytes: Some(5 << 19), ..Stats::default() };
        let text = stats_text(&stats, false);
        assert!(text.contains("Uptime       1d 1h\n"), "{text}");
        assert!(text.contains("Memory       2.5 MiB\n"), "{text}");
        assert!(text.contains("  users      0 of 0 accounts\n"), "{text}");
        assert_eq!(
            (lasting(0), lasting(59), lasting(3600)),
            ("0s".into(), "59s".into(), "1h 0m".into())
        );
        assert_eq!((size(1023), size(1 << 30)), ("1023 B".into(), "1.0 GiB".into()));
    }

    #[test]
    fn what_was_done_is_a_sentence() {
        assert_eq!(closed_text(1), "1 connection was closed.\n");
        assert_eq!(closed_text(2), "2 connections were closed.\n");
        let keys = ["lang", "grace"].map(str::to_owned);
        assert_eq!(reloaded_text(&keys, &[]), "Changed: lang, grace.\n");
        assert!(reloaded_text(&[], &keys).ends_with("These wait for a restart: lang, grace.\n"));
        assert_eq!(banned_text(1, &[]), "1 connection was closed.\n");
        assert!(banned_text(0, &["::1".to_owned()]).starts_with("::1 is in proxy_from: "));
        assert_eq!(bans_text(&["10.0.0.0/8".parse().unwrap()]), "10.0.0.0/8\n");
    }
}
