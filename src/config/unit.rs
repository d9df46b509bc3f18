//! Times and sizes as people write them: `5m`, `250ms`, `8MiB`.

use std::time::Duration;

/// From the largest to the smallest, so that what is shown is short.
const TIMES_MILLIS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

const SIZES_BYTES: [(&str, u64); 4] =
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A whole number and a unit as a time.
pub(super) fn parse_time(text: &str) -> Option<Duration> {
    parse(text, &TIMES_MILLIS).map(Duration::from_millis)
}

/// A whole number and a unit as a number of bytes.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    parse(text, &SIZES_BYTES)
}

/// A time in the largest unit that gives a whole number; below a millisecond nothing is shown.
pub(super) fn show_time(time: Duration) -> String {
    show(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), &TIMES_MILLIS, "s")
}

/// A size in the largest unit that gives a whole number.
pub(super) fn show_size(bytes: u64) -> String {
    show(bytes, &SIZES_BYTES, "B")
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn show(amount: u64, units: &[(&str, u64)], zero_unit: &str) -> String {
    if amount == 0 {
        return format!("0{zero_unit}");
    }
    units
        .iter()
        .find(|(_, factor)| amount.is_multiple_of(*factor))
        .map_or_else(|| amount.to_string(), |(name, factor)| format!("{}{name}", amount / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown() {
        let rows = [
            ("5m", 300_000),
            ("10s", 10_000),
            ("250ms", 250),
            ("1500ms", 1500),
            ("90s", 90_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("0s", 0),
        ];
        for (text, millis) in rows {
            let time = Duration::from_millis(millis);
            assert_eq!(parse_time(text), Some(time), "{text}");
            assert_eq!(parse_time(&show_time(time)), Some(time), "{text}");
        }
        assert_eq!(show_time(Duration::from_secs(300)), "5m");
        assert_eq!(show_time(Duration::from_millis(1500)), "1500ms");
    }

    #[test]
    fn sizes_are_read_and_shown() {
        let rows = [("8MiB", 8 << 20), ("1 GiB", 1 << 30), ("64kib", 64 << 10), ("17B", 17)];
        for (text, bytes) in rows {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        assert_eq!(show_size(8 << 20), "8MiB");
        assert_eq!(show_size(1025), "1025B");
        assert_eq!(show_size(0), "0B");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", "5", "m", "-5m", "5.5s", "5 minutes", "99999999999999999999s", "1e3s"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        for text in ["", "8", "MiB", "8MB", "18446744073709551615GiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
