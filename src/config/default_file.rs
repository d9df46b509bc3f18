//! The file that `jimd config default` prints.

use super::Draft;
use super::setting::Setting;
use super::table::SETTINGS;
use std::fmt::Write;

const HEAD: &str = "\
# Settings of jimd. Every setting stands here with its default; change what you like, remove the
# rest. Use the file with 'jimd --config FILE', check it with 'jimd config check FILE'.
#
# A setting may also come from an environment variable: JIMD_ and the key in capitals, a dot as
# an underscore (JIMD_LIMITS_MESSAGE_CHARS). Variables win over the file, the command line over both.
# A line that begins with # and a key has a default that depends on the system.
#
# 'jimd reload' or SIGHUP has a running jimd read the file anew, unless a setting says otherwise.
";

/// What each room may have of its own stands under a name that only the operator knows.
const ROOMS: &str = "
# A room may have bounds of its own, in a table with its name; what is not said there is as for all.
# Allowed: days, messages.
#   [history.room.\"#tea\"]
#   days = 30
#   messages = 10000
";

/// A commented TOML file with every setting, its default, its unit and its range.
#[must_use]
pub fn default_file() -> String {
    let mut text = HEAD.to_owned();
    let mut draft = Draft::default();
    let mut table = "";
    for setting in SETTINGS {
        let (its_table, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if its_table != table {
            if table == "history" {
                text.push_str(ROOMS);
            }
            table = its_table;
            let _ = write!(text, "\n[{table}]\n");
        }
        text.push_str(&entry(setting, name, &mut draft));
    }
    text
}

fn entry(setting: &Setting, name: &str, draft: &mut Draft) -> String {
    let mut text = String::from("\n");
    for line in setting.help.lines() {
        let _ = writeln!(text, "# {line}");
    }
    let _ = writeln!(text, "# Allowed: {}.", setting.expected());
    if !setting.live {
        text.push_str("# A new value waits for a restart.\n");
    }
    let value = setting.show(draft);
    let _ = match setting.default_in_words {
        Some(words) => writeln!(text, "# Default: {words}.\n#{name} = {value}"),
        None => writeln!(text, "{name} = {value}"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::super::layers::Layers;
    use super::super::{file, table};
    use super::*;
    use std::path::Path;

    fn read(text: &str) -> Draft {
        let mut layers = Layers::new(Draft::default());
        file::parse_into(&mut layers, Path::new("default.toml"), text);
        layers.finish().unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// With the lines that depend on the system made settings too.
    fn all_uncommented() -> String {
        let is_key =
            |rest: &str| rest.split(' ').next().is_some_and(|key| table::find(key).is_some());
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if is_key(rest) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        default_file().lines().map(line).collect()
    }

    #[test]
    fn it_is_the_defaults() {
        assert_eq!(read(&default_file()), Draft::default());
        let expected = Draft {
            log_config: Some("log4rs.yaml".into()),
            tls_cert: Some("cert.pem".into()),
            tls_key: Some("key.pem".into()),
            ..Draft::default()
        };
        assert_eq!(read(&all_uncommented()), expected);
    }

    #[test]
    fn it_names_every_key() {
        let parsed: toml::Table = all_uncommented().parse().unwrap();
        for key in table::keys() {
            let found = match key.split_once('.') {
                Some((table, name)) => parsed.get(table).and_then(|table| table.get(name)),
                None => parsed.get(key),
            };
            assert!(found.is_some(), "{key}");
        }
    }

    #[test]
    fn its_lines_fit_a_screen() {
        for line in default_file().lines() {
            assert!(line.chars().count() <= 110, "{line}");
        }
    }
}
