//! The built-in bot: observe → orient → decide → act, on every symbol in turn. It sees what the
//! engine publishes and acts by the commands that every bot has.

use std::collections::BTreeMap;

use rust_decimal::prelude::FromPrimitive as _;
use serde::{Deserialize, Serialize};

use super::config::AgentConfig;
use super::market::Market;
use super::models::{Forecast, ModelSet, Thought, View};
use super::outbox::Outbox;
use super::{Accepted, Engine, price_of};
use crate::domain::{
    Action, AgentPhase, AgentStep, BotCommand, BotId, Decimal, DecisionId, Direction, Event,
    Filters, Horizon, ModelId, NewDecision, NewOrder, OrderId, Side, Symbol, TimeUs, TradingState,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    models: ModelSet,
    /// Begin of the period of `decide_every` that was decided in last.
    decided: TimeUs,
    /// Which horizon is next.
    turn: u64,
    last_order: BTreeMap<Symbol, TimeUs>,
}

impl Agent {
    pub fn new(config: &AgentConfig) -> Self {
        Self {
            models: ModelSet::new(&config.models),
            decided: TimeUs::ZERO,
            turn: 0,
            last_order: BTreeMap::new(),
        }
    }

    /// Takes a new configuration between a snapshot and the next input.
    pub fn configure(&mut self, config: &AgentConfig) {
        self.models.configure(&config.models);
    }
}

/// What the agent means to do.
enum Intent {
    Order(Box<NewOrder>),
    Veto(&'static str),
}

/// What the agent knows when it weighs a forecast.
struct Situation<'a> {
    config: &'a AgentConfig,
    market: &'a Market,
    symbol: &'a Symbol,
    held: Decimal,
    equity: Decimal,
    last_order: Option<TimeUs>,
    trading: TradingState,
    filters: Filters,
    now: TimeUs,
}

impl Situation<'_> {
    /// The risk rules, in the order in which they are named when several forbid.
    fn intend(&self, forecast: &Forecast, price: Decimal, decision: &DecisionId) -> Intent {
        if forecast.confidence < self.config.min_confidence {
            return Intent::Veto("min_confidence");
        }
        if self
            .last_order
            .is_some_and(|last| self.now.since(last) < self.config.cooldown())
        {
            return Intent::Veto("cooldown");
        }
        match self.trading {
            TradingState::Running => {}
            TradingState::Paused => return Intent::Veto("paused"),
            TradingState::Halted => return Intent::Veto("halted"),
        }
        let side = match forecast.direction {
            Direction::Up => Side::Buy,
            Direction::Down => Side::Sell,
            Direction::Flat => return Intent::Veto("no_direction"),
        };
        let value = self.equity * self.config.order_fraction;
        let quantity = self
            .filters
            .round_quantity((value / price).round_dp(self.market.quantity_scale.clamp(2, 8)))
            .normalize();
        if quantity <= Decimal::ZERO {
            return Intent::Veto("order_too_small");
        }
        let after = self.held + side.signed(quantity);
        let limit = self.equity * self.config.max_position_fraction;
        if after.abs() > self.held.abs() && (after * price).abs() > limit {
            return Intent::Veto("max_position");
        }
        let at_market = forecast.confidence >= self.config.market_order_confidence;
        let order = if at_market {
            NewOrder::market(self.symbol.clone(), side, quantity)
        } else {
            NewOrder::limit(self.symbol.clone(), side, quantity, price)
        };
        Intent::Order(Box::new(NewOrder {
            decision: Some(decision.clone()),
            ..order
        }))
    }
}

impl Engine {
    /// Lets the agent decide, if its time has come.
    pub(super) fn run_agent(&mut self, out: &mut Outbox) {
        let config = self.config.agent.clone();
        let period = self.now.floor(config.decide_every());
        if !config.enabled || config.horizons.is_empty() || period <= self.agent.decided {
            return;
        }
        self.agent.decided = period;
        self.take_back_old_orders(&config, out);
        let symbols: Vec<Symbol> = self.markets.keys().cloned().collect();
        for symbol in symbols {
            self.consider(&config, &symbol, out);
        }
        self.agent.turn += 1;
    }

