//! Fetches trades that were missed. What a host does not offer is replaced by what it does: the
//! hosts for public data may have only the newest trades without their history.

use std::time::{Duration, Instant};

use super::config::TradeStream;
use super::rest::{PAGE, Rest, RestError};
use super::trades::Hole;
use crate::domain::time::MINUTE;
use crate::domain::{Bar, MarketTrade, Symbol, TimeUs};

/// Between two tries when something was not there yet.
const AGAIN: Duration = Duration::from_millis(300);

/// What is to be fetched, and until when.
#[derive(Debug, Clone)]
pub struct Job {
    pub symbol: Symbol,
    pub stream: TradeStream,
    pub hole: Hole,
    pub deadline: Instant,
}

/// What was fetched of it; `problem` says why it is not all.
#[derive(Debug)]
pub struct Outcome {
    pub symbol: Symbol,
    pub trades: Vec<MarketTrade>,
    pub problem: Option<String>,
}

pub async fn fetch(rest: &Rest, job: Job) -> Outcome {
    let mut trades: Vec<MarketTrade> = Vec::new();
    let mut next = job.hole.first;
    let mut history = true;
    let mut problem = None;
    while next <= job.hole.last {
        let wait = match page(rest, &job, next, history).await {
            Ok(found) => {
                let known = next;
                for trade in found {
                    // In order and without a hole: what is not next is not ours to place.
                    if trade.id == next && next <= job.hole.last {
                        next += 1;
                        trades.push(trade);
                    }
                }
                if next > known {
                    continue;
                }
                problem = Some(format!("trade {next} is not there"));
                if !history {
                    break;
                }
                AGAIN
            }
            Err(error @ RestError::Limited { wait, .. }) => {
                problem = Some(error.to_string());
                wait
            }
            Err(error) if error.is_final() => {
                problem = Some(error.to_string());
                if !history || job.stream == TradeStream::AggTrade {
                    break;
                }
                history = false;
                continue;
            }
            Err(error) => {
                problem = Some(error.to_string());
                AGAIN
            }
        };
        if Instant::now() + wait >= job.deadline {
            break;
        }
        tokio::time::sleep(wait).await;
    }
    Outcome {
        symbol: job.symbol,
        problem: problem.filter(|_| next <= job.hole.last),
        trades,
    }
}

/// The newest minutes that are fetched in place of lost trades: a day and an hour.
const MINUTES: i64 = 1_500;

/// The minutes that open from `first` to `last`, the newest [`MINUTES`] of them.
pub async fn minutes(
    rest: &Rest,
    symbol: &Symbol,
    first: TimeUs,
    last: TimeUs,
) -> Result<Vec<Bar>, RestError> {
    let mut next = first.max(last.plus(-(MINUTES - 1) * MINUTE));
    let mut bars: Vec<Bar> = Vec::new();
    while next <= last {
        let page = rest.minutes(symbol, next, last).await?;
        let known = bars.len();
        // In order: what is not after the last one is not ours to place.
        for bar in page {
            if bar.open_time >= next {
                next = bar.open_time.plus(MINUTE);
                bars.push(bar);
            }
        }
        if bars.len() == known {
            break;
        }
    }
    Ok(bars)
}

async fn page(
    rest: &Rest,
    job: &Job,
    from: u64,
    history: bool,
) -> Result<Vec<MarketTrade>, RestError> {
    match job.stream {
        TradeStream::AggTrade => rest.agg_trades(&job.symbol, from).await,
        TradeStream::Trade if history => rest.old_trades(&job.symbol, from).await,
        TradeStream::Trade => {
            let mut trades = rest.recent_trades(&job.symbol).await?;
            debug_assert!(trades.len() as u64 <= PAGE);
            trades.sort_by_key(|trade| trade.id);
            Ok(trades)
        }
    }
}
