//! The catalogue's metrics, filled in: from returns, from pairs of returns, from round trips, from
//! what was held and traded. Each goes out with its n.

use std::collections::BTreeMap;

use super::benchmark;
use super::drawdown;
use super::moments;
use super::returns;
use super::risk::{Tails, cvar_parametric, var_parametric};
use super::trades::{self, TradeStatistics};
use super::usage::Usage;
use crate::domain::{Metric, MetricId, TimeUs};

/// Metrics by their ids.
pub type Figures = BTreeMap<MetricId, Metric>;

fn add<const K: usize>(to: &mut Figures, n: usize, values: [(MetricId, Option<f64>); K]) {
    for (formula, value) in values {
        let n = n as u64;
        to.insert(formula, Metric { formula, value, n });
    }
}

/// Everything that follows from returns alone. `start` is the moment that the first counts from,
/// `times` are the ends of the periods, `periods` how many a year has.
pub fn of_returns(r: &[f64], start: TimeUs, times: &[TimeUs], periods: f64) -> Figures {
    use MetricId as M;
    let under_water = drawdown::drawdowns(r).unwrap_or_default();
    let tails = Tails::new(r);
    let cagr = returns::cagr(r, periods);
    let deepest = drawdown::max_drawdown(&under_water);
    let mut figures = Figures::new();
    add(
        &mut figures,
        r.len(),
        [
            (M::TotalReturn, returns::total_return(r)),
            (M::Cagr, cagr),
            (M::Volatility, returns::volatility(r, periods)),
            (M::Sharpe, returns::sharpe(r, periods)),
            (M::Sortino, returns::sortino(r, periods)),
            (M::MaxDrawdown, deepest),
            (
                M::MaxDrawdownDuration,
                drawdown::longest_under_water_s(start, times, &under_water),
            ),
            (M::CurrentDrawdown, drawdown::current_drawdown(&under_water)),
            (M::Calmar, drawdown::calmar(cagr, deepest)),
            (M::Omega, returns::omega(r)),
            (M::GainToPain, returns::gain_to_pain(r)),
            (M::Ulcer, drawdown::ulcer(&under_water)),
            (M::VarHist, tails.var_historical()),
            (M::CvarHist, tails.cvar_historical()),
            (M::VarParam, var_parametric(r)),
            (M::CvarParam, cvar_parametric(r)),
            (M::TailRatio, tails.tail_ratio()),
            (M::Skew, moments::skew(r)),
            (M::Kurtosis, moments::excess_kurtosis(r)),
            (M::Psr, moments::psr(r)),
            (M::Stability, returns::stability(r)),
            (M::PeriodWinRate, returns::period_win_rate(r)),
            (M::PeriodPayoff, trades::payoff(r)),
            (M::PeriodKelly, trades::kelly(r)),
        ],
    );
    figures
}

/// What the returns are against those of buy-and-hold over the same periods.
pub fn of_pairs(r: &[f64], b: &[f64], periods: f64) -> Figures {
    use MetricId as M;
    let mut figures = Figures::new();
    add(
        &mut figures,
        r.len().min(b.len()),
        [
            (M::BenchmarkReturn, returns::total_return(b)),
            (M::Beta, benchmark::beta(r, b)),
            (M::Alpha, benchmark::alpha(r, b, periods)),
            (M::InformationRatio, benchmark::information_ratio(r, b)),
        ],
    );
    figures
}

/// What was held and traded in a window.
pub fn of_usage(usage: &Usage) -> Figures {
    let mut figures = Figures::new();
    let values = [
        (MetricId::Exposure, usage.exposure),
        (MetricId::Turnover, usage.turnover),
    ];
    add(&mut figures, usage.samples, values);
    figures
}

pub fn of_trades(t: &TradeStatistics) -> Figures {
    use MetricId as M;
    let mut figures = Figures::new();
    add(
        &mut figures,
        t.n,
        [
            (M::Trades, Some(t.n as f64)),
            (M::WinRate, t.win_rate),
            (M::ProfitFactor, t.profit_factor),
            (M::Payoff, t.payoff),
            (M::Expectancy, t.expectancy),
            (M::ExpectancyRatio, t.expectancy_ratio),
            (M::Kelly, t.kelly),
            (M::Sqn, t.sqn),
            (M::PValue, t.p_value),
            (M::AverageHolding, t.average_holding_s),
            (M::AverageMae, t.average_mae),
            (M::AverageMfe, t.average_mfe),
            (M::WinningStreak, Some(t.longest_winning_streak as f64)),
            (M::LosingStreak, Some(t.longest_losing_streak as f64)),
        ],
    );
    figures
}

/// Of a series of returns all that can be said, each period being a trade of its own: what needs
/// positions or the times within a trade is undefined.
pub fn of_series(r: &[f64], b: &[f64], start: TimeUs, times: &[TimeUs], periods: f64) -> Figures {
    let mut figures = of_returns(r, start, times, periods);
    figures.extend(of_pairs(&r[..r.len().min(b.len())], b, periods));
    figures.extend(of_usage(&Usage::default()));
    figures.extend(of_trades(&trades::pnl_statistics(r)));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric::CATALOGUE;

    #[test]
    fn every_metric_of_the_catalogue_is_there() {
        let figures = of_series(&[], &[], TimeUs::ZERO, &[], 365.0);
        let there: Vec<_> = figures.keys().copied().collect();
        let wanted: Vec<_> = CATALOGUE.iter().map(|about| about.id).collect();
        assert_eq!(there, wanted);
    }

    /// What the catalogue says of the fewest holds: with one less there is no value.
    #[test]
    fn below_the_fewest_everything_is_undefined_and_at_it_not() {
        let r = [0.02, -0.01, 0.03, -0.02];
        let b = [0.01, -0.03, 0.01, 0.02];
        let times = [1, 2, 3, 4].map(TimeUs);
        for n in 0..=r.len() {
            let figures = of_series(&r[..n], &b[..n], TimeUs::ZERO, &times[..n], 12.0);
            for metric in figures.values() {
                let about = metric.formula.definition();
                let unknown = [
                    MetricId::Exposure,
                    MetricId::Turnover,
                    MetricId::AverageHolding,
                    MetricId::AverageMae,
                    MetricId::AverageMfe,
                ];
                if unknown.contains(&metric.formula) {
                    assert_eq!(metric.value, None);
                } else if (n as u64) < about.fewest {
                    assert_eq!(metric.value, None, "{} of {n}", about.key);
                } else if n >= 2 {
                    assert!(metric.value.is_some(), "{} of {n}", about.key);
                }
            }
        }
    }
}
