//! One symbol's holding in an account, and the round trip that is under way in it.

use serde::{Deserialize, Serialize};

use crate::domain::{BotId, Decimal, Fill, Position, RoundTrip, Side, Symbol, TimeUs};

/// Cost that leaves with a partly closed position is rounded to this many digits after the point:
/// what leaves and what stays still add up exactly.
const COST_SCALE: u32 = 12;

/// What a fill did to the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// Gross, of the part that closed.
    pub realised_pnl: Decimal,
    /// The round trip that this fill ended.
    pub closed: Option<RoundTrip>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Holding {
    pub quantity: Decimal,
    /// With the quantity's sign.
    pub cost: Decimal,
    pub realised: Decimal,
    pub fees: Decimal,
    /// Σ of all fills' signed quantities and stated differences: must equal `quantity`.
    pub filled: Decimal,
    updated_at: TimeUs,
    trip: Option<Trip>,
}

/// A round trip under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Trip {
    side: Side,
    opened_at: TimeUs,
    largest: Decimal,
    realised: Decimal,
    fees: Decimal,
    mae: Decimal,
    mfe: Decimal,
}

impl Holding {
    /// At cost where no price is known yet.
    pub fn value(&self, price: Option<Decimal>) -> Decimal {
        price.map_or(self.cost, |price| self.quantity * price)
    }

    /// Books a fill's quantity, cost, profit and fee. A fill through zero closes one round trip and
    /// opens the next; its fee belongs to both in proportion.
    pub fn book(&mut self, bot: &BotId, fill: &Fill) -> Booked {
        let signed = fill.side.signed(fill.quantity);
        let against = !self.quantity.is_zero()
            && self.quantity.is_sign_negative() != signed.is_sign_negative();
        let closing = if against {
            fill.quantity.min(self.quantity.abs())
        } else {
            Decimal::ZERO
        };
        let opening = fill.quantity - closing;
        let closing_fee = match closing {
            closing if closing == fill.quantity => fill.fee,
            closing => (fill.fee * closing / fill.quantity).round_dp(COST_SCALE),
        };

        let mut realised_pnl = Decimal::ZERO;
        let mut closed = None;
        if !closing.is_zero() {
            let leaving = if closing == self.quantity.abs() {
                self.cost
            } else {
                (self.cost * closing / self.quantity.abs()).round_dp(COST_SCALE)
            };
            // Selling a long: proceeds − cost. Buying a short back: −paid − (−cost).
            realised_pnl = -fill.side.signed(closing * fill.price) - leaving;
            self.cost -= leaving;
            self.quantity += fill.side.signed(closing);
            self.realised += realised_pnl;
            if let Some(trip) = &mut self.trip {
                trip.realised += realised_pnl;
                trip.fees += closing_fee;
                trip.see(trip.realised + (self.quantity * fill.price - self.cost));
            }
            if self.quantity.is_zero() {
                closed = self.trip.take().map(|trip| trip.end(bot, fill));
            }
        }
        if !opening.is_zero() {
            self.quantity += fill.side.signed(opening);
            self.cost += fill.side.signed(opening * fill.price);
            let trip = self.trip.get_or_insert(Trip::start(fill.side, fill.time));
            trip.fees += fill.fee - closing_fee;
            trip.largest = trip.largest.max(self.quantity.abs());
        }
        self.fees += fill.fee;
        self.filled += signed;
        self.updated_at = fill.time;
        Booked {
            realised_pnl,
            closed,
        }
    }

    /// Sets what is held; gives the cost that came in (or left) by that.
    pub fn state(&mut self, quantity: Decimal, average_price: Decimal, now: TimeUs) -> Decimal {
        let cost = quantity * average_price;
        let brought = cost - self.cost;
        self.filled += quantity - self.quantity;
        self.quantity = quantity;
        self.cost = cost;
        self.updated_at = now;
        self.trip = (!quantity.is_zero()).then(|| {
            let side = if quantity.is_sign_negative() {
                Side::Sell
            } else {
                Side::Buy
            };
            Trip {
                largest: quantity.abs(),
                ..Trip::start(side, now)
            }
        });
        brought
    }

    pub fn observe(&mut self, price: Decimal) {
        let unrealised = self.quantity * price - self.cost;
        if let Some(trip) = &mut self.trip {
            trip.see(trip.realised + unrealised);
        }
    }

    pub fn position(&self, bot: &BotId, symbol: &Symbol, price: Option<Decimal>) -> Position {
        let value = self.value(price);
        Position {
            bot: bot.clone(),
            symbol: symbol.clone(),
            quantity: self.quantity.normalize(),
            cost: self.cost.normalize(),
            average_price: self
                .cost
                .checked_div(self.quantity)
                .map(|average| average.round_dp(8).normalize()),
            mark_price: price,
            value: value.normalize(),
            unrealised_pnl: (value - self.cost).normalize(),
            realised_pnl: self.realised.normalize(),
            fees: self.fees.normalize(),
            opened_at: self.trip.as_ref().map(|trip| trip.opened_at),
            updated_at: self.updated_at,
        }
    }
}

impl Trip {
    fn start(side: Side, opened_at: TimeUs) -> Self {
        let zero = Decimal::ZERO;
        Self {
            side,
            opened_at,
            largest: zero,
            realised: zero,
            fees: zero,
            mae: zero,
            mfe: zero,
        }
    }

    fn see(&mut self, gross: Decimal) {
        self.mae = self.mae.min(gross);
        self.mfe = self.mfe.max(gross);
    }

    fn end(self, bot: &BotId, fill: &Fill) -> RoundTrip {
        RoundTrip {
            bot: bot.clone(),
            symbol: fill.symbol.clone(),
            side: self.side,
            quantity: self.largest.normalize(),
            opened_at: self.opened_at,
            closed_at: fill.time,
            realised_pnl: self.realised.normalize(),
            fees: self.fees.normalize(),
            mae: self.mae.normalize(),
            mfe: self.mfe.normalize(),
        }
    }
}
