//! The layers together: which one wins, and what is told about a wrong setting.

use super::*;
use crate::chat::{Guests, Probe, Sessions};
use crate::server::{Hold, Pacing};
use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

type Variables = &'static [(&'static str, &'static str)];

/// A settings file that is there as long as the test is.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("jim-config-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn shown(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn args(line: &str) -> Args {
    Args::parse(line.split_whitespace().map(OsString::from)).unwrap()
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

fn resolved(line: &str, variables: &[(&str, &str)]) -> Config {
    resolve(&args(line), &environment(variables)).unwrap().config
}

fn refused(line: &str, variables: &[(&str, &str)]) -> ConfigError {
    resolve(&args(line), &environment(variables)).unwrap_err()
}

fn checked(path: &Path) -> Result<String, ConfigError> {
    let file = path.display().to_string();
    config_text(&ConfigVerb::Check(CheckCommand { file }))
}

/// What a file's text is told, a line each.
fn complaints(text: &str) -> String {
    let mut layers = Layers::new(Draft::default());
    file::parse_into(&mut layers, Path::new("jim.toml"), text);
    layers.finish().map(|_| String::new()).unwrap_or_else(|error| error.to_string())
}

fn read(text: &str) -> Draft {
    let mut layers = Layers::new(Draft::default());
    file::parse_into(&mut layers, Path::new("jim.toml"), text);
    layers.finish().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn with_nothing_said_the_defaults_stand() {
    let config = resolved("", &[]);
    assert_eq!(config.server, Settings::default());
    assert_eq!(config.data, Path::new("./jim-data"));
    assert_eq!(config.logs, Path::new("./logs"));
    assert_eq!(config.log_config, None);
    assert!(!config.verbose);
    assert_eq!(config.durability, Durability::Fsync);
}

#[test]
fn a_later_layer_wins() {
    let file = TempFile::new("layers.toml", "port = 1001\nlang = \"ru\"\nguests = \"read\"\n");
    let path = file.shown();
    let variables = [("JIMD_PORT", "1002"), ("JIMD_LANG", "en")];
    let rows = [
        (String::new(), &[][..], (7777, Language::English, Guests::Write)),
        (format!("--config {path}"), &[][..], (1001, Language::Russian, Guests::Read)),
        (format!("--config {path}"), &variables[..], (1002, Language::English, Guests::Read)),
        (
            format!("--config {path} -p 1003"),
            &variables[..],
            (1003, Language::English, Guests::Read),
        ),
        ("--lang ru".to_owned(), &variables[..], (1002, Language::Russian, Guests::Write)),
    ];
    for (line, variables, expected) in rows {
        let config = resolved(&line, variables);
        let port = config.server.listen[0].port();
        assert_eq!((port, config.language(), config.server.policy.guests), expected, "{line}");
    }
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let file = TempFile::new("variable.toml", "port = 1001\n");
    let other = TempFile::new("flag.toml", "port = 1002\n");
    let variables = [("JIMD_CONFIG", file.shown())];
    let environment: Environment = variables.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let port = |line: &str| {
        let resolved = resolve(&args(line), &environment).unwrap();
        assert_eq!(resolved.warnings, []);
        resolved.config.server.listen[0].port()
    };
    assert_eq!(port(""), 1001);
    assert_eq!(port(&format!("--config {}", other.shown())), 1002);
}

#[test]
fn folders_come_from_the_service_manager_too() {
    let rows: [(&str, Variables, &str, &str); 5] = [
        ("", &[], "./jim-data", "./logs"),
        ("", &[("STATE_DIRECTORY", "/s:/t"), ("LOGS_DIRECTORY", "/l")], "/s", "/l"),
        ("", &[("STATE_DIRECTORY", ""), ("LOGS_DIRECTORY", "")], "./jim-data", "./logs"),
        ("", &[("STATE_DIRECTORY", "/s"), ("JIMD_DATA", "/d")], "/d", "./logs"),
        ("--data /e --logs /f", &[("STATE_DIRECTORY", "/s"), ("JIMD_LOGS", "/d")], "/e", "/f"),
    ];
    for (line, variables, data, logs) in rows {
        let config = resolved(line, variables);
        assert_eq!(config.data, Path::new(data), "{line} {variables:?}");
        assert_eq!(config.logs, Path::new(logs), "{line} {variables:?}");
    }
}

#[test]
fn the_language_follows_the_locale() {
    let rows: [(&[(&str, &str)], Language); 7] = [
        (&[], Language::English),
        (&[("LANG", "ru_RU.UTF-8")], Language::Russian),
        (&[("LANG", "C.UTF-8")], Language::English),
        (&[("LC_ALL", "ru"), ("LANG", "en_US.UTF-8")], Language::Russian),
        (&[("LC_ALL", ""), ("LC_MESSAGES", "ru_RU"), ("LANG", "C")], Language::Russian),
        (&[("LC_MESSAGES", "C"), ("LANG", "ru_RU.UTF-8")], Language::English),
        (&[("LANG", "ru_RU.UTF-8"), ("JIMD_LANG", "en")], Language::English),
    ];
    for (variables, language) in rows {
        assert_eq!(resolved("", variables).language(), language, "{variables:?}");
    }
}

#[test]
fn addresses_are_looked_up_only_to_listen() {
    let config = resolved("-a 127.0.0.1 --host ::1 -p 1", &[]);
    let listen = [(Ipv4Addr::LOCALHOST, 1).into(), (Ipv6Addr::LOCALHOST, 1).into()];
    assert_eq!(config.server.listen, listen);
    let error = refused("-a 127.0.0.1:80", &[]);
    assert_eq!(error.exit(), Exit::BadAddress);
    let offline = resolve_offline(&args("-a 127.0.0.1:80"), &environment(&[])).unwrap();
    assert_eq!(offline.config.server.listen, []);
}

#[test]
fn every_kind_of_value_is_read() {
    let draft = read(
        r##"
host = ["127.0.0.1", "::1"]
port = 0
data = "/d"
logs = "/l"
log_config = "my.yaml"
verbose = true
lang = "ru"
durability = "os"
guests = "none"
sessions = "many"
common = ["#main"]
strict = true
pacing = "off"
hold = "off"
probe = "all"
probe_after = 90
probe_timeout = 0.25
drop_silent = true
first_object = "2m"
grace = "0s"
limits.message_chars = 300
[output]
soft_bytes = "1MiB"
hard_bytes = 2_000_000
"##,
    );
    let server = &draft.server;
    assert_eq!(draft.hosts, ["127.0.0.1", "::1"]);
    assert_eq!((draft.port, draft.verbose, draft.durability), (0, true, Durability::Os));
    assert_eq!((draft.data.as_path(), draft.logs.as_path()), (Path::new("/d"), Path::new("/l")));
    assert_eq!(draft.log_config.as_deref(), Some(Path::new("my.yaml")));
    assert_eq!((server.language, server.pacing), (Language::Russian, Pacing::Off));
    assert_eq!(server.hold, Hold::Off);
    assert_eq!((server.policy.guests, server.policy.probe), (Guests::None, Probe::All));
    assert_eq!((server.policy.sessions, server.policy.strict), (Sessions::Many, true));
    assert_eq!(server.policy.common, ["#main"]);
    assert_eq!(server.policy.probe_after, Duration::from_secs(90));
    assert_eq!(server.policy.probe_timeout, Duration::from_millis(250));
    assert!(server.policy.drop_silent);
    assert_eq!((server.first_object, server.grace), (Duration::from_secs(120), Duration::ZERO));
    assert_eq!(server.limits.message_chars, 300);
    assert_eq!((server.output.soft_bytes, server.output.hard_bytes), (1 << 20, 2_000_000));
}

#[test]
fn every_variable_is_a_setting() {
    for setting in table::SETTINGS {
        let mut draft = Draft::default();
        let toml: toml::Table = format!("v = {}", setting.show(&mut draft)).parse().unwrap();
        let text = match &toml["v"] {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => {
                items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(",")
            }
            other => other.to_string(),
        };
        let environment = environment(&[(&setting.variable(), &text)]);
        let mut layers = Layers::new(Draft::default());
        assert_eq!(environment.read_into(&mut layers), [], "{}", setting.key);
        let given = layers.finish().unwrap_or_else(|error| panic!("{error}"));
        let default = Draft::default();
        let expected = match setting.key {
            "log_config" => Draft { log_config: Some("log4rs.yaml".into()), ..default },
            "tls_cert" => Draft { tls_cert: Some("cert.pem".into()), ..default },
            "tls_key" => Draft { tls_key: Some("key.pem".into()), ..default },
            _ => default,
        };
        assert_eq!(given, expected, "{}", setting.key);
    }
}

#[test]
fn variables_are_read_as_people_write_them() {
    let config = resolved(
        "",
        &[
            ("JIMD_VERBOSE", "yes"),
            ("JIMD_COMMON", "#main, main"),
            ("JIMD_PROBE_AFTER", "1.5"),
            ("JIMD_OUTPUT_SOFT_BYTES", "65536"),
            ("JIMD_HOST", "127.0.0.1"),
            ("JIMD_GUESTS", ""),
            ("JIMD_HOLD", "500"),
        ],
    );
    assert!(config.verbose);
    assert_eq!(config.server.policy.common, ["#main", "main"]);
    assert_eq!(config.server.policy.probe_after, Duration::from_millis(1500));
    assert_eq!(config.server.output.soft_bytes, 65_536);
    assert_eq!(config.server.hold, Hold::Micros(500));
    assert_eq!(config.server.listen, [(Ipv4Addr::LOCALHOST, 7777).into()]);
}

#[test]
fn an_unknown_variable_is_a_warning() {
    let variables =
        [("JIMD_PROT", "1"), ("JIMD_SOMETHING_ELSE", "1"), ("JIM_PASSWORD", "x"), ("HOME", "/")];
    let resolved = resolve(&args(""), &environment(&variables)).unwrap();
    let told: Vec<String> = resolved.warnings.iter().map(Warning::to_string).collect();
    let expected = [
        "JIMD_PROT: there is no such setting; did you mean JIMD_PORT?",
        "JIMD_SOMETHING_ELSE: there is no such setting",
    ];
    assert_eq!(told, expected);
}

const PORT_IS: &str = "it must be a whole number from 0 to 65535";
const GRACE_IS: &str = "it must be a time such as \"5m\", \"10s\", \"250ms\" or a number of seconds, \
    from 0s to 1h";

#[test]
fn a_value_out_of_range_is_told_with_line_key_and_range() {
    let rows = [
        ("port = 70000", "1:8: port: 70000", PORT_IS),
        ("port = -1", "1:8: port: -1", PORT_IS),
        ("port = 99999999999999999999", "1:8: port: 99999999999999999999", PORT_IS),
        ("data = \"\"", "1:8: data: the text \"\"", "it must be the path of a folder"),
        ("# я\ngrace = \"2h\"", "2:9: grace: the text \"2h\"", GRACE_IS),
        ("grace = -0.5", "1:9: grace: -0.5", GRACE_IS),
        (
            "guests = \"all\"",
            "1:10: guests: the text \"all\"",
            "it must be \"write\" or \"read\" or \"none\"",
        ),
        (
            "host = []",
            "1:8: host: []",
            "it must be an address or a host name, or a list of 1 to 16",
        ),
        (
            "common = [\"main\"]",
            "1:10: common: [\"main\"]",
            "it must be a list of 1 to 16 names of 1 to 26 characters, the first beginning with #",
        ),
    ];
    for (text, start, range) in rows {
        assert_eq!(complaints(text), format!("jim.toml:{start} is out of range: {range}"));
    }
}

#[test]
fn a_value_of_another_kind_is_told_with_line_key_and_kind() {
    let rows = [
        ("port = 1.5", "1:8: port: 1.5", PORT_IS),
        ("\nport = \"80\"", "2:8: port: the text \"80\"", PORT_IS),
        (
            "port = 0xffffffffffffffffffffffffffffffffff",
            "1:8: port: a number beyond all bounds",
            PORT_IS,
        ),
        ("[port]\nx = 1", "1:1: port: a table", PORT_IS),
        ("verbose = 1", "1:11: verbose: 1", "it must be true or false"),
        ("guests = true", "1:10: guests: true", "it must be \"write\" or \"read\" or \"none\""),
        ("data = 5", "1:8: data: 5", "it must be the path of a folder"),
        ("log_config = [\"x\"]", "1:14: log_config: a list", "it must be the path of a file"),
        ("grace = 1979-05-27", "1:9: grace: a date", GRACE_IS),
        ("grace = \"5 minutes\"", "1:9: grace: the text \"5 minutes\"", GRACE_IS),
        (
            "[output]\nsoft_bytes = \"8MB\"",
            "2:14: output.soft_bytes: the text \"8MB\"",
            "it must be a size such as \"8MiB\" or a number of bytes, from 64KiB to 4GiB",
        ),
        (
            "host = [5]",
            "1:8: host: 5",
            "it must be an address or a host name, or a list of 1 to 16",
        ),
        ("[[limits]]\nx = 1", "1:1: limits: a list", "it must be a table, [limits]"),
        ("limits = 5", "1:10: limits: 5", "it must be a table, [limits]"),
    ];
    for (text, start, kind) in rows {
        assert_eq!(complaints(text), format!("jim.toml:{start} stands here, but {kind}"));
    }
}

#[test]
fn an_unknown_key_is_told_with_line_and_what_was_meant() {
    let rows = [
        ("prot = 5", "1:1: prot", "did you mean port?"),
        ("a = 1\n[limits]\nx = 1", "1:1: a", "'jimd config default' lists all"),
        ("message_chars = 5", "1:1: message_chars", "did you mean limits.message_chars?"),
        ("output.port = 5", "1:8: output.port", "did you mean port?"),
        ("[limit]\nx = 5", "1:2: limit", "did you mean limits?"),
        (
            "[limits]\nmesage_chars = 5",
            "2:1: limits.mesage_chars",
            "did you mean limits.message_chars?",
        ),
    ];
    for (text, start, hint) in rows {
        let told = complaints(text);
        let first = told.lines().next().unwrap_or_default();
        assert_eq!(first, format!("jim.toml:{start}: there is no such setting; {hint}"));
    }
}

#[test]
fn rooms_have_bounds_of_their_own() {
    let draft = read(
        "[history.room.\"#tea\"]\ndays = 30\nmessages = 10000\n\
         [history.room.\"#кофе\"]\nmessages = 0\n[history]\ndays = 9\n",
    );
    let policy = &draft.server.policy;
    let kept = |room: &str| {
        let kept = policy.kept.of_room(policy.kept_rooms[room]);
        (kept.days, kept.messages)
    };
    assert_eq!((kept("#tea"), kept("#кофе")), ((30, 10_000), (9, 0)));
    assert_eq!(policy.kept_rooms.len(), 2);
}

#[test]
fn what_is_wrong_with_a_rooms_bounds_is_told_with_line_and_key() {
    let key = "history.room.\"#tea\"";
    for (text, place, expected) in [
        ("[history.room.\"#tea\"]\ndays = -1\n", "2:8", format!("{key}.days: -1 is out of range")),
        (
            "[history.room.\"#tea\"]\nmessages = \"x\"\n",
            "2:12",
            format!("{key}.messages: the text \"x\" stands here"),
        ),
        (
            "[history.room.\"#tea\"]\nday = 1\n",
            "2:1",
            format!("{key}.day: there is no such setting; did you mean days?"),
        ),
        ("[history.room]\n\"#tea\" = 5\n", "2:10", format!("{key}: 5 stands here")),
        ("[history]\nroom = true\n", "2:8", "history.room: true stands here".to_owned()),
        (
            "[history.room.tea]\ndays = 1\n",
            "1:15",
            "history.room.\"tea\": \"tea\" is out of range: it must be the name of a room"
                .to_owned(),
        ),
        (
            "[history.room.\"#all\"]\ndays = 1\n",
            "1:15",
            "history.room.\"#all\": \"#all\" is out of range".to_owned(),
        ),
    ] {
        let told = complaints(text);
        assert!(told.contains(&format!(":{place}: {expected}")), "{text}: {told}");
    }
    let told = complaints("common = [\"#lobby\"]\n[history.room.\"#lobby\"]\ndays = 1\n");
    assert!(told.contains(":2:15: history.room.\"#lobby\": "), "{told}");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let rows = [
        ("port = 1\nport = 2", "jim.toml:2:1: port: duplicate key"),
        ("port = 1\nlang = ru", "jim.toml:2:8: "),
        ("port 7777", "jim.toml:1:"),
        ("[limits", "jim.toml:1:8: "),
        ("\n\ndata = \"open", "jim.toml:3:"),
    ];
    for (text, start) in rows {
        assert!(complaints(text).starts_with(start), "{text}: {}", complaints(text));
    }
}

#[test]
fn all_errors_of_a_file_are_told_in_its_order() {
    let text = "verbose = 1\nport = 70000\n[limits]\nx = 1\nname_chars = 1000\n";
    let told = complaints(text);
    let starts: Vec<&str> = told.lines().filter_map(|line| line.split(": ").next()).collect();
    let expected = ["jim.toml:1:11", "jim.toml:2:8", "jim.toml:4:1", "jim.toml:5:14"];
    assert_eq!(starts, expected, "{told}");
}

#[test]
fn settings_must_fit_each_other() {
    let rows = [
        (
            "[output]\nsoft_bytes = \"64MiB\"",
            "jim.toml:2:14: output.soft_bytes: output.soft_bytes (\"64MiB\") must be at most output.hard_bytes (\"32MiB\")",
        ),
        (
            "[output]\ntotal_bytes = \"1MiB\"",
            "jim.toml:2:15: output.total_bytes: output.hard_bytes (\"32MiB\") must be at most output.total_bytes (\"1MiB\")",
        ),
        (
            "first_object = \"10s\"",
            "jim.toml:1:16: first_object: first_object_when_full (\"1m\") must be at most first_object (\"10s\")",
        ),
        (
            "limits.object_chars = 768",
            "jim.toml:1:23: limits.object_chars: limits.object_chars (768) must be at most limits.msg_object_chars (720)",
        ),
    ];
    for (text, told) in rows {
        assert_eq!(complaints(text), told, "{text}");
    }
    assert_eq!(complaints("limits.object_chars = 768\nlimits.msg_object_chars = 768"), "");
}

#[test]
fn a_variable_and_an_option_are_told_by_their_names() {
    let rows: [(&str, Variables, Exit, &str); 6] = [
        ("", &[("JIMD_PORT", "x")], Exit::Settings, "JIMD_PORT: the text \"x\" stands here, but"),
        ("", &[("JIMD_VERBOSE", "2")], Exit::Settings, "JIMD_VERBOSE: the text \"2\" stands here"),
        ("-p 70000", &[], Exit::Usage, "--port: 70000 is out of range: it must be a whole number"),
        ("--lang de", &[], Exit::Usage, "--lang: the text \"de\" is out of range"),
        ("-p x", &[("JIMD_PORT", "y")], Exit::Settings, "JIMD_PORT: "),
        (
            "",
            &[("JIMD_OUTPUT_TOTAL_BYTES", "1MiB")],
            Exit::Settings,
            "JIMD_OUTPUT_TOTAL_BYTES: output.hard_bytes",
        ),
    ];
    for (line, variables, exit, start) in rows {
        let error = refused(line, variables);
        assert_eq!(error.exit(), exit, "{line} {error}");
        assert!(error.to_string().starts_with(start), "{line}: {error}");
    }
}

#[test]
fn a_file_is_checked_by_itself() {
    let good = TempFile::new("good.toml", default_file());
    assert_eq!(checked(&good.0).unwrap(), format!("{}: ok\n", good.shown()));
    let bad = TempFile::new("bad.toml", "port = 70000\n");
    let error = checked(&bad.0).unwrap_err();
    assert_eq!(error.exit(), Exit::Settings);
    assert!(error.to_string().starts_with(&format!("{}:1:8: port: ", bad.shown())), "{error}");
}

#[test]
fn what_is_no_settings_file_is_told() {
    let latin = TempFile::new("latin.toml", b"port = 1\ndata = \"\xe9\"\n");
    let error = checked(&latin.0).unwrap_err().to_string();
    assert_eq!(error, format!("{}:2:9: this is not UTF-8", latin.shown()));
    let large = TempFile::new("large.toml", "#".repeat((1 << 20) + 1));
    let error = checked(&large.0).unwrap_err();
    assert_eq!(error.exit(), Exit::Settings);
    assert!(error.to_string().ends_with("it is longer than 1048576 bytes"), "{error}");
    let marked = TempFile::new("marked.toml", "\u{feff}port = 1\r\n");
    assert!(checked(&marked.0).is_ok());
    let folder = checked(&std::env::temp_dir()).unwrap_err();
    assert_eq!(folder.exit(), Exit::Settings);
    let pipes = tempfile::tempdir().unwrap();
    let pipe = pipes.path().join("jimd.toml");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
    let pipe = pipe.to_str().unwrap();
    // What a variable names stays, and may be read often.
    let error = refused("", &[("JIMD_CONFIG", pipe)]);
    assert_eq!(error.exit(), Exit::Settings);
    assert!(error.to_string().ends_with("it is a pipe, and no regular file"), "{error}");
    let mut settled = Settled(Draft::default());
    let error = settled.reload(&args(&format!("--config {pipe}")), &environment(&[])).unwrap_err();
    assert_eq!(error.exit(), Exit::Settings);
    assert!(error.to_string().contains("came through a pipe, which cannot be read again"));
}

#[test]
fn a_file_that_is_no_toml_is_told_of_once_with_line_and_key() {
    let rows = [
        ("lang = \"en\"\n[limits\n", "2:8: limits: unclosed table, expected `]`"),
        ("[output]\nsoft_bytes =\nx = 1", "2:13: output.soft_bytes: "),
        ("port = 1\nhost = [\"a\"\n[limits]\nname_chars = 9\n", "3:1: limits: "),
        ("lang en\nport 3\n", "1:6: lang: key with no value, expected `=`"),
        ("[limits]\nport = 3x\n", "2:8: port: "),
        ("\u{1f600}\nport\n", "1:1: invalid unquoted key"),
        ("lang = \"en\"\nlang = \"ru\"\n", "2:1: lang: duplicate key"),
    ];
    for (text, said) in rows {
        let complaints = complaints(text);
        assert!(complaints.starts_with(&format!("jim.toml:{said}")), "{text:?}: {complaints}");
        assert_eq!(complaints.lines().count(), 1, "{text:?}: {complaints}");
    }
}

#[test]
fn holding_back_is_a_word_or_a_number_of_microseconds() {
    let rows = [("\"auto\"", Hold::Auto), ("1", Hold::Micros(1)), ("20_000", Hold::Micros(20_000))];
    for (text, expected) in rows {
        assert_eq!(read(&format!("hold = {text}")).server.hold, expected, "{text}");
    }
    for text in ["0", "20001", "-1", "\"on\"", "1.5", "true"] {
        let mut layers = Layers::new(Draft::default());
        file::parse_into(&mut layers, Path::new("x.toml"), &format!("hold = {text}"));
        let error = layers.finish().unwrap_err().to_string();
        assert!(error.contains("\"off\", or a number of microseconds from 1 to 20000"), "{error}");
    }
}
