//! The wall clock, for the moments that are stored.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970; 0 if the clock stands before.
#[expect(clippy::disallowed_methods, reason = "the worker's loop and the operator's commands")]
pub(super) fn unix_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
