//! Whether a decision can be shown to be the one that was made then: it is held against the sealed log, in
//! the reader's own browser.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::clock::{Clock, use_clock};
use crate::app::format;
use crate::app::verify::{Evidence, Finding, Signed, verify};
use crate::domain::Decision;

/// Before a decision is looked for again that no signed head covers yet, ms: heads come by the minute.
const AGAIN_MS: u32 = 5_000;

/// What vouches for the decision. It is given anew when the decision is resolved.
#[component]
pub fn Seal(decision: Decision) -> impl IntoView {
    let found = RwSignal::new(None::<Finding>);
    let (bot, id) = (decision.bot.clone(), decision.id.clone());
    Effect::new(move |_| {
        let decision = decision.clone();
        spawn_local(async move {
            loop {
                let finding = verify(&decision).await;
                let is_final = matches!(finding, Finding::Verified(_) | Finding::Broken(_));
                // The page may have gone on to another decision.
                if found.try_set(Some(finding)).is_some() || is_final {
                    return;
                }
                gloo_timers::future::TimeoutFuture::new(AGAIN_MS).await;
            }
        });
    });
    let clock = use_clock();
    let state = move || match found.get() {
        None => "unchecked",
        Some(Finding::NotYet { .. }) => "waiting",
        Some(Finding::Verified(_)) => "verified",
        Some(Finding::Broken(_)) => "broken",
        Some(Finding::Unknown(_)) => "unknown",
    };
    let entries = format!("/v1/log/entries?bot={bot}&id={id}");
    view! {
        <div class="seal" data-seal=state role="status">
            {move || words(found.get(), clock)}
        </div>
        <p class="note">
            "The log is a Merkle tree (RFC 6962) whose root is signed each minute. By hand: "
            <a href=entries>"its entries"</a> ", " <a href="/v1/log/sth">"the signed head"</a>
            "; whole days by " <code>"plainsight export"</code> " and " <code>"plainsight verify"</code> "."
        </p>
    }
    .into_any()
}

fn words(found: Option<Finding>, clock: Clock) -> AnyView {
    let line = |class: &'static str, text: String| {
        view! { <p class=format!("seal-verdict {class}")>{text}</p> }.into_any()
    };
    match found {
        None => line(
            "",
            "Checked in the browser, as soon as its script runs.".to_owned(),
        ),
        Some(Finding::NotYet { index, size }) => line(
            "warn",
            format!(
                "\u{25CC} Entry {} of the log. The newest signed head has {}; the next one covers it within a minute.",
                format::count(index),
                format::count(size)
            ),
        ),
        Some(Finding::Unknown(why)) => line("warn", format!("? Could not be checked: {why}")),
        Some(Finding::Broken(what)) => line("bad", format!("\u{2715} Not verified: {what}.")),
        Some(Finding::Verified(evidence)) => evidenced(&evidence, clock),
    }
}

fn evidenced(evidence: &Evidence, clock: Clock) -> AnyView {
    let head = &evidence.head;
    let entries: Vec<String> = evidence.entries.iter().map(|n| format::count(*n)).collect();
    let entries = match entries.as_slice() {
        [made] => format!("Entry {made} is in the tree, as this page shows it."),
        _ => format!(
            "Entries {} are in the tree, as this page shows them: the decision and its outcome.",
            entries.join(" and ")
        ),
    };
    let key = head.key.to_string();
    let signature = match evidence.signature {
        Signed::Yes => "The root is signed by the log\u{2019}s key ",
        Signed::CannotTell => {
            "This browser cannot check the signature (it takes HTTPS); the log\u{2019}s key is "
        }
    };
    let continues = match evidence.continues {
        Some(size) => format!(
            "The log continues the one of {} entries that this browser saw before.",
            format::count(size)
        ),
        None => {
            "This browser has not seen this log before; from now on it will know it.".to_owned()
        }
    };
    view! {
        <p class="seal-verdict good">
            "\u{2713} Verified against head " {format::count(head.size)} " of "
            {clock.date_time(head.time)}
        </p>
        <ul class="seal-evidence">
            <li>{entries}</li>
            <li>{signature} <code title=key.clone()>{format!("{}\u{2026}", &key[..16])}</code> "."</li>
            <li>{continues}</li>
        </ul>
    }
    .into_any()
}
