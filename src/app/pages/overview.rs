//! The state of the bot in ten seconds. Every tile leads to its page.

use leptos::prelude::*;

use crate::app::live::{
    use_alerts, use_decisions, use_equity, use_health, use_performance, use_portfolio,
    use_positions, use_trades,
};
use crate::app::nav::{use_focus, use_links};
use crate::app::panels::{
    Accuracy, AlertList, DecisionList, EquityCurve, Headline, HealthSummary, InvariantTile,
    MarketChart, PositionTable, TradeTable,
};
use crate::app::routes::FIRST_INTERVAL;
use crate::app::widgets::{Tile, keyed};
use crate::domain::{BotId, Symbol};

/// How many of the latest of everything are shown.
const LATEST: usize = 8;

#[component]
pub fn OverviewPage() -> impl IntoView {
    keyed(use_focus(), |(bot, symbol)| overview(bot, symbol))
}

fn overview(bot: BotId, symbol: Option<Symbol>) -> impl IntoView {
    let links = use_links();
    let portfolio = use_portfolio(bot.clone());
    let equity = use_equity(bot.clone());
    let positions = use_positions(bot.clone());
    let trades = use_trades(bot.clone());
    let decisions = use_decisions(bot.clone());
    let performance = use_performance(bot.clone());
    let health = use_health();
    let alerts = use_alerts();
    let chart = symbol.map(|symbol| {
        let path = format!("/market/{symbol}");
        let name = symbol.to_string();
        let href = Signal::derive(move || links.to(&path));
        view! {
            <Tile
                title="Market"
                class="span-6"
                href
                aside=move || {
                    let name = name.clone();
                    view! { <span>{name} " · 1m"</span> }
                }
            >
                <MarketChart bot symbol interval=FIRST_INTERVAL />
            </Tile>
        }
    });
    view! {
        <div class="grid">
            <Headline portfolio href=links.signal("/positions") />
            <Tile title="Equity curve" class="span-8" href=links.signal("/performance") fresh=equity>
                <EquityCurve equity />
            </Tile>
            {chart}
            <Tile title="Open positions" class="span-6" href=links.signal("/positions") fresh=positions>
                <PositionTable positions only_open=true />
            </Tile>
            <Tile title="Latest trades" class="span-6" href=links.signal("/trades") fresh=trades>
                <TradeTable rows=trades.value trades slots=LATEST brief=true />
            </Tile>
            <Tile
                title="Latest decisions"
                class="span-6"
                href=links.signal("/decisions")
                fresh=decisions
            >
                <DecisionList decisions slots=LATEST brief=true />
            </Tile>
            <Tile title="Model accuracy" class="span-3" href=links.signal("/models") fresh=performance>
                <Accuracy performance />
            </Tile>
            <InvariantTile portfolio class="span-3" href=links.signal("/positions") />
            <Tile title="System" class="span-3" href=links.signal("/system") fresh=health>
                <HealthSummary health />
            </Tile>
            <Tile title="Alerts" class="span-3" href=links.signal("/system")>
                <AlertList alerts slots=LATEST />
            </Tile>
        </div>
    }
    .into_any()
}
