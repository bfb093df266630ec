pub mod app;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod engine;
pub mod wire;
