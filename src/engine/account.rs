//! A bot's account: cash and holdings at average cost. Quantity and cost are stored and averages
//! derived, so that these hold exactly in Decimal at every moment:
//! cash + Σ value = equity, and realised + unrealised − fees = equity − deposits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::holding::{Booked, Holding};
use crate::domain::{
    Activity, BotId, Decimal, EquityPoint, Fill, Invariant, Portfolio, Position, Symbol, TimeUs,
    TradingState, money,
};

/// The prices that an account is valued at.
pub type Prices<'a> = &'a dyn Fn(&Symbol) -> Option<Decimal>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    bot: BotId,
    cash: Decimal,
    deposits: Decimal,
    fills: u64,
    /// Σ |fill value|.
    traded_value: Decimal,
    holdings: BTreeMap<Symbol, Holding>,
}

/// What the totals of an account are at some prices.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    pub equity: Decimal,
    pub invested: Decimal,
    pub realised: Decimal,
    pub unrealised: Decimal,
    pub fees: Decimal,
}

impl Account {
    pub fn new(bot: BotId) -> Self {
        Self {
            bot,
            cash: Decimal::ZERO,
            deposits: Decimal::ZERO,
            fills: 0,
            traded_value: Decimal::ZERO,
            holdings: BTreeMap::new(),
        }
    }

    pub fn cash(&self) -> Decimal {
        self.cash
    }

    pub fn deposits(&self) -> Decimal {
        self.deposits
    }

    pub fn fills(&self) -> u64 {
        self.fills
    }

    /// Everything that is held, with its sign.
    pub fn held(&self) -> Vec<(Symbol, Decimal)> {
        self.holdings
            .iter()
            .filter(|(_, holding)| !holding.quantity.is_zero())
            .map(|(symbol, holding)| (symbol.clone(), holding.quantity))
            .collect()
    }

    pub fn traded_value(&self) -> Decimal {
        self.traded_value
    }

    pub fn deposit(&mut self, amount: Decimal) {
        self.cash += amount;
        self.deposits += amount;
    }

    pub fn quantity(&self, symbol: &Symbol) -> Decimal {
        self.holdings
            .get(symbol)
            .map(|holding| holding.quantity)
            .unwrap_or_default()
    }

    fn holding(&mut self, symbol: &Symbol) -> &mut Holding {
        self.holdings.entry(symbol.clone()).or_default()
    }

    /// Books a fill, whose `realised_pnl` is not read: it is the answer.
    pub fn book(&mut self, fill: &Fill) -> Booked {
        let bot = self.bot.clone();
        self.cash -= fill.side.signed(fill.value) + fill.fee;
        self.fills += 1;
        self.traded_value += fill.value;
        self.holding(&fill.symbol).book(&bot, fill)
    }

    /// An outside bot says what it holds: the difference is a deposit in kind at cost.
    pub fn state(
        &mut self,
        symbol: &Symbol,
        quantity: Decimal,
        average_price: Decimal,
        now: TimeUs,
    ) {
        let brought = self.holding(symbol).state(quantity, average_price, now);
        self.deposits += brought;
    }

    /// A second has passed: open round trips remember their best and worst.
    pub fn observe(&mut self, symbol: &Symbol, price: Decimal) {
        if let Some(holding) = self.holdings.get_mut(symbol) {
            holding.observe(price);
        }
    }

    pub fn totals(&self, prices: Prices<'_>) -> Totals {
        let mut totals = Totals {
            equity: self.cash,
            ..Totals::default()
        };
        for (symbol, holding) in &self.holdings {
            let value = holding.value(prices(symbol));
            totals.equity += value;
            totals.invested += value.abs();
            totals.unrealised += value - holding.cost;
            totals.realised += holding.realised;
            totals.fees += holding.fees;
        }
        totals
    }

    /// What is held and was done so far, at the prices of `totals`.
    pub fn activity(&self, totals: &Totals) -> Activity {
        Activity {
            invested: totals.invested.normalize(),
            fees: totals.fees.normalize(),
            traded: self.traded_value.normalize(),
        }
    }

    /// All holdings there ever were, by symbol; flat ones keep their realised figures.
    pub fn positions(&self, prices: Prices<'_>) -> Vec<Position> {
        self.holdings
            .iter()
            .map(|(symbol, holding)| holding.position(&self.bot, symbol, prices(symbol)))
            .collect()
    }

    pub fn position(&self, symbol: &Symbol, price: Option<Decimal>) -> Option<Position> {
        self.holdings
            .get(symbol)
            .map(|holding| holding.position(&self.bot, symbol, price))
    }

    /// Checks the identities by going through the holdings one by one.
    pub fn invariant(&self, prices: Prices<'_>) -> Invariant {
        let totals = self.totals(prices);
        let net = totals.realised + totals.unrealised - totals.fees;
        if net != totals.equity - self.deposits {
            let what = format!(
                "realised + unrealised − fees is {net}, but equity − deposits is {}",
                totals.equity - self.deposits
            );
            return Invariant::Broken { what };
        }
        if let Some((symbol, holding)) = self
            .holdings
            .iter()
            .find(|(_, holding)| holding.filled != holding.quantity)
        {
            let what = format!(
                "{symbol}: fills sum to {}, the position is {}",
                holding.filled, holding.quantity
            );
            return Invariant::Broken { what };
        }
        Invariant::Holds
    }

    /// The account as `portfolio:<bot>` shows it. `day_start` is the last equity point before 00:00
    /// UTC, or the first there is.
    pub fn portfolio(
        &self,
        prices: Prices<'_>,
        currency: &str,
        open_orders: u32,
        trading: TradingState,
        day_start: Option<&EquityPoint>,
        time: TimeUs,
    ) -> Portfolio {
        let totals = self.totals(prices);
        let net_pnl = totals.realised + totals.unrealised - totals.fees;
        let (start_equity, start_deposits) = day_start
            .map_or((self.deposits, self.deposits), |point| {
                (point.equity, point.deposits)
            });
        let day_pnl = totals.equity - start_equity - (self.deposits - start_deposits);
        let open = self
            .holdings
            .values()
            .filter(|holding| !holding.quantity.is_zero())
            .count();
        Portfolio {
            bot: self.bot.clone(),
            currency: currency.to_owned(),
            equity: totals.equity.normalize(),
            cash: self.cash.normalize(),
            deposits: self.deposits.normalize(),
            invested: totals.invested.normalize(),
            realised_pnl: totals.realised.normalize(),
            unrealised_pnl: totals.unrealised.normalize(),
            fees: totals.fees.normalize(),
            net_pnl: net_pnl.normalize(),
            net_pnl_percent: money::percent(net_pnl, self.deposits),
            day_pnl: day_pnl.normalize(),
            day_pnl_percent: money::percent(day_pnl, start_equity),
            open_positions: u32::try_from(open).unwrap_or(u32::MAX),
            open_orders,
            fills: self.fills,
            invariant: self.invariant(prices),
            trading,
            time,
        }
    }
}
