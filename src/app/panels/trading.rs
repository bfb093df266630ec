//! Whether the bot trades, and the switches for it: pause, the kill switch, resume.

use leptos::prelude::*;
use web_sys::MouseEvent;

use crate::app::command::{
    CommandButton, Complaint, Submission, is_operator, refused_form, use_blocked,
};
use crate::app::live::{use_portfolio, use_positions};
use crate::app::nav::{use_bot, use_links};
use crate::app::routes::Page;
use crate::app::widgets::keyed;
use crate::domain::{BotId, Portfolio, TradingState};

/// In the status strip of every page.
#[component]
pub fn TradingControls() -> impl IntoView {
    keyed(use_bot(), controls)
}

fn controls(bot: BotId) -> impl IntoView {
    let portfolio = use_portfolio(bot.clone());
    let state = Memo::new(move |_| {
        portfolio
            .value
            .with(|p| p.as_ref().map_or(TradingState::Running, |p| p.trading))
    });
    let meaning = move || match state.get() {
        TradingState::Running => "The bot trades",
        TradingState::Paused => "The agent decides, but does not act; people still can",
        TradingState::Halted => {
            "Halted by the kill switch: only orders that reduce a position pass"
        }
    };
    let switches = is_operator().then(|| {
        let turn = {
            let bot = bot.clone();
            keyed(state, move |state| {
                let (command, label) = match state {
                    TradingState::Running => ("pause", "Pause"),
                    TradingState::Paused | TradingState::Halted => ("resume", "Resume"),
                };
                view! { <CommandButton page=Page::Trade bot=bot.clone() command label class="switch" /> }
            })
        };
        view! {
            {turn}
            <KillSwitch bot state />
        }
    });
    view! {
        <div class="trading" data-trading=move || state.get().as_str() title=meaning>
            <span class="trading-state">"Trading " {move || state.get().as_str()}</span>
            {switches}
        </div>
    }
    .into_any()
}

/// A link to the page that asks; where there is a script, a dialog that asks.
#[component]
fn KillSwitch(bot: BotId, state: Memo<TradingState>) -> impl IntoView {
    let links = use_links();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let ask = move |event: MouseEvent| {
        if let Some(dialog) = dialog.get_untracked() {
            event.prevent_default();
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    // The router must not follow it first.
    view! {
        <a
            class="button kill"
            rel="external"
            href=move || links.with("/trade", Some(("confirm", "kill")))
            aria-haspopup="dialog"
            hidden=move || state.get() == TradingState::Halted
            on:click=ask
        >
            "Kill switch"
        </a>
        <dialog class="danger" node_ref=dialog aria-labelledby="kill-dialog-title">
            <KillForm bot id="kill-dialog" on_done=Callback::new(move |()| close()) />
            <button type="button" on:click=move |_| close()>
                "No, go on"
            </button>
        </dialog>
    }
    .into_any()
}

/// Says exactly what will happen, and does it.
#[component]
pub fn KillForm(
    bot: BotId,
    /// Its heading's id begins with it.
    id: &'static str,
    #[prop(optional, into)] on_done: Option<Callback<()>>,
) -> impl IntoView {
    let portfolio = use_portfolio(bot.clone());
    let refused = refused_form(|fields| fields.get("command") == Some("kill"));
    let submission = Submission::new(Page::Trade, "kill", refused.as_ref());
    let blocked = use_blocked();
    let submit = submission.sender(blocked);
    Effect::new(move |_| {
        if submission.receipt.with(Option::is_some)
            && let Some(done) = on_done
        {
            done.run(());
        }
    });
    let consequences = move || portfolio.value.with(|p| p.as_ref().map(consequences));
    let items = move || {
        let all = consequences().unwrap_or_default();
        all.into_iter()
            .map(|text| view! { <li>{text}</li> })
            .collect_view()
    };
    view! {
        <form method="post" action=Page::Trade.path() on:submit=submit data-command="kill">
            <input type="hidden" name="command" value="kill" />
            <input type="hidden" name="bot" value=bot.to_string() />
            <h2 id=format!("{id}-title")>"Kill switch"</h2>
            <p>"This happens at once, for the bot " <strong>{bot.to_string()}</strong> ":"</p>
            <ul class="consequences">{items}</ul>
            <Complaint refused=submission.refused />
            <button
                type="submit"
                class="kill"
                disabled=move || blocked.get().is_some() || submission.pending.get()
                title=move || blocked.get()
            >
                {move || blocked.get().unwrap_or("Stop everything")}
            </button>
        </form>
    }
    .into_any()
}

fn consequences(portfolio: &Portfolio) -> Vec<String> {
    // What an outside bot holds elsewhere is counted with the rest, and is not ours to close.
    if portfolio.bot != BotId::paper() {
        return [
            "Its open orders at the paper exchange are cancelled.",
            "What it holds at another exchange is not touched: that is its own to close.",
            "Nothing but orders that reduce a position passes here until Resume.",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    let orders = match portfolio.open_orders {
        0 => "No order is open: none is cancelled.".to_owned(),
        1 => "1 open order is cancelled.".to_owned(),
        count => format!("{count} open orders are cancelled."),
    };
    let positions = match portfolio.open_positions {
        0 => "No position is open: none is closed.".to_owned(),
        1 => "1 position is closed at the market's price.".to_owned(),
        count => format!("{count} positions are closed at the market's price."),
    };
    let after =
        "The agent stops, and nothing but orders that reduce a position passes until Resume.";
    vec![orders, positions, after.to_owned()]
}

/// Closes every position, once it is confirmed.
#[component]
pub fn FlattenAll(bot: BotId) -> impl IntoView {
    let positions = use_positions(bot.clone());
    let open = Memo::new(move |_| {
        positions.value.with(|rows| {
            let held = rows.iter().flatten().filter(|row| !row.quantity.is_zero());
            held.map(|row| row.symbol.to_string()).collect::<Vec<_>>()
        })
    });
    let words =
        Signal::derive(move || format!("Closes {} at the market's price.", open.get().join(", ")));
    is_operator().then(|| {
        view! {
            <div hidden=move || open.with(Vec::is_empty)>
                <CommandButton page=Page::Positions bot command="flatten" label="Flatten all" confirm=words />
            </div>
        }
        .into_any()
    })
}
