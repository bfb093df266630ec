//! Bots' commands, carried out: the same for the built-in agent and for an outside bot.

mod orders;

use super::bots::Bot;
use super::outbox::Outbox;
use super::{Accepted, Engine, price_of};
use crate::domain::bot::Deposit;
use crate::domain::{
    Action, BotCommand, BotId, Decimal, Decision, Event, Evidence, Fill, FillSource, Liquidity,
    NewDecision, Note, Order, OrderType, Outcome, Rejection, ReportedFill, ReportedOrder,
    ReportedPosition, TimeInForce, TradingState,
};

/// The most bots of one engine.
const MAX_BOTS: usize = 64;
const CANCELLED: &str = "cancelled by the client";
/// A forecast of `flat` without a band of its own is right within ± this return.
const DEFAULT_FLAT_BAND: f64 = 0.0005;

impl Engine {
    pub(super) fn open_account(&mut self, out: &mut Outbox) {
        let amount = self.config.exchange.initial_cash;
        if amount.is_zero() {
            return;
        }
        let paper = BotId::paper();
        if let Some(bot) = self.bots.get_mut(&paper) {
            bot.account.deposit(amount);
            let deposit = Deposit {
                id: "initial-cash".to_owned(),
                amount,
            };
            out.emit(Event::Deposit {
                bot: paper,
                deposit,
                cash: amount,
            });
        }
    }

    pub(super) fn command(
        &mut self,
        bot: &BotId,
        command: &BotCommand,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        command.validate()?;
        if !self.bots.contains_key(bot) {
            if self.bots.len() >= MAX_BOTS {
                return Err(Rejection::new(
                    "too_many_bots",
                    format!("there are {MAX_BOTS} bots already"),
                ));
            }
            self.bots.insert(bot.clone(), Bot::new(bot.clone()));
        }
        match command {
            BotCommand::Decision(decision) => self.record_decision(bot, decision, out),
            BotCommand::SubmitOrder(order) => self.submit_order(bot, order, out),
            BotCommand::CancelOrder { order } => self.cancel_order(bot, order, out),
            BotCommand::SubmitOco(pair) => self.submit_pair(bot, pair, out),
            BotCommand::AmendOrder { order, change } => self.amend_order(bot, order, change, out),
            BotCommand::CancelAll { symbol } => {
                Ok(Accepted::Orders(self.on_floor(out, |exchange, floor| {
                    exchange.cancel_all(bot, symbol.as_ref(), CANCELLED, floor)
                })))
            }
            BotCommand::ClosePosition { symbol, close } => {
                self.close_position(bot, symbol, close, out)
            }
            BotCommand::Kill => Ok(self.kill(bot, out)),
            BotCommand::Pause => {
                // A halt is not softened by a pause.
                let state = match self.bot_mut(bot).trading {
                    TradingState::Halted => TradingState::Halted,
                    _ => TradingState::Paused,
                };
                Ok(Accepted::Trading(Box::new(
                    self.set_trading(bot, state, out),
                )))
            }
            BotCommand::Resume => Ok(Accepted::Trading(Box::new(self.set_trading(
                bot,
                TradingState::Running,
                out,
            )))),
            BotCommand::Fill(fill) => self.record_fill(bot, fill, out),
            BotCommand::Order(order) => self.record_order(bot, order, out),
            BotCommand::Position(position) => self.state_position(bot, position, out),
            BotCommand::Deposit(deposit) => self.record_deposit(bot, deposit, out),
            BotCommand::Note(note) => self.record_note(bot, note, out),
        }
    }

    /// The bot's entry; [`Engine::command`] has made it.
    fn bot_mut(&mut self, bot: &BotId) -> &mut Bot {
        self.bots
            .entry(bot.clone())
            .or_insert_with(|| Bot::new(bot.clone()))
    }

    fn record_decision(
        &mut self,
        bot: &BotId,
        new: &NewDecision,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let id = new.id.clone().unwrap_or_else(|| out.ids.decision());
        if !self.bot_mut(bot).seen.insert("decision", id.as_str()) {
            return Ok(Accepted::Duplicate { id: id.to_string() });
        }
        let decision = Decision {
            id: id.clone(),
            bot: bot.clone(),
            model: new.model.clone(),
            symbol: new.symbol.clone(),
            made_at: out.now,
            direction: new.direction,
            confidence: new.confidence,
            price_at: self
                .markets
                .get(&new.symbol)
                .and_then(|market| market.price_at(out.now)),
            price_target: new.price_target,
            horizon: new.horizon,
            resolves_at: out.now.plus(new.horizon.micros()),
            flat_band: new.flat_band.unwrap_or(DEFAULT_FLAT_BAND),
            features: new.features.clone(),
            bias: new.bias,
            reasoning: new.reasoning.clone(),
            action: new.action.clone().unwrap_or(Action::None),
            outcome: Outcome::Pending,
            realised_return: None,
            verdict: None,
            resolved_at: None,
        };
        let owner = self.bot_mut(bot);
        owner.scores.made(&decision);
        owner.decisions.add(decision.clone());
        out.emit(Event::Decision(Box::new(decision)));
        Ok(Accepted::Recorded { id: id.to_string() })
    }

