//! Points in time, in the form that metrics and certificates share.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns a time in whole seconds since 1970, or 0 for a time before.
#[must_use]
pub fn timestamp(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
