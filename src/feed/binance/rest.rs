//! Binance's REST API, as much as a feed needs: book snapshots, missed trades, the list of symbols.
//! Answers are bounded in time; the address's budget of weight and the waits that Binance asks for
//! are kept by all requests together.
//!
//! Weights and limits: <https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md>
//! (6,000 of weight a minute; 429 and 418 carry `Retry-After` in seconds, and who goes on after a
//! 429 is banned with a 418).

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::message::{AggTrade, DepthSnapshot, OldKline, OldTrade};
use crate::domain::{Bar, MarketTrade, Symbol, TimeUs};

/// Levels of a snapshot: the most there are.
const SNAPSHOT_LEVELS: u32 = 5_000;
/// Trades of one answer: the most there are.
pub const PAGE: u64 = 1_000;
const DEPTH_WEIGHT: u32 = 250;
const TRADES_WEIGHT: u32 = 25;
const AGG_TRADES_WEIGHT: u32 = 4;
const EXCHANGE_INFO_WEIGHT: u32 = 20;
const KLINES_WEIGHT: u32 = 2;
/// Four fifths of what the address may use a minute: others may sit behind it too.
const BUDGET: u32 = 4_800;
const MINUTE: Duration = Duration::from_secs(60);
/// After a 429 or 418 that does not say how long.
const UNSAID_WAIT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RestError {
    #[error("{url} is not reachable: {why}")]
    Unreachable { url: String, why: String },
    /// Ours or Binance's limit: nothing may be asked for so long.
    #[error("{url}: the limit of requests is reached for {wait:?}")]
    Limited { url: String, wait: Duration },
    #[error("{url} was refused: {status} {message}")]
    Refused {
        url: String,
        status: u16,
        /// Binance's own error code.
        code: Option<i64>,
        message: String,
    },
    #[error("{url}: the answer cannot be read: {why}")]
    Unreadable { url: String, why: String },
}

impl RestError {
    /// Whether the same request would be refused for ever.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if (400..500).contains(status))
    }
}

/// What may be asked for: the weight that was used this minute, and waits that were imposed.
#[derive(Debug)]
struct Budget {
    used: u32,
    since: Instant,
    blocked_until: Option<Instant>,
}

impl Budget {
    /// Takes `weight`, or says how long to wait for it.
    fn take(&mut self, weight: u32, now: Instant) -> Result<(), Duration> {
        if let Some(until) = self.blocked_until {
            if until > now {
                return Err(until - now);
            }
            self.blocked_until = None;
        }
        if now.duration_since(self.since) >= MINUTE {
            self.since = now;
            self.used = 0;
        }
        if self.used > 0 && self.used + weight > BUDGET {
            return Err((self.since + MINUTE).saturating_duration_since(now));
        }
        self.used += weight;
        Ok(())
    }
}

pub struct Rest {
    http: reqwest::Client,
    base: String,
    budget: Mutex<Budget>,
}

/// Binance's error body.
#[derive(Deserialize)]
struct Problem {
    code: i64,
    msg: String,
}

