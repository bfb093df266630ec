//! Where the reader is and how to get elsewhere: the focus of the page, links that keep it, and the
//! navigation.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};

use crate::app::live::{use_boot, use_health};
use crate::app::routes::{FIRST_INTERVAL, Page, decision_of_path};
use crate::domain::{BotId, DecisionId, Interval, OrderId, Symbol};
use crate::wire::form::encoded;

/// The bot that is shown: `?bot=`, else the server's first.
pub fn use_bot() -> Memo<BotId> {
    let query = use_query_map();
    let first = use_boot().map_or_else(BotId::paper, |boot| boot.bot.clone());
    Memo::new(move |_| {
        query
            .with(|query| query.get("bot"))
            .and_then(|bot| bot.parse().ok())
            .unwrap_or_else(|| first.clone())
    })
}

/// The bot, and the symbol of `/market/:symbol`, else the feed's first.
pub fn use_focus() -> Memo<(BotId, Option<Symbol>)> {
    let bot = use_bot();
    let path = use_location().pathname;
    let first = use_boot().and_then(|boot| boot.symbols.first().cloned());
    Memo::new(move |_| {
        let symbol = path.with(|path| match path.strip_prefix("/market/") {
            Some(name) if !name.is_empty() => name.trim_end_matches('/').parse().ok(),
            _ => first.clone(),
        });
        (bot.get(), symbol)
    })
}

/// The decision of `/decisions/:id`.
pub fn use_decision_id() -> Memo<Option<DecisionId>> {
    let path = use_location().pathname;
    Memo::new(move |_| path.with(|path| decision_of_path(path)))
}

/// The candles' periods to choose from.
pub const INTERVALS: [Interval; 4] = [Interval::S1, Interval::M1, Interval::M5, Interval::H1];
/// The candles' period: `?interval=`, else the first.
pub fn use_interval() -> Memo<Interval> {
    let query = use_query_map();
    Memo::new(move |_| {
        query
            .with(|query| query.get("interval"))
            .and_then(|text| text.parse().ok())
            .filter(|interval| INTERVALS.contains(interval))
            .unwrap_or(FIRST_INTERVAL)
    })
}

/// Makes addresses within the page's focus: `?bot=` stays.
#[derive(Debug, Clone, Copy)]
pub struct Links {
    bot: Memo<Option<String>>,
}

pub fn use_links() -> Links {
    let query = use_query_map();
    Links {
        bot: Memo::new(move |_| {
            query
                .with(|query| query.get("bot"))
                .filter(|bot| bot.parse::<BotId>().is_ok())
        }),
    }
}

impl Links {
    pub fn to(self, path: &str) -> String {
        self.with(path, None)
    }

    /// With one more parameter.
    pub fn with(self, path: &str, parameter: Option<(&str, &str)>) -> String {
        let bot = self.bot.get();
        let pairs = bot
            .as_deref()
            .map(|bot| ("bot", bot))
            .into_iter()
            .chain(parameter);
        let query: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }

    /// With the end of a query, as `&model=x`.
    pub fn and(self, path: &str, more: &str) -> String {
        let own = self.to(path);
        match (own.contains('?'), more.strip_prefix('&')) {
            (_, None) => own,
            (true, Some(_)) => own + more,
            (false, Some(more)) => format!("{own}?{more}"),
        }
    }

    /// To what is known of an order.
    pub fn to_order(self, id: &OrderId) -> String {
        self.with(Page::Trade.path(), Some(("order", id.as_str())))
    }

    /// To a decision's own page.
    pub fn to_decision(self, id: &str) -> String {
        self.to(&format!("/decisions/{}", encoded(id)))
    }

    /// As a signal, for attributes.
    pub fn signal(self, path: &'static str) -> Signal<String> {
        Signal::derive(move || self.to(path))
    }
}

/// The page that is open; `None` where there is none.
pub fn use_page() -> Memo<Option<Page>> {
    let path = use_location().pathname;
    Memo::new(move |_| path.with(|path| Page::of_path(path)))
}

