//! Instruments and the exchange's filters on their orders. The filters are checked here, so that the
//! browser's ticket, REST, the socket and the engine refuse the same order in the same words.
//!
//! Source: Binance's spot REST documentation, "Filters" (PRICE_FILTER, LOT_SIZE, MARKET_LOT_SIZE,
//! MIN_NOTIONAL, NOTIONAL).

use serde::{Deserialize, Serialize};

use super::{Decimal, NewOrder, OrderType, Rejection, Symbol};

/// What is traded under a symbol, and in which steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Instrument {
    pub symbol: Symbol,
    /// The currency that is bought and sold.
    pub base: String,
    /// The currency that it is paid in.
    pub quote: String,
    pub filters: Filters,
}

impl Instrument {
    /// What is traded and what it is paid in, by the endings that exchanges use; for symbols of which no
    /// exchange has said more.
    pub fn currencies(symbol: &Symbol) -> (&str, &str) {
        let symbol = symbol.as_str();
        let dollars = ["USDT", "USDC", "FDUSD"].map(|quote| (quote, 1));
        // Of these a single letter before them is another name: GBTC is no G in bitcoins.
        let others = ["BTC", "ETH", "EUR", "USD"].map(|quote| (quote, 2));
        let quote = dollars
            .into_iter()
            .chain(others)
            .find(|(quote, least)| symbol.len() >= quote.len() + least && symbol.ends_with(quote))
            .map(|(quote, _)| quote);
        match quote {
            Some(quote) => symbol.split_at(symbol.len() - quote.len()),
            None => (symbol, ""),
        }
    }
}

/// The exchange's bounds and steps. `None` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Filters {
    /// Prices are multiples of it.
    pub tick_size: Option<Decimal>,
    pub min_price: Option<Decimal>,
    pub max_price: Option<Decimal>,
    /// Quantities are multiples of it.
    pub step_size: Option<Decimal>,
    pub min_quantity: Option<Decimal>,
    pub max_quantity: Option<Decimal>,
    /// The largest quantity of an order that takes any price.
    pub max_market_quantity: Option<Decimal>,
    /// The least and the largest price × quantity, in the quote currency.
    pub min_notional: Option<Decimal>,
    pub max_notional: Option<Decimal>,
}

impl Filters {
    /// Checks an order. What takes any price is valued at `last`, where there is one.
    pub fn check(&self, order: &NewOrder, last: Option<Decimal>) -> Result<(), Rejection> {
        for (field, price) in [
            ("price", order.price),
            ("stop_price", order.stop_price),
            ("activation_price", order.activation_price),
            ("take_profit", order.take_profit),
            ("stop_loss", order.stop_loss),
        ] {
            if let Some(price) = price {
                self.check_price(field, price)?;
            }
        }
        // What only reduces may be of any size, so that no rest of a position gets stuck.
        if order.reduce_only {
            return Ok(());
        }
        self.check_quantity(order.order_type, order.quantity)?;
        match order.price.or(order.stop_price).or(last) {
            Some(price) => self.check_notional(price, order.quantity),
            None => Ok(()),
        }
    }

    /// Checks a price of an order's `field`.
    pub fn check_price(&self, field: &str, price: Decimal) -> Result<(), Rejection> {
        if let Some(min) = self.min_price
            && price < min
        {
            return refuse(
                "price_range",
                field,
                format!("{field} must be at least {}", min.normalize()),
            );
        }
        if let Some(max) = self.max_price
            && price > max
        {
            return refuse(
                "price_range",
                field,
                format!("{field} must be at most {}", max.normalize()),
            );
        }
        match self.tick_size {
            Some(tick) if !is_multiple(price, tick) => refuse(
                "tick_size",
                field,
                format!(
                    "{field} must be a multiple of the tick size {}",
                    tick.normalize()
                ),
            ),
            _ => Ok(()),
        }
    }

    pub fn check_quantity(
        &self,
        order_type: OrderType,
        quantity: Decimal,
    ) -> Result<(), Rejection> {
        let field = "quantity";
        if let Some(min) = self.min_quantity
            && quantity < min
        {
            return refuse(
                "min_quantity",
                field,
                format!("quantity must be at least {}", min.normalize()),
            );
        }
        let market_most = self
            .max_market_quantity
            .filter(|_| order_type.takes_any_price());
        let most = match (self.max_quantity, market_most) {
            (Some(all), Some(market)) => Some(all.min(market)),
            (all, market) => all.or(market),
        };
        if let Some(max) = most
            && quantity > max
        {
            return refuse(
                "max_quantity",
                field,
                format!("quantity must be at most {}", max.normalize()),
            );
        }
        match self.step_size {
            Some(step) if !is_multiple(quantity, step) => refuse(
                "step_size",
                field,
                format!(
                    "quantity must be a multiple of the step size {}",
                    step.normalize()
                ),
            ),
            _ => Ok(()),
        }
    }

