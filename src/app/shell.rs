//! The document around the pages, and the frame that every page stands in.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title};

use crate::app::App;
use crate::app::live::use_boot;
use crate::app::nav::{Nav, use_bot, use_page};
use crate::app::status::{Problems, StatusStrip};
use crate::app::theme::EARLY_SCRIPT;

/// The HTML document. `boot_json` is the page's [`Boot`](crate::wire::Boot), escaped for HTML.
pub fn shell(options: LeptosOptions, boot_json: String) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme="dark">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="dark light" />
                <meta name="description" content="A trading bot in plain sight, live." />
                <script nonce=use_nonce()>{EARLY_SCRIPT}</script>
                <link rel="stylesheet" href="/pkg/plainsight.css" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <script type="module" src="/chart.js" nonce=use_nonce()></script>
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
                <noscript>
                    <p class="noscript">
                        "This page is live with JavaScript. Without it, it shows the figures of the moment it was loaded."
                    </p>
                </noscript>
                <script type="application/json" id="plainsight-boot" inner_html=boot_json></script>
            </body>
        </html>
    }
}

/// A document without figures and without the pages' script, for who has not signed in. `content` is markup
/// that the server has drawn, `nonce` the one-time word of its inline script.
pub fn entry_document(title: &str, content: String, nonce: &str) -> String {
    let owner = Owner::new();
    let (title, nonce) = (format!("{title} · Plainsight"), nonce.to_owned());
    let html = owner.with(|| {
        view! {
            <html lang="en" data-theme="dark">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="dark light" />
                    <title>{title}</title>
                    <script nonce=nonce>{EARLY_SCRIPT}</script>
                    <link rel="stylesheet" href="/pkg/plainsight.css" />
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                    <script type="module" src="/join.js"></script>
                </head>
                <body class="entry">
                    <a class="brand" href="/">
                        "Plainsight"
                    </a>
                    <main id="main" inner_html=content></main>
                </body>
            </html>
        }
        .to_html()
    });
    format!("<!DOCTYPE html>{}", html.replace("<!>", ""))
}

/// Navigation, heading, status and problems around a page.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let page = use_page();
    let title = Memo::new(move |_| page.get().map_or("Not found", |page| page.title()));
    // The server writes the title when the page has been rendered, perhaps on another thread, where
    // the page's own signals are out of reach: this one belongs to no page.
    let shown = ArcRwSignal::new(title.get_untracked());
    let follow = shown.clone();
    Effect::new(move |_| follow.set(title.get()));
    // Tests and scripts wait for this before they touch anything.
    Effect::new(move |_| {
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "true");
        }
    });
    view! {
        <Title text=move || shown.get() formatter=|text| format!("{text} · Plainsight") />
        <a class="skip" href="#main">
            "Skip to the content"
        </a>
        <div class="frame">
            <Nav />
            <div class="column">
                <header class="top">
                    <h1>{move || title.get()}</h1>
                    <StatusStrip />
                </header>
                <Problems />
                <UnknownBot />
                <main id="main" tabindex="-1">
                    {children()}
                </main>
            </div>
        </div>
    }
    .into_any()
}

/// `?bot=` may name a bot that nobody has heard of.
#[component]
fn UnknownBot() -> impl IntoView {
    let bot = use_bot();
    let health = crate::app::live::use_health();
    let at_start = use_boot().map(|boot| boot.bots.clone()).unwrap_or_default();
    let unknown = Memo::new(move |_| {
        let bot = bot.get();
        let is_known = at_start.contains(&bot)
            || health
                .value
                .with(|h| h.as_ref().is_some_and(|h| h.bots.contains(&bot)));
        (!is_known && !at_start.is_empty()).then(|| bot.to_string())
    });
    move || {
        unknown.get().map(|bot| {
            view! {
                <p class="notice" role="status">
                    "There is no bot named "
                    <strong>{bot}</strong>
                    ". It appears here when it first reports."
                </p>
            }
        })
    }
}
