//! The built-in bot: observe → orient → decide → act, on every symbol in turn. It sees what the
//! engine publishes and acts by the commands that every bot has.
//!
//! Each period one model decides on every symbol for one horizon, then the next model does; when all
//! have had their turn the next horizon is looked at. A model that runs outside the core is asked, and
//! decides when its answer comes in, with the market as it is then. Every step is told with its
//! reason, and with what it took where somebody lends a stopwatch.

mod acting;
mod rules;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Engine;
use super::config::{AgentConfig, ModelsConfig};
use super::draw::Lot;
use super::models::{Lesson, ModelSet, Problem, Thought, View};
use super::outbox::Outbox;
use crate::domain::time::MINUTE;
use crate::domain::{
    AgentPhase, AgentStep, Alert, BotCommand, BotId, Decision, Event, Horizon, Inference,
    InferenceRequest, ModelId, OrderId, Severity, Symbol, TimeUs,
};

/// Questions to models outside that may be unanswered for each symbol; beyond, the oldest is forgotten.
const UNANSWERED: usize = 16;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Begin of the period of `decide_every` that was decided in last.
    decided: TimeUs,
    /// Which model and horizon are next.
    turn: u64,
    last_order: BTreeMap<Symbol, TimeUs>,
    /// When the orders of the last minute were sent.
    sent: VecDeque<TimeUs>,
    /// Before this moment nothing is decided: what is older was missed and comes late.
    #[serde(default)]
    not_before: TimeUs,
    pub models: ModelSet,
    unanswered: VecDeque<InferenceRequest>,
}

impl Agent {
    pub fn new(models: &ModelsConfig) -> Self {
        Self {
            decided: TimeUs::ZERO,
            turn: 0,
            last_order: BTreeMap::new(),
            sent: VecDeque::new(),
            not_before: TimeUs::ZERO,
            models: ModelSet::new(models),
            unanswered: VecDeque::new(),
        }
    }

    /// What models outside were asked and have not answered.
    pub fn unanswered(&self) -> impl Iterator<Item = &InferenceRequest> {
        self.unanswered.iter()
    }

    /// What comes until then was missed: a decision on it would be dated back.
    pub fn catch_up(&mut self, until: TimeUs) {
        self.not_before = self.not_before.max(until);
    }

    /// Takes a new configuration: questions that it would not ask are forgotten.
    pub fn configure(&mut self, config: &AgentConfig) {
        self.models.configure(&config.models);
        let running = self.models.running();
        self.unanswered.retain(|request| {
            config.enabled
                && (config.symbols.is_empty() || config.symbols.contains(&request.symbol))
                && running.contains(&request.model)
        });
    }

    fn note_order(&mut self, symbol: &Symbol, now: TimeUs) {
        self.last_order.insert(symbol.clone(), now);
        self.sent.retain(|at| now.since(*at) < MINUTE);
        self.sent.push_back(now);
    }

    /// Whose turn it is, and for which horizon first.
    fn turn(&self, config: &AgentConfig) -> Option<(ModelId, usize)> {
        let running = self.models.running();
        let models = u64::try_from(running.len()).ok().filter(|n| *n > 0)?;
        let horizons = u64::try_from(config.horizons.len())
            .ok()
            .filter(|n| *n > 0)?;
        let model = usize::try_from(self.turn % models).ok()?;
        let horizon = usize::try_from(self.turn / models % horizons).ok()?;
        Some((running.into_iter().nth(model)?, horizon))
    }
}

