//! All fills, newest first.

use leptos::prelude::*;

use crate::app::live::use_trades;
use crate::app::nav::use_bot;
use crate::app::panels::TradeTable;
use crate::app::widgets::{Tile, keyed};
use crate::domain::{BotId, Fill, Side};

/// As many rows as the table has.
const SLOTS: usize = 100;

#[component]
pub fn TradesPage() -> impl IntoView {
    keyed(use_bot(), trades)
}

fn trades(bot: BotId) -> impl IntoView {
    let trades = use_trades(bot);
    let symbol = RwSignal::new(String::new());
    let side = RwSignal::new(None::<Side>);
    let rows = Memo::new(move |_| {
        let (symbol, side) = (symbol.get(), side.get());
        let fits = |fill: &&Fill| {
            (symbol.is_empty() || fill.symbol.as_str() == symbol)
                && side.is_none_or(|side| fill.side == side)
        };
        trades.value.with(|fills| {
            let fills = fills.as_ref()?;
            Some(
                fills
                    .iter()
                    .filter(fits)
                    .take(SLOTS)
                    .cloned()
                    .collect::<Vec<_>>(),
            )
        })
    });
    let shown = move || {
        let shown = rows.with(|rows| rows.as_ref().map_or(0, Vec::len));
        let known = trades
            .value
            .with(|fills| fills.as_ref().map_or(0, Vec::len));
        format!("{shown} of the latest {known}")
    };
    view! {
        <Tile
            title="Latest trades"
            fresh=trades
            aside=move || view! { <span data-field="trades.shown">{shown}</span> }
        >
            <Filters symbol side trades=trades.value />
            <TradeTable rows trades slots=SLOTS />
        </Tile>
    }
    .into_any()
}

/// Choices over what the page already has.
#[component]
fn Filters(
    symbol: RwSignal<String>,
    side: RwSignal<Option<Side>>,
    trades: Signal<Option<Vec<Fill>>>,
) -> impl IntoView {
    let symbols = Memo::new(move |_| {
        let mut names: Vec<String> = trades.with(|fills| {
            fills
                .iter()
                .flatten()
                .map(|fill| fill.symbol.to_string())
                .collect()
        });
        names.sort_unstable();
        names.dedup();
        names
    });
    let choose_side = move |event| {
        side.set(match event_target_value(&event).as_str() {
            "buy" => Some(Side::Buy),
            "sell" => Some(Side::Sell),
            _ => None,
        });
    };
    view! {
        <form class="filters needs-script" aria-label="Filter">
            <label>
                "Symbol "
                <select name="symbol" on:change=move |event| symbol.set(event_target_value(&event))>
                    <option value="">"all"</option>
                    {move || {
                        symbols
                            .get()
                            .into_iter()
                            .map(|name| {
                                let value = name.clone();
                                view! { <option value=value>{name}</option> }
                            })
                            .collect_view()
                    }}
                </select>
            </label>
            <label>
                "Side "
                <select name="side" on:change=choose_side>
                    <option value="">"both"</option>
                    <option value="buy">"buy"</option>
                    <option value="sell">"sell"</option>
                </select>
            </label>
        </form>
    }
    .into_any()
}
