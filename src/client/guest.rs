//! Names for those who have no account.

use crate::limits::Limits;
use crate::message::Name;

/// A legal guest name made of a system user's.
#[must_use]
pub fn guest_name(system_user: &str) -> String {
    let limit = Limits::default().name_chars;
    let clean: String = system_user
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .take(limit)
        .collect();
    match Name::account(&clean, limit) {
        Ok(name) if !clean.is_empty() => name.as_str().to_owned(),
        _ => "guest".to_owned(),
    }
}

/// The name to try where an account has the former: `NAME-guest`, `NAME-guest2`, ...
#[must_use]
pub fn guest_variant(name: &str, try_number: u32) -> String {
    let suffix = match try_number {
        0 | 1 => "-guest".to_owned(),
        number => format!("-guest{number}"),
    };
    let room = Limits::default().name_chars.saturating_sub(suffix.chars().count());
    let base: String = name.chars().take(room).collect();
    format!("{base}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_users_become_names() {
        for (user, name) in [
            ("anna", "anna"),
            ("Анна.П", "Анна.П"),
            ("#root\u{1b}\\", "root"),
            ("", "guest"),
            ("\u{202e}", "guest"),
            ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxy"),
        ] {
            assert_eq!(guest_name(user), name, "{user:?}");
        }
    }

    #[test]
    fn variants_stay_within_the_limit() {
        assert_eq!(guest_variant("anna", 1), "anna-guest");
        assert_eq!(guest_variant("anna", 2), "anna-guest2");
        let long = guest_variant("яяяяяяяяяяяяяяяяяяяяяяяяя", 3);
        assert_eq!(long, "яяяяяяяяяяяяяяяяяя-guest3");
        assert_eq!(long.chars().count(), 25);
    }
}
