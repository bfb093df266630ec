//! The checks that an order must pass before anything happens, by the market and the account as they
//! are now, and what it would cost. Prices may move before the fill; that is checked by nobody.

use super::exchange::{self, Exposure};
use super::{Engine, price_of};
use crate::domain::order::request::pair::in_leg;
use crate::domain::{
    BotId, Decimal, Estimate, Instrument, NewOco, NewOrder, OrderCheck, OrderId, OrderType,
    Rejection, Side, Symbol, Terms, TradingState,
};

/// The most open orders of one bot.
const MAX_OPEN_ORDERS: usize = 100_000;

impl Engine {
    /// Whether an order would be taken now. An amended order does not stand in its own way: it is
    /// left out as `instead_of`.
    pub(super) fn check(
        &self,
        bot: &BotId,
        request: &NewOrder,
        instead_of: Option<&OrderId>,
    ) -> Result<(), Rejection> {
        let last = self.last_price(&request.symbol)?;
        if let Some(instrument) = self.config.instruments.get(&request.symbol) {
            self.check_instrument(instrument, request, last)?;
        }
        self.check_triggers(request, last)?;
        if request
            .expires_at
            .is_some_and(|expires_at| expires_at <= self.now)
        {
            return Err(Rejection::field(
                "expires_in_past",
                "expires_at",
                "expires_at is over already, by the market's time",
            ));
        }
        if matches!(
            request.order_type,
            OrderType::Market | OrderType::TrailingStop
        ) {
            request.check_legs(Some(last))?;
        }
        self.check_owner(bot, request)?;
        if !request.reduce_only {
            self.check_funds(bot, request, last, instead_of)?;
        }
        Ok(())
    }

    /// Whether a pair would be taken now.
    pub(super) fn check_pair(&self, bot: &BotId, pair: &NewOco) -> Result<(), Rejection> {
        let (limit, _) = pair.legs()?;
        for (index, leg) in pair.legs.iter().enumerate() {
            self.check(bot, leg, None)
                .map_err(|rejection| in_leg(rejection, index))?;
        }
        let last = self.last_price(&limit.symbol)?;
        let would_trade = limit.price.is_some_and(|price| match limit.side {
            Side::Buy => price >= last,
            Side::Sell => price <= last,
        });
        if would_trade {
            return Err(Rejection::field(
                "invalid_legs",
                "legs",
                format!("the limit leg would trade at once: the last price is {last}"),
            ));
        }
        Ok(())
    }

    fn last_price(&self, symbol: &Symbol) -> Result<Decimal, Rejection> {
        let Some(market) = self.markets.get(symbol) else {
            return Err(Rejection::field(
                "unknown_symbol",
                "symbol",
                format!("{symbol} is not traded here"),
            ));
        };
        market
            .price()
            .ok_or_else(|| Rejection::field("no_market", "symbol", "there is no price yet"))
    }

    fn check_instrument(
        &self,
        instrument: &Instrument,
        request: &NewOrder,
        last: Decimal,
    ) -> Result<(), Rejection> {
        if instrument.quote != self.config.exchange.currency {
            return Err(Rejection::field(
                "unsupported_quote",
                "symbol",
                format!(
                    "{} is paid in {}, the account is in {}",
                    instrument.symbol, instrument.quote, self.config.exchange.currency
                ),
            ));
        }
        instrument.filters.check(request, Some(last))
    }

    /// A stop that the market has reached already is a mistake, not a stop.
    fn check_triggers(&self, request: &NewOrder, last: Decimal) -> Result<(), Rejection> {
        let Some(stop_price) = request.stop_price else {
            return Ok(());
        };
        let (reached, must) = match request.side {
            Side::Buy => (stop_price <= last, "above"),
            Side::Sell => (stop_price >= last, "below"),
        };
        if reached {
            return Err(Rejection::field(
                "would_trigger_immediately",
                "stop_price",
                format!(
                    "the stop price of a {} order must be {must} the last price of {last}",
                    request.side.as_str()
                ),
            ));
        }
        Ok(())
    }

