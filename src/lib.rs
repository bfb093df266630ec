pub mod domain;
#[cfg(feature = "ssr")]
pub mod engine;
