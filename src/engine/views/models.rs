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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::domain::{
        BotCommand, Decimal, Direction, Input, MarketEvent, MarketTrade, NewDecision,
        ReportedPosition, Seq, Side,
    };
    use crate::engine::config::EngineConfig;

    use super::*;

    fn send(engine: &mut Engine, input: &Input) {
        let seq: Seq = engine.seq().next();
        engine.process(seq, input).reply.unwrap();
    }

    fn print(minute: i64, cents: i64) -> Input {
        Input::Market(MarketEvent::Trade(MarketTrade {
            symbol: "BTCUSDT".parse().unwrap(),
            id: u64::try_from(minute).unwrap() + 1,
            price: Decimal::new(cents, 2),
            quantity: Decimal::ONE,
            count: 1,
            taker: Side::Buy,
            time: TimeUs((minute + 10) * MINUTE),
        }))
    }

    fn bot(command: BotCommand) -> Input {
        Input::Bot {
            bot: "other".parse().unwrap(),
            command: Box::new(command),
        }
    }

    fn decision(horizon: &str) -> Input {
        bot(BotCommand::Decision(NewDecision {
            id: None,
            model: "m".parse().unwrap(),
            symbol: "BTCUSDT".parse().unwrap(),
            direction: Direction::Up,
            confidence: 0.75,
            price_target: None,
            horizon: horizon.parse().unwrap(),
            flat_band: None,
            features: Vec::new(),
            bias: None,
            reasoning: String::new(),
            action: None,
        }))
    }

    #[test]
    fn what_is_decided_is_scored_and_what_is_held_is_at_risk() {
        let mut engine = Engine::new(EngineConfig::default());
        let other: BotId = "other".parse().unwrap();
        send(&mut engine, &print(0, 10_000));
        send(&mut engine, &decision("5m"));
        send(&mut engine, &decision("4h"));
        let seen = engine.models(&other).unwrap();
        assert_eq!((seen.risk, seen.scores.len()), (Some(0.0), 3));
        // A cent more each minute, and every tenth ten less.
        for minute in 1..=100 {
            send(
                &mut engine,
                &print(minute, 10_000 + minute - minute / 10 * 10),
            );
        }
        let text = serde_json::to_string(&engine.bots[&other]).unwrap();
        let read: crate::engine::bots::Bot = serde_json::from_str(&text).unwrap();
        assert_eq!(read.scores.view(), engine.bots[&other].scores.view());

        let seen = engine.models(&other).unwrap();
        let total = seen
            .scores
            .values()
            .find(|score| score.symbol.is_none())
            .unwrap();
        assert_eq!((total.n, total.hits, total.pending), (1, 1, 1));
        assert_eq!(total.brier, Some(0.0625));
        assert!((total.mean_return.unwrap() - 0.0005).abs() < 1e-12);
        let market = seen.markets.values().next().unwrap();
        assert!(market.volatility.unwrap() > 0.0 && market.regime.is_some());

        // A hundred in cash and one unit of about a hundred, stated to be held besides: half of the
        // equity. The fifth worst minute in a hundred is one in which it fell.
        let stated = ReportedPosition {
            id: "p1".to_owned(),
            symbol: "BTCUSDT".parse().unwrap(),
            quantity: Decimal::ONE,
            average_price: Decimal::ONE_HUNDRED,
        };
        let deposit = crate::domain::bot::Deposit {
            id: "d1".to_owned(),
            amount: Decimal::ONE_HUNDRED,
        };
        send(&mut engine, &bot(BotCommand::Deposit(deposit)));
        send(&mut engine, &bot(BotCommand::Position(stated)));
        let risk = engine.models(&other).unwrap().risk.unwrap();
        let fell = 0.5 * (100.0 / 100.09 - 1.0) * 1_440_f64.sqrt();
        assert!((risk / fell - 1.0).abs() < 1e-3, "{risk} is not {fell}");
    }
}
