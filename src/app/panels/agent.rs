//! The agent's steps through its loop, and the notes that a bot sent.

use leptos::prelude::*;

use crate::app::clock::use_clock;
use crate::app::live::Live;
use crate::app::widgets::Absent;
use crate::domain::{AgentEntry, TimeUs, TradingState};

/// An entry as a line.
#[derive(Debug, Clone, PartialEq, Default)]
struct Line {
    is_note: bool,
    head: String,
    text: String,
    time: TimeUs,
}

impl From<&AgentEntry> for Line {
    fn from(entry: &AgentEntry) -> Self {
        let (is_note, head, symbol, text, time) = match entry {
            AgentEntry::Step(step) => {
                let head = format!("{} → {}", step.from.as_str(), step.to.as_str());
                (
                    false,
                    head,
                    step.symbol.clone(),
                    step.reason.clone(),
                    step.time,
                )
            }
            AgentEntry::Note {
                text, symbol, time, ..
            } => (true, "note".to_owned(), symbol.clone(), text.clone(), *time),
            AgentEntry::Trading { state, time, .. } => {
                let text = match state {
                    TradingState::Running => "trading goes on",
                    TradingState::Paused => "the agent decides, but does not act",
                    TradingState::Halted => {
                        "kill switch: orders cancelled, positions closed, nothing more until resumed"
                    }
                };
                let head = format!("trading {}", state.as_str());
                (true, head, None, text.to_owned(), *time)
            }
        };
        Self {
            is_note,
            head: match symbol {
                Some(symbol) => format!("{head} · {symbol}"),
                None => head,
            },
            text,
            time,
        }
    }
}

#[component]
pub fn AgentLog(agent: Live<Vec<AgentEntry>>, slots: usize) -> impl IntoView {
    let clock = use_clock();
    let known = Memo::new(move |_| {
        agent
            .value
            .with(|rows| rows.as_ref().map(|rows| !rows.is_empty()))
    });
    let items: Vec<_> = (0..slots)
        .map(|place| {
            let line = Memo::new(move |_| {
                agent.value.with(|rows| {
                    rows.as_ref()
                        .and_then(|rows| rows.get(place))
                        .map(Line::from)
                })
            });
            let is_there = Memo::new(move |_| line.with(Option::is_some));
            let get = move || line.get().unwrap_or_default();
            move || {
                is_there.get().then(|| {
                    view! {
                        <li class="step" class:is-note=move || get().is_note>
                            <span class="step-head">{move || get().head}</span>
                            <time>{move || clock.time_of_day(get().time)}</time>
                            <span class="step-text">{move || get().text}</span>
                        </li>
                    }
                })
            }
        })
        .collect();
    view! {
        <ol class="steps" class:stale=move || agent.stale.get()>
            {items}
        </ol>
        {move || match known.get() {
            None => Some(view! { <Absent /> }.into_any()),
            Some(false) => {
                Some(view! { <p class="absent">"Neither a step nor a note yet."</p> }.into_any())
            }
            Some(true) => None,
        }}
    }
    .into_any()
}
