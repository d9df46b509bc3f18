//! The log hears of trouble, but not of every time that it is met.

use std::time::{Duration, Instant};

/// The shortest time between two words about it.
pub(super) const ALARM_GAP: Duration = Duration::from_secs(60);

/// Lets something be said once in [`ALARM_GAP`].
#[derive(Debug, Default)]
pub(super) struct Seldom {
    told: Option<Instant>,
}

impl Seldom {
    /// Whether it may be said now, which counts as having said it.
    pub(super) fn may_speak(&mut self, now: Instant) -> bool {
        let may = self.told.is_none_or(|told| now.duration_since(told) >= ALARM_GAP);
        if may {
            self.told = Some(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock;
    use super::*;

    #[test]
    fn a_minute_lies_between_two_words() {
        let mut seldom = Seldom::default();
        let start = clock::monotonic();
        let mut spoken = Vec::new();
        for second in [0, 1, 59, 60, 61, 119, 120] {
            if seldom.may_speak(start + Duration::from_secs(second)) {
                spoken.push(second);
            }
        }
        assert_eq!(spoken, [0, 60, 120]);
    }
}
