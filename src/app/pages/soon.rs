//! Pages that are still to come.
use leptos::prelude::*;

macro_rules! soon {
    ($($name:ident),*) => {$(
        #[component]
        pub fn $name() -> impl IntoView {
            view! { <p class="absent">"Nothing here yet."</p> }
        }
    )*};
}
soon!(
    DecisionsPage,
    MarketPage,
    PerformancePage,
    PositionsPage,
    SystemPage,
    TradesPage
);
