//! The figures of performance, each with the formula behind it.

use leptos::prelude::*;

use crate::app::format::{duration_s, float, fraction, signed_fraction};
use crate::app::live::Live;
use crate::app::widgets::{Figure, Reading};
use crate::domain::performance::Basis;
use crate::domain::{Metrics, Performance, Window};

/// How a metric is written.
#[derive(Clone, Copy)]
enum As {
    /// A fraction shown as percent.
    Percent,
    /// The same, with its sign.
    Change,
    Ratio,
    Seconds,
    /// In the quote currency.
    Amount,
    Count,
}

impl As {
    fn write(self, value: f64) -> String {
        match self {
            Self::Percent => fraction(value),
            Self::Change => signed_fraction(value),
            Self::Ratio => float(value, 3),
            Self::Seconds => duration_s(value),
            Self::Amount => float(value, 2),
            Self::Count => float(value, 0),
        }
    }
}

/// A metric: its name for programs and for people, how it is read, and its formula.
struct Metric {
    field: &'static str,
    name: &'static str,
    kind: As,
    read: fn(&Metrics) -> Option<f64>,
    formula: &'static str,
}

/// Short for the lists below.
const fn metric(
    field: &'static str,
    name: &'static str,
    kind: As,
    read: fn(&Metrics) -> Option<f64>,
    formula: &'static str,
) -> Metric {
    Metric {
        field,
        name,
        kind,
        read,
        formula,
    }
}

/// Of the returns r₁…r_N: mean m, standard deviation s, P periods a year, E equity from E₀ = 1.
const RETURNS: [Metric; 22] = [
    metric(
        "performance.total_return",
        "Total return",
        As::Change,
        |m| m.total_return,
        "E_N − 1",
    ),
    metric(
        "performance.cagr",
        "CAGR",
        As::Change,
        |m| m.cagr,
        "E_N^(P/N) − 1",
    ),
    metric(
        "performance.volatility",
        "Volatility",
        As::Percent,
        |m| m.volatility,
        "s·√P",
    ),
    metric(
        "performance.sharpe",
        "Sharpe",
        As::Ratio,
        |m| m.sharpe,
        "(m/s)·√P, risk-free rate 0",
    ),
    metric(
        "performance.sortino",
        "Sortino",
        As::Ratio,
        |m| m.sortino,
        "m·√P / √(Σ min(r, 0)² / N)",
    ),
    metric(
        "performance.max_drawdown",
        "Max drawdown",
        As::Change,
        |m| m.max_drawdown,
        "min(E_t / max E − 1)",
    ),
    metric(
        "performance.max_drawdown_duration_s",
        "Longest under water",
        As::Seconds,
        |m| m.max_drawdown_duration_s,
        "longest time below an earlier high",
    ),
    metric(
        "performance.current_drawdown",
        "Current drawdown",
        As::Change,
        |m| m.current_drawdown,
        "E_N / max E − 1",
    ),
    metric(
        "performance.calmar",
        "Calmar",
        As::Ratio,
        |m| m.calmar,
        "CAGR / |max drawdown|",
    ),
    metric(
        "performance.omega",
        "Omega",
        As::Ratio,
        |m| m.omega,
        "Σr⁺ / Σ|r⁻|",
    ),
    metric(
        "performance.gain_to_pain",
        "Gain to pain",
        As::Ratio,
        |m| m.gain_to_pain,
        "Σr / Σ|r⁻|",
    ),
    metric(
        "performance.ulcer",
        "Ulcer index",
        As::Ratio,
        |m| m.ulcer,
        "√(Σ DD² / (N − 1))",
    ),
    metric(
        "performance.var_historical",
        "VaR 5 %, historical",
        As::Change,
        |m| m.var_historical,
        "5th percentile of r, linear",
    ),
    metric(
        "performance.cvar_historical",
        "CVaR 5 %, historical",
        As::Change,
        |m| m.cvar_historical,
        "mean of the worst ⌊(N − 1)·0.05⌋ + 1 returns",
    ),
    metric(
        "performance.var_parametric",
        "VaR 5 %, parametric",
        As::Change,
        |m| m.var_parametric,
        "m + s·Φ⁻¹(0.05)",
    ),
    metric(
        "performance.cvar_parametric",
        "CVaR 5 %, parametric",
        As::Change,
        |m| m.cvar_parametric,
        "m − s·φ(Φ⁻¹(0.05)) / 0.05",
    ),
    metric(
        "performance.tail_ratio",
        "Tail ratio",
        As::Ratio,
        |m| m.tail_ratio,
        "|q95 / q5|",
    ),
    metric(
        "performance.skew",
        "Skew",
        As::Ratio,
        |m| m.skew,
        "sample-adjusted third moment",
    ),
    metric(
        "performance.excess_kurtosis",
        "Excess kurtosis",
        As::Ratio,
        |m| m.excess_kurtosis,
        "sample-adjusted fourth moment − 3",
    ),
    metric(
        "performance.psr",
        "Probabilistic Sharpe",
        As::Percent,
        |m| m.psr,
        "Φ(SR/σ), σ² = (1 − γ₃·SR + (γ₄ − 1)/4·SR²) / (N − 1)",
    ),
    metric(
        "performance.stability",
        "Stability",
        As::Ratio,
        |m| m.stability,
        "R² of the cumulative log return on time",
    ),
    metric(
        "performance.period_win_rate",
        "Winning periods",
        As::Percent,
        |m| m.period_win_rate,
        "periods with r > 0 / periods with r ≠ 0",
    ),
];

