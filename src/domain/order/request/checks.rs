//! Checks of single figures, in one set of words.

use crate::domain::{Decimal, OrderId, OrderType, Rejection, money};

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

pub(super) fn positive(field: &str, value: Decimal) -> Result<(), Rejection> {
    if value > Decimal::ZERO {
        return Ok(());
    }
    Err(Rejection::field(
        format!("invalid_{field}"),
        field,
        format!("{field} must be greater than zero"),
    ))
}

pub(super) fn in_range(price: Decimal, quantity: Decimal) -> Result<(), Rejection> {
    if money::is_tradable(price, quantity) {
        return Ok(());
    }
    Err(Rejection::field(
        "out_of_range",
        "quantity",
        "prices reach to 10^10, quantities and values to 10^12, each with at most 8 digits after the point",
    ))
}

pub(super) fn client_id(id: Option<&str>) -> Result<(), Rejection> {
    match id {
        Some(id) if id.parse::<OrderId>().is_err() => Err(Rejection::field(
            "invalid_client_order_id",
            "client_order_id",
            "client_order_id must be 1 to 64 printable ASCII characters without spaces",
        )),
        _ => Ok(()),
    }
}
