//! Bots' commands, carried out: the same for the built-in agent and for an outside bot.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::bots::Bot;
use super::exchange::{Exchange, Repeated};
use super::floor::Floor;
use super::outbox::Outbox;
use super::{Accepted, Engine, TradingChanged, price_of};
use crate::domain::bot::Deposit;
use crate::domain::{
    Action, Alert, Amendment, BotCommand, BotId, ClosePosition, Decimal, Decision, Event, Evidence,
    Fill, FillSource, Liquidity, NewDecision, NewOco, NewOrder, Note, Order, OrderId, OrderStatus,
    OrderType, Outcome, Rejection, ReportedFill, ReportedOrder, ReportedPosition, Severity, Side,
    Symbol, TimeInForce, TradingState,
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
            reasoning: new.reasoning.clone(),
            action: new.action.clone().unwrap_or(Action::None),
            outcome: Outcome::Pending,
            realised_return: None,
            resolved_at: None,
        };
        self.bot_mut(bot).decisions.add(decision.clone());
        out.emit(Event::Decision(Box::new(decision)));
        Ok(Accepted::Recorded { id: id.to_string() })
    }

    pub(super) fn submit_order(
        &mut self,
        bot: &BotId,
        request: &NewOrder,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let client_id = request.client_order_id.as_deref();
        if let Some(order) = self.repeated(bot, client_id, request)? {
            return Ok(Accepted::Duplicate {
                id: order.to_string(),
            });
        }
        let terms = request.terms()?;
        self.check(bot, request, None)?;
        let mut orders = self.on_floor(out, |exchange, floor| {
            exchange.submit(bot, request, terms, floor)
        });
        self.remember(bot, client_id, request, &orders);
        Ok(match orders.len() {
            1 => Accepted::Order(Box::new(orders.remove(0))),
            _ => Accepted::Orders(orders),
        })
    }

    fn submit_pair(
        &mut self,
        bot: &BotId,
        pair: &NewOco,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let client_id = pair.client_order_id.as_deref();
        if let Some(order) = self.repeated(bot, client_id, pair)? {
            return Ok(Accepted::Duplicate {
                id: order.to_string(),
            });
        }
        self.check_pair(bot, pair)?;
        let (limit, stop) = pair.legs()?;
        let legs = [(limit, limit.terms()?), (stop, stop.terms()?)];
        let orders = self.on_floor(out, |exchange, floor| {
            exchange.submit_pair(bot, legs, floor)
        });
        self.remember(bot, client_id, pair, &orders);
        Ok(Accepted::Orders(orders))
    }

    /// The order that an earlier request under this client id led to.
    ///
    /// # Errors
    /// Another request was made under it.
    fn repeated(
        &self,
        bot: &BotId,
        client_id: Option<&str>,
        request: &impl Serialize,
    ) -> Result<Option<OrderId>, Rejection> {
        let Some(client_id) = client_id else {
            return Ok(None);
        };
        match self
            .exchange
            .repeated(bot, client_id, &fingerprint(request))
        {
            None => Ok(None),
            Some(Repeated::Same(order)) => Ok(Some(order)),
            Some(Repeated::Different) => Err(Rejection::field(
                "client_order_id_reused",
                "client_order_id",
                format!("another request was made under the client_order_id {client_id}"),
            )),
        }
    }

    fn remember(
        &mut self,
        bot: &BotId,
        client_id: Option<&str>,
        request: &impl Serialize,
        orders: &[Order],
    ) {
        if let (Some(client_id), Some(first)) = (client_id, orders.first()) {
            self.exchange
                .remember(bot, client_id, fingerprint(request), &first.id);
        }
    }

    /// Lets the exchange work with the rest of the engine.
    pub(super) fn on_floor<T>(
        &mut self,
        out: &mut Outbox,
        work: impl FnOnce(&mut Exchange, &mut Floor<'_>) -> T,
    ) -> T {
        let Self {
            exchange,
            config,
            markets,
            bots,
            ..
        } = self;
        let mut floor = Floor {
            config,
            markets,
            bots,
            out,
        };
        work(exchange, &mut floor)
    }

    fn amend_order(
        &mut self,
        bot: &BotId,
        id: &OrderId,
        change: &Amendment,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let (order, request, _) = self.exchange.amended(bot, id, change)?;
        // A reached stop price is history, and what only waits for its entry holds nothing.
        if order.status != OrderStatus::New {
            let request = NewOrder {
                quantity: request.quantity - order.filled_quantity,
                stop_price: request.stop_price.filter(|_| order.trigger.is_none()),
                ..request
            };
            self.check(bot, &request, Some(&order.id))?;
        }
        self.on_floor(out, |exchange, floor| {
            exchange.amend(bot, id, change, floor)
        })
        .map(|order| Accepted::Order(Box::new(order)))
    }

    fn cancel_order(
        &mut self,
        bot: &BotId,
        id: &OrderId,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        self.on_floor(out, |exchange, floor| {
            exchange.cancel(bot, id, CANCELLED, floor)
        })
        .map(|order| Accepted::Order(Box::new(order)))
    }

    fn close_position(
        &mut self,
        bot: &BotId,
        symbol: &Symbol,
        close: &ClosePosition,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let held = self.bot_mut(bot).account.quantity(symbol);
        if held.is_zero() && close.client_order_id.is_none() {
            return Err(Rejection::field(
                "no_position",
                "symbol",
                format!("nothing is held of {symbol}"),
            ));
        }
        let quantity = close.quantity.unwrap_or(held.abs());
        let mut request = closing_order(symbol, held, quantity);
        request.client_order_id = close.client_order_id.clone();
        // A repeated request must be recognised although the position has changed since.
        if let Some(order) =
            self.repeated(bot, close.client_order_id.as_deref(), &(symbol, close))?
        {
            return Ok(Accepted::Duplicate {
                id: order.to_string(),
            });
        }
        if held.is_zero() {
            return Err(Rejection::field(
                "no_position",
                "symbol",
                format!("nothing is held of {symbol}"),
            ));
        }
        if quantity > held.abs() {
            return Err(Rejection::field(
                "more_than_held",
                "quantity",
                format!("only {} are held", held.abs().normalize()),
            ));
        }
        let terms = request.terms()?;
        self.check(bot, &request, None)?;
        let mut orders = self.on_floor(out, |exchange, floor| {
            exchange.submit(bot, &request, terms, floor)
        });
        self.remember(
            bot,
            close.client_order_id.as_deref(),
            &(symbol, close),
            &orders,
        );
        Ok(Accepted::Order(Box::new(orders.remove(0))))
    }

    /// The kill switch: everything open is cancelled, everything held is closed, and nothing that
    /// would add to a position is taken until trading is resumed.
    fn kill(&mut self, bot: &BotId, out: &mut Outbox) -> Accepted {
        let mut changed = self.set_trading(bot, TradingState::Halted, out);
        changed.cancelled = self.on_floor(out, |exchange, floor| {
            exchange.cancel_all(bot, None, "kill switch", floor)
        });
        // What an outside bot holds at another exchange is not ours to close.
        let held = if self.bot_mut(bot).reports {
            Vec::new()
        } else {
            self.bot_mut(bot).account.held()
        };
        for (symbol, quantity) in held {
            let request = closing_order(&symbol, quantity, quantity.abs());
            if let Ok(terms) = request.terms() {
                changed
                    .closing
                    .extend(self.on_floor(out, |exchange, floor| {
                        exchange.submit(bot, &request, terms, floor)
                    }));
            }
        }
        let id = out.ids.alert();
        out.emit(Event::Alert(Alert {
            id,
            severity: Severity::Warning,
            code: "kill_switch".to_owned(),
            message: format!(
                "kill switch of {bot}: {} orders cancelled, {} positions are being closed",
                changed.cancelled.len(),
                changed.closing.len()
            ),
            bot: Some(bot.clone()),
            time: out.now,
        }));
        Accepted::Trading(Box::new(changed))
    }

    fn set_trading(
        &mut self,
        bot: &BotId,
        state: TradingState,
        out: &mut Outbox,
    ) -> TradingChanged {
        let owner = self.bot_mut(bot);
        if owner.trading != state {
            owner.trading = state;
            out.emit(Event::Trading {
                bot: bot.clone(),
                state,
                time: out.now,
            });
        }
        TradingChanged {
            state,
            cancelled: Vec::new(),
            closing: Vec::new(),
        }
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

/// Tells two requests under one client id apart.
fn fingerprint(request: &impl Serialize) -> String {
    // Plain values without maps: they always serialise.
    let text = serde_json::to_vec(request).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..8])
}

/// A market order that works until `quantity` of the position `held` is closed.
fn closing_order(symbol: &Symbol, held: Decimal, quantity: Decimal) -> NewOrder {
    let side = if held.is_sign_negative() {
        Side::Buy
    } else {
        Side::Sell
    };
    NewOrder {
        time_in_force: Some(TimeInForce::Gtc),
        reduce_only: true,
        ..NewOrder::market(symbol.clone(), side, quantity)
    }
}
