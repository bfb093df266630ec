//! The pages: rendered on the server with real figures, then hydrated and kept live in the browser.
//!
//! [`shell`] is the document and the frame of every page, [`routes`] names the pages and what each
//! needs, `pages` puts `panels` together, and `widgets` are the parts that know nothing of trading.
//! [`parts`] are what the server alone draws of a page. Everything that moves comes from [`live`], and what a reader asks for goes out by `command`.

pub mod chart;
pub mod clock;
mod command;
pub mod format;
mod http;
pub mod live;
pub mod nav;
mod pages;
mod panels;
pub mod parts;
pub mod routes;
pub mod shell;
mod status;
mod theme;
mod verify;
pub mod widgets;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

pub use shell::{entry_document, shell};

use pages::{
    DecisionPage, DecisionsPage, MarketPage, ModelsPage, NotFound, OverviewPage, PeoplePage,
    PerformancePage, PositionsPage, SystemPage, TradePage, TradesPage,
};
use shell::Frame;

/// All of the site. It also runs while the routes are listed, where there is no page to show: it
/// reads no context and has no effect of its own.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    clock::provide_clock();
    view! {
        <Router>
            <Frame>
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=OverviewPage />
                    <Route path=path!("/market") view=MarketPage />
                    <Route path=path!("/market/:symbol") view=MarketPage />
                    <Route path=path!("/trade") view=TradePage />
                    <Route path=path!("/trades") view=TradesPage />
                    <Route path=path!("/positions") view=PositionsPage />
                    <Route path=path!("/decisions") view=DecisionsPage />
                    <Route path=path!("/decisions/:id") view=DecisionPage />
                    <Route path=path!("/models") view=ModelsPage />
                    <Route path=path!("/performance") view=PerformancePage />
                    <Route path=path!("/system") view=SystemPage />
                    <Route path=path!("/account") view=PeoplePage />
                    <Route path=path!("/users") view=PeoplePage />
                    <Route path=path!("/tokens") view=PeoplePage />
                    <Route path=path!("/settings") view=PeoplePage />
                </Routes>
            </Frame>
        </Router>
    }
}