    fn check_owner(&self, bot: &BotId, request: &NewOrder) -> Result<(), Rejection> {
        let Some(owner) = self.bots.get(bot) else {
            return Err(Rejection::new("insufficient_funds", "the account is empty"));
        };
        if owner.trading == TradingState::Halted && !request.reduce_only {
            return Err(Rejection::new(
                "trading_halted",
                "the kill switch was used: only orders that reduce a position are taken until trading is resumed",
            ));
        }
        if self.exchange.open_count(bot) >= MAX_OPEN_ORDERS {
            return Err(Rejection::new(
                "too_many_orders",
                format!("there are {MAX_OPEN_ORDERS} open orders already"),
            ));
        }
        let held = owner.account.quantity(&request.symbol);
        if request.reduce_only && request.side.signed(held) >= Decimal::ZERO {
            return Err(Rejection::field(
                "nothing_to_reduce",
                "reduce_only",
                format!(
                    "there is no position that a {} order could reduce",
                    request.side.as_str()
                ),
            ));
        }
        Ok(())
    }

    /// With all open orders of one side filled, |position| must stay within the equity, over all
    /// symbols, and at or above zero where shorting is not allowed.
    fn check_funds(
        &self,
        bot: &BotId,
        request: &NewOrder,
        last: Decimal,
        instead_of: Option<&OrderId>,
    ) -> Result<(), Rejection> {
        let Some(owner) = self.bots.get(bot) else {
            return Ok(());
        };
        let symbol = &request.symbol;
        let account = &owner.account;
        let held = account.quantity(symbol);
        let open = self.exchange.exposure(bot, symbol, instead_of);
        let projected = match request.side {
            Side::Buy => held + open.buys + request.quantity,
            Side::Sell => held - open.sells - request.quantity,
        };
        if projected < Decimal::ZERO && projected < held && !self.config.exchange.allow_short {
            return Err(Rejection::field(
                "short_not_allowed",
                "quantity",
                "the order would sell more than is held",
            ));
        }
        if projected.abs() <= held.abs() {
            return Ok(());
        }
        let worst =
            |held: Decimal, open: Exposure| (held + open.buys).abs().max((held - open.sells).abs());
        let elsewhere: Decimal = self
            .markets
            .iter()
            .filter(|(other, _)| *other != symbol)
            .filter_map(|(other, market)| {
                let open = self.exchange.exposure(bot, other, None);
                Some(worst(account.quantity(other), open) * market.price()?)
            })
            .sum();
        let price = request.price.or(request.stop_price).unwrap_or(last);
        let equity = account
            .totals(&|symbol| price_of(&self.markets, symbol))
            .equity;
        if elsewhere + projected.abs() * price > equity {
            return Err(Rejection::field(
                "insufficient_funds",
                "quantity",
                format!(
                    "with it the positions and open orders would be worth more than the equity of {}",
                    equity.round_dp(2)
                ),
            ));
        }
        Ok(())
    }

    /// What an order would do if it were sent now; nothing is changed.
    pub fn check_order(&self, bot: &BotId, request: &NewOrder) -> OrderCheck {
        let rejection = request
            .validate()
            .and_then(|()| self.check(bot, request, None))
            .err();
        OrderCheck {
            rejection,
            estimate: self.estimate(bot, request),
        }
    }

    fn estimate(&self, bot: &BotId, request: &NewOrder) -> Option<Estimate> {
        let terms = request.terms().ok()?;
        if request.quantity <= Decimal::ZERO {
            return None;
        }
        let market = self.markets.get(&request.symbol)?;
        // A stop is judged at its own price: the book will be another one by then.
        let (last, book) = match terms {
            Terms::Stop { stop_price } | Terms::StopLimit { stop_price, .. } => (stop_price, None),
            _ => (market.price()?, market.book()),
        };
        let expected = exchange::expected_fill(request, last, book, &self.config.exchange)?;
        let value = expected.price.checked_mul(request.quantity)?;
        let fee = value.checked_mul(expected.fee_rate)?.round_dp(8);
        let account = self.bots.get(bot).map(|bot| &bot.account);
        let cash = account.map_or(Decimal::ZERO, |account| account.cash());
        let held = account.map_or(Decimal::ZERO, |account| account.quantity(&request.symbol));
        Some(Estimate {
            price: expected.price.normalize(),
            value: value.normalize(),
            fee: fee.normalize(),
            slippage: expected.slippage.round_dp(8).normalize(),
            cash_after: (cash - request.side.signed(value) - fee).normalize(),
            position_after: (held + request.side.signed(request.quantity)).normalize(),
            offered: expected.offered,
        })
    }
}
