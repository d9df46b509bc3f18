//! The wall clock, as an argument: what a log line is stamped with and what ends a log's day.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt::Debug;

/// Tells the local time.
pub(super) trait Clock: Debug + Send + Sync + 'static {
    /// The local time now.
    fn now(&self) -> Zoned;

    /// A moment in the local time zone.
    fn local(&self, moment: Timestamp) -> Zoned;
}

/// The system's clock in the system's time zone.
#[derive(Debug, Clone)]
pub(super) struct SystemClock {
    zone: TimeZone,
}

impl SystemClock {
    /// The clock, with the time zone that the system has now.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { zone: TimeZone::system() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Zoned {
        self.local(Timestamp::now())
    }

    fn local(&self, moment: Timestamp) -> Zoned {
        moment.to_zoned(self.zone.clone())
    }
}

/// A clock for tests, which stands until it is set.
#[cfg(test)]
#[derive(Debug)]
pub(super) struct FakeClock {
    now: std::sync::Mutex<Zoned>,
}

#[cfg(test)]
impl FakeClock {
    /// A clock that shows a time such as `2026-11-21T23:59:59[Africa/Cairo]`.
    pub(super) fn at(time: &str) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self { now: std::sync::Mutex::new(time.parse().unwrap()) })
    }

    /// Sets the clock; the zone of the new time is the system's from now on.
    pub(super) fn set(&self, time: &str) {
        *self.now.lock().unwrap() = time.parse().unwrap();
    }
}

#[cfg(test)]
impl Clock for FakeClock {
    fn now(&self) -> Zoned {
        self.now.lock().unwrap().clone()
    }

    fn local(&self, moment: Timestamp) -> Zoned {
        moment.to_zoned(self.now().time_zone().clone())
    }
}