impl Engine {
    /// Lets the agent decide, if its time has come.
    pub(super) fn run_agent(&mut self, out: &mut Outbox) {
        let config = &self.config.agent;
        let period = self.now.floor(config.decide_every());
        let is_late = self.now < self.agent.not_before;
        if !config.enabled || is_late || period <= self.agent.decided {
            return;
        }
        let config = config.clone();
        self.agent.decided = period;
        self.take_back_old_orders(&config, out);
        let is_wanted =
            |symbol: &&Symbol| config.symbols.is_empty() || config.symbols.contains(symbol);
        let symbols: Vec<Symbol> = self.markets.keys().filter(is_wanted).cloned().collect();
        for symbol in symbols {
            // Asked anew each time: a model may just have been switched off.
            if let Some((model, first)) = self.agent.turn(&config) {
                self.consider(&config, &model, first, &symbol, out);
            }
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

    /// Observes one market, and lets the model make something of it.
    fn consider(
        &mut self,
        config: &AgentConfig,
        model: &ModelId,
        first: usize,
        symbol: &Symbol,
        out: &mut Outbox,
    ) {
        let Some(market) = self.markets.get(symbol) else {
            return;
        };
        let began = out.lap();
        let Some(price) = market.price_at(self.now) else {
            return;
        };
        let observed = format!("{symbol} at {price}");
        let seen = out.lap();
        match self.think(config, model, first, symbol) {
            Ok((horizon, thought)) => {
                let (observe, orient) = (AgentPhase::Observe, AgentPhase::Orient);
                step(symbol, (observe, orient), observed, took(began, seen), out);
                let thought_through = took(seen, out.lap());
                match thought {
                    Thought::Forecast(forecast) => {
                        let asked = (model, symbol, horizon);
                        self.decide(config, asked, forecast, thought_through, out);
                    }
                    Thought::Ask(features) => self.ask(model, symbol, horizon, features, out),
                }
            }
            Err(Problem::Unready(why)) => {
                let idle = (AgentPhase::Observe, AgentPhase::Observe);
                step(
                    symbol,
                    idle,
                    format!("{model}: {why}"),
                    took(began, out.lap()),
                    out,
                );
            }
            Err(Problem::Fault(why)) => self.switch_off(model, why, out),
        }
    }

    /// What the model makes of the market for the horizon whose turn it is, or for the next shorter
    /// one that there are enough prices for.
    fn think(
        &self,
        config: &AgentConfig,
        model: &ModelId,
        first: usize,
        symbol: &Symbol,
    ) -> Result<(Horizon, Thought), Problem> {
        let mut unready = Problem::Unready("there is no horizon");
        let Some(market) = self.markets.get(symbol) else {
            return Err(unready);
        };
        let wanted = config.horizons[first];
        let mut horizons: Vec<Horizon> = config.horizons.clone();
        horizons.retain(|horizon| *horizon <= wanted);
        horizons.sort_unstable();
        for horizon in horizons.into_iter().rev() {
            let view = View {
                market,
                symbol,
                horizon,
            };
            match self.agent.models.think(model, &view) {
                Ok(thought) => return Ok((horizon, thought)),
                Err(fault @ Problem::Fault(_)) => return Err(fault),
                Err(problem) => unready = problem,
            }
        }
        Err(unready)
    }

    /// Puts a question to a model outside the core.
    fn ask(
        &mut self,
        model: &ModelId,
        symbol: &Symbol,
        horizon: Horizon,
        features: Vec<f32>,
        out: &mut Outbox,
    ) {
        let request = InferenceRequest {
            seq: out.seq,
            model: model.clone(),
            symbol: symbol.clone(),
            horizon,
            features,
        };
        self.agent.unanswered.push_back(request.clone());
        if self.agent.unanswered.len() > UNANSWERED * self.markets.len().max(1) {
            self.agent.unanswered.pop_front();
        }
        out.ask(request);
    }

    /// A model outside the core has answered. An answer that nobody waits for says nothing.
    pub(super) fn hear(&mut self, answer: &Inference, out: &mut Outbox) {
        let asked = self.agent.unanswered.iter().position(|request| {
            request.seq == answer.request
                && request.model == answer.model
                && request.symbol == answer.symbol
        });
        let Some(request) = asked.and_then(|place| self.agent.unanswered.remove(place)) else {
            return;
        };
        let InferenceRequest {
            model,
            symbol,
            horizon,
            features,
            ..
        } = &request;
        let Some(market) = self.markets.get(symbol) else {
            return;
        };
        let view = View {
            market,
            symbol,
            horizon: *horizon,
        };
        match self
            .agent
            .models
            .conclude(model, &view, features, &answer.result)
        {
            Ok(forecast) => {
                let config = self.config.agent.clone();
                self.decide(
                    &config,
                    (model, symbol, *horizon),
                    forecast,
                    answer.took_us,
                    out,
                );
            }
            Err(Problem::Unready(why)) => {
                let back = (AgentPhase::Orient, AgentPhase::Observe);
                step(symbol, back, format!("{model}: {why}"), answer.took_us, out);
            }
            Err(Problem::Fault(why)) => self.switch_off(model, why, out),
        }
    }

    /// Lets the model that made a decision learn from what came of it.
    pub(super) fn teach(&mut self, decision: &Decision, out: &mut Outbox) {
        let Some(realised) = decision.realised_return.filter(|realised| *realised != 0.0) else {
            return;
        };
        let lesson = Lesson {
            decision,
            went_up: realised > 0.0,
            seed: Lot::Learning.draw(
                self.config.seed,
                [out.seq.0, decision.made_at.0.cast_unsigned()],
            ),
        };
        let learnt = self.agent.models.learn(&decision.model, &lesson);
        if let Err(Problem::Fault(why)) = learnt {
            self.switch_off(&decision.model, why, out);
        }
    }

    fn switch_off(&mut self, model: &ModelId, why: String, out: &mut Outbox) {
        let id = out.ids.alert();
        out.emit(Event::Alert(Alert {
            id,
            severity: Severity::Warning,
            code: "model_switched_off".to_owned(),
            message: format!("{model} was switched off: {why}"),
            bot: Some(BotId::paper()),
            time: out.now,
        }));
        self.agent.models.switch_off(model, why);
    }
}

/// µs between two readings of the stopwatch.
fn took(from: Option<u64>, to: Option<u64>) -> Option<f64> {
    Some(to?.saturating_sub(from?) as f64 / 1_000.0)
}

fn step(
    symbol: &Symbol,
    (from, to): (AgentPhase, AgentPhase),
    reason: String,
    took_us: Option<f64>,
    out: &mut Outbox,
) {
    let step = AgentStep {
        bot: BotId::paper(),
        from,
        to,
        symbol: Some(symbol.clone()),
        reason,
        took_us: None,
        time: out.now,
    };
    out.emit_timed(Event::Agent(step), took_us);
}
