//! The paper exchange: resting orders, and the fills that the market's own evidence allows.
//!
//! An order matches only evidence that came after its acceptance, and what one print or one book
//! offers is used at most once across all orders, the oldest order first.

mod evidence;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::ExchangeConfig;
use crate::domain::ids::IdSource;
use crate::domain::{
    Bar, Book, BotId, Decimal, Fill, FillSource, Liquidity, MarketTrade, NewOrder, Order, OrderId,
    OrderStatus, Seq, Symbol, TimeInForce, TimeUs,
};

use evidence::{Match, Offer};

/// A resting order with what matching must know beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Resting {
    order: Order,
    /// Evidence of this input is too early.
    accepted: Seq,
    /// Σ price × quantity filled so far.
    filled_value: Decimal,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// By the order of acceptance.
    resting: BTreeMap<u64, Resting>,
    next: u64,
    /// Client ids of the latest orders, so that a repeated request is the same order.
    client_ids: BTreeMap<BotId, Vec<(String, OrderId)>>,
}

/// Client ids that are remembered for each bot.
const CLIENT_IDS_KEPT: usize = 10_000;

/// Something that happened to an order, in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    Filled(Box<Fill>),
    Changed(Box<Order>),
}

/// The evidence of one input.
#[derive(Debug, Clone, Copy)]
pub enum Market<'a> {
    /// A print; `has_book` says that this market is matched on its book, and prints fill only what
    /// they traded through.
    Trade {
        trade: &'a MarketTrade,
        has_book: bool,
    },
    Book(&'a Book),
    Bar(&'a Bar),
}

impl Market<'_> {
    fn symbol(&self) -> &Symbol {
        match self {
            Market::Trade { trade, .. } => &trade.symbol,
            Market::Book(book) => &book.symbol,
            Market::Bar(bar) => &bar.symbol,
        }
    }
}

impl Exchange {
    /// The order that was made of an earlier request with this client id.
    pub fn known(&self, bot: &BotId, client_order_id: &str) -> Option<&OrderId> {
        self.client_ids
            .get(bot)?
            .iter()
            .find(|(known, _)| known == client_order_id)
            .map(|(_, order)| order)
    }

    /// Takes a checked order.
    pub fn accept(
        &mut self,
        bot: &BotId,
        request: &NewOrder,
        id: OrderId,
        seq: Seq,
        now: TimeUs,
    ) -> Order {
        let order = Order {
            id,
            client_order_id: request.client_order_id.clone(),
            bot: bot.clone(),
            symbol: request.symbol.clone(),
            side: request.side,
            order_type: request.order_type,
            time_in_force: request.time_in_force(),
            quantity: request.quantity,
            expires_at: request.expires_at,
            price: request.price,
            stop_price: request.stop_price,
            trail_amount: request.trail_amount,
            trail_percent: request.trail_percent,
            activation_price: request.activation_price,
            reduce_only: request.reduce_only,
            link: None,
            trigger: None,
            status: OrderStatus::Accepted,
            filled_quantity: Decimal::ZERO,
            average_price: None,
            decision: request.decision.clone(),
            reason: None,
            created_at: now,
            updated_at: now,
        };
        if let Some(client_id) = &request.client_order_id {
            let known = self.client_ids.entry(bot.clone()).or_default();
            known.push((client_id.clone(), order.id.clone()));
            if known.len() > CLIENT_IDS_KEPT {
                known.remove(0);
            }
        }
        self.resting.insert(
            self.next,
            Resting {
                order: order.clone(),
                accepted: seq,
                filled_value: Decimal::ZERO,
            },
        );
        self.next += 1;
        order
    }

