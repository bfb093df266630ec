//! One symbol's market: candles, ticker, book.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::app::chart::Shade;
use crate::app::format;
use crate::app::live::{Live, use_candles, use_trades};
use crate::app::widgets::{
    Absent, Bar, CandleChart, Fact, Figure, Marker, Reading, StaleAge, Tone,
};
use crate::domain::money::to_f64;
use crate::domain::{
    BotId, Decimal, Fill, Interval, Level, Quality, QualityKind, Side, Symbol, Ticker, TimeUs,
};

/// Candles with the bot's fills on them, and the stretches in which the data was not whole.
#[component]
pub fn MarketChart(
    bot: BotId,
    symbol: Symbol,
    interval: Interval,
    #[prop(default = Signal::stored(Vec::new()), into)] shades: Signal<Vec<Shade>>,
) -> impl IntoView {
    let candles = use_candles(symbol.clone(), interval);
    let trades = use_trades(bot);
    let markers = Memo::new(move |_| {
        trades.value.with(|fills| {
            fills
                .as_ref()
                .map(|fills| marks(fills, &symbol, interval))
                .unwrap_or_default()
        })
    });
    let state = Memo::new(move |_| {
        candles
            .value
            .with(|rows| rows.as_ref().map(|rows| !rows.is_empty()))
    });
    view! {
        <div class="market-chart" class:stale=move || candles.stale.get()>
            <StaleAge fresh=candles />
            <CandleChart candles=candles.value markers shades />
            {move || match state.get() {
                None => Some(view! { <Absent /> }.into_any()),
                Some(false) => {
                    Some(view! { <p class="absent">"No candle yet: nothing was traded."</p> }.into_any())
                }
                Some(true) => None,
            }}
        </div>
    }
    .into_any()
}

/// The stretches in which a symbol's data was not whole, as its faults tell.
pub fn shades(faults: &[Quality], symbol: &Symbol) -> Vec<Shade> {
    let concerned = faults
        .iter()
        .filter(|fault| fault.symbol.as_ref().is_none_or(|own| own == symbol));
    concerned
        .filter_map(|fault| {
            let healed = match fault.kind {
                QualityKind::Gap | QualityKind::BookGap => false,
                QualityKind::Backfill | QualityKind::Reconnect | QualityKind::Resync => true,
                _ => return None,
            };
            Some(Shade {
                from: fault.extent.from?,
                to: fault.extent.to?,
                healed,
            })
        })
        .collect()
}

/// One mark for each candle and side, oldest first: many fills in one period are counted.
fn marks(fills: &[Fill], symbol: &Symbol, interval: Interval) -> Vec<Marker> {
    let mut counts: BTreeMap<(TimeUs, bool), u32> = BTreeMap::new();
    for fill in fills.iter().filter(|fill| fill.symbol == *symbol) {
        let period = fill.time.floor(interval.micros());
        *counts.entry((period, fill.side == Side::Buy)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((time, is_buy), count)| Marker {
            time,
            is_buy,
            text: if count > 1 {
                count.to_string()
            } else {
                String::new()
            },
        })
        .collect()
}

/// The price, large, with the figures of the last 24 hours.
#[component]
pub fn TickerFacts(ticker: Live<Ticker>) -> impl IntoView {
    view! {
        <p class="large">
            <Figure live=ticker field="market.price" aged=true read=|t: &Ticker| Reading::price(Some(t.price)) />
        </p>
        <dl class="facts">
            <Fact live=ticker name="24 h" field="market.change_percent_24h" read=|t: &Ticker| Reading::percent(t.change_percent_24h) />
            <Fact live=ticker name="24 h high" field="market.high_24h" read=|t: &Ticker| Reading::price(t.high_24h) />
            <Fact live=ticker name="24 h low" field="market.low_24h" read=|t: &Ticker| Reading::price(t.low_24h) />
            <Fact live=ticker name="24 h volume" field="market.volume_24h" read=|t: &Ticker| t.volume_24h.map_or_else(Reading::undefined, Reading::quantity) />
            <Fact live=ticker name="Best bid" field="market.best_bid" read=|t: &Ticker| Reading::price(t.bids.first().map(|level| level.price)).toned(Tone::Up) />
            <Fact live=ticker name="Best ask" field="market.best_ask" read=|t: &Ticker| Reading::price(t.asks.first().map(|level| level.price)).toned(Tone::Down) />
            <Fact live=ticker name="Last" field="market.quantity" read=last />
            <Fact live=ticker name="Prints" field="market.prints" read=|t: &Ticker| Reading::count(t.prints) />
        </dl>
    }
    .into_any()
}

fn last(ticker: &Ticker) -> Reading {
    let quantity = Reading::quantity(ticker.quantity);
    let (word, tone) = match ticker.taker {
        Side::Buy => ("bought", Tone::Up),
        Side::Sell => ("sold", Tone::Down),
    };
    Reading {
        text: format!("{} {word}", quantity.text),
        ..quantity
    }
    .toned(tone)
}

/// Levels of each side that are shown.
const DEPTH: usize = 10;

/// The best levels: asks above, best at the middle, bids below.
#[component]
pub fn BookLevels(ticker: Live<Ticker>) -> impl IntoView {
    let has_book = Memo::new(move |_| {
        ticker.value.with(|t| {
            t.as_ref()
                .map(|t| !(t.bids.is_empty() && t.asks.is_empty()))
        })
    });
    // Both sides are drawn to one scale.
    let largest = Memo::new(move |_| {
        ticker.value.with(|t| {
            let levels = t
                .iter()
                .flat_map(|t| t.bids.iter().chain(&t.asks).take(2 * DEPTH));
            levels
                .map(|level| level.quantity)
                .max()
                .unwrap_or(Decimal::ONE)
        })
    });
    let level = move |asks: bool, place: usize| {
        let level = Memo::new(move |_| {
            ticker.value.with(|t| {
                let side = t.as_ref().map(|t| if asks { &t.asks } else { &t.bids })?;
                side.get(place).copied()
            })
        });
        level_row(level, largest, if asks { "down" } else { "up" })
    };
    let asks: Vec<_> = (0..DEPTH).rev().map(|place| level(true, place)).collect();
    let bids: Vec<_> = (0..DEPTH).map(|place| level(false, place)).collect();
    view! {
        <div class="book" class:stale=move || ticker.stale.get() hidden=move || has_book.get() != Some(true)>
            <p class="book-head" aria-hidden="true">
                <span>"Price"</span>
                <span>"Quantity"</span>
            </p>
            <ol aria-label="Asks, best last">{asks}</ol>
            <ol aria-label="Bids, best first">{bids}</ol>
        </div>
        {move || match has_book.get() {
            None => Some(view! { <Absent /> }.into_any()),
            Some(false) => Some(view! { <p class="absent">"This feed has no book."</p> }.into_any()),
            Some(true) => None,
        }}
    }
    .into_any()
}

fn level_row(
    level: Memo<Option<Level>>,
    largest: Memo<Decimal>,
    tone: &'static str,
) -> impl IntoView {
    let share = Signal::derive(move || {
        let quantity = level.get().map_or(Decimal::ZERO, |level| level.quantity);
        to_f64(quantity) / to_f64(largest.get()).max(f64::MIN_POSITIVE)
    });
    view! {
        <li class="level" hidden=move || level.with(Option::is_none)>
            <Bar share class=tone />
            <span class=tone>
                {move || level.get().map(|level| format::price(level.price))}
            </span>
            <span class="num">{move || level.get().map(|level| format::quantity(level.quantity))}</span>
        </li>
    }
    .into_any()
}
