//! What came of a decision, and by which price that was judged.

use leptos::prelude::*;

use super::models::address;
use super::{fact, time};
use crate::app::format;
use crate::domain::{Decision, Direction, Outcome, VerdictSource};

pub fn outcome(decision: &Decision) -> AnyView {
    let price = |value: Option<_>| value.map_or_else(|| format::NONE.to_owned(), format::price);
    let verdict = decision.verdict.as_ref();
    let realised = decision
        .realised_return
        .map_or_else(|| format::NONE.to_owned(), format::signed_fraction);
    let name = decision.model.to_string();
    let model = view! { <a href=address(&decision.bot, &decision.model)>{name}</a> };
    view! {
        <p class="explanation" data-outcome=decision.outcome.as_str()>
            {words(decision)}
        </p>
        <dl class="facts">
            {fact("Model", model)}
            {fact("Made", time(decision.made_at))}
            {fact("Price then", price(decision.price_at))}
            {fact("Target", price(decision.price_target))}
            {fact("Judged by the price at", time(decision.resolves_at))}
            {fact("Verdict price", price(verdict.map(|verdict| verdict.price)))}
            {verdict.map(|verdict| fact("Its time", time(verdict.time)))}
            {fact("Return", realised)}
        </dl>
    }
    .into_any()
}

/// The rule that it is judged by was fixed when it was made.
fn rule(decision: &Decision) -> String {
    match decision.direction {
        Direction::Up => "the price is above the one at which it was made".to_owned(),
        Direction::Down => "the price is below the one at which it was made".to_owned(),
        Direction::Flat => format!(
            "the return is less than {} either way",
            format::fraction(decision.flat_band)
        ),
    }
}

fn words(decision: &Decision) -> String {
    let rule = rule(decision);
    let source = match decision.verdict.as_ref().map(|verdict| verdict.source) {
        Some(VerdictSource::Print) => "by the last print at or before the moment",
        Some(VerdictSource::Candle) => {
            "by the close of the last finished candle, as the moment was seen only as candles"
        }
        None => "by the last price at or before the moment",
    };
    match decision.outcome {
        Outcome::Pending => format!("Pending: it will be correct if, {} later, {rule}.", decision.horizon),
        Outcome::Correct => format!("Correct: judged {source}, {rule}."),
        Outcome::Incorrect => format!("Wrong: judged {source}, it is not so that {rule}."),
        Outcome::Unresolvable => {
            "Unresolvable: the feed has no price for the moment at which it was to be judged. It counts in no score."
                .to_owned()
        }
    }
}
