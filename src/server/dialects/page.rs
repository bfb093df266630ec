//! Which part of a list a client of a REST face gets. A number that is out of bounds is 422, as these clients
//! expect; what is no number is 400, as everywhere.

use crate::domain::Rejection;

const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: u32 = 500;

fn wrong(field: &str, message: String) -> Rejection {
    Rejection::field(format!("invalid_{field}"), field, message)
}

/// How many: 10 where none is named.
pub fn limit(named: Option<i64>) -> Result<u32, Rejection> {
    let limit = u32::try_from(named.unwrap_or(DEFAULT_LIMIT)).ok();
    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| wrong("limit", format!("limit is 1 to {MAX_LIMIT}")))
}

/// How many are left out, at most `most`.
pub fn offset<T: TryFrom<i64>>(named: Option<i64>, most: i64) -> Result<T, Rejection> {
    let offset = Some(named.unwrap_or(0)).filter(|offset| (0..=most).contains(offset));
    let offset = offset.and_then(|offset| T::try_from(offset).ok());
    offset.ok_or_else(|| wrong("offset", format!("offset is 0 to {most}")))
}
