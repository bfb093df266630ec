//! Which figures a type of order has, and which not.

use crate::domain::checks::positive;
use crate::domain::{Decimal, OrderType, Rejection};

pub(super) fn required(
    kind: OrderType,
    field: &str,
    used: bool,
    given: Option<Decimal>,
) -> Result<Option<Decimal>, Rejection> {
    match (used, given) {
        (false, Some(_)) => Err(unexpected(kind, field)),
        (true, None) => Err(Rejection::field(
            format!("missing_{field}"),
            field,
            format!("a {} order needs {field}", kind.as_str()),
        )),
        (_, Some(value)) => positive(field, value).map(|()| Some(value)),
        (false, None) => Ok(None),
    }
}

pub(super) fn unexpected(kind: OrderType, field: &str) -> Rejection {
    Rejection::field(
        format!("unexpected_{field}"),
        field,
        format!("a {} order has no {field}", kind.as_str()),
    )
}
