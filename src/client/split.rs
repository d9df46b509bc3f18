//! Cuts a text that is too long for one message.

use unicode_segmentation::UnicodeSegmentation;

/// The pieces of a text, each of at most `limit` characters; put together they are the text. It is
/// cut behind white space where there is some, else between letters as people see them.
#[must_use]
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.chars().nth(limit).is_some() {
        let (piece, behind) = rest.split_at(cut_at(rest, limit.max(1)));
        pieces.push(piece.to_owned());
        rest = behind;
    }
    pieces.push(rest.to_owned());
    pieces
}

/// The byte to cut at, never 0.
fn cut_at(text: &str, limit: usize) -> usize {
    let hard = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    // One letter more is looked at, since it may reach over the limit.
    let mut letter = 0;
    let mut space = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        let end = at + cluster.len();
        if end > hard {
            break;
        }
        letter = end;
        if cluster.chars().all(char::is_whitespace) {
            space = end;
        }
    }
    [space, letter, hard].into_iter().find(|at| *at > 0).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_is_one_piece() {
        assert_eq!(split("", 5), [""]);
        assert_eq!(split("12345", 5), ["12345"]);
    }

    #[test]
    fn white_space_is_preferred() {
        assert_eq!(split("один два три", 9), ["один два ", "три"]);
        assert_eq!(split("aaaabbbb cc", 4), ["aaaa", "bbbb", " cc"]);
    }

    #[test]
    fn letters_stay_whole() {
        let family = "👩\u{200d}👩\u{200d}👧";
        assert_eq!(split(&format!("ab{family}c"), 5), ["ab", family, "c"].map(String::from)[..]);
        assert_eq!(split("e\u{301}e\u{301}", 3), ["e\u{301}", "e\u{301}"]);
        // A letter over the limit cannot stay whole.
        assert_eq!(split("e\u{301}\u{301}\u{301}", 2), ["e\u{301}", "\u{301}\u{301}"]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_text(text in "[a-c é\u{301}👩\u{200d}\n]{0,60}", limit in 1_usize..9) {
            let pieces = split(&text, limit);
            prop_assert_eq!(pieces.concat(), text);
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= limit));
            prop_assert!(pieces.len() == 1 || pieces.iter().all(|piece| !piece.is_empty()));
        }
    }
}
