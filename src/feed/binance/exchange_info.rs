//! `exchangeInfo`, live or recorded, as instruments with their filters.
//!
//! Source: <https://github.com/binance/binance-spot-api-docs/blob/master/filters.md>. A bound or step
//! of zero is switched off there and none here. PERCENT_PRICE filters are not taken: they need the
//! exchange's own average price.

use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use crate::domain::{Decimal, Filters, Instrument, Symbol};

#[derive(Debug, thiserror::Error)]
pub enum ExchangeInfoError {
    #[error("{path}: {error}")]
    Io { path: String, error: std::io::Error },
    #[error("not an exchangeInfo: {0}")]
    Unreadable(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Info {
    symbols: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    symbol: String,
    #[serde(default)]
    status: String,
    base_asset: String,
    quote_asset: String,
    #[serde(default)]
    filters: Vec<Filter>,
}

/// Whatever filter it is: each has some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    min_price: Option<Decimal>,
    max_price: Option<Decimal>,
    tick_size: Option<Decimal>,
    min_qty: Option<Decimal>,
    max_qty: Option<Decimal>,
    step_size: Option<Decimal>,
    min_notional: Option<Decimal>,
    max_notional: Option<Decimal>,
}

/// One symbol of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub instrument: Instrument,
    /// Whether it can be traded at the moment.
    pub is_trading: bool,
}

/// Reads an answer of `/api/v3/exchangeInfo`. Symbols that ours cannot name are left out.
pub fn read(value: serde_json::Value) -> Result<Vec<Listing>, ExchangeInfoError> {
    let info: Info = serde_json::from_value(value)?;
    Ok(info.symbols.into_iter().filter_map(listing).collect())
}

/// Reads a recorded answer: JSON, packed with gzip where the name ends in `.gz`; in a recording of
/// several the first line with one counts (`URL -> TIME: JSON`).
pub fn read_file(path: &Path) -> Result<Vec<Instrument>, ExchangeInfoError> {
    let failed = |error| ExchangeInfoError::Io {
        path: path.display().to_string(),
        error,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    let is_packed = path.extension().is_some_and(|kind| kind == "gz");
    let read = if is_packed {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text)
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text)
    };
    read.map_err(failed)?;
    let json = text
        .lines()
        .find(|line| line.contains("exchangeInfo -> "))
        .and_then(|line| line.split_once(": "))
        .map_or(text.as_str(), |(_, json)| json);
    let listings = self::read(serde_json::from_str(json)?)?;
    Ok(listings
        .into_iter()
        .map(|listing| listing.instrument)
        .collect())
}

fn listing(listed: Listed) -> Option<Listing> {
    let symbol: Symbol = listed.symbol.parse().ok()?;
    let mut filters = Filters::default();
    for filter in listed.filters {
        let some = |value: Option<Decimal>| {
            value
                .filter(|value| !value.is_zero())
                .map(|value| value.normalize())
        };
        match filter.filter_type.as_str() {
            "PRICE_FILTER" => {
                filters.tick_size = some(filter.tick_size);
                filters.min_price = some(filter.min_price);
                filters.max_price = some(filter.max_price);
            }
            "LOT_SIZE" => {
                filters.step_size = some(filter.step_size);
                filters.min_quantity = some(filter.min_qty);
                filters.max_quantity = some(filter.max_qty);
            }
            "MARKET_LOT_SIZE" => filters.max_market_quantity = some(filter.max_qty),
            // The older of the two and the newer; a symbol has one of them.
            "MIN_NOTIONAL" => filters.min_notional = some(filter.min_notional),
            "NOTIONAL" => {
                filters.min_notional = some(filter.min_notional);
                filters.max_notional = some(filter.max_notional);
            }
            _ => {}
        }
    }
    Some(Listing {
        is_trading: listed.status == "TRADING",
        instrument: Instrument {
            symbol,
            base: listed.base_asset,
            quote: listed.quote_asset,
            filters,
        },
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::feed::binance::recorded_tests;

    #[test]
    fn the_recorded_list_of_all_symbols_is_read() {
        let Some(text) = recorded_tests::exchange_info() else {
            return;
        };
        let listings = read(serde_json::from_str(&text).unwrap()).unwrap();
        assert!(listings.len() > 1_500, "{}", listings.len());
        let bitcoin = listings
            .iter()
            .find(|listing| listing.instrument.symbol.as_str() == "BTCUSDT")
            .unwrap();
        assert!(bitcoin.is_trading);
        let instrument = &bitcoin.instrument;
        assert_eq!(
            (instrument.base.as_str(), instrument.quote.as_str()),
            ("BTC", "USDT")
        );
        let filters = instrument.filters;
        assert_eq!(filters.tick_size, Some(dec!(0.01)));
        assert_eq!(filters.step_size, Some(dec!(0.00001)));
        assert_eq!(filters.max_quantity, Some(dec!(9000)));
        assert_eq!(filters.min_notional, Some(dec!(10)));
        assert!(
            filters
                .max_market_quantity
                .is_some_and(|most| most < dec!(9000))
        );
        // Every one has the steps that an order is rounded to.
        for listing in &listings {
            let filters = listing.instrument.filters;
            assert!(
                filters.tick_size.is_some() && filters.step_size.is_some(),
                "{listing:?}"
            );
        }
    }

    #[test]
    fn the_newer_notional_filter_is_read_and_zero_is_no_bound() {
        let value = serde_json::json!({"symbols": [{
            "symbol": "BTCUSDT", "status": "BREAK", "baseAsset": "BTC", "quoteAsset": "USDT",
            "filters": [
                {"filterType": "NOTIONAL", "minNotional": "5.00000000", "maxNotional": "9000000.0"},
                {"filterType": "PRICE_FILTER", "minPrice": "0.00000000", "tickSize": "0.01000000"},
                {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200}
            ]
        }]});
        let listing = read(value).unwrap().pop().unwrap();
        let filters = listing.instrument.filters;
        assert!(!listing.is_trading);
        assert_eq!(
            (filters.min_notional, filters.max_notional),
            (Some(dec!(5)), Some(dec!(9000000)))
        );
        assert_eq!(
            (filters.min_price, filters.tick_size),
            (None, Some(dec!(0.01)))
        );
    }
}
