//! Every setting, once: the file's keys, the variables' names, the bounds and the default file's
//! text all come from here.

use super::Draft;
use super::setting::{Kind, Setting};
use crate::limits::{MOST_NAME_CHARS, OBJECT_HELD_BYTES, UNREAD_ANSWER_BYTES};
use std::time::Duration;

/// An emoji is written as two escapes, `\ud83d\ude00`, and counts as one character.
const CHARACTER_BYTES: usize = 12;

/// The most characters that fit what is held of an object, however they are written.
const OBJECT_CHARS: u64 = (OBJECT_HELD_BYTES / CHARACTER_BYTES) as u64;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A row of the table: a setting that a running server takes over at a reload.
const fn row(key: &'static str, kind: Kind, help: &'static str) -> Setting {
    Setting { key, help, kind, default_in_words: None, live: true }
}

/// The same for what a running server cannot take over.
const fn at_start(setting: Setting) -> Setting {
    Setting { live: false, ..setting }
}

/// A row whose default depends on the system.
const fn varied(
    key: &'static str,
    default: &'static str,
    kind: Kind,
    help: &'static str,
) -> Setting {
    Setting { key, help, kind, default_in_words: Some(default), live: true }
}

macro_rules! count {
    ($range:expr, $($field:ident).+) => {
        Kind::Count { min: *$range.start(), max: *$range.end(), at: |d: &mut Draft| &mut d.$($field).+ }
    };
}

macro_rules! size {
    ($range:expr, $($field:ident).+) => {
        Kind::Size { min: *$range.start(), max: *$range.end(), at: |d: &mut Draft| &mut d.$($field).+ }
    };
}

macro_rules! time {
    ($range:expr, $($field:ident).+) => {
        Kind::Time { min: *$range.start(), max: *$range.end(), at: |d: &mut Draft| &mut d.$($field).+ }
    };
}

macro_rules! word {
    ($($field:ident).+) => { Kind::Word(|d: &mut Draft| &mut d.$($field).+) };
}

macro_rules! switch {
    ($($field:ident).+) => { Kind::Switch(|d: &mut Draft| &mut d.$($field).+) };
}

