//! The state of one symbol's market, as far as the feed has told it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::candles::Candles;
use super::outbox::Outbox;
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::domain::{
    Bar, Book, DayStatistics, Decimal, Event, Extent, FeedNotice, Interval, Level, MarketTrade,
    QualityKind, Side, Symbol, Ticker, TimeUs, Verdict, VerdictSource, money,
};

/// Marks that are kept for the models, one a second: ten minutes.
pub const MARKS_KEPT: usize = 600;
/// Gaps that are kept: a decision is judged with the first input after its moment, so that only the
/// newest can count.
const GAPS_KEPT: usize = 8;
/// Levels of the book that the ticker shows.
const LEVELS_SHOWN: usize = 10;
/// A price older than this does not stand for a moment (µs), unless the feed gives longer bars.
const PRICE_LIFETIME: i64 = MINUTE;
/// What the exchange said of its last 24 hours longer ago is said no more (µs).
const DAY_LIFETIME: i64 = MINUTE;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LastPrint {
    price: Decimal,
    quantity: Decimal,
    taker: Side,
    time: TimeUs,
    source: VerdictSource,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Market {
    symbol: Symbol,
    last: Option<LastPrint>,
    book: Option<Book>,
    /// The exchange's own 24-hour figures, where the feed gives them.
    #[serde(default)]
    day: Option<DayStatistics>,
    prints: u64,
    /// The first print's minute: 24-hour figures need a day since then.
    since: Option<TimeUs>,
    /// The second in which the price changed hands last and that has no mark yet.
    unmarked: Option<TimeUs>,
    /// The newest times of which trades are lost.
    #[serde(default)]
    gaps: VecDeque<(TimeUs, TimeUs)>,
    /// Length of the feed's bars, where it has nothing finer (µs).
    bar_length: i64,
    /// Digits after the point that prices and quantities were seen with.
    pub price_scale: u32,
    pub quantity_scale: u32,
    pub candles: Candles,
    /// One a second, oldest first. Not part of the state: refilled from the journal's marks.
    #[serde(skip)]
    marks: VecDeque<(TimeUs, f64)>,
}

impl Market {
    pub fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            last: None,
            book: None,
            day: None,
            prints: 0,
            since: None,
            unmarked: None,
            gaps: VecDeque::new(),
            bar_length: 0,
            price_scale: 0,
            quantity_scale: 0,
            candles: Candles::default(),
            marks: VecDeque::new(),
        }
    }

    pub fn price(&self) -> Option<Decimal> {
        self.last.as_ref().map(|last| last.price)
    }

    /// The price, if it is young enough to stand for the moment `at` and no gap lies between.
    pub fn price_at(&self, at: TimeUs) -> Option<Decimal> {
        let last = self.last.as_ref()?;
        let lifetime = PRICE_LIFETIME.max(2 * self.bar_length);
        let is_lost = |(from, _): &(TimeUs, TimeUs)| last.time <= *from && *from < at;
        let stands = at.since(last.time) <= lifetime && !self.gaps.iter().any(is_lost);
        stands.then_some(last.price)
    }

    /// The price that decides what came by the moment `at`. Asked before anything later is seen.
    pub fn verdict_at(&self, at: TimeUs) -> Option<Verdict> {
        let price = self.price_at(at)?;
        self.last.as_ref().map(|last| Verdict {
            price,
            time: last.time,
            source: last.source,
        })
    }

    /// Trades between these two moments are lost.
    pub fn on_gap(&mut self, gap: (TimeUs, TimeUs)) {
        self.gaps.push_back(gap);
        if self.gaps.len() > GAPS_KEPT {
            self.gaps.pop_front();
        }
    }

    pub fn book(&self) -> Option<&Book> {
        self.book.as_ref()
    }

    pub fn marks(&self) -> &VecDeque<(TimeUs, f64)> {
        &self.marks
    }

    fn seen(&mut self, print: LastPrint) {
        self.price_scale = self.price_scale.max(print.price.scale());
        self.quantity_scale = self.quantity_scale.max(print.quantity.scale());
        self.since.get_or_insert(print.time.floor(MINUTE));
        self.unmarked = Some(print.time.floor(SECOND));
        self.last = Some(print);
        self.prints += 1;
    }

    pub fn on_trade(&mut self, trade: &MarketTrade) {
        // Bars that filled a gap were an exception.
        self.bar_length = 0;
        self.candles.print(trade);
        self.seen(LastPrint {
            price: trade.price,
            quantity: trade.quantity,
            taker: trade.taker,
            time: trade.time,
            source: VerdictSource::Print,
        });
    }

    pub fn on_book(&mut self, book: &Book) {
        self.book = Some(book.clone());
    }

    pub fn on_bar(&mut self, bar: &Bar) {
        self.bar_length = bar.close_time.since(bar.open_time) + 1;
        self.candles.bar(bar);
        let taker = if bar.close >= bar.open {
            Side::Buy
        } else {
            Side::Sell
        };
        self.seen(LastPrint {
            price: bar.close,
            quantity: bar.volume,
            taker,
            time: bar.close_time,
            source: VerdictSource::Candle,
        });
    }

    pub fn on_day(&mut self, day: &DayStatistics) {
        self.day = Some(day.clone());
    }

    /// Holds our own candle against the exchange's bar of one minute. A minute that was not seen
    /// whole is not compared: the first one, and those that the restart of a program has cut.
    pub fn differs(&self, bar: &Bar) -> Option<FeedNotice> {
        if self.since? >= bar.open_time || bar.trades == Some(0) {
            return None;
        }
        let minutes = self.candles.closed(Interval::M1);
        let place = minutes
            .binary_search_by_key(&bar.open_time, |candle| candle.open_time)
            .ok();
        let what = match place.and_then(|place| minutes.get(place)) {
            None => "we have no trade in it".to_owned(),
            Some(ours) => {
                let figures = [
                    ("open", ours.open, bar.open),
                    ("high", ours.high, bar.high),
                    ("low", ours.low, bar.low),
                    ("close", ours.close, bar.close),
                    ("volume", ours.volume, bar.volume),
                ];
                let different: Vec<_> = figures
                    .iter()
                    .filter(|(_, ours, theirs)| ours != theirs)
                    .map(|(name, ours, theirs)| format!("{name} {ours}, theirs {theirs}"))
                    .collect();
                if different.is_empty() {
                    return None;
                }
                different.join("; ")
            }
        };
        Some(FeedNotice {
            kind: QualityKind::CandleMismatch,
            symbol: Some(self.symbol.clone()),
            source: "kline_1m".to_owned(),
            line: None,
            message: format!("our minute {} is not the exchange's: {what}", bar.open_time),
            extent: Extent {
                from: Some(bar.open_time),
                to: Some(bar.close_time),
                ..Extent::default()
            },
        })
    }

    /// A new second began at or before `now`: the last one gets its mark, candles are finished.
    pub fn advance(&mut self, now: TimeUs, out: &mut Outbox) {
        if let Some(second) = self.unmarked.take_if(|second| second.plus(SECOND) <= now)
            && let Some(last) = &self.last
        {
            let price = last.price;
            self.keep_mark(second, price);
            out.emit(Event::Mark {
                symbol: self.symbol.clone(),
                price,
                second,
            });
        }
        self.candles.advance(now, out);
    }

    /// Puts a mark of the journal back, oldest first.
    pub fn restore_mark(&mut self, second: TimeUs, price: Decimal) {
        self.keep_mark(second, price);
    }

    fn keep_mark(&mut self, second: TimeUs, price: Decimal) {
        self.marks.push_back((second, money::to_f64(price)));
        if self.marks.len() > MARKS_KEPT {
            self.marks.pop_front();
        }
    }

    /// What `market:<symbol>` shows; `None` before the first print.
    pub fn ticker(&self) -> Option<Ticker> {
        let last = self.last.as_ref()?;
        let day = self.day(last);
        let best = |levels: &[Level]| levels.iter().take(LEVELS_SHOWN).copied().collect();
        Some(Ticker {
            symbol: self.symbol.clone(),
            price: last.price,
            quantity: last.quantity,
            taker: last.taker,
            bids: self
                .book
                .as_ref()
                .map(|book| best(&book.bids))
                .unwrap_or_default(),
            asks: self
                .book
                .as_ref()
                .map(|book| best(&book.asks))
                .unwrap_or_default(),
            change_24h: day.as_ref().map(|day| last.price - day.open),
            change_percent_24h: day
                .as_ref()
                .and_then(|day| money::percent(last.price - day.open, day.open)),
            high_24h: day.as_ref().map(|day| day.high),
            low_24h: day.as_ref().map(|day| day.low),
            volume_24h: day.as_ref().map(|day| day.volume),
            prints: self.prints,
            time: last.time,
        })
    }

    /// The last 24 hours: the exchange's word where it is fresh, else in our own minutes, undefined
    /// until the feed has run so long.
    fn day(&self, last: &LastPrint) -> Option<DayFigures> {
        let fresh = |day: &&DayStatistics| last.time.since(day.time) <= DAY_LIFETIME;
        if let Some(day) = self.day.as_ref().filter(fresh) {
            return Some(DayFigures {
                open: day.open,
                // The last print may be newer than they.
                high: day.high.max(last.price),
                low: day.low.min(last.price),
                volume: day.volume,
            });
        }
        let start = last.time.plus(-DAY);
        if self.since? > start {
            return None;
        }
        let minutes = self.candles.closed(Interval::M1);
        let first = minutes.partition_point(|candle| candle.open_time < start);
        let running = self.candles.running(Interval::M1);
        let mut figures: Option<DayFigures> = None;
        for candle in minutes.range(first..).chain(running.as_ref()) {
            let day = figures.get_or_insert(DayFigures {
                open: candle.open,
                high: candle.high,
                low: candle.low,
                volume: Decimal::ZERO,
            });
            day.high = day.high.max(candle.high);
            day.low = day.low.min(candle.low);
            day.volume += candle.volume;
        }
        figures
    }
}

