//! Trading: the ticket, the open orders, what became of every order and why. `?order=` shows one order
//! with its story, `?amend=` changes one, `?confirm=kill` asks before the kill switch.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::app::command::is_operator;
use crate::app::live::{use_open_orders, use_order_log, use_working};
use crate::app::nav::{use_focus, use_links};
use crate::app::panels::{
    AmendForm, CancelAll, KillForm, OpenOrders, OrderStates, OrderStory, OrderTicket,
};
use crate::app::widgets::{Tile, keyed};
use crate::domain::{BotId, OrderId, Symbol};

#[component]
pub fn TradePage() -> impl IntoView {
    keyed(use_focus(), |(bot, symbol)| trade(bot, symbol))
}

/// What an address names by `name`, if it can be read.
fn named(name: &'static str) -> Memo<Option<OrderId>> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get(name)?.parse().ok()))
}

fn trade(bot: BotId, symbol: Option<Symbol>) -> impl IntoView {
    let links = use_links();
    let query = use_query_map();
    let open = use_open_orders(bot.clone());
    let working = use_working(bot.clone());
    let log = use_order_log(bot.clone());
    let asks_to_kill =
        Memo::new(move |_| query.with(|query| query.get("confirm").as_deref() == Some("kill")));
    let confirm = {
        let bot = bot.clone();
        keyed(asks_to_kill, move |asks| {
            let bot = bot.clone();
            (asks && is_operator()).then(|| {
                view! {
                    <section class="tile danger" aria-labelledby="kill-page-title">
                        <KillForm bot id="kill-page" />
                        <a href=move || links.to("/trade")>"No, go on"</a>
                    </section>
                }
            })
        })
    };
    let story = {
        let bot = bot.clone();
        keyed(named("order"), move |id| {
            id.map(|id| view! { <OrderStory bot=bot.clone() id /> })
        })
    };
    let amend = {
        let bot = bot.clone();
        keyed(named("amend"), move |id| {
            let bot = bot.clone();
            id.filter(|_| is_operator())
                .map(|id| view! { <AmendForm bot id open /> })
        })
    };
    let ticket = symbol.map(|symbol| view! { <OrderTicket bot=bot.clone() symbol /> });
    let all = {
        let bot = bot.clone();
        move || view! { <CancelAll bot=bot.clone() open /> }
    };
    view! {
        {confirm}
        <div class="trade-page">
            {ticket}
            <div class="stack">
                {amend} {story}
                <Tile title="Open orders" fresh=working aside=all>
                    <OpenOrders bot=bot.clone() open working />
                </Tile>
                <Tile title="Order history" fresh=log>
                    <OrderStates log />
                </Tile>
            </div>
        </div>
    }
    .into_any()
}