impl Rest {
    /// For the API at `base`, such as `https://data-api.binance.vision`.
    pub fn new(base: &str) -> Result<Self, RestError> {
        super::install_crypto();
        let http = reqwest::Client::builder()
            .user_agent(concat!("plainsight/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| RestError::Unreachable {
                url: base.to_owned(),
                why: chain(&error),
            })?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            budget: Mutex::new(Budget {
                used: 0,
                since: Instant::now(),
                blocked_until: None,
            }),
        })
    }

    pub async fn depth(&self, symbol: &Symbol) -> Result<DepthSnapshot, RestError> {
        let path = format!("/api/v3/depth?symbol={symbol}&limit={SNAPSHOT_LEVELS}");
        self.get(&path, DEPTH_WEIGHT).await
    }

    /// Raw trades from the id `from` on, at most [`PAGE`]. Not every host of Binance has it.
    pub async fn old_trades(
        &self,
        symbol: &Symbol,
        from: u64,
    ) -> Result<Vec<MarketTrade>, RestError> {
        let path = format!("/api/v3/historicalTrades?symbol={symbol}&fromId={from}&limit={PAGE}");
        let trades: Vec<OldTrade> = self.get(&path, TRADES_WEIGHT).await?;
        Ok(trades
            .into_iter()
            .map(|trade| trade.of(symbol.clone()))
            .collect())
    }

    /// The newest raw trades, at most [`PAGE`].
    pub async fn recent_trades(&self, symbol: &Symbol) -> Result<Vec<MarketTrade>, RestError> {
        let path = format!("/api/v3/trades?symbol={symbol}&limit={PAGE}");
        let trades: Vec<OldTrade> = self.get(&path, TRADES_WEIGHT).await?;
        Ok(trades
            .into_iter()
            .map(|trade| trade.of(symbol.clone()))
            .collect())
    }

    /// Aggregate trades from the id `from` on, at most [`PAGE`].
    pub async fn agg_trades(
        &self,
        symbol: &Symbol,
        from: u64,
    ) -> Result<Vec<MarketTrade>, RestError> {
        let path = format!("/api/v3/aggTrades?symbol={symbol}&fromId={from}&limit={PAGE}");
        let trades: Vec<AggTrade> = self.get(&path, AGG_TRADES_WEIGHT).await?;
        Ok(trades
            .into_iter()
            .map(|trade| trade.of(symbol.clone()))
            .collect())
    }

    /// The minutes that open from `from` to `to`, both included, oldest first, at most [`PAGE`].
    pub async fn minutes(
        &self,
        symbol: &Symbol,
        from: TimeUs,
        to: TimeUs,
    ) -> Result<Vec<Bar>, RestError> {
        let (from, to) = (from.millis(), to.millis());
        let path = format!(
            "/api/v3/klines?symbol={symbol}&interval=1m&startTime={from}&endTime={to}&limit={PAGE}"
        );
        let rows: Vec<OldKline> = self.get(&path, KLINES_WEIGHT).await?;
        Ok(rows.into_iter().map(|row| row.of(symbol.clone())).collect())
    }

    /// What the exchange says of these symbols, as it says it.
    pub async fn exchange_info(&self, symbols: &[Symbol]) -> Result<serde_json::Value, RestError> {
        let names: Vec<_> = symbols
            .iter()
            .map(|symbol| format!("%22{symbol}%22"))
            .collect();
        let path = format!("/api/v3/exchangeInfo?symbols=%5B{}%5D", names.join(","));
        self.get(&path, EXCHANGE_INFO_WEIGHT).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, weight: u32) -> Result<T, RestError> {
        let url = format!("{}{path}", self.base);
        let allowed = self.budget.lock().take(weight, Instant::now());
        if let Err(wait) = allowed {
            return Err(RestError::Limited { url, wait });
        }
        let unreachable = |error: reqwest::Error| RestError::Unreachable {
            url: url.clone(),
            why: chain(&error.without_url()),
        };
        let answer = self.http.get(&url).send().await.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let wait = self.note(status, answer.headers());
        let text = answer.text().await.map_err(unreachable)?;
        if let Some(wait) = wait {
            return Err(RestError::Limited { url, wait });
        }
        if status != 200 {
            let problem: Option<Problem> = serde_json::from_str(&text).ok();
            return Err(RestError::Refused {
                url,
                status,
                code: problem.as_ref().map(|problem| problem.code),
                message: problem
                    .map_or_else(|| text.chars().take(120).collect(), |problem| problem.msg),
            });
        }
        serde_json::from_str(&text).map_err(|error| RestError::Unreadable {
            url,
            why: error.to_string(),
        })
    }

    /// Takes note of what an answer says about limits; gives the wait that it imposes.
    fn note(&self, status: u16, headers: &HeaderMap) -> Option<Duration> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
        let mut budget = self.budget.lock();
        if let Some(used) = number("x-mbx-used-weight-1m") {
            budget.used = used;
        }
        if !matches!(status, 429 | 418) {
            return None;
        }
        let wait = number(RETRY_AFTER.as_str())
            .map_or(UNSAID_WAIT, |seconds| Duration::from_secs(seconds.into()));
        budget.blocked_until = Some(Instant::now() + wait);
        Some(wait)
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_kept_by_the_minute_and_waits_are_kept() {
        let now = Instant::now();
        let mut budget = Budget {
            used: 0,
            since: now,
            blocked_until: None,
        };
        assert_eq!(budget.take(4_700, now), Ok(()));
        assert_eq!(budget.take(200, now), Err(MINUTE));
        assert_eq!(budget.take(100, now), Ok(()));
        assert_eq!(budget.take(200, now + MINUTE), Ok(()));
        budget.blocked_until = Some(now + 2 * MINUTE);
        assert_eq!(budget.take(1, now + MINUTE), Err(MINUTE));
        assert_eq!(budget.take(1, now + 2 * MINUTE), Ok(()));
    }
}
