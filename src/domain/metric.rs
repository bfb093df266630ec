//! The catalogue of metrics: what each is called, by which formula it is made, from what, and when
//! it is undefined. Whoever computes, shows or documents a metric reads it here.

use serde::{Deserialize, Serialize};

/// What a metric is made of, and so what its `n` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Returns of the equity.
    Returns,
    /// Returns of equity and buy-and-hold over the same periods.
    Pairs,
    /// Round trips that closed in the window, net of fees.
    Trades,
    /// Samples of equity taken each 60 s, whatever the basis of the returns is.
    Samples,
}

impl Sample {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Returns => "returns",
            Self::Pairs => "pairs of returns",
            Self::Trades => "round trips",
            Self::Samples => "60 s samples",
        }
    }
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0.05 is 5 %.
    Fraction,
    /// The same, and its sign matters.
    Change,
    Ratio,
    Seconds,
    /// In the quote currency.
    Amount,
    Count,
}

impl Unit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fraction | Self::Change => "fraction",
            Self::Ratio => "ratio",
            Self::Seconds => "s",
            Self::Amount => "quote currency",
            Self::Count => "count",
        }
    }
}

/// All there is to know of a metric but its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    pub id: MetricId,
    /// Its name in JSON.
    pub key: &'static str,
    /// Key and version: another definition of the same metric would get another.
    pub formula_id: &'static str,
    pub name: &'static str,
    pub sample: Sample,
    pub unit: Unit,
    /// With fewer of its sample it is undefined.
    pub fewest: u64,
    pub formula: &'static str,
    /// When else it is undefined; empty: never.
    pub undefined: &'static str,
}

/// One line makes an id and its definition, so that neither can be without the other.
macro_rules! catalogue {
    ($($id:ident $key:literal $name:literal $sample:ident $unit:ident $fewest:literal
       $formula:literal $undefined:literal;)*) => {
        /// A metric. Its place is its order in lists.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub enum MetricId {
            $(
                #[cfg_attr(feature = "ssr", schema(rename = $key))]
                #[serde(rename = $key)]
                $id,
            )*
        }

        /// Every metric, in order.
        pub const CATALOGUE: &[Definition] = &[$(Definition {
            id: MetricId::$id,
            key: $key,
            formula_id: concat!($key, ".v1"),
            name: $name,
            sample: Sample::$sample,
            unit: Unit::$unit,
            fewest: $fewest,
            formula: $formula,
            undefined: $undefined,
        },)*];
    };
}

