//! `--since`: a moment or a message as people write it.

use crate::message::{MessageId, Now};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// From where on messages are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// After this message.
    Message(MessageId),
    /// From this moment on.
    Moment(Timestamp),
    /// From this local day and time on.
    Local(DateTime),
    /// From this local time of day on, the last time that it was.
    Clock(Time),
    /// Since so long ago.
    Ago(SignedDuration),
}

impl Since {
    /// What is taken, for texts.
    pub const FORMS: &str = "a time such as 18:30, 2026-01-31, 2026-01-31T18:30:00+03:00 or 2h \
        (ago; also s, m, d, w), or a msg_id of 16 hexadecimal digits";

    /// Reads what was typed.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        if let Some(id) = MessageId::parse(&typed.to_ascii_lowercase()) {
            return Some(Self::Message(id));
        }
        if let Some(ago) = ago(typed) {
            return Some(Self::Ago(ago));
        }
        if let Ok(moment) = typed.parse::<Timestamp>() {
            return Some(Self::Moment(moment));
        }
        if !typed.contains('-') {
            return clock(typed).map(Self::Clock);
        }
        typed.parse::<DateTime>().ok().map(Self::Local)
    }

    /// Whether that time is still to come.
    #[must_use]
    pub fn is_to_come(&self, now: Now, zone: &TimeZone) -> bool {
        let is_time = !matches!(self, Self::Message(_));
        is_time && self.position(now, zone) > MessageId::at(now.unix_micros)
    }

    /// The number that all messages from there on are behind.
    #[must_use]
    pub fn position(&self, now: Now, zone: &TimeZone) -> MessageId {
        let moment = match self {
            Self::Message(id) => return *id,
            Self::Moment(moment) => Some(*moment),
            Self::Local(local) => local.to_zoned(zone.clone()).ok().map(|at| at.timestamp()),
            Self::Clock(time) => last_time(*time, &zoned(now, zone)),
            Self::Ago(ago) => zoned(now, zone).timestamp().checked_sub(*ago).ok(),
        };
        let micros = moment.map_or(0, Timestamp::as_microsecond);
        let first = MessageId::at(u64::try_from(micros).unwrap_or_default());
        MessageId(first.0.saturating_sub(1).max(0))
    }
}

/// This moment in a zone; the year 1970 where the clock is beyond all dates.
pub(super) fn zoned(now: Now, zone: &TimeZone) -> Zoned {
    let micros = i64::try_from(now.unix_micros).unwrap_or_default();
    Timestamp::from_microsecond(micros).unwrap_or_default().to_zoned(zone.clone())
}

/// Today, or yesterday where today that time is still to come.
fn last_time(time: Time, now: &Zoned) -> Option<Timestamp> {
    let on = |date: jiff::civil::Date| {
        date.to_datetime(time).to_zoned(now.time_zone().clone()).ok().map(|at| at.timestamp())
    };
    on(now.date())
        .filter(|today| *today <= now.timestamp())
        .or_else(|| on(now.date().yesterday().ok()?))
}

/// `HH:MM` and `HH:MM:SS`.
fn clock(typed: &str) -> Option<Time> {
    let is_clock = typed.contains(':') && typed.bytes().all(|b| b.is_ascii_digit() || b == b':');
    let padded = if typed.find(':') == Some(1) { format!("0{typed}") } else { typed.to_owned() };
    padded.parse::<Time>().ok().filter(|_| is_clock)
}

/// `90s`, `5m`, `2h`, `3d`, `1w`.
fn ago(typed: &str) -> Option<SignedDuration> {
    let (at, unit) = typed.char_indices().next_back()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let number: u32 = typed.get(..at)?.parse().ok()?;
    Some(SignedDuration::from_secs(seconds.checked_mul(number.into())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-15 01:13:20 in the zone of [`zone`].
    const NOW: Now = Now { unix_micros: 1_700_000_000_000_000, uptime: std::time::Duration::ZERO };

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(3))
    }

    fn moment(typed: &str) -> Option<i64> {
        let id = Since::parse(typed)?.position(NOW, &zone());
        // The first number of the moment lies behind the position.
        Some((id.next().0 >> 20) / 1000)
    }

    #[test]
    fn moments_as_people_write_them() {
        const NOW_SECONDS: i64 = 1_700_000_000;
        for (typed, expected) in [
            ("2h", NOW_SECONDS - 7200),
            ("3d", NOW_SECONDS - 3 * 86_400),
            ("90s", NOW_SECONDS - 90),
            ("00:13", NOW_SECONDS - 3620),
            ("0:13:20", NOW_SECONDS - 3600),
            // Today this is still to come.
            ("01:14", NOW_SECONDS + 40 - 86_400),
            ("2023-11-14T22:13:20Z", NOW_SECONDS),
            ("2023-11-15T01:13:20+03:00", NOW_SECONDS),
            ("2023-11-15T01:13", NOW_SECONDS - 20),
            ("2023-11-15", NOW_SECONDS - 4400),
            ("1960-01-01", 0),
        ] {
            assert_eq!(moment(typed), Some(expected), "{typed}");
        }
        for typed in ["", "h", "2", "-2h", "2x", "25:00", "yesterday", "abc", "2023-13-01", "٣h"] {
            assert_eq!(Since::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_time_may_be_still_to_come() {
        for (typed, expected) in [
            ("2023-11-16", true),
            ("2023-11-15T01:14", true),
            ("2023-11-15", false),
            ("01:14", false),
            ("0s", false),
            ("7fffffffffffffff", false),
        ] {
            assert_eq!(Since::parse(typed).unwrap().is_to_come(NOW, &zone()), expected, "{typed}");
        }
    }

    #[test]
    fn a_number_is_a_position_itself() {
        let id = MessageId(0xab);
        let since = Since::parse("00000000000000AB").unwrap();
        assert_eq!(since, Since::Message(id));
        assert_eq!(since.position(NOW, &zone()), id);
    }

    #[test]
    fn the_first_message_of_a_moment_is_behind_its_position() {
        let position = Since::Ago(SignedDuration::ZERO).position(NOW, &zone());
        assert!(position < MessageId::at(NOW.unix_micros));
        assert_eq!(position.next(), MessageId::at(NOW.unix_micros));
        let long_ago = Since::Ago(SignedDuration::from_secs(i64::MAX));
        assert_eq!(long_ago.position(NOW, &zone()), MessageId::ZERO);
    }
}
