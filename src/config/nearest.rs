//! What was probably meant: the known word nearest to a mistyped one.

/// A longer word is no slip of the fingers, and comparing it would take its time.
const LONGEST_CHARS: usize = 64;

/// The nearest of `known`, if it is near enough to be worth naming.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    if length > LONGEST_CHARS {
        return None;
    }
    let allowed = length.div_ceil(3).clamp(1, 4);
    known
        .into_iter()
        .map(|word| (distance(typed, word), word))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= allowed)
        .map(|(_, word)| word)
}

/// How many characters must be put in, taken out or changed (Levenshtein), letter case aside.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().flat_map(char::to_lowercase).enumerate() {
        row = next_row(&row, line + 1, letter, &other);
    }
    row.last().copied().unwrap_or(0)
}

/// One line of the table of distances out of the line above it.
fn next_row(above: &[usize], first: usize, letter: char, other: &[char]) -> Vec<usize> {
    let mut row = Vec::with_capacity(above.len());
    let mut left = first;
    row.push(left);
    for ((diagonal, up), known) in above.iter().zip(above.iter().skip(1)).zip(other) {
        let changed = diagonal + usize::from(letter != *known);
        left = changed.min(up + 1).min(left + 1);
        row.push(left);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_or_none() {
        let known = ["--port", "--host", "--data", "limits.message_chars", "output.soft_for"];
        let rows = [
            ("--prot", Some("--port")),
            ("--PORT", Some("--port")),
            ("--dta", Some("--data")),
            ("limits.mesage_chars", Some("limits.message_chars")),
            ("--colour", None),
            ("", None),
        ];
        for (typed, word) in rows {
            assert_eq!(nearest(typed, known), word, "{typed}");
        }
    }

    #[test]
    fn distances() {
        let rows = [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)];
        for (one, other, far) in rows {
            assert_eq!(distance(one, other), far, "{one} {other}");
            assert_eq!(distance(other, one), far, "{other} {one}");
        }
    }
}
