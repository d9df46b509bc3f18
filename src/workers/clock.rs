//! The wall clock, for the moments that are stored, and the one that only goes forward.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970; 0 if the clock stands before.
#[expect(clippy::disallowed_methods, reason = "the worker's loop and the operator's commands")]
pub(super) fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// The moment for the name of a file, such as `20260131T235959Z`.
pub(super) fn stamp() -> String {
    let now = i64::try_from(unix_micros()).unwrap_or_default();
    let moment = jiff::Timestamp::from_microsecond(now).unwrap_or_default();
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The clock for how long something takes.
#[expect(clippy::disallowed_methods, reason = "the workers' loops")]
pub(super) fn monotonic() -> Instant {
    Instant::now()
}