/// All settings in the order of the default file: those without a table first, as TOML wants it.
pub(super) static SETTINGS: &[Setting] = &[
    at_start(varied(
        "host",
        "all addresses, IPv6 and IPv4",
        Kind::Texts {
            what: "an address or a host name, or a list of 1 to 16",
            fits: |hosts| (1..=16).contains(&hosts.len()),
            at: |d| &mut d.hosts,
        },
        "The addresses to listen on: addresses or host names, one or a list.",
    )),
    at_start(row(
        "port",
        count!(0..=65_535, port),
        "The TCP port. 0: the system chooses a free one.",
    )),
    at_start(varied(
        "data",
        "$STATE_DIRECTORY, else ./jim-data",
        Kind::Folder(|d| &mut d.data),
        "The folder of accounts, rooms, messages and files. It is made if it is not there.",
    )),
    varied(
        "logs",
        "$LOGS_DIRECTORY, else ./logs",
        Kind::Folder(|d| &mut d.logs),
        "The folder of the log files. It is made if it is not there.",
    ),
    varied(
        "log_config",
        "./log4rs.yaml where there is one, else a built-in one",
        Kind::File { example: "log4rs.yaml", at: |d| &mut d.log_config },
        "The file that says what is logged, where and how.",
    ),
    varied(
        "tls_cert",
        "cert.pem in the data folder, where it is there",
        Kind::File { example: "cert.pem", at: |d| &mut d.tls_cert },
        "The file of the certificate for TLS, and of those that lead to its authority (PEM).\n\
         'jimd cert new' makes one in the data folder.",
    ),
    varied(
        "tls_key",
        "key.pem in the data folder, where it is there",
        Kind::File { example: "key.pem", at: |d| &mut d.tls_key },
        "The file of its key (PEM).",
    ),
    row(
        "plaintext",
        word!(server.plaintext),
        "Who may connect without TLS: everyone (allow), programs on this machine (local), or\n\
         nobody (refuse).",
    ),
    row("verbose", switch!(verbose), "Whether the log has every detail (level debug)."),
    varied(
        "lang",
        "ru where the locale says so, else en",
        word!(server.language),
        "The language of the answers and of the console.",
    ),
    at_start(row(
        "durability",
        word!(durability),
        "What an answer that promises storage waits for: the disk (fsync: survives a power cut),\n\
         the operating system (os: survives the end of jimd), or nothing (none).",
    )),
    row(
        "guests",
        word!(server.policy.guests),
        "What guests (presence without a log-in) may do in the common chat: write and read it,\n\
         only read it, or none of both.",
    ),
    row(
        "registration",
        word!(server.policy.registration),
        "Who may make an account by \"register\": anyone (open), who has a code of 'jimd invite new'\n\
         (invite), or nobody, so that only 'jimd user add' does (closed).",
    ),
    row(
        "sessions",
        word!(server.policy.sessions),
        "What happens when a user logs in who is connected already: the new connection is\n\
         refused (one), the old one is closed (newest), or both live (many).",
    ),
    row(
        "common",
        Kind::Texts {
            what: "a list of 1 to 16 names of 1 to 26 characters, the first beginning with #",
            fits: are_common_names,
            at: |d| &mut d.server.policy.common,
        },
        "The names of the common chat, to which one can write without joining; the first is its\n\
         own name.",
    ),
    row(
        "rooms_per_account",
        count!(1..=10_000, server.policy.rooms_per_account),
        "The most rooms that an account may be in.",
    ),
    row(
        "offline_messages",
        count!(0..=1_000_000, server.policy.offline_messages),
        "The most messages that may wait for an account while it is offline.",
    ),
    row(
        "attachment_max",
        size!(0..=4 * GIB, server.policy.attachments.max_bytes),
        "The largest file that may be sent. 0: no files.",
    ),
    row(
        "attachment_quota_user",
        size!(0..=16_384 * GIB, server.policy.attachments.quota_user_bytes),
        "What the files of one account may take, and those of all guests together; each counts for\n\
         4 KiB at least.",
    ),
    row(
        "attachment_quota",
        size!(0..=16_384 * GIB, server.policy.attachments.quota_bytes),
        "What all files together may take.",
    ),
    row(
        "attachment_days",
        count!(0..=36_500, server.policy.attachments.days),
        "For how many days a file is kept, at most as long as the message that brought it. 0: as\n\
         long as that message, or for ever where none is kept.",
    ),
    row("strict", switch!(server.policy.strict), "Whether a \"time\" that is a text is refused."),
    row(
        "pacing",
        word!(server.pacing),
        "Whether two objects to one client are kept apart in time: for simple clients (auto),\n\
         for all (on), or for none (off).",
    ),
    row(
        "hold",
        Kind::Hold(|d| &mut d.server.hold),
        "How long messages to a busy room are held back, so that more of them share a write: up to\n\
         2 ms while the server is short of processor time (auto), not at all (off), or always so\n\
         many microseconds from when the room got something last (to the next millisecond).\n\
         Never the first after a pause.",
    ),
    row(
        "probe",
        word!(server.policy.probe),
        "Who is asked for a sign of life after a silence: clients that asked for a feature\n\
         (features), all, or nobody (off).",
    ),
    row(
        "probe_after",
        time!(MILLISECOND..=DAY, server.policy.probe_after),
        "How long a client is silent before it is asked.",
    ),
    row(
        "probe_timeout",
        time!(MILLISECOND..=HOUR, server.policy.probe_timeout),
        "How long it has to answer before its user counts as away.",
    ),
    row(
        "drop_silent",
        switch!(server.policy.drop_silent),
        "Whether a client that does not answer is disconnected.",
    ),
    row(
        "max_connections",
        count!(1..=1_000_000, server.max_connections),
        "The most connections at one time. The system's limit on open files bounds it, too: of that, a\n\
         quarter is kept for other uses, 64 files at most.",
    ),
    row(
        "max_connections_per_address",
        count!(1..=1_000_000, server.max_connections_per_address),
        "The most connections at one time from one address, of IPv6 from one /64.",
    ),
    row(
        "exempt",
        Kind::Networks(|d| &mut d.server.throttle.exempt),
        "Addresses that no limit by address holds for.",
    ),
    row(
        "proxy_from",
        Kind::Networks(|d| &mut d.server.throttle.proxy_from),
        "Balancers that begin each connection with a header of the PROXY protocol (version 1 or 2),\n\
         which says whom they connect for. From other addresses such a header is refused.",
    ),
    row(
        "first_object",
        time!(MILLISECOND..=DAY, server.first_object),
        "How long a connection may take to its first whole object.",
    ),
    row(
        "first_object_when_full",
        time!(MILLISECOND..=DAY, server.first_object_when_full),
        "The same, once over 80 % of max_connections are taken.",
    ),
    row(
        "handshake",
        time!(MILLISECOND..=HOUR, server.handshake),
        "How long a TLS handshake may take.",
    ),
    row(
        "half_object",
        time!(MILLISECOND..=DAY, server.half_object),
        "How long half an object may wait for its other half.",
    ),
    row(
        "grace",
        time!(Duration::ZERO..=HOUR, server.grace),
        "How long a stop may take, so that what is owed to clients is still written.",
    ),
    row(
        "history.common",
        switch!(server.policy.kept.common),
        "Whether messages to the common chat are kept, which guests write to as well.",
    ),
    row("history.rooms", switch!(server.policy.kept.rooms), "Whether messages to rooms are kept."),
    row(
        "history.direct",
        switch!(server.policy.kept.direct),
        "Whether messages between two accounts are kept.",
    ),
    row(
        "history.days",
        count!(0..=36_500, server.policy.kept.days),
        "For how many days messages are kept. 0: for ever.",
    ),
    row(
        "history.messages",
        count!(0..=1_000_000_000, server.policy.kept.messages),
        "How many messages of each conversation are kept, the newest. 0: all.",
    ),
    row(
        "history.before_join",
        switch!(server.policy.before_join),
        "Whether new members of a room read what was written before they joined.",
    ),
    row(
        "throttle.connections_per_minute",
        count!(0..=1_000_000, server.throttle.connections_per_minute),
        "The most new connections a minute from one address, of IPv6 from one /64. 0: no limit.",
    ),
    row(
        "throttle.connections_per_minute_in_all",
        count!(0..=10_000_000, server.throttle.connections_per_minute_in_all),
        "The same from all addresses together.",
    ),
    row(
        "throttle.unauthenticated_per_address",
        count!(0..=1_000_000, server.throttle.unauthenticated_per_address),
        "The most connections from one address that have not said who they are, as a user or as a\n\
         guest. 0: no limit.",
    ),
    row(
        "throttle.unauthenticated_in_all",
        count!(0..=1_000_000, server.throttle.unauthenticated_in_all),
        "The same from all addresses together.",
    ),
    row(
        "throttle.failed_logins_per_minute",
        count!(0..=100_000, server.throttle.failed_logins_per_minute),
        "The most wrong passwords a minute from one address; then it waits 30 s, and twice as long\n\
         each further time, up to an hour. 0: no limit.",
    ),
    row(
        "throttle.failed_logins_per_minute_in_all",
        count!(0..=1_000_000, server.throttle.failed_logins_per_minute_in_all),
        "The same from all addresses together, which keeps everyone out for a while.",
    ),
    row(
        "throttle.joins_per_minute",
        count!(0..=100_000, server.policy.joins_per_minute),
        "The most rooms a minute that an account joins. 0: no limit.",
    ),
    row(
        "throttle.messages_per_second",
        count!(0..=1_000_000, server.throttle.messages_per_second),
        "How many objects a second of one user are read, over all its connections; others wait in\n\
         the socket. 0: no limit.",
    ),
    row(
        "throttle.messages_burst",
        count!(1..=100_000, server.throttle.messages_burst),
        "How many of them may come at once after a pause.",
    ),
    row(
        "throttle.bytes_per_second",
        size!(0..=GIB, server.throttle.bytes_per_second),
        "How many bytes a second of one user are read. 0: no limit.",
    ),
    row(
        "limits.action_chars",
        // "authenticate" must fit.
        count!(12..=64, server.limits.action_chars),
        "The longest \"action\", in characters.",
    ),
    row(
        "limits.name_chars",
        // Answers that name two users must stay short, since some clients read 640 bytes.
        count!(1..=MOST_NAME_CHARS as u64, server.limits.name_chars),
        "The longest name of an account, and of a room without its #, in characters.",
    ),
    row(
        "limits.message_chars",
        count!(1..=OBJECT_CHARS, server.limits.message_chars),
        "The longest \"message\", in characters.",
    ),
    row(
        "limits.object_chars",
        count!(128..=OBJECT_CHARS, server.limits.object_chars),
        "The longest whole object, in characters.",
    ),
    row(
        "limits.msg_object_chars",
        count!(128..=OBJECT_CHARS, server.limits.msg_object_chars),
        "The longest object of a plain \"msg\", whose fields each have their own limit.",
    ),
    row(
        "limits.tag_chars",
        count!(8..=128, server.limits.tag_chars),
        "The longest \"encoding\", \"id\" and \"invite\", in characters.",
    ),
    row(
        "limits.status_chars",
        count!(0..=500, server.limits.status_chars),
        "The longest \"status\" and \"topic\", in characters.",
    ),
    row(
        "limits.password_chars",
        count!(1..=500, server.limits.password_chars),
        "The longest password, in characters.",
    ),
    row(
        "limits.time_text_chars",
        count!(0..=128, server.limits.time_text_chars),
        "The longest \"time\" that is a text, in characters.",
    ),
    row(
        "limits.object_members",
        count!(16..=1024, server.limits.object_members),
        "The most members of one object.",
    ),
    row(
        "limits.object_depth",
        count!(4..=128, server.limits.object_depth),
        "How deep objects and lists may nest.",
    ),
    row(
        "limits.bad_requests",
        count!(1..=1_000_000, server.limits.bad_requests),
        "How many bad requests in a row end a connection.",
    ),
    row(
        "output.soft_bytes",
        size!(UNREAD_ANSWER_BYTES as u64..=4 * GIB, server.output.soft_bytes),
        "A client that leaves more than this unread for longer than soft_for is disconnected.",
    ),
    row(
        "output.soft_for",
        time!(Duration::ZERO..=HOUR, server.output.soft_for),
        "How long soft_bytes may be exceeded.",
    ),
    row(
        "output.hard_bytes",
        size!(UNREAD_ANSWER_BYTES as u64..=4 * GIB, server.output.hard_bytes),
        "A client that leaves more than this unread is disconnected at once.",
    ),
    row(
        "output.total_bytes",
        size!(MIB / 4..=64 * GIB, server.output.total_bytes),
        "What all clients together may leave unread; beyond it the slowest are disconnected.",
    ),
];

