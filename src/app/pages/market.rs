//! One market: its candles with the bot's fills, its figures, its book.

use leptos::prelude::*;

use crate::app::live::{use_boot, use_quality, use_ticker, use_trades};
use crate::app::nav::{INTERVALS, Links, use_focus, use_interval, use_links};
use crate::app::panels::{BookLevels, MarketChart, QualityTable, TickerFacts, TradeTable, shades};
use crate::app::widgets::{Tile, keyed};
use crate::domain::{BotId, Fill, Interval, Symbol};

/// The latest fills that are shown.
const LATEST: usize = 12;
/// The latest faults of the market's data that are listed.
const FAULTS: usize = 8;

#[component]
pub fn MarketPage() -> impl IntoView {
    keyed(use_focus(), |(bot, symbol)| match symbol {
        Some(symbol) => market(bot, symbol).into_any(),
        None => view! {
            <section class="tile">
                <p class="absent">"There is no such market, or none yet."</p>
            </section>
        }
        .into_any(),
    })
}

fn market(bot: BotId, symbol: Symbol) -> impl IntoView {
    let links = use_links();
    let interval = use_interval();
    let ticker = use_ticker(symbol.clone());
    let trades = use_trades(bot.clone());
    let of_symbol = Memo::new({
        let symbol = symbol.clone();
        move |_| {
            trades.value.with(|fills| {
                let fills = fills.as_ref()?;
                let mine = fills.iter().filter(|fill| fill.symbol == symbol);
                Some(mine.take(LATEST).cloned().collect::<Vec<Fill>>())
            })
        }
    });
    let quality = use_quality();
    let shades = Memo::new({
        let symbol = symbol.clone();
        move |_| {
            quality.value.with(|faults| {
                let faults = faults.as_deref().unwrap_or_default();
                shades(faults, &symbol)
            })
        }
    });
    let chart = {
        let symbol = symbol.clone();
        keyed(interval, move |interval| {
            view! { <MarketChart bot=bot.clone() symbol=symbol.clone() interval shades /> }
        })
    };
    let of_this = symbol.clone();
    let switch = {
        let path = format!("/market/{symbol}");
        move || intervals(interval, path.clone(), links)
    };
    view! {
        <div class="grid market-page">
            <section class="tile ticker" aria-label="Market">
                {symbols(symbol, links)} <TickerFacts ticker />
            </section>
            <Tile title="Candles" class="span-9" aside=switch>
                {chart}
            </Tile>
            <Tile title="Book" class="span-3" fresh=ticker>
                <BookLevels ticker />
            </Tile>
            <Tile title="Own trades" href=links.signal("/trades") fresh=trades>
                <TradeTable rows=of_symbol trades slots=LATEST brief=true />
            </Tile>
            <Tile title="Gaps and other faults of the data" href=links.signal("/system") fresh=quality>
                <QualityTable quality slots=FAULTS symbol=of_this />
            </Tile>
        </div>
    }
    .into_any()
}

/// All markets, as links: with the keyboard as well.
fn symbols(open: Symbol, links: Links) -> impl IntoView {
    let all = use_boot()
        .map(|boot| boot.symbols.clone())
        .unwrap_or_default();
    let items: Vec<_> = all
        .into_iter()
        .map(|symbol| {
            let is_open = symbol == open;
            let path = format!("/market/{symbol}");
            view! {
                <a href=move || links.to(&path) aria-current=is_open.then_some("true")>
                    {symbol.to_string()}
                </a>
            }
        })
        .collect();
    view! {
        <nav class="choice" aria-label="Symbols">
            {items}
        </nav>
    }
    .into_any()
}

fn intervals(open: Memo<Interval>, path: String, links: Links) -> impl IntoView {
    let items: Vec<_> = INTERVALS
        .into_iter()
        .map(|interval| {
            let path = path.clone();
            let current = move || (open.get() == interval).then_some("true");
            view! {
                <a
                    href=move || links.with(&path, Some(("interval", interval.as_str())))
                    aria-current=current
                    data-noscroll="true"
                >
                    {interval.as_str()}
                </a>
            }
        })
        .collect();
    view! {
        <nav class="choice" aria-label="Period">
            {items}
        </nav>
    }
    .into_any()
}
