//! Lengths of files as people read them.

use crate::message::Language;

const UNITS: [(&str, &str); 5] =
    [("B", "Б"), ("KiB", "КиБ"), ("MiB", "МиБ"), ("GiB", "ГиБ"), ("TiB", "ТиБ")];

/// A number of bytes: `0 B`, `12.3 KiB`, `1023 MiB`.
pub(in crate::client) fn size_text(bytes: u64, language: Language) -> String {
    let (mut tenths, mut place) = (u128::from(bytes) * 10, 0);
    // What would be shown as 1024 is 1 of the next unit.
    while tenths >= 10_235 && place + 1 < UNITS.len() {
        tenths = (tenths + 512) / 1024;
        place += 1;
    }
    let (english, russian) = UNITS.get(place).copied().unwrap_or_default();
    let (unit, point) = match language {
        Language::English => (english, '.'),
        Language::Russian => (russian, ','),
    };
    if place == 0 || tenths >= 1000 {
        format!("{} {unit}", (tenths + 5) / 10)
    } else {
        format!("{}{point}{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_about_three_digits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (12_600, "12.3 KiB"),
            (102_400, "100 KiB"),
            (1_048_000, "1023 KiB"),
            (1_048_575, "1.0 MiB"),
            (16 * 1024 * 1024, "16.0 MiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(size_text(bytes, Language::English), text, "{bytes}");
        }
        assert_eq!(size_text(12_600, Language::Russian), "12,3 КиБ");
    }
}