    fn take_back_old_orders(&mut self, config: &AgentConfig, out: &mut Outbox) {
        let paper = BotId::paper();
        let old: Vec<OrderId> = self
            .exchange
            .open_orders(&paper)
            .filter(|order| {
                order.decision.is_some()
                    && self.now.since(order.created_at) > config.order_lifetime()
            })
            .map(|order| order.id.clone())
            .collect();
        for order in old {
            // It was listed just now, so there is no refusal to report.
            let _ = self.command(&paper, &BotCommand::CancelOrder { order }, out);
        }
    }

    fn consider(&mut self, config: &AgentConfig, symbol: &Symbol, out: &mut Outbox) {
        let Some(market) = self.markets.get(symbol) else {
            return;
        };
        let Some(price) = market.price_at(self.now) else {
            return;
        };
        let Some((model, horizon, forecast)) = self.first_forecast(config, symbol, market) else {
            self.step(
                AgentPhase::Observe,
                AgentPhase::Observe,
                symbol,
                "warming up".to_owned(),
                out,
            );
            return;
        };
        self.step(
            AgentPhase::Observe,
            AgentPhase::Orient,
            symbol,
            format!("price {price}"),
            out,
        );
        self.step(
            AgentPhase::Orient,
            AgentPhase::Decide,
            symbol,
            forecast.reasoning.clone(),
            out,
        );

        let paper = BotId::paper();
        let decision = out.ids.decision();
        let Some(owner) = self.bots.get(&paper) else {
            return;
        };
        let account = &owner.account;
        let situation = Situation {
            config,
            market: &self.markets[symbol],
            symbol,
            held: account.quantity(symbol),
            equity: account
                .totals(&|symbol| price_of(&self.markets, symbol))
                .equity,
            last_order: self.agent.last_order.get(symbol).copied(),
            trading: owner.trading,
            filters: self
                .config
                .instruments
                .get(symbol)
                .map_or_else(Filters::default, |instrument| instrument.filters),
            now: self.now,
        };
        let action = match situation.intend(&forecast, price, &decision) {
            Intent::Veto(rule) => Action::Vetoed {
                rule: rule.to_owned(),
            },
            Intent::Order(order) => {
                match self.command(&paper, &BotCommand::SubmitOrder(*order), out) {
                    Ok(Accepted::Order(order)) => {
                        self.agent.last_order.insert(symbol.clone(), self.now);
                        Action::Orders(vec![order.id.clone()])
                    }
                    Ok(_) => Action::None,
                    Err(rejection) => Action::Vetoed {
                        rule: rejection.code,
                    },
                }
            }
        };
        let outcome = match &action {
            Action::Orders(orders) => orders
                .iter()
                .map(OrderId::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            Action::Vetoed { rule } => format!("vetoed by {rule}"),
            Action::None => "nothing to do".to_owned(),
        };
        let target = target(price, &forecast, self.markets[symbol].price_scale);
        let report = NewDecision {
            id: Some(decision),
            model,
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
        if let Err(rejection) = self.command(&paper, &BotCommand::Decision(report), out) {
            self.step(
                AgentPhase::Decide,
                AgentPhase::Observe,
                symbol,
                rejection.message,
                out,
            );
            return;
        }
        self.step(AgentPhase::Decide, AgentPhase::Act, symbol, outcome, out);
    }

    /// The forecast of the model and horizon whose turn it is, or for the next shorter horizon that
    /// the model has enough prices for.
    fn first_forecast(
        &self,
        config: &AgentConfig,
        symbol: &Symbol,
        market: &Market,
    ) -> Option<(ModelId, Horizon, Forecast)> {
        let models = self.agent.models.running();
        let count = config.horizons.len();
        let turn = usize::try_from(self.agent.turn).unwrap_or_default();
        let model = models.get(turn / count % models.len().max(1))?;
        (0..count).find_map(|back| {
            let horizon = config.horizons[(turn % count + count - back) % count];
            let view = View {
                market,
                symbol,
                horizon,
            };
            match self.agent.models.think(model, &view) {
                Ok(Thought::Forecast(forecast)) => Some((model.clone(), horizon, forecast)),
                _ => None,
            }
        })
    }

    fn step(
        &self,
        from: AgentPhase,
        to: AgentPhase,
        symbol: &Symbol,
        reason: String,
        out: &mut Outbox,
    ) {
        out.emit(Event::Agent(AgentStep {
            bot: BotId::paper(),
            from,
            to,
            symbol: Some(symbol.clone()),
            reason,
            took_us: None,
            time: out.now,
        }));
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
