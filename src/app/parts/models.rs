//! How well the models judge, drawn whole: all of them in a table, one of them closely, and the markets as
//! they see them.

use leptos::prelude::*;

use super::calibration::{buckets, over_time};
use super::leaderboard::leaderboard;
use super::markets::markets;
use super::reliability::reliability;
use super::{html, missing};
use crate::app::widgets::Tile;
use crate::domain::{BotId, ModelId, Models, Score, ScoreId, Seq};
use crate::wire::form::encoded;

/// `chosen` is looked at closely; where it is not known, the one that has been judged most.
pub fn models(bot: &BotId, models: Option<&Models>, chosen: Option<&ModelId>, seq: Seq) -> String {
    match models {
        Some(models) => html(|| page(models, chosen, seq)),
        None => missing(&format!(
            "There is no bot named {bot}, or it has not decided yet."
        )),
    }
}

fn page(models: &Models, chosen: Option<&ModelId>, seq: Seq) -> AnyView {
    let totals = totals(models);
    let picked = pick(&totals, chosen);
    let model = picked.map(|score| score.model.clone());
    let choice = choice(models, &totals, model.as_ref());
    let board = leaderboard(models, &totals, model.as_ref(), seq);
    let (reliable, time, returns) = match picked.filter(|score| score.n > 0) {
        Some(score) => (reliability(score), over_time(score), buckets(score)),
        None => (nothing(), nothing(), nothing()),
    };
    let markets = markets(models);
    view! {
        <Tile title="Leaderboard">{board}</Tile>
        {choice}
        <Tile title="Reliability" class="span-6">{reliable}</Tile>
        <div class="span-6 stack">
            <Tile title="Calibration over time">{time}</Tile>
            <Tile title="Return by confidence">{returns}</Tile>
        </div>
        <Tile title="Markets and risk">{markets}</Tile>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! { <p class="absent">"No decision has been resolved yet."</p> }.into_any()
}

/// The score of each model over all of its decisions, by name.
fn totals(models: &Models) -> Vec<&Score> {
    let is_total = |(id, score): &(&ScoreId, &Score)| **id == ScoreId::total(&score.model);
    let totals = models.scores.iter().filter(is_total);
    totals.map(|(_, score)| score).collect()
}

fn pick<'a>(totals: &[&'a Score], chosen: Option<&ModelId>) -> Option<&'a Score> {
    let named = totals.iter().find(|score| Some(&score.model) == chosen);
    let most = || totals.iter().rev().max_by_key(|score| score.n);
    named.or_else(most).copied()
}

/// The models as links, for those who look at one.
fn choice(models: &Models, totals: &[&Score], open: Option<&ModelId>) -> AnyView {
    let items: Vec<_> = totals
        .iter()
        .map(|score| {
            let name = score.model.to_string();
            let current = (open == Some(&score.model)).then_some("true");
            view! {
                <a href=address(&models.bot, &score.model) aria-current=current data-noscroll="true">
                    {name}
                </a>
            }
        })
        .collect();
    let is_empty = items.is_empty();
    view! {
        <nav class="choice" aria-label="Model" hidden=is_empty>
            {items}
        </nav>
    }
    .into_any()
}

/// The page with this model looked at.
pub fn address(bot: &BotId, model: &ModelId) -> String {
    format!("/models?bot={bot}&model={}", encoded(model.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    fn shown(all: &Models, chosen: Option<&str>) -> String {
        let chosen = chosen.map(|name| name.parse().unwrap());
        models(&all.bot, Some(all), chosen.as_ref(), Seq(7))
    }

    #[test]
    fn the_figures_are_those_of_the_scores() {
        let html = shown(&made_up::models(), None);
        for words in [
            "data-seq=\"7\"",
            "momentum-reversion",
            "57.14 %",
            "data-value=\"0.24\"",
            "n too small (12 of 30)",
            "Switched off: it answered with NaN",
            "BTCUSDT",
            "5m",
            "Murphy",
            "trend up",
            "−2.10 %",
            "3 decisions more are of combinations",
        ] {
            assert!(html.contains(words), "{words}");
        }
        assert!(!html.contains("style=") && !html.contains("NaN%"));
    }

    #[test]
    fn one_model_is_looked_at_closely() {
        let all = made_up::models();
        let first = shown(&all, None);
        let second = shown(&all, Some("few"));
        let same = |other: String| first == other;
        assert!(same(shown(&all, Some("momentum-reversion"))));
        assert!(same(shown(&all, Some("nobody"))), "as if none was named");
        assert!(!same(second.clone()));
        assert!(second.contains("12 resolved decisions of few"));
    }

    #[test]
    fn before_the_first_verdict_it_says_so() {
        let mut all = made_up::models();
        all.scores.clear();
        all.models.clear();
        let html = shown(&all, None);
        assert!(
            html.contains("No decision has been resolved yet."),
            "{html}"
        );
        assert!(html.contains("No model has decided yet."), "{}", html.len());
        let unknown = models(&all.bot, None, None, Seq(1));
        assert!(unknown.contains("no bot named"));
    }
}