    /// `price` is the order's own, or the market's where it takes any.
    pub fn check_notional(&self, price: Decimal, quantity: Decimal) -> Result<(), Rejection> {
        let Some(value) = price.checked_mul(quantity) else {
            return Ok(());
        };
        if let Some(min) = self.min_notional
            && value < min
        {
            return refuse(
                "min_notional",
                "quantity",
                format!(
                    "the order is worth {}, less than the least of {}",
                    value.round_dp(2).normalize(),
                    min.normalize()
                ),
            );
        }
        match self.max_notional {
            Some(max) if value > max => refuse(
                "max_notional",
                "quantity",
                format!(
                    "the order is worth {}, more than the most of {}",
                    value.round_dp(2).normalize(),
                    max.normalize()
                ),
            ),
            _ => Ok(()),
        }
    }

    /// The largest quantity within the steps that is not more than `quantity`.
    pub fn round_quantity(&self, quantity: Decimal) -> Decimal {
        round_down(quantity, self.step_size)
    }

    /// The nearest price on the grid at or below `price`.
    pub fn round_price(&self, price: Decimal) -> Decimal {
        round_down(price, self.tick_size)
    }
}

fn round_down(value: Decimal, step: Option<Decimal>) -> Decimal {
    match step.and_then(|step| value.checked_rem(step)) {
        Some(beyond) => (value - beyond).normalize(),
        None => value,
    }
}

/// A step of zero is no step.
fn is_multiple(value: Decimal, step: Decimal) -> bool {
    value
        .checked_rem(step)
        .is_none_or(|beyond| beyond.is_zero())
}

fn refuse(code: &str, field: &str, message: String) -> Result<(), Rejection> {
    Err(Rejection::field(code, field, message))
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    fn filters() -> Filters {
        Filters {
            tick_size: Some(dec!(0.01)),
            min_price: Some(dec!(0.01)),
            max_price: Some(dec!(1000000)),
            step_size: Some(dec!(0.00001)),
            min_quantity: Some(dec!(0.00001)),
            max_quantity: Some(dec!(9000)),
            max_market_quantity: Some(dec!(100)),
            min_notional: Some(dec!(10)),
            max_notional: None,
        }
    }

    fn code(result: Result<(), Rejection>) -> String {
        result.map_or_else(|rejection| rejection.code, |()| "ok".to_owned())
    }

    #[test]
    fn each_filter_refuses_by_its_name() {
        let filters = filters();
        assert_eq!(code(filters.check_price("price", dec!(42000.01))), "ok");
        assert_eq!(
            code(filters.check_price("price", dec!(42000.015))),
            "tick_size"
        );
        assert_eq!(
            code(filters.check_price("price", dec!(1000000.01))),
            "price_range"
        );
        assert_eq!(
            code(filters.check_quantity(OrderType::Limit, dec!(0.00001))),
            "ok"
        );
        assert_eq!(
            code(filters.check_quantity(OrderType::Limit, dec!(0.000015))),
            "step_size"
        );
        assert_eq!(
            code(filters.check_quantity(OrderType::Limit, dec!(9001))),
            "max_quantity"
        );
        assert_eq!(
            code(filters.check_quantity(OrderType::Market, dec!(101))),
            "max_quantity"
        );
        assert_eq!(
            code(filters.check_quantity(OrderType::Limit, dec!(101))),
            "ok"
        );
        assert_eq!(
            code(filters.check_notional(dec!(42000), dec!(0.0002))),
            "min_notional"
        );
        assert_eq!(
            code(filters.check_notional(dec!(42000), dec!(0.00024))),
            "ok"
        );
    }

    #[test]
    fn a_value_is_rounded_to_the_grid() {
        assert_eq!(filters().round_quantity(dec!(0.123456)), dec!(0.12345));
        assert_eq!(filters().round_price(dec!(42000.019)), dec!(42000.01));
        assert_eq!(
            Filters::default().round_price(dec!(42000.019)),
            dec!(42000.019)
        );
    }
}
