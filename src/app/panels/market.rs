//! One symbol's market.

use leptos::prelude::*;

use crate::app::format;
use crate::app::live::{Live, use_candles, use_trades};
use crate::app::widgets::{Absent, CandleChart, Marker};
use crate::domain::{BotId, Candle, Fill, Interval, Side, Symbol};

/// Candles with the bot's fills on them.
#[component]
pub fn MarketChart(bot: BotId, symbol: Symbol, interval: Interval) -> impl IntoView {
    let candles: Live<Vec<Candle>> = use_candles(symbol.clone(), interval);
    let trades = use_trades(bot);
    let markers = Memo::new(move |_| {
        trades.value.with(|fills| {
            fills
                .as_ref()
                .map(|fills| marks(fills, &symbol))
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
            <CandleChart candles=candles.value markers />
            {move || match state.get() {
                None => Some(view! { <Absent /> }.into_any()),
                Some(false) => {
                    Some(view! { <p class="absent">"No candle yet: nothing was traded."</p> }.into_any())
                }
                Some(true) => None,
            }}
        </div>
    }
}

/// Oldest first.
fn marks(fills: &[Fill], symbol: &Symbol) -> Vec<Marker> {
    fills
        .iter()
        .rev()
        .filter(|fill| fill.symbol == *symbol)
        .map(|fill| Marker {
            time: fill.time,
            is_buy: fill.side == Side::Buy,
            text: format::quantity(fill.quantity),
        })
        .collect()
}
