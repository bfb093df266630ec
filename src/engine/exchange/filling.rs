//! A match becomes a fill: in the order, in the account, and in what hangs on the order.

use super::evidence::{Match, Want};
use super::shelf::Place;
use super::{Exchange, Floor, Post, step};
use crate::domain::{
    BotId, Decimal, Fill, FillSource, LinkRole, Liquidity, OrderStep, Side, Symbol, TimeUs,
};

const NOTHING_TO_REDUCE: &str = "there is no position left that it could reduce";

/// How much an order of `side` could take off a position of `held`.
fn reducible(side: Side, held: Decimal) -> Decimal {
    -side.signed(held)
}

impl Exchange {
    /// What an order may have now. One that can only reduce, and has nothing to reduce, is taken
    /// back.
    pub(super) fn want(&mut self, place: Place, floor: &mut Floor<'_>) -> Option<Want> {
        let order = &self.orders.get(&place)?.order;
        let mut quantity = order.remaining();
        if order.reduce_only {
            quantity = quantity.min(reducible(order.side, floor.held(&order.bot, &order.symbol)));
            if quantity <= Decimal::ZERO {
                self.end(place, OrderStep::Cancel, NOTHING_TO_REDUCE, floor);
                return None;
            }
        }
        let order = &self.orders.get(&place)?.order;
        Some(Want {
            side: order.side,
            quantity,
            limit: order.price,
        })
    }

    /// Books a match: in the order, in the account, and in what hangs on the order.
    pub(super) fn fill(
        &mut self,
        place: Place,
        matched: Match,
        time: TimeUs,
        floor: &mut Floor<'_>,
    ) {
        let value = matched.price * matched.quantity;
        let rate = match matched.liquidity {
            Liquidity::Maker => floor.exchange().maker_fee,
            Liquidity::Taker => floor.exchange().taker_fee,
        };
        let Some(resting) = self.orders.get_mut(&place) else {
            return;
        };
        let order = &mut resting.order;
        let fills_rest = matched.quantity == order.remaining();
        let filled = if fills_rest {
            OrderStep::FillRest
        } else {
            OrderStep::FillPart
        };
        if step(order, filled, time).is_err() {
            return;
        }
        order.filled_quantity += matched.quantity;
        resting.filled_value += value;
        order.average_price = resting
            .filled_value
            .checked_div(order.filled_quantity)
            .map(|price| price.round_dp(8).normalize());
        let fill = Fill {
            id: floor.out.ids.fill(),
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
            time,
        };
        let (bot, symbol) = (order.bot.clone(), order.symbol.clone());
        let role = order.link.as_ref().map(|link| link.role);
        let before = floor.held(&bot, &symbol);
        floor.book_fill(fill);
        self.tell(place, floor);
        self.recount(place);
        if role.is_some_and(|role| role != LinkRole::Entry) {
            self.shrink_other_leg(place, matched.quantity, floor);
        }
        if fills_rest {
            self.finish(place, floor);
        }
        let after = floor.held(&bot, &symbol);
        if after.is_zero() || after.is_sign_negative() != before.is_sign_negative() {
            self.drop_what_reduces_nothing(&bot, &symbol, floor);
        }
    }

    /// After a position was closed or turned, orders that could only reduce it have no purpose.
    pub(super) fn drop_what_reduces_nothing(
        &mut self,
        bot: &BotId,
        symbol: &Symbol,
        floor: &mut Floor<'_>,
    ) {
        let held = floor.held(bot, symbol);
        let useless: Vec<Place> = self
            .roll
            .reduce_only(bot, symbol)
            .filter(|place| {
                self.orders.get(place).is_some_and(|resting| {
                    !matches!(resting.post, Post::Leg)
                        && reducible(resting.order.side, held) <= Decimal::ZERO
                })
            })
            .collect();
        for place in useless {
            self.end(place, OrderStep::Cancel, NOTHING_TO_REDUCE, floor);
        }
    }
}
