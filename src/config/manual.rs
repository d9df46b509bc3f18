//! Manual pages, made from the same tables as `--help` and the default file: nobody has to keep them
//! true. They are roff with the `man` macros, which every `man` reads.

use super::Draft;
use super::completions::{Word, is_optional, spellings};
use super::table::SETTINGS;
use argh::{CommandInfoWithArgs, FlagInfo};
use std::fmt::Write;

/// What stands around a program's table.
#[derive(Debug, Clone, Copy)]
pub struct ManualPage<'a> {
    /// The program.
    pub name: &'a str,
    /// The section of the manual: 1 for everybody's programs, 8 for the operator's.
    pub section: u8,
    /// What it is, in one line.
    pub purpose: &'a str,
    /// Words that may stand first, which argh does not know as commands.
    pub words: &'a [Word],
    /// Related pages, `jimd(8)` say.
    pub see_also: &'a [&'a str],
}

/// The manual page of a program.
#[must_use]
pub fn manual_page(page: &ManualPage<'_>, info: &CommandInfoWithArgs) -> String {
    let mut out = head(page.name, page.section, page.purpose);
    out += ".SH SYNOPSIS\n";
    let _ = writeln!(out, ".B {}\n{}", escaped(page.name), synopsis(info, page.words));
    out += ".SH DESCRIPTION\n";
    paragraphs(&mut out, info.description);
    if !info.commands.is_empty() || !page.words.is_empty() {
        out += ".SH COMMANDS\n";
        commands(&mut out, info, "");
        for word in page.words {
            tagged(&mut out, &format!(".B {}", escaped(word.name)), word.help);
        }
    }
    out += ".SH OPTIONS\n";
    options(&mut out, info.flags);
    out += ".SH EXIT STATUS\n";
    for code in info.error_codes {
        tagged(&mut out, &format!(".B {}", code.code), &one_line(code.description));
    }
    out += ".SH NOTES\n";
    for note in info.notes {
        let _ = writeln!(out, ".PP\n{}", escaped(&one_line(note)));
    }
    out += ".SH EXAMPLES\n";
    for example in info.examples {
        self::example(&mut out, &example.replace("{command_name}", page.name));
    }
    see_also(&mut out, page.see_also);
    out
}

/// A table of a file's page: its heading, what stands above it, and each key with its text.
pub type Section = (&'static str, &'static str, Vec<(String, String)>);

/// The page of a file.
#[derive(Debug)]
pub struct ManualOfFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is, in one line.
    pub purpose: &'a str,
    /// What it is, in paragraphs.
    pub description: &'a str,
    /// What stands in it.
    pub sections: Vec<Section>,
    /// A file that is one, or nothing.
    pub example: &'a str,
    /// Related pages.
    pub see_also: &'a [&'a str],
}

/// The manual page of a file.
#[must_use]
pub fn manual_of_file(page: &ManualOfFile<'_>) -> String {
    let mut out = head(page.name, 5, page.purpose);
    out += ".SH DESCRIPTION\n";
    paragraphs(&mut out, page.description);
    for (heading, text, keys) in &page.sections {
        let _ = writeln!(out, ".SH {heading}");
        paragraphs(&mut out, text);
        for (key, text) in keys {
            tagged(&mut out, &format!(".B {}", escaped(key)), &one_line(text));
        }
    }
    if !page.example.is_empty() {
        out += ".SH EXAMPLE\n.RS 4\n.nf\n";
        for line in page.example.lines() {
            let _ = writeln!(out, "{}", escaped(line));
        }
        out += ".fi\n.RE\n";
    }
    see_also(&mut out, page.see_also);
    out
}

/// The manual page of the settings file.
#[must_use]
pub fn manual_of_settings() -> String {
    let mut draft = Draft::default();
    let mut keys = Vec::new();
    for setting in SETTINGS {
        let default = match setting.default_in_words {
            Some(words) => words.to_owned(),
            None => setting.show(&mut draft),
        };
        let text =
            format!("{}\nAllowed: {}. Default: {default}.", setting.help, setting.expected());
        keys.push((setting.key.to_owned(), text));
    }
    manual_of_file(&ManualOfFile {
        name: "jimd.toml",
        purpose: "settings of the chat server jimd",
        description: FILE,
        sections: vec![("SETTINGS", "", keys)],
        example: "",
        see_also: &["jimd(8)", "jim-client(1)"],
    })
}

