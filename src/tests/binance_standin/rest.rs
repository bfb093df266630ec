//! The REST side of the stand-in.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Shared;

type Asked = Query<BTreeMap<String, String>>;

fn error(status: StatusCode, code: i64, msg: &str) -> Response {
    (status, axum::Json(json!({"code": code, "msg": msg}))).into_response()
}

/// Counts the request; the answer where it is over the limit.
fn refused(shared: &Shared, path: &'static str) -> Option<Response> {
    let mut state = shared.0.lock();
    *state.noticed.asked.entry(path).or_default() += 1;
    if state.script.limited == 0 || path != "depth" {
        return None;
    }
    state.script.limited -= 1;
    let body = axum::Json(json!({"code": -1003, "msg": "Too much request weight used."}));
    Some((StatusCode::TOO_MANY_REQUESTS, [("Retry-After", "1")], body).into_response())
}

fn answer(value: Value) -> Response {
    ([("x-mbx-used-weight-1m", "10")], axum::Json(value)).into_response()
}

fn invalid_symbol() -> Response {
    error(StatusCode::BAD_REQUEST, -1121, "Invalid symbol.")
}

pub async fn depth(State(shared): State<Shared>, Query(asked): Asked) -> Response {
    if let Some(refused) = refused(&shared, "depth") {
        return refused;
    }
    let depth = shared.0.lock().exchange.depth(&asked["symbol"]);
    depth.map_or_else(invalid_symbol, answer)
}

pub async fn exchange_info(State(shared): State<Shared>, Query(asked): Asked) -> Response {
    if let Some(refused) = refused(&shared, "exchangeInfo") {
        return refused;
    }
    let names: Vec<String> = serde_json::from_str(&asked["symbols"]).unwrap();
    let known = |name: &String| ["BTCUSDT", "ETHUSDT"].contains(&name.as_str());
    if !names.iter().all(known) {
        return invalid_symbol();
    }
    let symbols: Vec<_> = names
        .iter()
        .map(|name| {
            json!({"symbol": name, "status": "TRADING", "baseAsset": &name[..3], "quoteAsset": "USDT",
                "filters": [
                    {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
                    {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
                    {"filterType": "NOTIONAL", "minNotional": "5.00000000", "maxNotional": "9000000.00000000"}
                ]})
        })
        .collect();
    answer(json!({"timezone": "UTC", "symbols": symbols}))
}

/// A trade of a stream as the REST API writes it.
fn old_trade(trade: &Value) -> Value {
    json!({"id": trade["t"], "price": trade["p"], "qty": trade["q"], "quoteQty": "0",
        "time": trade["T"], "isBuyerMaker": trade["m"], "isBestMatch": true})
}

pub async fn klines(State(shared): State<Shared>, Query(asked): Asked) -> Response {
    if let Some(refused) = refused(&shared, "klines") {
        return refused;
    }
    assert_eq!(asked["interval"], "1m");
    let [from, to] = ["startTime", "endTime"].map(|name| asked[name].parse().unwrap());
    let minutes = shared.0.lock().exchange.minutes(&asked["symbol"], from, to);
    answer(minutes.into())
}

pub async fn historical_trades(State(shared): State<Shared>, Query(asked): Asked) -> Response {
    if let Some(refused) = refused(&shared, "historicalTrades") {
        return refused;
    }
    let state = shared.0.lock();
    if !state.script.has_history {
        return StatusCode::NOT_FOUND.into_response();
    }
    let from = asked["fromId"].parse().ok();
    let trades = state.exchange.trades(&asked["symbol"], "t", from);
    answer(trades.iter().map(old_trade).collect())
}

pub async fn recent_trades(State(shared): State<Shared>, Query(asked): Asked) -> Response {
    if let Some(refused) = refused(&shared, "trades") {
        return refused;
    }
    let trades = shared.0.lock().exchange.trades(&asked["symbol"], "t", None);
    answer(trades.iter().map(old_trade).collect())
}

pub async fn agg_trades(State(shared): State<Shared>, Query(asked): Asked) -> Response {
    if let Some(refused) = refused(&shared, "aggTrades") {
        return refused;
    }
    let from = asked["fromId"].parse().ok();
    let trades = shared.0.lock().exchange.trades(&asked["symbol"], "a", from);
    answer(trades.into())
}