// r₁…r_N are simple returns with mean m and standard deviation s (ddof 1), P periods a year,
// E₀ = 1, risk-free rate 0, DD_t = E_t / max(E₀…E_t) − 1; b the returns of buy-and-hold.
catalogue! {
    TotalReturn "total_return" "Total return" Returns Change 1
        "E_N − 1" "wealth fell below zero before the end";
    Cagr "cagr" "CAGR" Returns Change 1
        "E_N^(P/N) − 1" "more than all was lost, or the growth of a year is beyond 1e308";
    Volatility "volatility" "Volatility" Returns Fraction 2
        "s·√P" "";
    Sharpe "sharpe" "Sharpe" Returns Ratio 2
        "(m/s)·√P" "all returns are the same";
    Sortino "sortino" "Sortino" Returns Ratio 2
        "m·√P / √(Σ min(r, 0)² / N)" "no return is negative";
    MaxDrawdown "max_drawdown" "Max drawdown" Returns Change 1
        "min DD" "wealth fell below zero before the end";
    MaxDrawdownDuration "max_drawdown_duration_s" "Longest under water" Returns Seconds 1
        "longest time from a peak to the return to it, or to the end" "wealth fell below zero before the end";
    CurrentDrawdown "current_drawdown" "Current drawdown" Returns Change 1
        "DD_N" "wealth fell below zero before the end";
    Calmar "calmar" "Calmar" Returns Ratio 1
        "CAGR / |max drawdown|" "there is no drawdown, or no CAGR";
    Omega "omega" "Omega (0)" Returns Ratio 1
        "Σr⁺ / Σ|r⁻|" "no return is negative";
    GainToPain "gain_to_pain" "Gain to pain" Returns Ratio 1
        "Σr / Σ|r⁻|" "no return is negative";
    Ulcer "ulcer" "Ulcer index" Returns Fraction 2
        "√(Σ DD² / (N − 1))" "wealth fell below zero before the end";
    VarHist "var_hist" "VaR 5 %, historical" Returns Change 2
        "5th percentile of r, linear" "";
    VarParam "var_param" "VaR 5 %, parametric" Returns Change 2
        "m + s·Φ⁻¹(0.05)" "";
    CvarHist "cvar_hist" "CVaR 5 %, historical" Returns Change 2
        "mean of the worst ⌊(N − 1)·0.05⌋ + 1 returns" "";
    CvarParam "cvar_param" "CVaR 5 %, parametric" Returns Change 2
        "m − s·φ(Φ⁻¹(0.05)) / 0.05" "";
    TailRatio "tail_ratio" "Tail ratio" Returns Ratio 2
        "|q95 / q5|" "the 5th percentile is zero";
    Skew "skew" "Skew" Returns Ratio 3
        "sample-adjusted third standardised moment G₁" "all returns are the same";
    Kurtosis "kurtosis" "Excess kurtosis" Returns Ratio 4
        "sample-adjusted fourth standardised moment − 3, G₂" "all returns are the same";
    Psr "psr" "Probabilistic Sharpe" Returns Fraction 4
        "Φ(SR/σ), σ² = (1 − γ₃·SR + (γ₄ − 1)/4·SR²) / (N − 1), SR = m/s, γ₄ raw" "all returns are the same, or σ² is not positive";
    Stability "stability" "Stability" Returns Ratio 3
        "R² of the cumulative log return on time" "wealth reached zero or never moved";
    PeriodWinRate "period_win_rate" "Winning periods" Returns Fraction 1
        "periods with r > 0 / all periods" "";
    PeriodPayoff "period_payoff" "Period payoff" Returns Ratio 2
        "mean r⁺ / |mean r⁻|" "no return is positive, or none is negative";
    PeriodKelly "period_kelly" "Period Kelly" Returns Change 2
        "(b·w − (1 − w)) / b, w winning periods, b period payoff" "no return is positive, or none is negative";
    BenchmarkReturn "benchmark_return" "Buy-and-hold return" Pairs Change 1
        "Π(1 + b) − 1" "no buy-and-hold was kept over the same periods";
    Beta "beta" "Beta" Pairs Ratio 2
        "cov(r, b) / var(b)" "buy-and-hold did not move";
    Alpha "alpha" "Alpha" Pairs Change 2
        "(m − β·mean b)·P" "buy-and-hold did not move";
    InformationRatio "information_ratio" "Information ratio" Pairs Ratio 2
        "mean(r − b) / sd(r − b), not annualised" "all differences are the same";
    Exposure "exposure" "Exposure" Samples Fraction 2
        "time-weighted mean of Σ|position| / equity" "there was no equity";
    Turnover "turnover" "Turnover" Samples Ratio 1
        "Σ|fill value| in the window / equity at its end" "there is no equity";
    Trades "trades" "Round trips" Trades Count 0
        "closed in the window, from flat to flat; a flip closes one and opens the next" "";
    WinRate "win_rate" "Win rate" Trades Fraction 1
        "wins / all closed" "";
    ProfitFactor "profit_factor" "Profit factor" Trades Ratio 1
        "Σ wins / |Σ losses|" "nothing was lost";
    Payoff "payoff" "Payoff" Trades Ratio 2
        "average win / |average loss|" "there is no win, or no loss";
    Expectancy "expectancy" "Expectancy" Trades Amount 1
        "W·average win − L·|average loss|" "";
    ExpectancyRatio "expectancy_ratio" "Expectancy ratio" Trades Ratio 2
        "(1 + payoff)·W − 1" "there is no win, or no loss";
    Kelly "kelly" "Kelly" Trades Change 2
        "(b·w − (1 − w)) / b, w win rate, b payoff" "there is no win, or no loss";
    Sqn "sqn" "SQN" Trades Ratio 2
        "√n·mean / sd" "all trips earned the same";
    PValue "p_value" "p-value" Trades Ratio 2
        "two-sided one-sample t-test of the mean against 0" "all trips earned the same";
    AverageHolding "average_holding_s" "Average holding" Trades Seconds 1
        "mean time from opening to closing" "";
    AverageMae "average_mae" "Average MAE" Trades Amount 1
        "mean of the lowest gross P&L on the way" "";
    AverageMfe "average_mfe" "Average MFE" Trades Amount 1
        "mean of the highest gross P&L on the way" "";
    WinningStreak "longest_winning_streak" "Winning streak" Trades Count 0
        "longest row of wins" "";
    LosingStreak "longest_losing_streak" "Losing streak" Trades Count 0
        "longest row of losses" "";
}

