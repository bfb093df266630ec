//! One decision, drawn whole: its inputs, its time on the market's candles, how it came about, what it led
//! to and what came of it.

use leptos::prelude::*;

use super::html;
use super::inputs::inputs;
use super::journey::{action, fills, orders, steps};
use super::outcome::outcome;
use crate::app::chart::{DecisionPlot, decision as plot};
use crate::app::widgets::{Plot, Tile};
use crate::domain::time::MINUTE;
use crate::domain::{Candle, Decision, DecisionDetail, Interval, TimeUs};

/// What is drawn of a decision.
pub struct About {
    pub detail: DecisionDetail,
    /// Those of its [`window`], oldest first.
    pub candles: Vec<Candle>,
}

/// Candles that are drawn at most; of longer horizons they are longer.
const MOST: i64 = 480;

/// From when to when, and in which candles, the market is drawn around a decision.
pub fn window(decision: &Decision) -> (TimeUs, TimeUs, Interval) {
    let horizon = decision.horizon.micros();
    let from = decision.made_at.plus(-(horizon / 2).max(15 * MINUTE));
    let to = decision.resolves_at.plus((horizon / 8).max(3 * MINUTE));
    let interval = Interval::ALL
        .into_iter()
        .filter(|interval| *interval >= Interval::M1)
        .find(|interval| to.since(from) / interval.micros() <= MOST)
        .unwrap_or(Interval::D1);
    (from.floor(interval.micros()), to, interval)
}

pub fn decision(about: &About) -> String {
    html(|| {
        let detail = &about.detail;
        let decision = &detail.decision;
        let drawn = plot(decision, &about.candles, &detail.fills, window(decision));
        let chart = drawn.map_or_else(
            || view! { <p class="absent">"No candle of that time is known."</p> }.into_any(),
            chart,
        );
        let reasoning = match decision.reasoning.as_str() {
            "" => "The model gave no words.".to_owned(),
            words => words.to_owned(),
        };
        let led_to = orders(&detail.orders);
        let done = action(decision, led_to.is_empty());
        let filled = fills(&detail.fills);
        let unfilled = filled
            .is_empty()
            .then(|| view! { <p class="note">"No fill."</p> });
        let inputs = inputs(decision);
        let outcome = outcome(decision);
        let steps = steps(&detail.steps);
        view! {
            <Tile title="Outcome" class="span-6">{outcome}</Tile>
            <Tile title="Inputs and what they moved" class="span-6">
                {inputs} <p class="reasoning">{reasoning}</p>
            </Tile>
            <Tile title="On the market">{chart}</Tile>
            <Tile title="Orders and fills" class="span-6">
                {done.map(|words| view! { <p>{words}</p> })} <ol class="states">{led_to}</ol>
                <h3>"Fills"</h3>
                {unfilled} <ol class="states">{filled}</ol>
            </Tile>
            <Tile title="How it came about" class="span-6">{steps}</Tile>
        }
        .into_any()
    })
}

fn chart(plot: DecisionPlot) -> AnyView {
    let keys: Vec<_> = plot
        .keys
        .into_iter()
        .map(|(class, words)| view! { <span class=format!("key {class}")>{words}</span> })
        .collect();
    let interval = format!("candles of {}, UTC", plot.interval);
    view! {
        <figure class="chart journey">
            <Plot words=plot.words levels=plot.levels times=plot.times>
                <path class="span" d=plot.span></path>
                <path class="wick up" d=plot.candles.up_wicks></path>
                <path class="body up" d=plot.candles.up_bodies></path>
                <path class="wick down" d=plot.candles.down_wicks></path>
                <path class="body down" d=plot.candles.down_bodies></path>
                <path class="level-at" d=plot.level></path>
                <path class="target" d=plot.target></path>
                <path class="dot made" d=plot.made></path>
                <path class="dot judged" d=plot.verdict></path>
                <path class="dot buy" d=plot.buys></path>
                <path class="dot sell" d=plot.sells></path>
            </Plot>
            <figcaption>{keys} <span>{interval}</span></figcaption>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn candles_grow_with_the_horizon() {
        let mut decision = made_up::decision();
        for (horizon, interval) in [
            ("30s", "1m"),
            ("5m", "1m"),
            ("4h", "1m"),
            ("1d", "5m"),
            ("7d", "1h"),
            ("365d", "1d"),
        ] {
            decision.horizon = horizon.parse().unwrap();
            decision.resolves_at = decision.made_at.plus(decision.horizon.micros());
            let (from, to, found) = window(&decision);
            assert_eq!(found.as_str(), interval, "{horizon}");
            assert!(from < decision.made_at && to > decision.resolves_at);
        }
    }

    #[test]
    fn all_that_is_known_is_said() {
        let html = decision(&made_up::about());
        for words in [
            "Correct: judged by the last print",
            "taker_flow",
            "✓ Sum = log-odds of up",
            "decide → act",
            "orient took 1.2 ms",
            "/trade?bot=paper&amp;order=ord-7-1",
            "Rests on: print 9",
            "BTCUSDT in candles of 1m",
            "&lt;b&gt;because&lt;/b&gt;",
            "data-us=\"1704067500000000\"",
        ] {
            assert!(html.contains(words), "{words}");
        }
        assert!(!html.contains("style="), "the policy forbids it");
    }

    #[test]
    fn an_outside_bots_decision_has_less_to_say() {
        let mut about = made_up::about();
        about.candles.clear();
        about.detail.steps.clear();
        about.detail.orders.clear();
        about.detail.fills.clear();
        about.detail.decision.features.clear();
        about.detail.decision.bias = None;
        let html = decision(&about);
        for words in [
            "No candle of that time is known.",
            "No steps are known",
            "The model told no inputs.",
            "No fill.",
            "Orders that the bot names: ord-7-1.",
        ] {
            assert!(html.contains(words), "{words}");
        }
    }
}