fn are_common_names(names: &[String]) -> bool {
    let is_name = |name: &String| {
        (1..=26).contains(&name.chars().count()) && !name.contains(char::is_control)
    };
    (1..=16).contains(&names.len())
        && names.iter().all(is_name)
        && names.first().is_some_and(|name| name.starts_with('#'))
}

/// Which settings must not exceed which.
pub(super) const AT_MOST: [(&str, &str); 10] = [
    ("attachment_max", "attachment_quota_user"),
    ("attachment_quota_user", "attachment_quota"),
    ("output.soft_bytes", "output.hard_bytes"),
    ("output.hard_bytes", "output.total_bytes"),
    ("first_object_when_full", "first_object"),
    ("limits.object_chars", "limits.msg_object_chars"),
    ("limits.message_chars", "limits.msg_object_chars"),
    ("limits.status_chars", "limits.object_chars"),
    ("limits.password_chars", "limits.object_chars"),
    ("limits.tag_chars", "limits.object_chars"),
];

/// The setting of that key.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// All keys.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.key)
}

/// The tables that the file may have, some of them several times.
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    keys().filter_map(|key| key.split_once('.')).map(|(table, _)| table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_and_variables_are_unique() {
        let all: BTreeSet<&str> = keys().collect();
        assert_eq!(all.len(), SETTINGS.len());
        let variables: BTreeSet<String> = SETTINGS.iter().map(Setting::variable).collect();
        assert_eq!(variables.len(), SETTINGS.len());
        assert!(!variables.contains(super::super::environment::CONFIG_VARIABLE));
    }

    #[test]
    fn relations_are_between_comparable_settings() {
        for (lower, upper) in AT_MOST {
            for key in [lower, upper] {
                let setting = find(key).unwrap_or_else(|| panic!("{key}"));
                assert!(setting.measure(&mut Draft::default()).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn the_longest_object_fits_what_is_held_however_it_is_written() {
        let longest = usize::try_from(OBJECT_CHARS).unwrap();
        assert!(longest * CHARACTER_BYTES <= OBJECT_HELD_BYTES);
    }
}