impl MetricId {
    pub fn definition(self) -> &'static Definition {
        // The same lines make both, in the same order.
        &CATALOGUE[self as usize]
    }

    /// The metric of a formula id.
    pub fn of_formula(formula_id: &str) -> Option<Self> {
        let mut all = CATALOGUE.iter();
        all.find(|known| known.formula_id == formula_id)
            .map(|known| known.id)
    }
}

/// A value with what it was made by and from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Metric {
    /// In JSON the formula id, `sharpe.v1`.
    #[serde(with = "formula_id")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, example = "sharpe.v1"))]
    pub formula: MetricId,
    /// Finite, or undefined.
    pub value: Option<f64>,
    /// How many returns, pairs, round trips or samples went in.
    pub n: u64,
}

impl Metric {
    /// Why there is no value; `None` where there is one.
    pub fn why_undefined(&self) -> Option<String> {
        if self.value.is_some() {
            return None;
        }
        let about = self.formula.definition();
        Some(if self.n < about.fewest {
            let sample = about.sample.as_str();
            format!("needs at least {} {sample}, has {}", about.fewest, self.n)
        } else {
            about.undefined.to_owned()
        })
    }
}

/// A metric by its formula id; in bytes by its place in the catalogue.
pub(crate) mod formula_id {
    use std::borrow::Cow;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::MetricId;

    pub fn serialize<S: Serializer>(id: &MetricId, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(id.definition().formula_id)
        } else {
            id.serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MetricId, D::Error> {
        if !deserializer.is_human_readable() {
            return MetricId::deserialize(deserializer);
        }
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        MetricId::of_formula(&text)
            .ok_or_else(|| D::Error::custom(format!("there is no formula {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_finds_its_own_definition() {
        for (place, about) in CATALOGUE.iter().enumerate() {
            assert_eq!(about.id as usize, place);
            assert_eq!(about.id.definition(), about);
            assert_eq!(MetricId::of_formula(about.formula_id), Some(about.id));
            assert_eq!(serde_json::json!(about.id), about.key);
        }
        let keys: std::collections::BTreeSet<_> = CATALOGUE.iter().map(|d| d.key).collect();
        assert_eq!(keys.len(), CATALOGUE.len());
    }

    #[test]
    fn a_metric_carries_its_formula_and_its_n() {
        let metric = Metric {
            formula: MetricId::Sharpe,
            value: Some(1.5),
            n: 90,
        };
        let json = serde_json::json!({"formula": "sharpe.v1", "value": 1.5, "n": 90});
        assert_eq!(serde_json::json!(metric), json);
        assert_eq!(serde_json::from_value::<Metric>(json).unwrap(), metric);
        let unknown = serde_json::json!({"formula": "sharpe.v0", "value": null, "n": 0});
        assert!(serde_json::from_value::<Metric>(unknown).is_err());
    }

    /// Reading floats as fast as can be is wrong in the last digit now and then.
    #[test]
    fn a_value_reads_back_to_the_last_digit() {
        for value in [
            -124.691_775_605_797_33,
            0.194_690_265_486_725_66,
            -0.000_429_223_329_533_669_73,
        ] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&text).unwrap(), value);
        }
    }

    #[test]
    fn what_is_undefined_says_why() {
        let sharpe = |value, n| Metric {
            formula: MetricId::Sharpe,
            value,
            n,
        };
        assert_eq!(sharpe(Some(1.0), 9).why_undefined(), None);
        assert_eq!(
            sharpe(None, 1).why_undefined().as_deref(),
            Some("needs at least 2 returns, has 1")
        );
        assert_eq!(
            sharpe(None, 9).why_undefined().as_deref(),
            Some("all returns are the same")
        );
    }
}
