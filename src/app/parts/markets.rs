//! The markets as the models see them, and what the portfolio risks.

use leptos::prelude::*;

use super::{fact, number};
use crate::app::format;
use crate::domain::{MarketState, Models, Symbol};

/// The rule, as the engine applies it.
const RULE: &str = "With σ the annualised volatility of the last 60 finished minutes and m the move over them in units of its own standard deviation: volatile where σ is more than twice that of the last 24 hours, else trend up where m > 1, trend down where m < −1, else range.";

pub fn markets(models: &Models) -> AnyView {
    let rows: Vec<_> = models
        .markets
        .iter()
        .map(|(symbol, state)| row(symbol, state))
        .collect();
    let table = if rows.is_empty() {
        view! { <p class="absent">"No market is known yet."</p> }.into_any()
    } else {
        view! {
            <div class="scroll" role="region" aria-label="Markets" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Symbol"</th>
                            <th scope="col">"Regime"</th>
                            <th scope="col" class="num">"Volatility, 24 h"</th>
                            <th scope="col" class="num">"Volatility, 1 h"</th>
                            <th scope="col" class="num">"Move, 1 h"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let risk = models.risk.map_or_else(
        || "not yet: too few hours".to_owned(),
        format::signed_fraction,
    );
    let exact = models.risk.map(|risk| risk.to_string());
    view! {
        {table}
        <dl class="facts">
            {fact(
                "Value at risk, 1 day, 95 %",
                view! { <span data-field="models.risk" data-value=exact>{risk}</span> },
            )}
        </dl>
        <details class="as-table">
            <summary>"How a regime is told"</summary>
            <p class="formula">{RULE}</p>
            <p class="formula">
                "Volatility is annualised, from 1m returns. Value at risk is historical, as a fraction of the portfolio's equity."
            </p>
        </details>
    }
    .into_any()
}

fn row(symbol: &Symbol, state: &MarketState) -> AnyView {
    let (regime, class) = match state.regime {
        Some(regime) => (regime.as_str(), ""),
        None => ("too few minutes yet", "quiet"),
    };
    let href = format!("/market/{symbol}");
    view! {
        <tr data-id=symbol.to_string()>
            <th scope="row">
                <a href=href>{symbol.to_string()}</a>
            </th>
            <td class=class>{regime}</td>
            {number(state.volatility, format::fraction)}
            {number(state.hour_volatility, format::fraction)}
            {number(state.trend, |value| format!("{} σ", format::float(value, 2)))}
        </tr>
    }
    .into_any()
}
