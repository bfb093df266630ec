//! Candles of one symbol. A print touches only the second's candle; a finished one is laid into the
//! next longer, so that the cost of a print does not grow with the number of intervals.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::outbox::Outbox;
use crate::domain::{Bar, Candle, Event, Interval, MarketTrade, Side, TimeUs};

/// Finished candles that are kept of each interval: a day of minutes and a little more.
pub const KEPT: usize = 1_500;

/// One interval's running candle and its past. The past is not part of the state: it is refilled
/// from the journal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Series {
    /// What shorter intervals have finished of the running period.
    open: Option<Candle>,
    #[serde(skip)]
    closed: VecDeque<Candle>,
}

impl Series {
    fn keep(&mut self, candle: Candle) {
        self.closed.push_back(candle);
        if self.closed.len() > KEPT {
            self.closed.pop_front();
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Candles {
    /// In the order of [`Interval::ALL`].
    series: [Series; Interval::ALL.len()],
}

/// Lays `later`, a part of the same period, over `whole`.
fn extend(whole: &mut Candle, later: &Candle) {
    whole.high = whole.high.max(later.high);
    whole.low = whole.low.min(later.low);
    whole.close = later.close;
    whole.volume += later.volume;
    whole.quote_volume += later.quote_volume;
    whole.trades += later.trades;
    whole.taker_buy_volume += later.taker_buy_volume;
    whole.taker_buy_quote_volume += later.taker_buy_quote_volume;
}

/// The same figures as a part of the longer period that holds them.
fn widen(part: &Candle, interval: Interval) -> Candle {
    let open_time = part.open_time.floor(interval.micros());
    Candle {
        interval,
        open_time,
        close_time: open_time.plus(interval.micros() - 1),
        closed: false,
        ..part.clone()
    }
}

impl Candles {
    pub fn print(&mut self, trade: &MarketTrade) {
        let quote = trade.price * trade.quantity;
        let bought = trade.taker == Side::Buy;
        let second = &mut self.series[0].open;
        match second {
            Some(candle) => {
                candle.high = candle.high.max(trade.price);
                candle.low = candle.low.min(trade.price);
                candle.close = trade.price;
                candle.volume += trade.quantity;
                candle.quote_volume += quote;
                candle.trades += trade.count;
                if bought {
                    candle.taker_buy_volume += trade.quantity;
                    candle.taker_buy_quote_volume += quote;
                }
            }
            None => {
                let open_time = trade.time.floor(Interval::S1.micros());
                let taken = if bought {
                    (trade.quantity, quote)
                } else {
                    Default::default()
                };
                *second = Some(Candle {
                    symbol: trade.symbol.clone(),
                    interval: Interval::S1,
                    open_time,
                    close_time: open_time.plus(Interval::S1.micros() - 1),
                    open: trade.price,
                    high: trade.price,
                    low: trade.price,
                    close: trade.price,
                    volume: trade.quantity,
                    quote_volume: quote,
                    trades: trade.count,
                    taker_buy_volume: taken.0,
                    taker_buy_quote_volume: taken.1,
                    closed: false,
                });
            }
        }
    }

    /// Lays a bar into the shortest interval that holds it; one longer than the longest is not shown.
    pub fn bar(&mut self, bar: &Bar) {
        let length = bar.close_time.since(bar.open_time) + 1;
        let Some(place) = Interval::ALL
            .iter()
            .position(|interval| interval.micros() >= length)
        else {
            return;
        };
        let part = Candle {
            symbol: bar.symbol.clone(),
            interval: Interval::ALL[place],
            open_time: bar.open_time,
            close_time: bar.close_time,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            quote_volume: bar.quote_volume.unwrap_or_default(),
            trades: bar.trades.unwrap_or_default(),
            taker_buy_volume: bar.taker_buy_volume.unwrap_or_default(),
            taker_buy_quote_volume: bar.taker_buy_quote_volume.unwrap_or_default(),
            closed: false,
        };
        self.lay_into(place, &part);
    }

    fn lay_into(&mut self, place: usize, part: &Candle) {
        match &mut self.series[place].open {
            Some(open) => extend(open, part),
            open @ None => *open = Some(widen(part, Interval::ALL[place])),
        }
    }

    /// Finishes what ended before `now`. Must be called before a print at `now` is added.
    pub fn advance(&mut self, now: TimeUs, out: &mut Outbox) {
        for place in 0..self.series.len() {
            let ended = self.series[place]
                .open
                .take_if(|candle| candle.close_time < now);
            let Some(mut candle) = ended else { continue };
            if place + 1 < self.series.len() {
                self.lay_into(place + 1, &candle);
            }
            candle.closed = true;
            if candle.interval != Interval::S1 {
                out.emit(Event::Candle(candle.clone()));
            }
            self.series[place].keep(candle);
        }
    }

    /// Finished candles, oldest first.
    pub fn closed(&self, interval: Interval) -> &VecDeque<Candle> {
        &self.series[interval as usize].closed
    }

    /// The running candle with all that its shorter parts know.
    pub fn running(&self, interval: Interval) -> Option<Candle> {
        let mut whole: Option<Candle> = None;
        for series in self.series[..=interval as usize].iter().rev() {
            match (&mut whole, &series.open) {
                (Some(whole), Some(part)) => extend(whole, part),
                (None, Some(part)) => whole = Some(widen(part, interval)),
                (_, None) => {}
            }
        }
        whole
    }

    /// Puts a finished candle of the journal back, oldest first.
    pub fn restore(&mut self, candle: Candle) {
        self.series[candle.interval as usize].keep(candle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::SECOND;
    use crate::domain::{Decimal, Seq, Symbol};

    fn trade(time: i64, price: i64, quantity: i64) -> MarketTrade {
        MarketTrade {
            symbol: "BTCUSDT".parse::<Symbol>().unwrap(),
            id: 1,
            price: Decimal::from(price),
            quantity: Decimal::from(quantity),
            count: 1,
            taker: if price % 2 == 0 {
                Side::Buy
            } else {
                Side::Sell
            },
            time: TimeUs(time),
        }
    }

    #[test]
    fn every_interval_sums_the_same_prints() {
        let mut candles = Candles::default();
        let mut out = Outbox::new(Seq(1), TimeUs::ZERO);
        for (time, price) in [
            (0, 10),
            (SECOND / 2, 14),
            (61 * SECOND, 9),
            (62 * SECOND, 12),
            (330 * SECOND, 11),
        ] {
            candles.advance(TimeUs(time), &mut out);
            candles.print(&trade(time, price, 2));
        }
        let hour = candles.running(Interval::H1).unwrap();
        assert_eq!(
            (hour.open, hour.high, hour.low, hour.close),
            (10.into(), 14.into(), 9.into(), 11.into())
        );
        assert_eq!((hour.volume, hour.trades), (10.into(), 5));
        assert_eq!(hour.taker_buy_volume, 6.into());
        let minutes: Vec<_> = candles
            .closed(Interval::M1)
            .iter()
            .map(|c| (c.open_time.0 / SECOND, c.trades))
            .collect();
        assert_eq!(minutes, [(0, 2), (60, 2)]);
        assert_eq!(candles.closed(Interval::M5).len(), 1);
        let emitted = out.into_records();
        assert_eq!(emitted.len(), 3, "two minutes and one five-minute candle");
    }
}
