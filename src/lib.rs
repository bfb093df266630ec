pub mod domain;
#[cfg(feature = "ssr")]
pub mod feed;
