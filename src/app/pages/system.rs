//! The machine: feed, journal, delays, process, and what was wrong with the data.

use leptos::prelude::*;

use crate::app::live::{use_alerts, use_health, use_quality};
use crate::app::panels::{
    AlertList, FeedFacts, HealthSummary, JournalFacts, LatencyTable, LinkFacts, ProcessFacts,
    QualityTable,
};
use crate::app::widgets::{ServerPart, Tile};
use crate::wire::Part;

const ALERTS: usize = 20;
const FAULTS: usize = 100;

#[component]
pub fn SystemPage() -> impl IntoView {
    let health = use_health();
    let alerts = use_alerts();
    let quality = use_quality();
    view! {
        <div class="grid">
            <Tile title="State" class="span-4" fresh=health>
                <HealthSummary health />
            </Tile>
            <Tile title="Feed" class="span-4" fresh=health>
                <FeedFacts health /> <LinkFacts health />
            </Tile>
            <Tile title="Journal" class="span-4" fresh=health>
                <JournalFacts health />
            </Tile>
            <Tile title="Delays" class="span-4" fresh=health>
                <LatencyTable health />
            </Tile>
            <Tile title="Process" class="span-4" fresh=health>
                <ProcessFacts health />
            </Tile>
            <Tile title="Alerts" class="span-4">
                <AlertList alerts slots=ALERTS />
            </Tile>
            <Tile title="Faults of the data" fresh=quality>
                <QualityTable quality slots=FAULTS />
            </Tile>
            <Tile title="Limits">
                // They are the same until the server is started anew.
                <ServerPart address=Part::LIMITS version=0 stale=false />
            </Tile>
        </div>
    }
    .into_any()
}
