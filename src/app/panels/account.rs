//! The bot's account: its large figures and the identities that must hold.

use leptos::prelude::*;

use crate::app::live::Live;
use crate::app::widgets::{Fact, Figure, Reading, StaleAge, Tile, Tone};
use crate::domain::{Invariant, Portfolio};

/// Equity and the day's P&L, large.
#[component]
pub fn Headline(portfolio: Live<Portfolio>, #[prop(into)] href: Signal<String>) -> impl IntoView {
    let currency = move || {
        portfolio
            .value
            .with(|p| p.as_ref().map(|p| p.currency.clone()).unwrap_or_default())
    };
    view! {
        <section class="tile headline" aria-labelledby="headline">
            <header class="tile-head">
                <h2 id="headline">
                    <a href=move || href.get()>"Equity"</a>
                </h2>
                <StaleAge fresh=portfolio />
            </header>
            <div class="headline-body">
                <p class="large">
                    <Figure
                        live=portfolio
                        field="portfolio.equity"
                        read=|p: &Portfolio| Reading::money(p.equity)
                    />
                    <span class="unit">{currency}</span>
                </p>
                <p class="second">
                    <Figure
                        live=portfolio
                        field="portfolio.day_pnl"
                        read=|p: &Portfolio| Reading::pnl(p.day_pnl)
                    />
                    " "
                    <Figure
                        live=portfolio
                        field="portfolio.day_pnl_percent"
                        read=|p: &Portfolio| Reading::percent(p.day_pnl_percent)
                    />
                    <span class="unit">"today (UTC)"</span>
                </p>
            </div>
            <dl class="facts">
                <Fact live=portfolio name="Net P&L" field="portfolio.net_pnl" read=|p: &Portfolio| Reading::pnl(p.net_pnl) />
                <Fact live=portfolio name="Realised" field="portfolio.realised_pnl" read=|p: &Portfolio| Reading::pnl(p.realised_pnl) />
                <Fact live=portfolio name="Unrealised" field="portfolio.unrealised_pnl" read=|p: &Portfolio| Reading::pnl(p.unrealised_pnl) />
                <Fact live=portfolio name="Fees" field="portfolio.fees" read=|p: &Portfolio| Reading::money(p.fees) />
                <Fact live=portfolio name="Cash" field="portfolio.cash" read=|p: &Portfolio| Reading::money(p.cash) />
                <Fact live=portfolio name="Invested" field="portfolio.invested" read=|p: &Portfolio| Reading::money(p.invested) />
            </dl>
        </section>
    }
}

/// Whether the accounts add up at this moment.
#[component]
pub fn InvariantTile(
    portfolio: Live<Portfolio>,
    #[prop(into)] href: Signal<String>,
) -> impl IntoView {
    view! {
        <Tile title="Accounting" href fresh=portfolio>
            <p>
                <Figure live=portfolio field="portfolio.invariant" class="verdict" read=invariant />
            </p>
            <p class="note">
                "Cash + positions = equity, and P&L − fees = equity − deposits: checked at every event."
            </p>
        </Tile>
    }
}

fn invariant(portfolio: &Portfolio) -> Reading {
    match &portfolio.invariant {
        Invariant::Holds => Reading::text("✓ The identities hold").toned(Tone::Good),
        Invariant::Broken { what } => Reading::text(format!("✕ Broken: {what}")).toned(Tone::Bad),
    }
}
