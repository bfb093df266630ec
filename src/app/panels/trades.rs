//! The fills, each with what it rests on.

use leptos::prelude::*;

use super::positions::symbol_reading;
use crate::app::clock::use_clock;
use crate::app::format;
use crate::app::live::Live;
use crate::app::nav::use_links;
use crate::app::widgets::{Column, DataTable, Reading, Tone};
use crate::domain::{Evidence, Fill, FillSource, Liquidity, Side};

/// The newest `slots` fills. `brief` leaves out what only the page of trades has room for.
#[component]
pub fn TradeTable(
    #[prop(into)] rows: Signal<Option<Vec<Fill>>>,
    trades: Live<Vec<Fill>>,
    slots: usize,
    #[prop(optional)] brief: bool,
) -> impl IntoView {
    let links = use_links();
    let clock = use_clock();
    let decision = move |fill: &Fill| {
        fill.decision
            .as_ref()
            .map(|id| links.to_decision(id.as_str()))
    };
    let mut columns = vec![
        Column::text("Time", move |f: &Fill| {
            let text = if brief {
                clock.time_of_day(f.time)
            } else {
                clock.date_time(f.time)
            };
            Reading::text(text).titled(clock.date_time(f.time))
        }),
        Column::text("Symbol", move |f: &Fill| symbol_reading(&f.symbol, links)),
        Column::text("Side", |f: &Fill| side(f.side)),
        Column::number("Quantity", |f: &Fill| Reading::quantity(f.quantity)),
        Column::number("Price", |f: &Fill| Reading::price(Some(f.price))),
    ];
    if brief {
        columns.push(Column::number("Realised", |f: &Fill| {
            Reading::pnl(f.realised_pnl)
        }));
    } else {
        columns.extend([
            Column::number("Value", |f: &Fill| Reading::money(f.value)),
            Column::number("Fee", |f: &Fill| Reading::money(f.fee)),
            Column::number("Realised", |f: &Fill| Reading::pnl(f.realised_pnl)),
            Column::text("Liquidity", |f: &Fill| {
                Reading::text(liquidity(f.liquidity))
            }),
            Column::text("Source", |f: &Fill| source(f.source)),
            Column::text("Evidence", |f: &Fill| {
                Reading::text(evidence(&f.evidence)).titled(slippage(f))
            }),
            Column::text("Decision", move |f: &Fill| match &f.decision {
                Some(id) => Reading::text(id.to_string()).linked(decision(f)),
                None => Reading::text("none").toned(Tone::Quiet),
            }),
        ]);
    }
    view! {
        <DataTable
            label="Trades"
            rows
            slots
            columns
            id=|fill: &Fill| fill.id.to_string()
            empty="No trade yet."
            stale=trades.stale
        />
    }
    .into_any()
}

pub fn side(side: Side) -> Reading {
    match side {
        Side::Buy => Reading::text("▲ buy").toned(Tone::Up),
        Side::Sell => Reading::text("▼ sell").toned(Tone::Down),
    }
}

fn liquidity(liquidity: Liquidity) -> &'static str {
    match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

fn source(source: FillSource) -> Reading {
    match source {
        FillSource::Paper => Reading::text("paper").titled("Filled by the paper exchange"),
        FillSource::Reported => Reading::text("reported").titled("An outside bot said so"),
    }
}

fn slippage(fill: &Fill) -> String {
    format!("Slippage {}", format::money(fill.slippage))
}

/// What the fill rests on, in words.
pub fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Trade {
            id,
            price,
            quantity,
        } => format!(
            "print {id}: {} at {}",
            format::quantity(*quantity),
            format::price(*price)
        ),
        Evidence::Book { levels, .. } => match levels.as_slice() {
            [] => "book".to_owned(),
            [level] => format!("book at {}", format::price(level.price)),
            [first, .., last] => format!(
                "{} levels of the book, {} to {}",
                levels.len(),
                format::price(first.price),
                format::price(last.price)
            ),
        },
        Evidence::Bar { low, high, .. } => format!(
            "bar from {} to {}",
            format::price(*low),
            format::price(*high)
        ),
        Evidence::Reported => "the bot's word".to_owned(),
    }
}
