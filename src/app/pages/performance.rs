//! How well the bot did, over a window that ends now.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::app::format;
use crate::app::live::{use_equity, use_performance};
use crate::app::nav::{Links, use_bot, use_links};
use crate::app::panels::{Accuracy, EquityCurve, ReturnMetrics, TradeMetrics};
use crate::app::widgets::{Fact, Reading, Tile, keyed};
use crate::domain::{BotId, Performance, Window};

#[component]
pub fn PerformancePage() -> impl IntoView {
    let bot = use_bot();
    let window = use_window();
    keyed(
        Memo::new(move |_| (bot.get(), window.get())),
        |(bot, window)| performance(bot, window),
    )
}

/// `?window=`, else the whole time.
fn use_window() -> Memo<Window> {
    let query = use_query_map();
    Memo::new(move |_| {
        query
            .with(|query| query.get("window"))
            .and_then(|text| text.parse().ok())
            .unwrap_or(Window::All)
    })
}

fn performance(bot: BotId, window: Window) -> impl IntoView {
    let links = use_links();
    let performance = use_performance(bot.clone());
    let equity = use_equity(bot);
    view! {
        {windows(window, links)}
        <div class="grid">
            <Tile title="Equity and drawdown" class="span-8" fresh=equity>
                <EquityCurve equity window=window.micros() />
            </Tile>
            <Tile title="Accuracy and costs, all time" class="span-4" fresh=performance>
                <Accuracy performance />
                <dl class="facts">
                    <Fact live=performance name="Fees paid" field="performance.fees_paid" read=|p: &Performance| Reading::money(p.fees_paid) />
                    <Fact live=performance name="Turnover" field="performance.turnover" read=|p: &Performance| Reading::float(p.turnover, |v| format!("{} ×", format::float(v, 2))) />
                </dl>
            </Tile>
            <Tile title="Returns" fresh=performance>
                <ReturnMetrics performance window />
            </Tile>
            <Tile title="Trades" fresh=performance>
                <TradeMetrics performance window />
            </Tile>
        </div>
    }
    .into_any()
}

fn windows(open: Window, links: Links) -> impl IntoView {
    let items: Vec<_> = Window::ALL
        .into_iter()
        .map(|window| {
            view! {
                <a
                    href=move || links.with("/performance", Some(("window", window.as_str())))
                    aria-current=(window == open).then_some("true")
                    data-noscroll="true"
                >
                    {window.as_str()}
                </a>
            }
        })
        .collect();
    view! {
        <nav class="choice" aria-label="Window">
            {items}
        </nav>
    }
    .into_any()
}