struct DayFigures {
    open: Decimal,
    high: Decimal,
    low: Decimal,
    volume: Decimal,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::domain::Seq;

    /// A market with a trade every ten seconds from half past the first minute on.
    fn market() -> Market {
        let symbol: Symbol = "BTCUSDT".parse().unwrap();
        let mut market = Market::new(symbol.clone());
        for n in 0..16 {
            let time = TimeUs(30 * SECOND + n * 10 * SECOND);
            market.advance(time, &mut Outbox::new(Seq(1), time));
            market.on_trade(&MarketTrade {
                symbol: symbol.clone(),
                id: 1,
                price: Decimal::from(100 + n),
                quantity: dec!(0.5),
                count: 1,
                taker: Side::Buy,
                time,
            });
        }
        market
    }

    fn second_minute() -> Bar {
        Bar {
            symbol: "BTCUSDT".parse().unwrap(),
            open_time: TimeUs(MINUTE),
            close_time: TimeUs(2 * MINUTE - 1),
            open: dec!(103),
            high: dec!(108),
            low: dec!(103),
            close: dec!(108),
            volume: dec!(3.0),
            quote_volume: None,
            trades: Some(6),
            taker_buy_volume: None,
            taker_buy_quote_volume: None,
        }
    }

    #[test]
    fn a_candle_is_held_against_the_exchanges_where_we_saw_all_of_it() {
        let market = market();
        assert_eq!(market.differs(&second_minute()), None);
        let mut other = second_minute();
        other.high = dec!(109);
        other.volume = dec!(3.5);
        let fault = market.differs(&other).unwrap();
        assert!(
            fault
                .message
                .ends_with("high 108, theirs 109; volume 3.0, theirs 3.5"),
            "{}",
            fault.message
        );
        assert_eq!(fault.extent.from, Some(TimeUs(MINUTE)));
        other.open_time = TimeUs(0);
        assert_eq!(market.differs(&other), None, "the first minute was cut");
        other.open_time = TimeUs(5 * MINUTE);
        assert!(market.differs(&other).unwrap().message.contains("no trade"));
        other.trades = Some(0);
        assert_eq!(market.differs(&other), None, "nor have they");
    }

    #[test]
    fn the_exchanges_day_is_shown_while_it_is_fresh() {
        let mut market = market();
        assert_eq!(market.ticker().unwrap().high_24h, None);
        let day = DayStatistics {
            symbol: "BTCUSDT".parse().unwrap(),
            open: dec!(50),
            high: dec!(120),
            low: dec!(40),
            volume: dec!(1000),
            time: TimeUs(170 * SECOND),
        };
        market.on_day(&day);
        let ticker = market.ticker().unwrap();
        assert_eq!(
            (ticker.high_24h, ticker.low_24h),
            (Some(dec!(120)), Some(dec!(40)))
        );
        assert_eq!(ticker.change_percent_24h, Some(dec!(130)));
        market.on_day(&DayStatistics {
            time: TimeUs(100 * SECOND),
            ..day
        });
        assert_eq!(market.ticker().unwrap().high_24h, None, "it is too old");
    }
}
