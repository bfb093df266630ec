//! From a forecast to a recorded decision: the rules are asked, the order is sent, and the decision
//! is recorded with what was done about it.

use rust_decimal::prelude::FromPrimitive as _;

use super::rules::{Intent, Situation};
use super::{step, took};
use crate::domain::time::MINUTE;
use crate::domain::{
    Action, AgentPhase, BotCommand, BotId, Decimal, Direction, Filters, Horizon, ModelId,
    NewDecision, NewOrder, OrderId, Symbol,
};
use crate::engine::config::AgentConfig;
use crate::engine::models::Forecast;
use crate::engine::outbox::Outbox;
use crate::engine::{Accepted, Engine, price_of};

impl Engine {
    /// Makes a decision of a forecast. `thought_us` is what the model took.
    pub(super) fn decide(
        &mut self,
        config: &AgentConfig,
        (model, symbol, horizon): (&ModelId, &Symbol, Horizon),
        forecast: Forecast,
        thought_us: Option<f64>,
        out: &mut Outbox,
    ) {
        let reasoning = format!("{model}, {horizon}: {}", forecast.reasoning);
        let orient = (AgentPhase::Orient, AgentPhase::Decide);
        step(symbol, orient, reasoning, thought_us, out);

        let began = out.lap();
        let id = out.ids.decision();
        let Some(situation) = self.situation(config, symbol) else {
            // Its answer came when the price was too old to stand for the moment.
            let reason = "the price is too old to act on".to_owned();
            let back = (AgentPhase::Decide, AgentPhase::Observe);
            return step(symbol, back, reason, took(began, out.lap()), out);
        };
        let target = target(situation.price, &forecast, situation.price_scale);
        let intent = situation.intend(&forecast, &id);
        let decided = out.lap();
        let mut last = AgentPhase::Decide;
        let action = match intent {
            Intent::Veto(rule) => Action::Vetoed {
                rule: rule.to_owned(),
            },
            Intent::Order(order) => {
                last = AgentPhase::Act;
                let decide = (AgentPhase::Decide, last);
                step(symbol, decide, words(&order), took(began, decided), out);
                self.send(*order, symbol, out)
            }
        };
        let outcome = match &action {
            Action::Orders(orders) => {
                let ids: Vec<_> = orders.iter().map(OrderId::as_str).collect();
                ids.join(", ")
            }
            Action::Vetoed { rule } if last == AgentPhase::Act => format!("refused: {rule}"),
            Action::Vetoed { rule } => format!("vetoed by {rule}"),
            Action::None => "nothing to do".to_owned(),
        };
        let report = NewDecision {
            id: Some(id),
            model: model.clone(),
            symbol: symbol.clone(),
            direction: forecast.direction,
            confidence: forecast.confidence,
            price_target: target,
            horizon,
            flat_band: None,
            features: forecast.features,
            bias: forecast.bias,
            reasoning: forecast.reasoning,
            action: Some(action),
        };
        let recorded = self.command(&BotId::paper(), &BotCommand::Decision(report), out);
        let outcome = recorded.map_or_else(|rejection| rejection.message, |_| outcome);
        let since = if last == AgentPhase::Act {
            decided
        } else {
            began
        };
        step(
            symbol,
            (last, AgentPhase::Observe),
            outcome,
            took(since, out.lap()),
            out,
        );
    }

    /// What the rules go by; `None` without a price that stands for now.
    fn situation<'a>(
        &'a self,
        config: &'a AgentConfig,
        symbol: &'a Symbol,
    ) -> Option<Situation<'a>> {
        let market = self.markets.get(symbol)?;
        let owner = self.bots.get(&BotId::paper())?;
        let prices = |symbol: &Symbol| price_of(&self.markets, symbol);
        let equity = owner.account.totals(&prices).equity;
        let minute_ago = self.now.plus(-MINUTE);
        Some(Situation {
            config,
            symbol,
            price: market.price_at(self.now)?,
            price_scale: market.price_scale,
            quantity_scale: market.quantity_scale,
            held: owner.account.quantity(symbol),
            equity,
            drawdown: owner.history.drawdown(equity, owner.account.deposits()),
            last_order: self.agent.last_order.get(symbol).copied(),
            orders_in_minute: self
                .agent
                .sent
                .iter()
                .filter(|at| **at > minute_ago)
                .count(),
            trading: owner.trading,
            filters: self
                .config
                .instruments
                .get(symbol)
                .map_or_else(Filters::default, |instrument| instrument.filters),
            now: self.now,
        })
    }

    fn send(&mut self, order: NewOrder, symbol: &Symbol, out: &mut Outbox) -> Action {
        match self.command(&BotId::paper(), &BotCommand::SubmitOrder(order), out) {
            Ok(Accepted::Order(order)) => {
                self.agent.note_order(symbol, self.now);
                Action::Orders(vec![order.id.clone()])
            }
            Ok(_) => Action::None,
            Err(rejection) => Action::Vetoed {
                rule: rejection.code,
            },
        }
    }
}

/// An order in words.
fn words(order: &NewOrder) -> String {
    let what = format!("{} {}", order.side.as_str(), order.quantity);
    match order.price {
        Some(price) => format!("{what} at {price}"),
        None => format!("{what} at market"),
    }
}

/// Where the price would be after a typical move in the forecast's direction.
fn target(price: Decimal, forecast: &Forecast, scale: u32) -> Option<Decimal> {
    let signed = match forecast.direction {
        Direction::Up => forecast.typical_return,
        Direction::Down => -forecast.typical_return,
        Direction::Flat => 0.0,
    };
    let factor = Decimal::from_f64(signed.exp())?;
    let target = price.checked_mul(factor)?.round_dp(scale.max(2));
    (target > Decimal::ZERO).then(|| target.normalize())
}
