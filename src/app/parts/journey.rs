//! How a decision came about and what it led to: the agent's steps, the orders, their fills.

use leptos::prelude::*;

use super::time;
use crate::app::format;
use crate::app::panels::{evidence, filled, kind, side, status};
use crate::app::widgets::Reading;
use crate::domain::{Action, AgentStep, Decision, Fill, Order};
use crate::wire::form::encoded;

pub fn steps(steps: &[AgentStep]) -> AnyView {
    if steps.is_empty() {
        return view! {
            <p class="absent">"No steps are known: the bot does not run here, or took none."</p>
        }
        .into_any();
    }
    let items: Vec<_> = steps
        .iter()
        .map(|step| {
            let took = match step.took_us {
                Some(us) => {
                    let time = match us {
                        us if us < 10.0 => format!("{} µs", format::float(us, 1)),
                        us => format::micros(us.round() as u64),
                    };
                    format!("{} took {time}", step.from.as_str())
                }
                None => String::new(),
            };
            view! {
                <li class="step">
                    <span class="step-head">{step.from.as_str()} " → " {step.to.as_str()}</span>
                    <span class="quiet">{took}</span>
                    <span class="step-text">{step.reason.clone()}</span>
                </li>
            }
        })
        .collect();
    view! { <ol class="steps">{items}</ol> }.into_any()
}

/// What was done about it.
pub fn action(decision: &Decision, is_empty: bool) -> Option<String> {
    match &decision.action {
        Action::Vetoed { rule } => Some(format!("No order: the rule {rule} kept it from trading.")),
        Action::None => Some("No order: nothing was to be done.".to_owned()),
        Action::Orders(ids) if is_empty => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            Some(format!("Orders that the bot names: {}.", ids.join(", ")))
        }
        Action::Orders(_) => None,
    }
}

pub fn orders(orders: &[Order]) -> Vec<AnyView> {
    orders
        .iter()
        .map(|order| {
            let (bot, id) = (&order.bot, encoded(order.id.as_str()));
            let price = match order.average_price {
                Some(average) => format!("at {} on average", format::price(average)),
                None => String::new(),
            };
            view! {
                <li data-id=order.id.to_string()>
                    <a href=format!("/trade?bot={bot}&order={id}")>{order.id.to_string()}</a>
                    {tag(side(order.side))}
                    {tag(kind(order))}
                    <span>{filled(order).text} " " {price}</span>
                    {tag(status(order.status))}
                    <span class="quiet">{order.reason.clone()}</span>
                </li>
            }
            .into_any()
        })
        .collect()
}

pub fn fills(fills: &[Fill]) -> Vec<AnyView> {
    fills
        .iter()
        .map(|fill| {
            let words = format!(
                "{} at {}, fee {}",
                format::quantity(fill.quantity),
                format::price(fill.price),
                format::money(fill.fee)
            );
            let rests_on = format!("Rests on: {}", evidence(&fill.evidence));
            view! {
                <li data-id=fill.id.to_string()>
                    {time(fill.time)}
                    {tag(side(fill.side))}
                    <span>{words}</span>
                    <span class="quiet">{rests_on}</span>
                </li>
            }
            .into_any()
        })
        .collect()
}

fn tag(reading: Reading) -> AnyView {
    view! {
        <span class=reading.tone.class() title=reading.title>
            {reading.text}
        </span>
    }
    .into_any()
}
