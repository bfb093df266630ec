//! `[feed]`: where prices come from.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::Symbol;
use crate::feed::BinanceConfig;

/// `[feed]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// `simulated`, `replay:PATH` or `binance`.
    pub source: String,
    /// Empty: what the source has by itself.
    pub symbols: Vec<Symbol>,
    pub seed: u64,
    /// Market seconds a second, or `max`. A live feed has its own.
    #[serde(deserialize_with = "with_or_without_quotes")]
    pub speed: String,
    /// A recorded answer of Binance's `exchangeInfo` (.json, .json.gz): the filters on orders, for a
    /// feed that knows none.
    pub exchange_info: Option<PathBuf>,
    pub binance: BinanceConfig,
}

fn with_or_without_quotes<'de, D: Deserializer<'de>>(given: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number or \"max\" was expected")]
    enum Given {
        Text(String),
        Number(f64),
    }
    Ok(match Given::deserialize(given)? {
        Given::Text(text) => text,
        Given::Number(number) => number.to_string(),
    })
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            source: "simulated".to_owned(),
            symbols: Vec::new(),
            seed: 1,
            speed: "1".to_owned(),
            exchange_info: None,
            binance: BinanceConfig::default(),
        }
    }
}