/// Strokes of a page's sign, in a box of 24 × 24.
fn icon(page: Page) -> &'static str {
    match page {
        Page::Overview => "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
        Page::Market => "M7 4v3M7 15v5M5 7h4v8H5zM17 3v6M17 17v4M15 9h4v8h-4z",
        Page::Trade => "M12 3v18M16 7.5c0-2-8-2.5-8 .5s8 2 8 5-8 3-8 .5",
        Page::Trades => "M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4",
        Page::Positions => "M12 3l9 5-9 5-9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5",
        Page::Decisions => {
            "M12 3v4M12 7a4 4 0 0 1 4 4v2M12 7a4 4 0 0 0-4 4v2M5 17h6M13 17h6M8 14v6M16 14v6"
        }
        Page::Models => "M4 20L20 4M4 4v16h16M8 13h.01M12 14h.01M13 9h.01M17 9h.01",
        Page::Performance => "M4 4v16h16M7 15l4-5 3 3 6-7",
        Page::System => "M4 5h16v6H4zM4 13h16v6H4zM7 8h.01M7 16h.01",
        // The navigation does not lead to the others.
        _ => "",
    }
}

/// The name where there is little room.
fn short_title(page: Page) -> &'static str {
    match page {
        Page::Performance => "Stats",
        other => other.title(),
    }
}

/// The navigation: at the left, on a phone at the bottom.
#[component]
pub fn Nav() -> impl IntoView {
    let links = use_links();
    let open = use_page();
    let items: Vec<_> = Page::of_bots()
        .map(|page| {
            view! {
                <li>
                    <a
                        href=move || links.to(page.path())
                        aria-current=move || (open.get() == Some(page)).then_some("page")
                    >
                        <svg viewBox="0 0 24 24" aria-hidden="true">
                            <path d=icon(page)></path>
                        </svg>
                        <span class="long">{page.title()}</span>
                        <span class="short">{short_title(page)}</span>
                    </a>
                </li>
            }
        })
        .collect();
    view! {
        <nav class="nav" aria-label="Pages">
            <a class="brand" href=move || links.to("/") aria-label="Plainsight, to the overview">
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z"></path>
                    <path d="M8.5 13l2.5-3 2 2 2.5-3"></path>
                </svg>
                <span>"Plainsight"</span>
            </a>
            <ul>{items}</ul>
            <BotSwitch />
        </nav>
    }
    .into_any()
}

/// A constant and no literal: of literals the macro makes a plain attribute.
const SHOW: &str = r#"<button type="submit">Show</button>"#;

/// Which bot is shown. A form of its own where there is no script.
#[component]
fn BotSwitch() -> impl IntoView {
    let bot = use_bot();
    let health = use_health();
    let at_start = use_boot().map(|boot| boot.bots.clone()).unwrap_or_default();
    let bots = Memo::new(move |_| {
        let mut bots = at_start.clone();
        health.value.with(|health| {
            bots.extend(health.iter().flat_map(|health| health.bots.iter().cloned()));
        });
        bots.push(bot.get());
        bots.sort();
        bots.dedup();
        bots
    });
    let path = use_location().pathname;
    let go = use_navigate();
    let choose = move |event| {
        let chosen = event_target_value(&event);
        let address = format!("{}?bot={chosen}", path.get_untracked());
        go(&address, NavigateOptions::default());
    };
    view! {
        <form class="bot-switch" method="get" action=move || path.get()>
            <label for="bot">"Bot"</label>
            <select id="bot" name="bot" on:change=choose prop:value=move || bot.get().to_string()>
                {move || {
                    bots.get()
                        .into_iter()
                        .map(|item| {
                            let value = item.to_string();
                            let text = value.clone();
                            let selected = move || bot.get() == item;
                            view! { <option value=value selected=selected>{text}</option> }
                        })
                        .collect_view()
                }}
            </select>
            <noscript inner_html=SHOW></noscript>
        </form>
    }
    .into_any()
}
