//! The eight features: what the learning models and the ONNX models see of a market.
//!
//! They are computed afresh from the bounded history each time, on the path of the log price in units
//! of its own volatility ([`Series`]): no state, no warm-up beyond the history, the same after a
//! restart. Each is clamped to [−3, 3]. With u the path, r its steps (standard deviation 1) and n
//! their number, at most 60:
//!
//! | # | name | formula | size |
//! | --- | --- | --- | --- |
//! | 0 | `momentum` | Σr / √n | 1 for a random walk |
//! | 1 | `z_score` | (u_last − mean u) / sd u | about 1.5 |
//! | 2 | `rsi` | 6 · (RSI − ½), RSI in [0, 1] over 14 steps with Wilder's average | about 0.7; ±3 at its bounds |
//! | 3 | `macd` | EMA₁₂ u − EMA₂₆ u, both begun at the first price | about 1.1 |
//! | 4 | `cci` | (u_last − mean₂₀ u) / mean absolute deviation₂₀ | about 1.5 |
//! | 5 | `slope` | least-squares slope of u over all prices × √(5n/6) | 1 for a random walk |
//! | 6 | `volatility` | 2 · ln(sd of the last 10 r) | 0 where it is as ever |
//! | 7 | `taker_flow` | 3 · (2 · bought / volume − 1) of the last five minutes' takers; 0 without volume | ±3 at its bounds |
//!
//! The order is part of the interface: an ONNX file is trained on it.

use yata::core::{Candle, IndicatorConfig as _, IndicatorInstance as _, Method};
use yata::helpers::MA;
use yata::indicators::RSI;
use yata::methods::{CCI, EMA, LinReg, StDev};

use super::series::{CLAMP, Series};
use super::{Problem, View};
pub use crate::domain::FEATURE_COUNT as COUNT;
use crate::domain::{Interval, money};
use crate::engine::market::Market;

/// In the order of the vector.
pub const NAMES: [&str; COUNT] = [
    "momentum",
    "z_score",
    "rsi",
    "macd",
    "cci",
    "slope",
    "volatility",
    "taker_flow",
];

const RSI_STEPS: u8 = 14;
const MACD_FAST: u8 = 12;
const MACD_SLOW: u8 = 26;
const CCI_STEPS: u8 = 20;
const VOLATILITY_STEPS: u8 = 10;
/// Finished minutes whose takers are counted.
const FLOW_MINUTES: usize = 5;

/// The features of a market, in the order of [`NAMES`], and the series that they were taken from.
pub fn features(view: &View<'_>) -> Result<([f64; COUNT], Series), Problem> {
    let series = Series::of(view)?;
    let indicators =
        indicators(&series).map_err(|error| Problem::Fault(format!("an indicator: {error}")))?;
    let [rsi, macd, cci, slope, volatility] = indicators;
    let all = [
        series.momentum(),
        series.z_score(),
        rsi,
        macd,
        cci,
        slope,
        volatility,
        CLAMP * taker_flow(view.market).unwrap_or(0.0),
    ];
    Ok((all.map(|value| value.clamp(-CLAMP, CLAMP)), series))
}

/// The features 2 to 6, not yet clamped. Each indicator begins with the first value, as if the
/// price had stood there for ever.
fn indicators(series: &Series) -> Result<[f64; 5], yata::core::Error> {
    let path = &series.path;
    let (first, steps) = (path.first().copied().unwrap_or(0.0), path.len() - 1);
    let mut rsi = RSI {
        ma: MA::RMA(RSI_STEPS),
        ..RSI::default()
    }
    .init(&flat(first))?;
    let (mut fast, mut slow) = (EMA::new(MACD_FAST, &first)?, EMA::new(MACD_SLOW, &first)?);
    let mut cci = CCI::new(CCI_STEPS, &first)?;
    let window = u8::try_from(path.len()).unwrap_or(u8::MAX);
    let mut line = LinReg::new(window, &first)?;
    let (mut strength, mut trend, mut channel) = (0.5, 0.0, 0.0);
    for value in path {
        strength = rsi.next(&flat(*value)).value(0);
        trend = fast.next(value) - slow.next(value);
        channel = cci.next(value);
        line.next(value);
    }
    let recent = series.returns.len().saturating_sub(VOLATILITY_STEPS.into());
    let mut spread = StDev::new(VOLATILITY_STEPS, &0.0)?;
    let recent = series.returns[recent..]
        .iter()
        .fold(0.0, |_, value| spread.next(value));
    Ok([
        6.0 * (strength - 0.5),
        trend,
        channel,
        line.tan() * (5.0 * steps as f64 / 6.0).sqrt(),
        2.0 * recent.ln(),
    ])
}

/// A price as the candle that the RSI takes its close from.
fn flat(value: f64) -> Candle {
    Candle {
        open: value,
        high: value,
        low: value,
        close: value,
        volume: 0.0,
    }
}

/// How one-sided the takers of the last minutes were: −1 all sold, +1 all bought.
fn taker_flow(market: &Market) -> Option<f64> {
    let closed = market.candles.closed(Interval::M1);
    let (mut volume, mut bought) = (0.0, 0.0);
    for candle in closed.range(closed.len().saturating_sub(FLOW_MINUTES)..) {
        volume += money::to_f64(candle.volume);
        bought += money::to_f64(candle.taker_buy_volume);
    }
    (volume > 0.0).then(|| 2.0 * bought / volume - 1.0)
}