/// Of the round trips that closed in the window, net of fees: win rate W, payoff b.
const TRADES: [Metric; 14] = [
    metric(
        "performance.trades.n",
        "Round trips",
        As::Count,
        |m| Some(m.trades.n as f64),
        "from flat to flat; a flip closes one and opens the next",
    ),
    metric(
        "performance.trades.win_rate",
        "Win rate",
        As::Percent,
        |m| m.trades.win_rate,
        "wins / all closed",
    ),
    metric(
        "performance.trades.profit_factor",
        "Profit factor",
        As::Ratio,
        |m| m.trades.profit_factor,
        "Σ wins / |Σ losses|",
    ),
    metric(
        "performance.trades.payoff",
        "Payoff",
        As::Ratio,
        |m| m.trades.payoff,
        "average win / |average loss|",
    ),
    metric(
        "performance.trades.expectancy",
        "Expectancy",
        As::Amount,
        |m| m.trades.expectancy,
        "W·average win − L·|average loss|",
    ),
    metric(
        "performance.trades.expectancy_ratio",
        "Expectancy ratio",
        As::Ratio,
        |m| m.trades.expectancy_ratio,
        "(1 + payoff)·W − 1",
    ),
    metric(
        "performance.trades.kelly",
        "Kelly",
        As::Percent,
        |m| m.trades.kelly,
        "(b·W − (1 − W)) / b",
    ),
    metric(
        "performance.trades.sqn",
        "SQN",
        As::Ratio,
        |m| m.trades.sqn,
        "√n·mean / standard deviation",
    ),
    metric(
        "performance.trades.p_value",
        "p-value",
        As::Ratio,
        |m| m.trades.p_value,
        "two-sided one-sample t-test of the mean against 0",
    ),
    metric(
        "performance.trades.average_holding_s",
        "Average holding",
        As::Seconds,
        |m| m.trades.average_holding_s,
        "mean time from opening to closing",
    ),
    metric(
        "performance.trades.average_mae",
        "Average MAE",
        As::Amount,
        |m| m.trades.average_mae,
        "mean of the lowest gross P&L on the way",
    ),
    metric(
        "performance.trades.average_mfe",
        "Average MFE",
        As::Amount,
        |m| m.trades.average_mfe,
        "mean of the highest gross P&L on the way",
    ),
    metric(
        "performance.trades.longest_winning_streak",
        "Winning streak",
        As::Count,
        |m| Some(m.trades.longest_winning_streak as f64),
        "longest row of wins",
    ),
    metric(
        "performance.trades.longest_losing_streak",
        "Losing streak",
        As::Count,
        |m| Some(m.trades.longest_losing_streak as f64),
        "longest row of losses",
    ),
];

/// The metrics of the returns of a window.
#[component]
pub fn ReturnMetrics(performance: Live<Performance>, window: Window) -> impl IntoView {
    let about = move |performance: &Performance| {
        let Some(metrics) = performance.windows.get(&window) else {
            return Reading::undefined();
        };
        let (basis, periods) = match metrics.basis {
            Basis::Intraday => ("from 60 s samples", "525,600"),
            Basis::Daily => ("daily, at the end of each UTC day", "365"),
        };
        Reading {
            text: format!(
                "n = {} returns, {basis}, P = {periods} periods a year",
                metrics.n
            ),
            ..Reading::count(metrics.n)
        }
    };
    view! {
        <p class="note">
            <Figure live=performance field="performance.n" read=about />
        </p>
        {list(&RETURNS, performance, window)}
    }
    .into_any()
}

/// The metrics of the round trips of a window.
#[component]
pub fn TradeMetrics(performance: Live<Performance>, window: Window) -> impl IntoView {
    view! {
        <p class="note">"Round trips that closed in the window, net of fees."</p>
        {list(&TRADES, performance, window)}
    }
    .into_any()
}

fn list(
    metrics: &'static [Metric],
    performance: Live<Performance>,
    window: Window,
) -> impl IntoView {
    let items: Vec<_> = metrics
        .iter()
        .map(|metric| {
            let read = move |performance: &Performance| {
                let value = performance.windows.get(&window).and_then(metric.read);
                Reading::float(value, |value| metric.kind.write(value))
            };
            view! {
                <details class="metric">
                    <summary title=metric.formula>
                        <span>{metric.name}</span>
                        <Figure live=performance field=metric.field read />
                    </summary>
                    <p class="formula">{metric.formula}</p>
                </details>
            }
        })
        .collect();
    view! { <div class="metrics">{items}</div> }.into_any()
}
