//! What Tab makes of the word before the cursor.

use super::emoji;
use crate::client::commands::{self, Takes};

/// Words that may be meant.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Rooms, with their `#`.
    pub(super) rooms: Vec<String>,
    /// People, the likeliest first.
    pub(super) people: Vec<String>,
    /// Paths that begin as the word before the cursor; those of folders end in `/`.
    pub(super) paths: Vec<String>,
    /// Files that are sent or got.
    pub(super) transfers: Vec<String>,
}

/// The words that may stand for the one before the cursor, and which one is there now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Completion {
    pub(super) candidates: Vec<String>,
    pub(super) place: usize,
    /// How many characters before the cursor it takes the place of.
    pub(super) chars: usize,
}

impl Completion {
    /// The words for what stands before the cursor; `None` where there are none.
    pub(super) fn new(before: &str, known: &Known) -> Option<Self> {
        let (word, candidates) = find(before, known);
        let chars = word.chars().count();
        (!candidates.is_empty()).then_some(Self { candidates, place: 0, chars })
    }

    /// The word that is to stand there now.
    pub(super) fn word(&self) -> &str {
        self.candidates.get(self.place).map(String::as_str).unwrap_or_default()
    }

    /// Goes on to another word; gives how many characters it takes the place of.
    pub(super) fn step(&mut self, forward: bool) -> usize {
        let chars = self.word().chars().count();
        let count = self.candidates.len();
        self.place = (self.place + if forward { 1 } else { count - 1 }) % count;
        chars
    }
}

/// The path whose beginning stands before the cursor, where a command takes one there.
pub(super) fn path(before: &str) -> Option<&str> {
    let (name, arguments) = before.split_once(' ').filter(|_| before.starts_with('/'))?;
    let (word, place) = placed(arguments);
    (commands::takes(name, place) == Takes::File).then(|| word.trim_start_matches('"'))
}

/// The argument before the cursor, and how many words stand before it.
fn placed(arguments: &str) -> (&str, usize) {
    let word = argument(arguments);
    let behind = arguments.len() - word.len();
    (word, arguments.get(..behind).map_or(0, |before| before.split_whitespace().count()))
}

/// The word before the cursor, and what it may be the beginning of.
fn find<'a>(before: &'a str, known: &Known) -> (&'a str, Vec<String>) {
    if !before.starts_with('/') || before.starts_with("//") {
        let word = last_word(before);
        return (word, in_text(word, before.len() == word.len(), known));
    }
    let Some((name, arguments)) = before.split_once(' ') else {
        return (before, commands::names(before).map(|name| format!("{name} ")).collect());
    };
    let (word, place) = placed(arguments);
    let bare = word.trim_start_matches('"');
    let candidates = match commands::takes(name, place) {
        Takes::Room => names(bare, &known.rooms),
        Takes::Name => names(bare, &known.people),
        Takes::Anyone => [names(bare, &known.rooms), names(bare, &known.people)].concat(),
        Takes::Command => {
            let begin = format!("/{}", bare.trim_start_matches('/'));
            commands::names(&begin).map(|name| format!("{name} ")).collect()
        }
        Takes::File => known.paths.iter().map(|path| typed(path, word)).collect(),
        Takes::Transfer => names(bare, &known.transfers),
        Takes::Anything => in_text(word, false, known),
    };
    (word, candidates)
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

/// The last argument, from its `"` on where that is not closed.
fn argument(arguments: &str) -> &str {
    let is_open = arguments.matches('"').count() % 2 == 1;
    match arguments.rfind('"') {
        Some(at) if is_open => arguments.get(at..).unwrap_or_default(),
        _ => last_word(arguments),
    }
}

/// Names as arguments of a command: in `"` where they hold blanks.
fn names(begin: &str, known: &[String]) -> Vec<String> {
    let found = known.iter().filter(|name| begins(name, begin));
    found
        .map(|name| if name.contains(' ') { format!("\"{name}\" ") } else { format!("{name} ") })
        .collect()
}

/// A path as an argument: in `"` where it holds blanks, and open where it goes on below a folder.
fn typed(path: &str, word: &str) -> String {
    let is_quoted = word.starts_with('"') || path.contains(char::is_whitespace);
    match (is_quoted, path.ends_with('/')) {
        (true, true) => format!("\"{path}"),
        (true, false) => format!("\"{path}\" "),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path} "),
    }
}

