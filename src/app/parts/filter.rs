//! The form that chooses among decisions: a plain GET form, filled in with what the address says.

use leptos::prelude::*;

use super::html;
use crate::domain::{BotId, ModelId, Outcome, Rejection, Symbol};
use crate::wire::form::Fields;

/// What can be chosen.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub models: Vec<ModelId>,
    pub symbols: Vec<Symbol>,
}

/// `wrong` is what could not be read of the fields.
pub fn filter(
    bot: &BotId,
    fields: &Fields,
    choices: &Choices,
    wrong: Option<&Rejection>,
) -> String {
    html(|| {
        let named =
            |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect();
        let models = named(choices.models.iter().map(ToString::to_string).collect());
        let symbols = named(choices.symbols.iter().map(ToString::to_string).collect());
        let outcomes: Vec<_> = Outcome::ALL
            .into_iter()
            .map(|outcome| (outcome.as_str().to_owned(), words(outcome).to_owned()))
            .collect();
        let least = fields.get("min_confidence").unwrap_or_default().to_owned();
        let is_wrong = wrong.is_some();
        let message = wrong.map(|wrong| wrong.message.clone());
        // What no field here shows stays as it is.
        let kept: Vec<_> = ["horizon", "max_confidence"]
            .into_iter()
            .filter_map(|name| Some((name, fields.get(name)?.to_owned())))
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect();
        view! {
            <form class="filters" method="get" action="/decisions" aria-label="Filter">
                <input type="hidden" name="bot" value=bot.to_string() />
                {kept}
                {select("Model ", "model", fields, models)}
                {select("Symbol ", "symbol", fields, symbols)}
                {select("Outcome ", "outcome", fields, outcomes)}
                <label>
                    "Confidence from "
                    <input
                        type="number"
                        name="min_confidence"
                        min="0"
                        max="1"
                        step="0.01"
                        placeholder="0.50"
                        value=least
                        aria-describedby="filter-error"
                    />
                </label>
                <button type="submit">"Filter"</button>
                <a class="button" rel="external" href=format!("/decisions?bot={bot}")>
                    "All"
                </a>
                <p class="field-error" id="filter-error" role="status" hidden=!is_wrong>
                    {message}
                </p>
            </form>
        }
        .into_any()
    })
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Incorrect => "wrong",
        other => other.as_str(),
    }
}

fn select(
    label: &'static str,
    name: &'static str,
    fields: &Fields,
    mut choices: Vec<(String, String)>,
) -> AnyView {
    let chosen = fields.get(name).map(str::to_owned);
    if let Some(chosen) = &chosen
        && !choices.iter().any(|(value, _)| value == chosen)
    {
        choices.push((chosen.clone(), chosen.clone()));
    }
    let options: Vec<_> = choices
        .into_iter()
        .map(|(value, text)| {
            let selected = chosen.as_ref() == Some(&value);
            view! {
                <option value=value selected=selected>
                    {text}
                </option>
            }
        })
        .collect();
    view! {
        <label>
            {label} <select name=name>
                <option value="">"all"</option>
                {options}
            </select>
        </label>
    }
    .into_any()
}