    /// Takes a resting order back; `None` where there is none of this id.
    pub fn cancel(
        &mut self,
        bot: &BotId,
        id: &OrderId,
        reason: &str,
        now: TimeUs,
    ) -> Option<Order> {
        let place = *self
            .resting
            .iter()
            .find(|(_, resting)| {
                resting.order.bot == *bot
                    && (resting.order.id == *id
                        || resting.order.client_order_id.as_deref() == Some(id.as_str()))
            })?
            .0;
        let mut order = self.resting.remove(&place)?.order;
        order.status = OrderStatus::Cancelled;
        order.reason = Some(reason.to_owned());
        order.updated_at = now;
        Some(order)
    }

    pub fn open_orders<'a>(&'a self, bot: &'a BotId) -> impl Iterator<Item = &'a Order> {
        self.resting
            .values()
            .map(|resting| &resting.order)
            .filter(move |order| order.bot == *bot)
    }

    /// Signed quantity that open orders of a bot would still add to its position.
    pub fn pending(&self, bot: &BotId, symbol: &Symbol) -> Decimal {
        self.open_orders(bot)
            .filter(|order| order.symbol == *symbol)
            .map(|order| order.side.signed(order.remaining()))
            .sum()
    }

    /// Matches the resting orders of one symbol against the evidence of input `seq`.
    pub fn match_market(
        &mut self,
        market: Market<'_>,
        config: &ExchangeConfig,
        seq: Seq,
        ids: &mut IdSource,
    ) -> Vec<Happened> {
        let mut happened = Vec::new();
        if self.resting.is_empty() {
            return happened;
        }
        let mut offer = Offer::of(market);
        let mut finished = Vec::new();
        for (place, resting) in &mut self.resting {
            if resting.order.symbol != *market.symbol() || resting.accepted >= seq {
                continue;
            }
            if let Some(matched) = offer.take(&resting.order, config) {
                happened.push(Happened::Filled(Box::new(
                    resting.fill(matched, config, ids, offer.time),
                )));
            }
            let order = &mut resting.order;
            // What a fill-or-go order could not get from the first evidence that fits it, it never gets.
            let expires = order.time_in_force == TimeInForce::Ioc
                && offer.fits(order)
                && !order.remaining().is_zero();
            if expires {
                order.status = OrderStatus::Expired;
                order.reason = Some("the market did not offer the rest at once".to_owned());
                order.updated_at = offer.time;
            }
            if expires || order.updated_at == offer.time && !order.filled_quantity.is_zero() {
                happened.push(Happened::Changed(Box::new(order.clone())));
            }
            if order.status.is_final() {
                finished.push(*place);
            }
        }
        for place in finished {
            self.resting.remove(&place);
        }
        happened
    }
}

impl Resting {
    /// Books a match in the order and makes the fill of it.
    fn fill(
        &mut self,
        matched: Match,
        config: &ExchangeConfig,
        ids: &mut IdSource,
        now: TimeUs,
    ) -> Fill {
        let value = matched.price * matched.quantity;
        let rate = match matched.liquidity {
            Liquidity::Maker => config.maker_fee,
            Liquidity::Taker => config.taker_fee,
        };
        let order = &mut self.order;
        order.filled_quantity += matched.quantity;
        self.filled_value += value;
        order.average_price = self
            .filled_value
            .checked_div(order.filled_quantity)
            .map(|price| price.round_dp(8).normalize());
        order.status = if order.remaining().is_zero() {
            OrderStatus::Filled
        } else {
            OrderStatus::PartiallyFilled
        };
        order.updated_at = now;
        Fill {
            id: ids.fill(),
            bot: order.bot.clone(),
            order: Some(order.id.clone()),
            decision: order.decision.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            quantity: matched.quantity.normalize(),
            price: matched.price.normalize(),
            value: value.normalize(),
            fee: (value * rate).round_dp(8).normalize(),
            liquidity: matched.liquidity,
            slippage: matched.slippage.round_dp(8).normalize(),
            realised_pnl: Decimal::ZERO,
            cash: Decimal::ZERO,
            evidence: matched.evidence,
            source: FillSource::Paper,
            time: now,
        }
    }
}

#[cfg(test)]
mod tests;
