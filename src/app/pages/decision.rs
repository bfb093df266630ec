//! One decision: what it said, why, and what came of it. The server draws what explains it; what can still
//! change is watched here, and the drawing asked for again when it did.

use leptos::prelude::*;

use crate::app::live::{use_boot, use_decisions, use_order_log, use_portfolio, use_trades};
use crate::app::nav::{use_bot, use_decision_id, use_links};
use crate::app::panels::{DecisionList, Seal};
use crate::app::widgets::{ServerPart, Tile, keyed};
use crate::domain::time::MINUTE;
use crate::domain::{BotId, Decision, DecisionId, Outcome};
use crate::wire::Part;

#[component]
pub fn DecisionPage() -> impl IntoView {
    let (bot, id) = (use_bot(), use_decision_id());
    keyed(
        Memo::new(move |_| (bot.get(), id.get())),
        |(bot, id)| match id {
            Some(id) => decision(bot, id).into_any(),
            None => view! {
                <section class="tile">
                    <p class="absent">"No decision can have this name."</p>
                </section>
            }
            .into_any(),
        },
    )
}

fn decision(bot: BotId, id: DecisionId) -> impl IntoView {
    let links = use_links();
    let address = Part::of_decision(&bot, &id);
    let given = use_boot().and_then(|boot| boot.desk.part.clone());
    let given = given.filter(|part| part.address == address);
    let drawn = RwSignal::new(given.and_then(|part| part.decision));
    let log = use_decisions(bot.clone());
    let shown = {
        let id = id.clone();
        Memo::new(move |_| {
            let newest = log.value.with(|rows| find(rows.as_deref(), &id));
            newest.or_else(|| find(drawn.get()?.open().as_deref(), &id))
        })
    };
    let version = version(bot, id, shown);
    // None of this name is an answer as well.
    let rows = Memo::new(move |_| match shown.get() {
        Some(shown) => Some(vec![shown]),
        None => drawn.with(|drawn| drawn.as_ref().map(|_| Vec::new())),
    });
    let live = crate::app::live::Live {
        value: rows.into(),
        ..log
    };
    let by = move || shown.with(|shown| shown.as_ref().map(|d| format!("{} by {}", d.id, d.model)));
    let seal = move || shown.get().map(|decision| view! { <Seal decision /> });
    view! {
        <div class="grid decision-page">
            <Tile
                title="The decision"
                fresh=live
                aside=move || view! { <a href=move || links.to("/decisions")>"All decisions"</a> }
            >
                <DecisionList decisions=live slots=1 brief=true />
                <p class="note">{by}</p>
            </Tile>
            <ServerPart address=Signal::stored(address) version decision=drawn stale=log.stale class="grid" />
            <Tile title="Verification">{seal}</Tile>
        </div>
    }
    .into_any()
}

fn find(rows: Option<&[Decision]>, id: &DecisionId) -> Option<Decision> {
    rows?.iter().find(|row| row.id == *id).cloned()
}

/// Changes when what is drawn has changed: its outcome, its orders and fills, and the minutes of the market
/// while it is pending.
fn version(bot: BotId, id: DecisionId, shown: Memo<Option<Decision>>) -> Memo<u64> {
    let orders = use_order_log(bot.clone()).value;
    let fills = use_trades(bot.clone()).value;
    let time = use_portfolio(bot).value;
    Memo::new(move |_| {
        let own = Some(&id);
        let states = orders.with(|log| {
            let states = log.iter().flat_map(|log| &log.0);
            states
                .filter(|order| order.decision.as_ref() == own)
                .count()
        });
        let filled = fills.with(|fills| {
            let fills = fills.iter().flatten();
            fills.filter(|fill| fill.decision.as_ref() == own).count()
        });
        let is_pending = shown.with(|shown| shown.as_ref().map(|d| d.outcome == Outcome::Pending));
        let minute = match is_pending {
            Some(true) => time.with(|p| p.as_ref().map_or(0, |p| p.time.micros() / MINUTE)),
            Some(false) => -1,
            None => -2,
        };
        minute.cast_unsigned() ^ ((states as u64) << 40) ^ ((filled as u64) << 52)
    })
}
