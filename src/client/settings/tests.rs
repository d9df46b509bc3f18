//! What is read, and what is refused.

use super::*;
use std::path::PathBuf;

fn read(text: &str, typed: &[&str]) -> Result<Settings, SettingsFault> {
    let typed: Vec<String> = typed.iter().map(|word| (*word).to_owned()).collect();
    Settings::read(Path::new("c.toml"), text.as_bytes(), &typed)
}

fn said(text: &str) -> String {
    read(text, &[]).unwrap_err().to_string()
}

fn shows(settings: &Settings, row: &str) -> bool {
    let keys = settings.preferences.keys.help(crate::message::Language::English);
    let (name, bound) = row.split_once(' ').unwrap_or((row, ""));
    let (begins, ends) = (format!("  {} ", bound.trim()), format!(" ({name})"));
    keys.lines().any(|line| line.starts_with(&begins) && line.ends_with(&ends))
}

#[test]
fn everything_has_its_place() {
    let text = "bell = true\nnotify = 9\nhistory = 5\n\
        [profile.club]\naddress = \"chat\"\nport = 7\npassword-file = \"p\"\nuser = \"ivan\"\n\
        bell = false\n[colors]\nmention = 208\nnames = [\"cyan\", \"#102030\"]\n\
        [keys]\nquit = [\"ctrl-q\", \"f10\"]\nscroll-up = \"ctrl-b\"\n";
    let settings = read(text, &[]).unwrap();
    let common = Values {
        bell: Some(true),
        notify: Some("9".into()),
        history: Some(5),
        ..Values::default()
    };
    assert_eq!(settings.common, common);
    let club = Values {
        address: Some("chat".into()),
        port: Some(7),
        password_file: Some("p".into()),
        user: Some("ivan".into()),
        bell: Some(false),
        ..Values::default()
    };
    assert_eq!(settings.profiles, BTreeMap::from([("club".to_owned(), club)]));
    let mut theme = Theme::default();
    theme.set(PARTS.iter().find(|part| part.name == "mention").unwrap(), "208").unwrap();
    theme.set_names(["cyan", "#102030"].map(|look| Theme::look(look).unwrap()).into());
    assert_eq!(settings.preferences.theme, theme);
    assert!(shows(&settings, "quit               ctrl-q f10"));
    assert!(shows(&settings, "scroll-up          ctrl-b"));
    assert!(shows(&settings, "left               left"), "ctrl-b was taken from it");
}