/// What the settings file is.
const FILE: &str = "\
    jimd reads its settings from the TOML file that --config or $JIMD_CONFIG names. \
    'jimd config default' prints a file with all of them, 'jimd config check FILE' says what is wrong \
    with one, with line and key. A key with a dot stands in the table of its first part.\n\
    Each setting may also come from a variable: JIMD_ and the key in capitals, a dot as an underscore. \
    Variables win over the file, the command line over both.";

fn head(name: &str, section: u8, purpose: &str) -> String {
    format!(
        ".\\\" Made from the program's own tables: a test writes it anew.\n\
         .TH {} {section} \"\" \"jim {}\" \"JIM\"\n.SH NAME\n{} \\- {}\n",
        name.to_uppercase(),
        env!("CARGO_PKG_VERSION"),
        escaped(name),
        escaped(purpose)
    )
}

fn synopsis(info: &CommandInfoWithArgs, words: &[Word]) -> String {
    let mut out = "[\\fIOPTION\\fR]...".to_owned();
    if !info.commands.is_empty() || !words.is_empty() {
        out += " [\\fICOMMAND\\fR ...]";
    }
    for place in info.positionals {
        let _ = write!(out, " [\\fI{}\\fR]", escaped(place.name));
    }
    out
}

/// All commands, those of commands too.
fn commands(out: &mut String, info: &CommandInfoWithArgs, before: &str) {
    for one in &info.commands {
        let (name, command) = (format!("{before}{}", one.name), &one.command);
        if command.commands.is_empty() {
            let mut title = format!("\\fB{}\\fR", escaped(&name));
            for place in command.positionals {
                let place_name = escaped(place.name);
                let _ = match is_optional(&place.optionality) {
                    true => write!(title, " [\\fI{place_name}\\fR]"),
                    false => write!(title, " \\fI{place_name}\\fR"),
                };
            }
            tagged(out, &title, &one_line(command.description));
            let own: Vec<_> = command.flags.iter().filter(|flag| flag.long != "--help").collect();
            if !own.is_empty() {
                out.push_str(".RS\n");
                own.into_iter().for_each(|flag| option(out, flag));
                out.push_str(".RE\n");
            }
        }
        commands(out, command, &format!("{name} "));
    }
}

fn options(out: &mut String, flags: &[FlagInfo]) {
    for flag in flags.iter().filter(|flag| !flag.hidden) {
        option(out, flag);
    }
}

fn option(out: &mut String, flag: &FlagInfo) {
    let (spellings, value) = spellings(flag);
    let names: Vec<_> = spellings.iter().map(|name| format!("\\fB{}\\fR", escaped(name))).collect();
    let value = value.map(|value| format!(" \\fI{}\\fR", escaped(&value))).unwrap_or_default();
    tagged(out, &format!("{}{value}", names.join(", ")), &one_line(flag.description));
}

fn tagged(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, ".TP\n{title}\n{}", escaped(text));
}

fn paragraphs(out: &mut String, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, ".PP\n{}", escaped(line.trim()));
    }
}

/// The first line says what for, the others are typed.
fn example(out: &mut String, text: &str) {
    let (what, lines) = text.split_once('\n').unwrap_or((text, ""));
    let _ = writeln!(out, ".PP\n{}\n.PP\n.RS 4\n.nf", escaped(what));
    for line in lines.lines() {
        let _ = writeln!(out, "{}", escaped(line.trim()));
    }
    out.push_str(".fi\n.RE\n");
}

fn see_also(out: &mut String, pages: &[&str]) {
    let _ = writeln!(out, ".SH SEE ALSO\n{}", escaped(&pages.join(", ")));
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as roff shows it unchanged: a backslash, a dash that stays one, and a dot or a quote at the
/// start of a line, which would be a request.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    match text.starts_with('.') {
        true => format!("\\&{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_request() {
        let rows = [
            (".profile", "\\&.profile"),
            ("'x'", "\\(aqx\\(aq"),
            ("a\\b", "a\\eb"),
            ("--port", "\\-\\-port"),
        ];
        for (text, expected) in rows {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn every_setting_is_in_its_page() {
        let page = manual_of_settings();
        for setting in SETTINGS {
            assert!(page.contains(&format!("\n.B {}\n", escaped(setting.key))), "{}", setting.key);
        }
    }
}
