//! What the bot holds.

use leptos::prelude::*;

use crate::app::command::{CommandButton, is_operator};
use crate::app::format;
use crate::app::live::Live;
use crate::app::nav::use_links;
use crate::app::routes::Page;
use crate::app::widgets::{Column, DataTable, Reading, Tone};
use crate::domain::{BotId, Position, Symbol};

/// As many symbols as a bot's table shows.
const SLOTS: usize = 50;

/// Open positions first, then by name.
fn sorted(mut rows: Vec<Position>) -> Vec<Position> {
    rows.sort_by(|a, b| (a.quantity.is_zero(), &a.symbol).cmp(&(b.quantity.is_zero(), &b.symbol)));
    rows
}

/// The symbol, leading to its market.
pub fn symbol_reading(symbol: &Symbol, links: crate::app::nav::Links) -> Reading {
    Reading::text(symbol.to_string()).linked(Some(links.to(&format!("/market/{symbol}"))))
}

/// All positions, or only those that are open.
#[component]
pub fn PositionTable(
    positions: Live<Vec<Position>>,
    #[prop(optional)] only_open: bool,
    /// With buttons that close positions of this bot, for operators.
    #[prop(optional, into)]
    closable: Option<BotId>,
) -> impl IntoView {
    let links = use_links();
    let rows = Memo::new(move |_| {
        let rows = sorted(positions.value.get()?);
        Some(match only_open {
            true => rows
                .into_iter()
                .filter(|row| !row.quantity.is_zero())
                .collect(),
            false => rows,
        })
    });
    let mut columns = vec![
        Column::text("Symbol", move |p: &Position| {
            symbol_reading(&p.symbol, links)
        }),
        Column::text("Side", |p: &Position| side(p)),
        Column::number("Quantity", |p: &Position| Reading::quantity(p.quantity)).flashing(),
        Column::number("Average", |p: &Position| Reading::price(p.average_price)),
        Column::number("Mark", |p: &Position| Reading::price(p.mark_price)).flashing(),
        Column::number("Value", |p: &Position| Reading::money(p.value)),
        Column::number("Unrealised", |p: &Position| Reading::pnl(p.unrealised_pnl)).flashing(),
    ];
    if !only_open {
        columns.extend([
            Column::number("Realised", |p: &Position| Reading::pnl(p.realised_pnl)),
            Column::number("Fees", |p: &Position| Reading::money(p.fees)),
        ]);
    }
    if let Some(bot) = closable.filter(|_| is_operator()) {
        columns.push(Column::widget("Close", move |p: &Position| {
            close(&bot, p, positions)
        }));
    }
    view! {
        <DataTable
            label="Positions"
            rows
            slots=SLOTS
            columns
            id=|row: &Position| row.symbol.to_string()
            empty=if only_open { "Flat: no open position." } else { "No position yet." }
            stale=positions.stale
        />
    }
    .into_any()
}

/// Closes what is held, once it is confirmed; nothing where nothing is held.
fn close(bot: &BotId, position: &Position, positions: Live<Vec<Position>>) -> AnyView {
    let symbol = position.symbol.clone();
    let held = Memo::new({
        let symbol = symbol.clone();
        move |_| {
            positions.value.with(|rows| {
                let own = rows.iter().flatten().find(|row| row.symbol == symbol);
                own.map(|row| row.quantity).unwrap_or_default()
            })
        }
    });
    let words = Signal::derive(move || {
        let way = if held.get().is_sign_negative() {
            "Buys"
        } else {
            "Sells"
        };
        format!(
            "{way} {} at the market's price.",
            format::quantity(held.get().abs())
        )
    });
    let name = symbol.to_string();
    view! {
        <div hidden=move || held.get().is_zero()>
            <CommandButton
                page=Page::Positions
                bot=bot.clone()
                command="close"
                label="Close"
                fields=vec![("symbol", name.clone())]
                hint=name
                confirm=words
            />
        </div>
    }
    .into_any()
}

fn side(position: &Position) -> Reading {
    if position.quantity.is_zero() {
        Reading::text("flat").toned(Tone::Quiet)
    } else if position.quantity.is_sign_negative() {
        Reading::text("short").toned(Tone::Down)
    } else {
        Reading::text("long").toned(Tone::Up)
    }
}