#[test]
fn all_mistakes_are_told_with_line_and_key() {
    let text = "bel = true\nport = 1\nlang = \"de\"\n\
        [profile.a]\nprot = 2\nport = 70000\nuser = [1]\npin = \"00\"\ntls = \"yes\"\naddress = \"\"\n\
        [colors]\nmetion = \"red\"\nlink = \"yelow\"\ntime = true\nnames = []\n\
        [keys]\nquti = \"ctrl-q\"\nquit = \"ctrl-i\"\nclear = \"crtl-x\"\n\
        next-room = \"ctrl-g\"\nprevious-room = [\"f2\", \"Ctrl+G\"]\nyank = 5\nsend = []\n";
    let expected = [
        "1:1: bel: there is no such setting; did you mean bell?",
        "2:1: port: it stands in a profile, [profile.NAME]",
        "3:8: lang: it must be \"ru\" or \"en\"",
        "5:1: profile.a.prot: there is no such setting; did you mean port?",
        "6:8: profile.a.port: it must be a whole number from 1 to 65535",
        "7:8: profile.a.user: a list stands here, but it must be a text",
        "8:7: profile.a.pin: it must be a SHA-256 fingerprint of 64 hexadecimal digits",
        "9:7: profile.a.tls: a text stands here, but it must be true or false",
        "10:11: profile.a.address: an empty text stands here, but it must be a text",
        "12:1: colors.metion: there is no such thing on the screen; did you mean mention?",
        "13:8: colors.link: 'yelow' is no colour and no weight; did you mean yellow?",
        "14:8: colors.time: true or false stands here, but it must be a look such as \
         \"bold yellow\" or \"#ffaf00 on 17\"",
        "15:9: colors.names: it must be 1 to 64 looks",
        "17:1: keys.quti: there is no such action; did you mean quit?",
        "18:8: keys.quit: terminals send ctrl-i as tab, so it cannot be told from it",
        "19:9: keys.clear: there is no key 'crtl-x'; did you mean ctrl?",
        "21:17: keys.previous-room: ctrl-g is bound to next-room already in line 20",
        "22:8: keys.yank: a number stands here, but it must be a key such as \"ctrl-n\", or a \
         list of keys",
        "23:8: keys.send: it needs a key",
    ]
    .map(|line| format!("c.toml:{line}"));
    assert_eq!(said(text).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_does_not_go_together_is_told() {
    for (text, line) in [
        (
            "[profile.a]\nuser = \"a\"\nname = \"b\"\n",
            "1:10: profile.a: user and name do not go together",
        ),
        ("[profile.a]\npassword-file = \"a\"\n", "1:10: profile.a: password-file needs user"),
        (
            "[keys]\nquit = \"enter\"\n",
            "2:8: keys.quit: enter is taken from send, which then has no key",
        ),
        (
            "[keys]\nquit = [\"f2\", \"f2\"]\n",
            "2:8: keys.quit: f2 is bound to quit already in line 2",
        ),
        ("keys = 5\n", "1:8: keys: a number stands here, but it must be a table, [keys]"),
        (
            "profile.x = 5\n",
            "1:13: profile.x: a number stands here, but it must be a table, [profile.x]",
        ),
    ] {
        assert_eq!(said(text), format!("c.toml:{line}"), "{text}");
    }
    assert!(read("[keys]\nquit = \"enter\"\nsend = \"f4\"\n", &[]).is_ok());
}

#[test]
fn what_is_no_toml_is_told_alone_and_not_shown() {
    let text = said("bell = 1\nx = \"hunter2\nbell = true\n");
    assert!(text.starts_with("c.toml:2:") && !text.contains("hunter2"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    let path = PathBuf::from("c.toml");
    let fault = Settings::read(&path, b"bell = true\n\xff", &[]).unwrap_err().to_string();
    assert_eq!(fault, "c.toml:2:1: this is not UTF-8");
    let many: String = (0..50).map(|number| format!("x{number} = 1\n")).collect();
    let text = said(&many);
    assert!(text.ends_with("\nc.toml: and 30 mistakes more"), "{text}");
    let text = said("\"\\u001b[2J\" = 1\n");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn what_is_typed_wins() {
    let file = "bell = true\n[keys]\nquit = \"ctrl-q\"\n[colors]\nown = \"red\"\n";
    let typed = ["bell=false", "lang = ru", "keys.quit=[\"f3\"]", "colors.own=#102030 on 3"];
    let settings = read(file, &typed).unwrap();
    assert_eq!((settings.typed.bell, settings.common.bell), (Some(false), Some(true)));
    assert_eq!(settings.typed.lang.as_deref(), Some("ru"));
    assert!(shows(&settings, "quit               f3"));
    let mut theme = Theme::default();
    theme.set_own("#102030 on 3").unwrap();
    assert_eq!(settings.preferences.theme, theme);
    for (word, text) in [
        ("bell", "--set bell: it has to be KEY=VALUE"),
        ("bell=perhaps", "--set bell: a text stands here, but it must be true or false"),
        ("port=5", "--set port: it has an option of its own, --port"),
        (
            "colors.tme=red",
            "--set colors.tme: there is no such thing on the screen; did you mean time?",
        ),
        ("keys.undo=ctrl-q", "--set keys.undo: ctrl-q is bound to quit already in line 3"),
    ] {
        assert_eq!(read(file, &[word]).unwrap_err().to_string(), text);
    }
}

/// The example with the signs before its settings taken away.
fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_example_has_everything_and_each_line_is_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/client.toml");
    if std::env::var_os("JIM_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, example_file()).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text == example_file(), "JIM_UPDATE_GOLDEN=1 cargo test --lib settings");
    assert!(text.lines().all(|line| line.chars().count() <= 150));
    let settings = read(&text, &[]).unwrap();
    assert_eq!(settings.preferences, Preferences::default());
    assert_eq!((settings.common, settings.profiles.len()), (Values::default(), 0));

    let all: toml::Table = uncommented(&text).parse().unwrap();
    let has = |table: &str, name: &str| all[table].get(name).is_some();
    assert!(PARTS.iter().all(|part| has("colors", part.name)));
    assert!(KEY_ROWS.iter().all(|row| has("keys", row.name)));
    // One at a time, since some exclude each other.
    let mut table = String::new();
    let mut count = 0;
    for line in uncommented(&text).lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            table = line.to_owned();
        } else if !line.is_empty() {
            let needed = if line.starts_with("password-file") { "user = \"a\"\n" } else { "" };
            let one = format!("{table}\n{needed}{line}\n");
            assert!(read(&one, &[]).is_ok(), "{one}");
            count += 1;
        }
    }
    assert_eq!(count, ROWS.len() + PARTS.len() + 2 + KEY_ROWS.len());
    let (_, keys) = text.split_once("#[keys]").unwrap();
    let usual = read(&uncommented(&format!("#[keys]{keys}")), &[]).unwrap();
    assert_eq!(usual.preferences, Preferences::default(), "they are the usual ones");
}

#[test]
fn the_manual_page_has_everything() {
    let page = manual_of_client_settings().replace("\\-", "-");
    let names = ROWS.iter().map(|row| row.name).chain(PARTS.iter().map(|part| part.name));
    for name in names.chain(KEY_ROWS.iter().map(|row| row.name)).chain(["names", "own"]) {
        assert!(page.contains(&format!("\n.B {name}\n")), "{name}");
    }
    let (_, example) = page.split_once(".nf\n").unwrap();
    let (example, _) = example.split_once(".fi").unwrap();
    assert!(read(example, &[]).is_ok(), "{example}");
}
