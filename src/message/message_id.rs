//! A message's number, which is its place in time and in its conversation.

use std::fmt;

/// The bits below the milliseconds: over a million messages a millisecond.
const SEQUENCE_BITS: u32 = 20;

/// How many digits a number has in an object: its 63 bits, in hexadecimal.
const DIGITS: usize = 16;

/// A message's number: 63 bits, milliseconds since 1970 and a sequence, so that a later one is
/// greater. It is never used twice, whatever the clock does. 0 is before every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MessageId(pub i64);

impl MessageId {
    /// Before every message.
    pub const ZERO: Self = Self(0);

    /// Behind every message.
    pub const MAX: Self = Self(i64::MAX);

    /// The first number of a moment.
    #[must_use]
    pub fn at(unix_micros: u64) -> Self {
        let millis = (unix_micros / 1000).min((i64::MAX >> SEQUENCE_BITS).unsigned_abs());
        Self(i64::try_from(millis << SEQUENCE_BITS).unwrap_or(i64::MAX))
    }

    /// The number behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digits = text.len() == DIGITS
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = i64::from_str_radix(text, 16).ok().filter(|_| is_digits);
        number.map(Self)
    }
}

/// Sixteen hexadecimal digits, whose order as texts is the numbers' order.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What the server adds to a message that it delivers, for those who asked for `ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// `msg_id`.
    pub id: MessageId,
    /// `server_time`, in microseconds since 1970.
    pub unix_micros: u64,
}

#[cfg(test)]
mod tests {
    use super::MessageId;

    #[test]
    fn numbers_are_written_in_a_fixed_width_that_sorts_and_read_back() {
        let numbers = [0, 1, 15, 16, 1 << 20, i64::MAX].map(MessageId);
        for pair in numbers.windows(2) {
            assert!(pair[0].to_string() < pair[1].to_string());
        }
        for number in numbers {
            let text = number.to_string();
            assert_eq!((text.len(), MessageId::parse(&text)), (16, Some(number)));
        }
        for text in ["", "1", "-000000000000001", "+000000000000001", "000000000000000G"] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
        assert_eq!(MessageId::parse("ffffffffffffffff"), None, "64 bits are one too many");
        assert_eq!(MessageId::parse("00000000000000AB"), None, "one spelling only");
    }

    #[test]
    fn a_later_moment_has_a_greater_number_for_as_long_as_63_bits_last() {
        assert!(MessageId::at(1_000) > MessageId::at(999));
        assert_eq!(MessageId::at(1_000_000), MessageId(1000 << 20));
        assert!(MessageId::at(u64::MAX) > MessageId::at(1 << 50));
    }
}
