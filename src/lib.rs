pub mod app;
#[cfg(feature = "ssr")]
pub mod audit;
#[cfg(feature = "ssr")]
pub mod auth;
#[cfg(feature = "ssr")]
pub mod cli;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod engine;
#[cfg(feature = "ssr")]
pub mod feed;
#[cfg(feature = "ssr")]
pub mod hub;
#[cfg(feature = "ssr")]
pub mod inference;
#[cfg(test)]
#[path = "tests/recorded.rs"]
mod recorded;
pub mod seal;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod store;
pub mod wire;

/// Takes over the page that the server rendered: called by the page's script.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    use std::sync::Arc;

    use leptos::prelude::provide_context;

    use app::App;
    use app::live::SourceHandle;
    use app::live::client::{Client, read_boot};

    console_error_panic_hook::set_once();
    let client = read_boot().map(Client::new);
    let source = client.clone();
    leptos::mount::hydrate_body(move || {
        if let Some(client) = source {
            provide_context(SourceHandle(Arc::new(client)));
        }
        App()
    });
    if let Some(client) = client {
        client.start();
    }
}
