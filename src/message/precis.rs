//! What the PRECIS profiles (RFC 8264) are shown of a text.

use precis_profiles::UsernameCasePreserved;
use precis_profiles::precis_core::profile::Rules;
use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
use unicode_script::{Script, UnicodeScript};

/// A letter or emoji that the profiles do not know yet stands as this symbol.
const STAND_IN: char = '\u{263a}';

/// A text as a profile can judge it. The profiles' tables are those of Unicode 6.3 (2013), and what
/// has been assigned since would be refused as unassigned.
pub(crate) fn in_precis(text: &str) -> String {
    text.chars().map(|c| if is_younger(c) { STAND_IN } else { c }).collect()
}

/// Assigned since Unicode 6.3. What is unassigned, private or no character has no script.
fn is_younger(c: char) -> bool {
    let class = FreeformClass::default().get_value_from_char(c);
    class == DerivedPropertyValue::Unassigned && c.script() != Script::Unknown
}

/// Whether a name keeps the Bidi Rule of RFC 5893. The rule is for single words; a blank between words
/// counts as a sign between letters.
pub(super) fn keeps_bidi_rule(name: &str) -> bool {
    let one_word: String = name.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
    name.is_ascii() || UsernameCasePreserved::new().directionality_rule(one_word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_young_characters_are_replaced() {
        assert_eq!(in_precis("Вася 😀🥰\u{378}\u{e000}"), "Вася 😀☺\u{378}\u{e000}");
    }
}
