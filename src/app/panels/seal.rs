//! Whether a decision can be shown to be the one that was made then: it is held against the sealed log, in
//! the reader's own browser.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::clock::{Clock, use_clock};
use crate::app::format;
use crate::app::verify::{Evidence, Finding, Signed, forget, verify};
use crate::domain::Decision;
use crate::wire::form::encoded;

/// Before a decision is looked for again that no signed head covers yet, ms: heads come by the minute.
const AGAIN_MS: u32 = 5_000;

/// What vouches for the decision. It is given anew when the decision is resolved.
#[component]
pub fn Seal(decision: Decision) -> impl IntoView {
    let found = RwSignal::new(None::<Finding>);
    let rounds = RwSignal::new(0_u32);
    let clock = use_clock();
    let id = encoded(decision.id.as_str());
    let entries = format!("/v1/log/entries?bot={}&id={id}", decision.bot);
    let said = said(&decision);
    Effect::new(move |_| {
        rounds.track();
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
    let state = move || match found.get() {
        None => "unchecked",
        Some(Finding::NotYet { .. }) => "waiting",
        Some(Finding::Verified(_)) => "verified",
        Some(Finding::Broken(_)) => "broken",
        Some(Finding::Unknown(_)) => "unknown",
    };
    let again = move |_| {
        forget();
        found.set(None);
        rounds.update(|rounds| *rounds += 1);
    };
    let is_broken = move || matches!(found.get(), Some(Finding::Broken(_)));
    view! {
        <div class="seal" data-seal=state role="status">
            {move || words(found.get(), &said, clock)}
        </div>
        {move || {
            is_broken()
                .then(|| {
                    view! {
                        <button type="button" class="button" on:click=again>
                            "Forget the log that this browser knows, and check again"
                        </button>
                    }
                })
        }}
        <p class="note">
            "The log is a Merkle tree (RFC 6962) whose root is signed each minute. By hand: "
            <a href=entries>"its entries"</a> ", " <a href="/v1/log/sth">"the signed head"</a>
            "; whole days by " <code>"plainsight export"</code> " and " <code>"plainsight verify"</code> "."
        </p>
    }
    .into_any()
}

/// What is checked, in words of the page's own script.
fn said(decision: &Decision) -> String {
    let price = decision.price_at.map(format::price).unwrap_or_default();
    let mut words = format!(
        "{} in {} at {price}, {} sure",
        decision.direction.as_str(),
        decision.horizon,
        format::fraction(decision.confidence)
    );
    if let Some(realised) = decision.realised_return {
        let outcome = decision.outcome.as_str();
        words += &format!("; {outcome}, {}", format::signed_fraction(realised));
    }
    words
}

fn words(found: Option<Finding>, said: &str, clock: Clock) -> AnyView {
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
        Some(Finding::Verified(evidence)) => evidenced(&evidence, said, clock),
    }
}

fn evidenced(evidence: &Evidence, said: &str, clock: Clock) -> AnyView {
    let head = &evidence.head;
    let entries: Vec<String> = evidence.entries.iter().map(|n| format::count(*n)).collect();
    let entries = match entries.as_slice() {
        [made] => format!("Entry {made} is in the tree, and was when it was made: {said}."),
        _ => format!(
            "Entries {} are in the tree, the decision before its outcome: {said}.",
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