fn in_text(word: &str, is_first: bool, known: &Known) -> Vec<String> {
    if word.is_empty() {
        return Vec::new();
    }
    if word.len() > 1 && word.starts_with(':') {
        return emoji::begins(word).map(|emoji| format!("{emoji} ")).collect();
    }
    if word.starts_with('#') {
        return known
            .rooms
            .iter()
            .filter(|room| begins(room, word))
            .map(|room| format!("{room} "))
            .collect();
    }
    let (at, begin) =
        if let Some(begin) = word.strip_prefix('@') { ("@", begin) } else { ("", word) };
    let behind = if is_first { ": " } else { " " };
    let found = known.people.iter().filter(|name| begins(name, begin));
    found.map(|name| format!("{at}{name}{behind}")).collect()
}

/// Whether a name begins so, in any case.
fn begins(name: &str, begin: &str) -> bool {
    name.to_lowercase().starts_with(&begin.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, chars: usize, expected: &[&str]) {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let known = Known {
            rooms: texts(&["#tea", "#teapots"]),
            people: texts(&["boris", "John Doe", "Йод"]),
            paths: texts(&["~/tea.txt", "~/My Documents/", "~/my tea.txt"]),
            transfers: texts(&["a photo.jpg"]),
        };
        let found = Completion::new(before, &known);
        let candidates = found.as_ref().map(|found| found.candidates.clone()).unwrap_or_default();
        assert_eq!(candidates, expected, "{before}");
        assert!(found.is_none_or(|found| found.chars == chars), "{before}");
    }

    #[test]
    fn words_are_completed_by_where_they_stand() {
        check("/hi", 3, &["/history ", "/hide "]);
        check("/msg b", 1, &["boris "]);
        check("/msg #te", 3, &["#tea ", "#teapots "]);
        check("/msg jo", 2, &["\"John Doe\" "]);
        check("/msg \"john d", 7, &["\"John Doe\" "]);
        check("/kick boris #t", 2, &["#tea ", "#teapots "]);
        check("/msg boris jo", 2, &["John Doe "]);
        check("/help qu", 2, &["/query ", "/quit "]);
        check("/cancel a", 1, &["\"a photo.jpg\" "]);
        let files = ["~/tea.txt ", "\"~/My Documents/", "\"~/my tea.txt\" "];
        check("/send ~/", 2, &files);
        let quoted = ["\"~/tea.txt\" ", files[1], files[2]];
        check("/send \"~/my t", 7, &quoted);
        check("/send tea.txt bo", 2, &["boris "]);
        check("bo", 2, &["boris: "]);
        check("йо", 2, &["Йод: "]);
        check("hi @bo", 3, &["@boris "]);
        check("see #teap", 5, &["#teapots "]);
        check(":wav", 4, &["👋 "]);
        check("//bo", 4, &[]);
        check("", 0, &[]);
        check("hi ", 0, &[]);
    }

    #[test]
    fn a_path_is_looked_for_where_a_command_takes_one() {
        for (before, expected) in [
            ("/send a", Some("a")),
            ("/send ", Some("")),
            ("/send \"~/My Doc", Some("~/My Doc")),
            ("/send a b", None),
            ("/send", None),
            ("/get a", None),
            ("send a", None),
        ] {
            assert_eq!(path(before), expected, "{before}");
        }
    }

    #[test]
    fn tab_goes_round() {
        let rooms = vec!["#a".into(), "#ab".into()];
        let known = Known { rooms, ..Known::default() };
        let mut completion = Completion::new("#a", &known).unwrap();
        for (word, forward, chars) in [("#a ", true, 3), ("#ab ", true, 4), ("#a ", false, 3)] {
            assert_eq!(completion.word(), word);
            assert_eq!(completion.step(forward), chars);
        }
        assert_eq!(completion.word(), "#ab ");
    }
}
