//! The markets and the risk beside a bot's scores, from what the engine holds of the last 24 hours.

use std::collections::BTreeMap;

use super::super::market::Market;
use super::super::scores::market::market_state;
use super::super::scores::value_at_risk::{common_returns, historical_var};
use super::super::{Engine, price_of};
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{BotId, Interval, MarketState, Symbol, TimeUs, money};

impl Engine {
    pub(super) fn market_states(&self) -> BTreeMap<Symbol, MarketState> {
        let state = |market| {
            let closes: Vec<f64> = day_of_closes(market, self.now)
                .map(|(_, close)| close)
                .collect();
            market_state(&closes)
        };
        self.markets
            .iter()
            .map(|(symbol, market)| (symbol.clone(), state(market)))
            .collect()
    }

    /// 1-day 95 % value at risk of what the bot holds now, a fraction of its equity. `None` where
    /// there is no equity to hold it against, or no day of prices.
    pub(super) fn risk(&self, bot: &BotId) -> Option<f64> {
        let account = &self.bots.get(bot)?.account;
        let price = |symbol: &Symbol| price_of(&self.markets, symbol);
        let equity = money::to_f64(account.totals(&price).equity);
        let mut positions = account.positions(&price);
        positions.retain(|position| !position.quantity.is_zero());
        if !positions.is_empty() && equity <= 0.0 {
            return None;
        }
        let weights: Vec<f64> = positions
            .iter()
            .map(|position| money::to_f64(position.value) / equity)
            .collect();
        let closes: Vec<Vec<(TimeUs, f64)>> = positions
            .iter()
            .map(|position| {
                let market = self.markets.get(&position.symbol);
                let closes = market.map(|market| day_of_closes(market, self.now).collect());
                closes.unwrap_or_default()
            })
            .collect();
        historical_var(&weights, &common_returns(&closes))
    }
}

/// Begin and close of each finished minute of the 24 hours before `now`, and of the minute before
/// them, which the first return is from.
fn day_of_closes(market: &Market, now: TimeUs) -> impl Iterator<Item = (TimeUs, f64)> {
    let since = now.floor(MINUTE).plus(-DAY - MINUTE);
    let minutes = market.candles.closed(Interval::M1);
    let first = minutes.partition_point(|candle| candle.open_time < since);
    minutes
        .range(first..)
        .map(|candle| (candle.open_time, money::to_f64(candle.close)))
}
