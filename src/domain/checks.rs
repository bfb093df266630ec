//! Checks of single figures and names, in one set of words for whatever is sent: orders and reports.

use super::{Decimal, OrderId, Rejection, money};

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

/// Whether price, quantity and their product are within [`money`]'s limits.
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

/// A client's own name for something.
pub(super) fn name(field: &str, text: &str) -> Result<(), Rejection> {
    match text.parse::<OrderId>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Rejection::field(
            format!("invalid_{field}"),
            field,
            format!("{field} must be 1 to 64 printable ASCII characters without spaces"),
        )),
    }
}
