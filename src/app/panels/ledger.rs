//! The cash ledger: what moved the cash, and what was left.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::positions::symbol_reading;
use crate::app::clock::use_clock;
use crate::app::format;
use crate::app::http;
use crate::app::live::{Live, use_boot};
use crate::app::nav::use_links;
use crate::app::widgets::{Column, DataTable, Reading};
use crate::domain::{BotId, LedgerEntry, Movement, Portfolio};

/// As many lines as the table has.
const SLOTS: usize = 100;
/// Between two looks at a ledger that moves, ms.
const PAUSE_MS: u32 = 500;

/// The newest lines of a bot's ledger: those of the page, and anew whenever the account has moved.
fn use_ledger(bot: BotId, portfolio: Live<Portfolio>) -> RwSignal<Option<Vec<LedgerEntry>>> {
    let boot = use_boot().filter(|boot| boot.bot == bot);
    let lines = RwSignal::new(boot.and_then(|boot| boot.desk.ledger.clone()));
    let moved = Memo::new(move |_| {
        portfolio
            .value
            .with(|p| p.as_ref().map(|p| (p.fills, p.deposits)))
    });
    let asked = RwSignal::new(0_u64);
    Effect::new(move |before: Option<()>| {
        // Read, not only tracked: a memo that nobody reads follows nothing.
        moved.get();
        if before.is_none() && lines.with_untracked(Option::is_some) {
            return;
        }
        let number = asked.try_update_untracked(|asked| {
            *asked += 1;
            *asked
        });
        let path = format!("/v1/ledger?bot={bot}&limit={SLOTS}");
        spawn_local(async move {
            gloo_timers::future::TimeoutFuture::new(PAUSE_MS).await;
            if asked.try_get_untracked() == number
                && let Ok(newest) = http::get::<Vec<LedgerEntry>>(&path).await
            {
                let _ = lines.try_set(Some(newest));
            }
        });
    });
    lines
}

#[component]
pub fn Ledger(bot: BotId, portfolio: Live<Portfolio>) -> impl IntoView {
    let links = use_links();
    let clock = use_clock();
    let rows = use_ledger(bot, portfolio);
    let columns = vec![
        Column::text("Time", move |line: &LedgerEntry| {
            Reading::text(clock.date_time(line.time))
        }),
        Column::text("What", |line: &LedgerEntry| what(line)),
        Column::text("Symbol", move |line: &LedgerEntry| match &line.movement {
            Movement::Fill { symbol, .. } => symbol_reading(symbol, links),
            Movement::Deposit => Reading::none(),
        }),
        Column::text("Order", move |line: &LedgerEntry| match &line.movement {
            Movement::Fill {
                order: Some(order), ..
            } => Reading::text(order.to_string()).linked(Some(links.to_order(order))),
            _ => Reading::none(),
        }),
        Column::number("Fee", |line: &LedgerEntry| match &line.movement {
            Movement::Fill { fee, .. } => Reading::money(*fee),
            Movement::Deposit => Reading::none(),
        }),
        Column::number("Amount", |line: &LedgerEntry| Reading::pnl(line.amount)),
        Column::number("Cash after", |line: &LedgerEntry| Reading::money(line.cash)),
    ];
    view! {
        <DataTable
            label="Cash ledger"
            rows
            slots=SLOTS
            columns
            id=|line: &LedgerEntry| line.id.clone()
            empty="Nothing has moved the cash yet."
            stale=portfolio.stale
        />
    }
    .into_any()
}

fn what(line: &LedgerEntry) -> Reading {
    match &line.movement {
        Movement::Deposit => Reading::text("deposit").titled(line.id.clone()),
        Movement::Fill {
            side,
            quantity,
            price,
            ..
        } => Reading::text(format!(
            "{} {} at {}",
            side.as_str(),
            format::quantity(*quantity),
            format::price(*price)
        ))
        .titled(line.id.clone()),
    }
}
