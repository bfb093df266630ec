//! Bots' commands, carried out: the same for the built-in agent and for an outside bot.

use super::bots::Bot;
use super::outbox::Outbox;
use super::{Accepted, Engine, price_of};
use crate::domain::bot::Deposit;
use crate::domain::{
    Action, BotCommand, BotId, Decimal, Decision, Event, Evidence, Fill, FillSource, Liquidity,
    NewDecision, NewOrder, Note, Order, OrderId, OrderType, Outcome, Rejection, ReportedFill,
    ReportedOrder, ReportedPosition, TimeInForce,
};

/// The most bots of one engine.
const MAX_BOTS: usize = 64;
/// The most resting orders of one bot.
const MAX_OPEN_ORDERS: usize = 100_000;
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
            BotCommand::SubmitOco(_)
            | BotCommand::AmendOrder { .. }
            | BotCommand::CancelAll { .. }
            | BotCommand::ClosePosition { .. }
            | BotCommand::Kill
            | BotCommand::Pause
            | BotCommand::Resume => Err(Rejection::new("not_supported", "not yet")),
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
        if let Some(client_id) = &request.client_order_id
            && let Some(id) = self.exchange.known(bot, client_id)
        {
            return Ok(Accepted::Duplicate { id: id.to_string() });
        }
        self.check_risk(bot, request)?;
        let id = out.ids.order();
        let order = self.exchange.accept(bot, request, id, out.seq, out.now);
        out.emit(Event::Order(order.clone()));
        Ok(Accepted::Order(Box::new(order)))
    }

    /// Whether the account can carry the order: at today's price and with all other open orders of
    /// the symbol filled, |position| must stay within the equity, and at or above zero where
    /// shorting is not allowed. Prices may move before the fill; that is checked by nobody.
    fn check_risk(&self, bot: &BotId, request: &NewOrder) -> Result<(), Rejection> {
        let Some(market) = self.markets.get(&request.symbol) else {
            return Err(Rejection::field(
                "unknown_symbol",
                "symbol",
                format!("{} is not traded here", request.symbol),
            ));
        };
        let Some(price) = request.price.or(market.price()) else {
            return Err(Rejection::field(
                "no_market",
                "symbol",
                "there is no price yet",
            ));
        };
        let Some(owner) = self.bots.get(bot) else {
            return Err(Rejection::new("insufficient_funds", "the account is empty"));
        };
        if self.exchange.open_orders(bot).take(MAX_OPEN_ORDERS).count() == MAX_OPEN_ORDERS {
            return Err(Rejection::new(
                "too_many_orders",
                format!("there are {MAX_OPEN_ORDERS} open orders already"),
            ));
        }
        let held = owner.account.quantity(&request.symbol);
        let projected = held
            + self.exchange.pending(bot, &request.symbol)
            + request.side.signed(request.quantity);
        if projected < Decimal::ZERO && projected < held && !self.config.exchange.allow_short {
            return Err(Rejection::field(
                "short_not_allowed",
                "quantity",
                "the order would sell more than is held",
            ));
        }
        let totals = owner
            .account
            .totals(&|symbol| price_of(&self.markets, symbol));
        let here = (held * price).abs();
        let elsewhere = (totals.invested - here).max(Decimal::ZERO);
        if projected.abs() > held.abs() && elsewhere + projected.abs() * price > totals.equity {
            return Err(Rejection::field(
                "insufficient_funds",
                "quantity",
                format!(
                    "the position would be worth more than the equity of {}",
                    totals.equity.round_dp(2)
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn cancel_order(
        &mut self,
        bot: &BotId,
        id: &OrderId,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let Some(order) = self
            .exchange
            .cancel(bot, id, "cancelled by the client", out.now)
        else {
            return Err(Rejection::field(
                "unknown_order",
                "order",
                format!("there is no open order {id}"),
            ));
        };
        out.emit(Event::Order(order.clone()));
        Ok(Accepted::Order(Box::new(order)))
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
        self.book_fill(fill, out);
        Ok(Accepted::Recorded {
            id: new.id.to_string(),
        })
    }

    /// Books a fill in its bot's account and tells it, with the round trip that it may have ended.
    pub(super) fn book_fill(&mut self, mut fill: Fill, out: &mut Outbox) {
        let booked = self.bot_mut(&fill.bot.clone()).account.book(&fill);
        fill.realised_pnl = booked.realised_pnl.normalize();
        fill.cash = self.bot_mut(&fill.bot.clone()).account.cash().normalize();
        let bot = fill.bot.clone();
        out.emit(Event::Fill(fill));
        if let Some(trip) = booked.closed {
            self.bot_mut(&bot).keep_trip(trip.clone());
            out.emit(Event::RoundTrip(trip));
        }
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
