//! What the bot holds, and that its account adds up.

use leptos::prelude::*;

use crate::app::live::{use_portfolio, use_positions};
use crate::app::nav::{use_bot, use_links};
use crate::app::panels::{
    AccountFacts, FlattenAll, Identities, InvariantTile, Ledger, PositionTable,
};
use crate::app::widgets::{Tile, keyed};
use crate::domain::BotId;

#[component]
pub fn PositionsPage() -> impl IntoView {
    keyed(use_bot(), positions)
}

fn positions(bot: BotId) -> impl IntoView {
    let links = use_links();
    let portfolio = use_portfolio(bot.clone());
    let positions = use_positions(bot.clone());
    let flatten = {
        let bot = bot.clone();
        move || view! { <FlattenAll bot=bot.clone() /> }
    };
    let table = view! { <PositionTable positions closable=bot.clone() /> };
    let ledger = view! { <Ledger bot portfolio /> };
    view! {
        <div class="grid">
            <Tile title="Account" class="span-4" href=links.signal("/") fresh=portfolio>
                <AccountFacts portfolio />
            </Tile>
            <Tile title="Why it adds up" class="span-4" fresh=portfolio>
                <Identities portfolio positions />
            </Tile>
            <InvariantTile portfolio class="span-4" href=links.signal("/system") />
            <Tile title="Positions" fresh=positions aside=flatten>
                {table}
            </Tile>
            <Tile title="Cash ledger" fresh=portfolio>
                {ledger}
            </Tile>
        </div>
    }
    .into_any()
}
