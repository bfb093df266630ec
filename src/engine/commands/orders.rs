//! Orders, positions and the kill switch: what a bot asks of the paper exchange.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::CANCELLED;
use crate::domain::{
    Alert, Amendment, BotId, ClosePosition, Decimal, Event, NewOco, NewOrder, Order, OrderId,
    OrderStatus, Rejection, Severity, Side, Symbol, TimeInForce, TradingState,
};
use crate::engine::exchange::{Exchange, Repeated};
use crate::engine::floor::Floor;
use crate::engine::outbox::Outbox;
use crate::engine::{Accepted, Engine, TradingChanged};

impl Engine {
    pub(in crate::engine) fn submit_order(
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

    pub(super) fn submit_pair(
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
    pub(super) fn repeated(
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

    pub(super) fn remember(
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
    pub(in crate::engine) fn on_floor<T>(
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

    pub(super) fn amend_order(
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

    pub(super) fn cancel_order(
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

    pub(super) fn close_position(
        &mut self,
        bot: &BotId,
        symbol: &Symbol,
        close: &ClosePosition,
        out: &mut Outbox,
    ) -> Result<Accepted, Rejection> {
        let client_id = close.client_order_id.as_deref();
        // First of all: a repeated request is recognised although the position has changed since.
        if let Some(order) = self.repeated(bot, client_id, &(symbol, close))? {
            return Ok(Accepted::Duplicate {
                id: order.to_string(),
            });
        }
        let held = self.bot_mut(bot).account.quantity(symbol);
        if held.is_zero() {
            return Err(Rejection::field(
                "no_position",
                "symbol",
                format!("nothing is held of {symbol}"),
            ));
        }
        let quantity = close.quantity.unwrap_or(held.abs());
        if quantity > held.abs() {
            return Err(Rejection::field(
                "more_than_held",
                "quantity",
                format!("only {} are held", held.abs().normalize()),
            ));
        }
        let request = NewOrder {
            client_order_id: close.client_order_id.clone(),
            ..closing_order(symbol, held, quantity)
        };
        let terms = request.terms()?;
        self.check(bot, &request, None)?;
        let mut orders = self.on_floor(out, |exchange, floor| {
            exchange.submit(bot, &request, terms, floor)
        });
        self.remember(bot, client_id, &(symbol, close), &orders);
        Ok(Accepted::Order(Box::new(orders.remove(0))))
    }

    /// The kill switch: everything open is cancelled, everything held is closed, and nothing that
    /// would add to a position is taken until trading is resumed.
    pub(super) fn kill(&mut self, bot: &BotId, out: &mut Outbox) -> Accepted {
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

    pub(super) fn set_trading(
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