    fn record_fill(
        &mut self,
        bot: &BotId,
        new: &ReportedFill,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        if !self.bot_mut(bot).seen.insert("fill", new.id.as_str()) {
            return Ok(Accepted::Duplicate {
                id: new.id.to_string(),
            });
        }
        let fill = Fill {
            id: new.id.clone(),
            bot: bot.clone(),
            order: new.order.clone(),
            decision: new.decision.clone(),
            symbol: new.symbol.clone(),
            side: new.side,
            quantity: new.quantity.normalize(),
            price: new.price.normalize(),
            value: (new.price * new.quantity).normalize(),
            fee: new.fee.normalize(),
            liquidity: new.liquidity.unwrap_or(Liquidity::Taker),
            slippage: Decimal::ZERO,
            realised_pnl: Decimal::ZERO,
            cash: Decimal::ZERO,
            evidence: Evidence::Reported,
            source: FillSource::Reported,
            time: new.time.unwrap_or(out.now),
        };
        self.bot_mut(bot).reports = true;
        self.on_floor(out, |_, floor| floor.book_fill(fill));
        Ok(Accepted::Recorded {
            id: new.id.to_string(),
        })
    }

    fn record_order(
        &mut self,
        bot: &BotId,
        new: &ReportedOrder,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let id = new.id.to_string();
        let now = out.now;
        let owner = self.bot_mut(bot);
        owner.reports = true;
        let known = owner.reported_orders.get(&new.id);
        let order = Order {
            id: new.id.clone(),
            client_order_id: None,
            bot: bot.clone(),
            symbol: new.symbol.clone(),
            side: new.side,
            order_type: new.order_type,
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            stop_price: None,
            trail_amount: None,
            trail_percent: None,
            activation_price: None,
            reduce_only: false,
            link: None,
            trigger: None,
            quantity: new.quantity,
            price: if new.order_type == OrderType::Market {
                None
            } else {
                new.price
            },
            status: new.status,
            filled_quantity: new.filled_quantity,
            average_price: new.average_price,
            decision: new.decision.clone(),
            reason: new.reason.clone(),
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        };
        let same = known.is_some_and(|known| {
            Order {
                updated_at: now,
                ..known.clone()
            } == order
        });
        if same {
            return Ok(Accepted::Duplicate { id });
        }
        if new.status.is_final() {
            if !owner.seen.insert("order", &id) {
                return Ok(Accepted::Duplicate { id });
            }
            owner.reported_orders.remove(&new.id);
        } else {
            owner.reported_orders.insert(new.id.clone(), order.clone());
        }
        out.emit(Event::Order(order));
        Ok(Accepted::Recorded { id })
    }

    fn state_position(
        &mut self,
        bot: &BotId,
        new: &ReportedPosition,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let price = price_of(&self.markets, &new.symbol);
        let owner = self.bot_mut(bot);
        if !owner.seen.insert("position", &new.id) {
            return Ok(Accepted::Duplicate { id: new.id.clone() });
        }
        owner.reports = true;
        owner
            .account
            .state(&new.symbol, new.quantity, new.average_price, out.now);
        if let Some(position) = owner.account.position(&new.symbol, price) {
            out.emit(Event::PositionStated {
                bot: bot.clone(),
                id: new.id.clone(),
                position,
            });
        }
        Ok(Accepted::Recorded { id: new.id.clone() })
    }

    fn record_deposit(
        &mut self,
        bot: &BotId,
        deposit: &Deposit,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let owner = self.bot_mut(bot);
        if !owner.seen.insert("deposit", &deposit.id) {
            return Ok(Accepted::Duplicate {
                id: deposit.id.clone(),
            });
        }
        owner.account.deposit(deposit.amount);
        let cash = owner.account.cash().normalize();
        out.emit(Event::Deposit {
            bot: bot.clone(),
            deposit: deposit.clone(),
            cash,
        });
        Ok(Accepted::Recorded {
            id: deposit.id.clone(),
        })
    }

    fn record_note(
        &mut self,
        bot: &BotId,
        note: &Note,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        if !self.bot_mut(bot).seen.insert("note", &note.id) {
            return Ok(Accepted::Duplicate {
                id: note.id.clone(),
            });
        }
        out.emit(Event::Note {
            bot: bot.clone(),
            note: note.clone(),
            time: out.now,
        });
        Ok(Accepted::Recorded {
            id: note.id.clone(),
        })
    }
}
