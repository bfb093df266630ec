//! What the bot expected and why; beside it, what it is at now. The address says which decisions: by a
//! filter, and how far back. The newest are live, the older ones come from the journal.

use std::collections::HashSet;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::live::{Live, use_agent, use_boot, use_decisions};
use crate::app::nav::{use_bot, use_links};
use crate::app::panels::{AgentLog, DecisionList, Tally};
use crate::app::routes::DECISIONS;
use crate::app::widgets::{ServerPart, Tile, keyed};
use crate::domain::{BotId, Decision};
use crate::wire::form::{DecisionQuery, Fields, filter_text};
use crate::wire::{Listed, Part};

const STEPS: usize = 40;

#[component]
pub fn DecisionsPage() -> impl IntoView {
    let bot = use_bot();
    let search = use_location().search;
    keyed(
        Memo::new(move |_| {
            let text = search.with(|search| filter_text(&Fields::parse(search)));
            (bot.get(), text)
        }),
        |(bot, text)| decisions(bot, text),
    )
}

fn decisions(bot: BotId, text: String) -> impl IntoView {
    let log = use_decisions(bot.clone());
    let agent = use_agent(bot.clone());
    let boot = use_boot().filter(|boot| boot.bot == bot);
    let listed = boot.and_then(|boot| boot.desk.decisions.clone());
    let listed = listed.filter(|listed| listed.query == text);
    if listed.is_none() && !text.is_empty() {
        // The server has to look into the journal.
        Effect::new(|_| {
            let _ = window().location().reload();
        });
    }
    let address = Part::of_filter(&bot, &text);
    let decisions = use_list(log, text.clone(), listed.clone());
    let has_older = listed.is_some_and(|listed| listed.more);
    view! {
        <div class="grid">
            <Tile title="Latest decisions" class="span-8" fresh=log>
                <ServerPart
                    address=Signal::stored(address)
                    version=Signal::stored(0)
                    stale=Signal::stored(false)
                />
                <DecisionList decisions slots=DECISIONS />
                {turning(decisions, text, has_older)}
            </Tile>
            <div class="span-4 stack">
                <Tile title="Of the decisions shown" fresh=log>
                    <Tally decisions slots=DECISIONS />
                </Tile>
                <Tile title="What the agent does" fresh=agent>
                    <AgentLog agent slots=STEPS />
                </Tile>
            </div>
        </div>
    }
    .into_any()
}

/// The rows that the address asks for: those of the journal in the state that the log knows, and before them
/// whatever the log has that is newer.
fn use_list(log: Live<Vec<Decision>>, text: String, listed: Option<Listed>) -> Live<Vec<Decision>> {
    let query = DecisionQuery::read(&Fields::parse(&text)).unwrap_or_default();
    let given = listed.and_then(|listed| listed.rows.open());
    let value = Memo::new(move |_| {
        log.value.with(|log| match (log, &given) {
            (None, None) => None,
            (log, given) => Some(listing(
                log.as_deref().unwrap_or_default(),
                given.as_deref().unwrap_or_default(),
                &query,
            )),
        })
    });
    Live {
        value: value.into(),
        ..log
    }
}

fn listing(log: &[Decision], given: &[Decision], query: &DecisionQuery) -> Vec<Decision> {
    let is_first_page = query.before.is_none();
    let known: HashSet<_> = given.iter().map(|row| &row.id).collect();
    let newer = log
        .iter()
        .filter(|row| is_first_page || known.contains(&row.id));
    let seen: HashSet<_> = log.iter().map(|row| &row.id).collect();
    let older = given.iter().filter(|row| !seen.contains(&row.id));
    let mut rows: Vec<Decision> = newer
        .chain(older)
        .filter(|row| query.filter.fits(row))
        .cloned()
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.made_at));
    rows
}

/// To older decisions, and back to the newest.
fn turning(decisions: Live<Vec<Decision>>, text: String, has_older: bool) -> impl IntoView {
    let links = use_links();
    let fields = Fields::parse(&text);
    let newest = {
        let mut first = fields.clone();
        first.set("before", "");
        let is_there = fields.get("before").is_some();
        let text = filter_text(&first);
        is_there.then(|| {
            view! {
                <a class="button" rel="external" href=move || links.and("/decisions", &text)>
                    "Newest"
                </a>
            }
        })
    };
    let older = Memo::new(move |_| {
        let last = decisions.value.with(|rows| {
            let rows = rows.as_deref().unwrap_or_default();
            let has_older = has_older || rows.len() > DECISIONS;
            let last = rows.get(DECISIONS - 1).or(rows.last());
            last.filter(|_| has_older).map(|last| last.id.to_string())
        })?;
        let mut fields = fields.clone();
        fields.set("before", last);
        Some(links.and("/decisions", &filter_text(&fields)))
    });
    view! {
        <nav class="buttons" aria-label="Older and newer">
            {newest}
            <a
                class="button"
                rel="external"
                href=move || older.get()
                hidden=move || older.with(Option::is_none)
            >
                "Older"
            </a>
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::parts::made_up;
    use crate::domain::{Outcome, TimeUs};

    fn row(name: &str, at: i64, outcome: Outcome) -> Decision {
        Decision {
            id: name.parse().unwrap(),
            made_at: TimeUs(at),
            outcome,
            ..made_up::decision()
        }
    }

    fn names(rows: &[Decision]) -> Vec<&str> {
        rows.iter().map(|row| row.id.as_str()).collect()
    }

    #[test]
    fn the_log_is_newer_than_the_journals_rows() {
        let log = [row("d", 4, Outcome::Pending), row("c", 3, Outcome::Correct)];
        let given = [row("c", 3, Outcome::Pending), row("b", 2, Outcome::Correct)];
        let read = |text: &str| DecisionQuery::read(&Fields::parse(text)).unwrap();
        let plain = listing(&log, &given, &read(""));
        assert_eq!(names(&plain), ["d", "c", "b"]);
        assert_eq!(plain[1].outcome, Outcome::Correct);
        let right = listing(&log, &given, &read("outcome=correct"));
        assert_eq!(names(&right), ["c", "b"]);
        let older = listing(&log, &given, &read("before=d"));
        assert_eq!(
            names(&older),
            ["c", "b"],
            "a page of before takes nothing in"
        );
        assert_eq!(
            older[0].outcome,
            Outcome::Correct,
            "but its rows are judged"
        );
    }
}
