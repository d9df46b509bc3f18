//! What is written about `client.toml`: its manual page, and the example.

use super::rows::{ROWS, Row};
use crate::client::screen::KEY_ROWS;
use crate::client::screen::theme::{PARTS, USUAL_NAMES};
use crate::config::{ManualOfFile, manual_of_file};
use std::fmt::Write;

const PURPOSE: &str = "settings of the chat client jim-client";

const FILE: &str = "\
    jim-client reads this TOML file from $XDG_CONFIG_HOME/jim/client.toml, or \
    ~/.config/jim/client.toml. It has settings for all servers, then tables: [profile.NAME] is a \
    server and who one is there, [colors] says how the full screen looks, [keys] what its keys do.\n\
    The command line wins over a profile, a profile over what stands above it. --set KEY=VALUE is for \
    once: --set bell=false, --set colors.mention='bold yellow', --set keys.quit=ctrl-q.\n\
    All that is wrong with the file is said with line, column and key, and the client ends with \
    code 2.";

const COMMON: &str = "\
    They stand above all tables, or in a profile, and count where the option of the same name could \
    be typed.";

const PROFILE: &str = "\
    jim-client --profile NAME takes the profile of that name; without it the profile default counts, \
    if there is one. An address that is typed is another server, for which a profile says nothing of \
    the following. A password does not stand here: it is asked for, or is the first line of \
    password-file.";

const LOOKS: &str = "\
    A look is a colour, weights, or both: \"bold yellow\". A colour is black, red, green, yellow, blue, \
    magenta, cyan, white, each also with bright- before it (bright-black is gray), default, a number \
    from 0 to 255 of the palette, or \"#rrggbb\", of which a terminal without COLORTERM=truecolor gets \
    the nearest of the palette. The colour of the ground stands behind on: \"black on cyan\". Weights \
    are bold, dim, italic, underline, reverse. none is a look without any. With NO_COLOR only weights \
    are left.";

const KEYS: &str = "\
    An action has a key or a list of keys, which take the place of its usual ones; [] is none. What a \
    key usually does it does no longer then. Before a key stand ctrl-, alt-, shift-; keys that write \
    nothing are enter, tab, esc, backspace, delete, insert, home, end, pageup, pagedown, up, down, left, \
    right, f1 to f20. With alt- the case of a letter counts. What terminals send as another key is \
    refused: ctrl-i is tab, ctrl-m is enter, ctrl-[ is esc. /keys shows which keys there are.";

/// client.toml(5).
#[must_use]
pub fn manual_of_client_settings() -> String {
    let of_row = |row: &Row| {
        let text = format!("{} Allowed: {}.", row.help, row.expected());
        (row.name.to_owned(), text)
    };
    let rows = |is_common| ROWS.iter().filter(move |row| row.is_common == is_common).map(of_row);
    let names = format!(
        "The looks of names, a list; each name has always the same one. Usual: {}.",
        USUAL_NAMES.join(", ")
    );
    let mut looks = vec![
        ("names".to_owned(), names),
        ("own".to_owned(), "Your own name. Usual: as other names.".to_owned()),
    ];
    looks.extend(PARTS.iter().map(|part| {
        (part.name.to_owned(), format!("{}. Usual: {}.", capital(part.help), part.usual))
    }));
    let keys = KEY_ROWS.iter().map(|row| {
        let usual = if row.keys.is_empty() { "none" } else { row.keys };
        (row.name.to_owned(), format!("{}. Usual: {usual}.", capital(row.english)))
    });
    manual_of_file(&ManualOfFile {
        name: "client.toml",
        purpose: PURPOSE,
        description: FILE,
        sections: vec![
            ("SETTINGS FOR ALL SERVERS", COMMON, rows(true).collect()),
            ("PROFILES", PROFILE, rows(false).collect()),
            ("COLORS", LOOKS, looks),
            ("KEYS", KEYS, keys.collect()),
        ],
        example: SHORT,
        see_also: &["jim-client(1)"],
    })
}

/// A short one.
const SHORT: &str = "\
bell = true

[profile.club]
address = \"chat.example.org\"
user = \"ivan\"
to = \"#team\"

[colors]
mention = \"bold yellow\"

[keys]
next-room = [\"ctrl-n\", \"alt-down\"]
";

const HEAD: &str = "\
# Settings of jim-client: ~/.config/jim/client.toml, or in $XDG_CONFIG_HOME. Nothing here counts
# before the # of its line is taken away; client.toml(5) says more.
";

const PROFILES: &str = "
# A server and who one is there: jim-client --profile club. The profile called default counts where
# none is named. What stands above may stand in a profile, too.
#[profile.club]
";

const LOOKS_HEAD: &str = "
# How the full screen looks. A look is a colour, weights, or both: \"bold yellow\", \"208\",
# \"#ffaf00 on 17\", \"none\". These are the usual ones.
#[colors]

# The looks of names; each name has always the same one.
";

const KEYS_HEAD: &str = "
# What keys do: a key, or a list of keys. Each action stands here with its usual ones; /keys shows
# those that count.
#[keys]
";

/// A file with everything, commented out.
#[must_use]
pub fn example_file() -> String {
    let mut text = HEAD.to_owned();
    let entry = |text: &mut String, row: &Row| {
        let _ = write!(text, "\n# {}\n# Allowed: {}.\n", row.help, row.expected());
        let _ = writeln!(text, "#{} = {}", row.name, row.example);
    };
    ROWS.iter().filter(|row| row.is_common).for_each(|row| entry(&mut text, row));
    text += PROFILES;
    ROWS.iter().filter(|row| !row.is_common).for_each(|row| entry(&mut text, row));
    text += LOOKS_HEAD;
    let _ = writeln!(text, "#names = {}", list(USUAL_NAMES));
    text += "\n# Your own name.\n#own = \"bold\"\n";
    for part in &PARTS {
        let _ = write!(text, "\n# {}.\n#{} = \"{}\"\n", capital(part.help), part.name, part.usual);
    }
    text += KEYS_HEAD;
    for row in &KEY_ROWS {
        let keys = list(row.keys.split_whitespace());
        let _ = write!(text, "\n# {}.\n#{} = {keys}\n", capital(row.english), row.name);
    }
    text
}

fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = items.into_iter().map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
