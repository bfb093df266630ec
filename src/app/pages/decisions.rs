//! What the bot expected and why; beside it, what it is at now.

use leptos::prelude::*;

use crate::app::live::{use_agent, use_decisions};
use crate::app::nav::use_bot;
use crate::app::panels::{AgentLog, DecisionList, Tally};
use crate::app::widgets::{Tile, keyed};
use crate::domain::BotId;

const DECISIONS: usize = 60;
const STEPS: usize = 40;

#[component]
pub fn DecisionsPage() -> impl IntoView {
    keyed(use_bot(), decisions)
}

fn decisions(bot: BotId) -> impl IntoView {
    let decisions = use_decisions(bot.clone());
    let agent = use_agent(bot);
    view! {
        <div class="grid">
            <Tile title="Latest decisions" class="span-8" fresh=decisions>
                <DecisionList decisions slots=DECISIONS />
            </Tile>
            <div class="span-4 stack">
                <Tile title="Of the decisions shown" fresh=decisions>
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
