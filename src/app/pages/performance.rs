//! How well the bot did, over a window that ends now.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::app::live::{use_equity, use_performance, use_portfolio};
use crate::app::nav::{Links, use_bot, use_links};
use crate::app::panels::{
    Accuracy, ComparedMetrics, EquityCurve, MonthHeatMap, PnlDistribution, ReturnMetrics,
    RollingSharpe, TradeMetrics, UsageMetrics,
};
use crate::app::widgets::{Fact, Figure, Reading, Tile, keyed};
use crate::domain::{BotId, Performance, Portfolio, Window};

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
    let equity = use_equity(bot.clone());
    let portfolio = use_portfolio(bot);
    let now = move || {
        view! {
            <span class="quiet">"now "</span>
            <Figure live=portfolio field="portfolio.equity" read=|p: &Portfolio| Reading::money(p.equity) />
        }
    };
    view! {
        {windows(window, links)}
        <div class="grid">
            <Tile title="Equity and drawdown" class="span-8" fresh=equity aside=now>
                <EquityCurve equity window=window.micros() />
            </Tile>
            <Tile title="Accuracy, exposure and costs" class="span-4" fresh=performance>
                <Accuracy performance />
                <UsageMetrics performance window />
                <dl class="facts">
                    <Fact live=performance name="Fees in the window" field="performance.window.fees_paid" read=move |p: &Performance| fees(p, window) />
                    <Fact live=performance name="Fees, all time" field="performance.fees_paid" read=|p: &Performance| Reading::money(p.fees_paid) />
                </dl>
            </Tile>
            <Tile title="Returns" fresh=performance>
                <ReturnMetrics performance window />
            </Tile>
            <Tile title="Against buy-and-hold" class="span-6" fresh=performance>
                <ComparedMetrics performance window />
            </Tile>
            <Tile title="Rolling Sharpe" class="span-6" fresh=equity>
                <RollingSharpe equity window=window.micros() />
            </Tile>
            <Tile title="Trades" class="span-6" fresh=performance>
                <TradeMetrics performance window />
            </Tile>
            <Tile title="P&L of round trips" class="span-6" fresh=performance>
                <PnlDistribution performance window />
            </Tile>
            <Tile title="Returns by month" fresh=performance>
                <MonthHeatMap performance />
            </Tile>
        </div>
    }
    .into_any()
}

fn fees(performance: &Performance, window: Window) -> Reading {
    let metrics = performance.windows.get(&window);
    metrics.map_or_else(Reading::undefined, |metrics| {
        Reading::money(metrics.fees_paid)
    })
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
