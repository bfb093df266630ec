//! The wall clock, read in one place. The engine never sees it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::TimeUs;

/// Now, UTC. A clock before 1970 reads as 1970.
pub fn wall_time() -> TimeUs {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    TimeUs(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
