//! The bot's account: its large figures and the identities that must hold.

use leptos::prelude::*;

use crate::app::format;
use crate::app::live::Live;
use crate::app::widgets::{Absent, Fact, Figure, Reading, StaleAge, Tile, Tone};
use crate::domain::{Decimal, Invariant, Portfolio, Position, Seq};

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
    .into_any()
}

/// Whether the accounts add up at this moment.
#[component]
pub fn InvariantTile(
    portfolio: Live<Portfolio>,
    #[prop(into)] href: Signal<String>,
    class: &'static str,
) -> impl IntoView {
    view! {
        <Tile title="Accounting" class href fresh=portfolio>
            <p>
                <Figure live=portfolio field="portfolio.invariant" class="verdict" read=invariant />
            </p>
            <p class="note">
                "Cash + positions = equity, and P&L − fees = equity − deposits: checked at every event."
            </p>
        </Tile>
    }
    .into_any()
}

fn invariant(portfolio: &Portfolio) -> Reading {
    match &portfolio.invariant {
        Invariant::Holds => Reading::text("✓ The identities hold").toned(Tone::Good),
        Invariant::Broken { what } => Reading::text(format!("✕ Broken: {what}")).toned(Tone::Bad),
    }
}

/// The whole account, figure by figure.
#[component]
pub fn AccountFacts(portfolio: Live<Portfolio>) -> impl IntoView {
    view! {
        <p class="large">
            <Figure live=portfolio field="portfolio.equity" read=|p: &Portfolio| Reading::money(p.equity) />
            <span class="unit">
                {move || portfolio.value.with(|p| p.as_ref().map(|p| p.currency.clone()))}
            </span>
        </p>
        <dl class="facts">
            <Fact live=portfolio name="Cash" field="portfolio.cash" read=|p: &Portfolio| Reading::money(p.cash) />
            <Fact live=portfolio name="Deposits" field="portfolio.deposits" read=|p: &Portfolio| Reading::money(p.deposits) />
            <Fact live=portfolio name="Invested" field="portfolio.invested" read=|p: &Portfolio| Reading::money(p.invested) />
            <Fact live=portfolio name="Exposure" field="portfolio.exposure_percent" read=exposure />
            <Fact live=portfolio name="Net P&L" field="portfolio.net_pnl" read=|p: &Portfolio| Reading::pnl(p.net_pnl) />
            <Fact live=portfolio name="of deposits" field="portfolio.net_pnl_percent" read=|p: &Portfolio| Reading::percent(p.net_pnl_percent) />
            <Fact live=portfolio name="Today (UTC)" field="portfolio.day_pnl" read=|p: &Portfolio| Reading::pnl(p.day_pnl) />
            <Fact live=portfolio name="Open positions" field="portfolio.open_positions" read=|p: &Portfolio| Reading::count(p.open_positions.into()) />
            <Fact live=portfolio name="Open orders" field="portfolio.open_orders" read=|p: &Portfolio| Reading::count(p.open_orders.into()) />
            <Fact live=portfolio name="Fills" field="portfolio.fills" read=|p: &Portfolio| Reading::count(p.fills) />
        </dl>
    }
    .into_any()
}

/// What is at the market, as a part of the equity: a size, so without a sign.
fn exposure(portfolio: &Portfolio) -> Reading {
    match portfolio.exposure_percent() {
        Some(percent) => Reading {
            exact: Some(percent.to_string()),
            ..Reading::text(format!("{} %", format::decimal(percent, 2)))
        },
        None => Reading::undefined(),
    }
}

/// One moment at which account and positions are both known.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    seq: Option<Seq>,
    account: Portfolio,
    positions: Decimal,
}

/// The identities written out with their figures. Account and positions are two topics: they are
/// added up only where both are true at one seq.
#[component]
pub fn Identities(portfolio: Live<Portfolio>, positions: Live<Vec<Position>>) -> impl IntoView {
    let moment = Memo::new(move |last: Option<&Option<Moment>>| {
        let keep = || last.cloned().flatten();
        let seq = portfolio.seq.get();
        if seq != positions.seq.get() {
            return keep();
        }
        let (Some(account), Some(rows)) = (portfolio.value.get(), positions.value.get()) else {
            return keep();
        };
        let positions = rows.iter().map(|row| row.value).sum();
        Some(Moment {
            seq,
            account,
            positions,
        })
    });
    move || match moment.get() {
        None => view! { <Absent /> }.into_any(),
        Some(moment) => sums(moment).into_any(),
    }
}

fn sums(
    Moment {
        seq,
        account: p,
        positions,
    }: Moment,
) -> impl IntoView {
    let at = seq.map(|seq| seq.to_string());
    let sum = |terms: &[(&'static str, &'static str, &'static str, Decimal)]| {
        let rows: Vec<_> = terms
            .iter()
            .map(|(sign, name, field, value)| {
                let is_total = matches!(*sign, "=" | "≠");
                let is_wrong = *sign == "≠";
                view! {
                    <tr class:total=is_total class:bad=is_wrong>
                        <td>{*sign}</td>
                        <th scope="row">{*name}</th>
                        <td
                            class="num"
                            data-field=*field
                            data-value=value.to_string()
                            data-seq=at.clone()
                        >
                            {format::money(*value)}
                        </td>
                    </tr>
                }
            })
            .collect();
        view! {
            <table class="sum">
                <tbody>{rows}</tbody>
            </table>
        }
    };
    let equals = |holds: bool| if holds { "=" } else { "≠" };
    let worth = equals(p.cash + positions == p.equity);
    let gain = p.equity - p.deposits;
    let earned = equals(p.realised_pnl + p.unrealised_pnl - p.fees == gain);
    view! {
        {sum(
            &[
                ("", "Cash", "portfolio.cash", p.cash),
                ("+", "Positions", "positions.value", positions),
                (worth, "Equity", "portfolio.equity", p.equity),
            ],
        )}
        {sum(
            &[
                ("", "Realised", "portfolio.realised_pnl", p.realised_pnl),
                ("+", "Unrealised", "portfolio.unrealised_pnl", p.unrealised_pnl),
                ("−", "Fees", "portfolio.fees", p.fees),
                (earned, "Equity − deposits", "portfolio.gain", gain),
            ],
        )}
        <p class="note">{seq.map(|seq| format!("True at seq {}.", format::count(seq.0)))}</p>
    }
    .into_any()
}
