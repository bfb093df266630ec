//! Commands that a reader gives: plain forms, sent by the script where there is one. Readers who may
//! not give any see none.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlFormElement, SubmitEvent};

use crate::app::http;
use crate::app::live::{ConnectionState, use_boot, use_connection};
use crate::app::routes::Page;
use crate::domain::{BotId, Rejection};
use crate::wire::form::{Fields, Receipt, Refused};

/// An earlier form of this name did arrive, and asked for something else.
const REUSED: &str = "client_order_id_reused";

/// Whether the reader may give commands.
pub fn is_operator() -> bool {
    use_boot().is_some_and(|boot| boot.desk.operator)
}

/// Why nothing can be sent now. Before the page has ever been connected its forms work by themselves.
pub fn use_blocked() -> Memo<Option<&'static str>> {
    let state = use_connection().state;
    Memo::new(move |_| match state.get() {
        ConnectionState::Connecting | ConnectionState::Live | ConnectionState::Degraded { .. } => {
            None
        }
        ConnectionState::Reconnecting { .. } => Some("Not connected: reconnecting…"),
        ConnectionState::Offline { .. } => Some("Not connected"),
    })
}

/// The form that this page is the server's answer to, if `is_it` says so of its fields.
pub fn refused_form(is_it: impl Fn(&Fields) -> bool) -> Option<Refused> {
    use_boot()?
        .desk
        .refused
        .clone()
        .filter(|refused| is_it(&refused.fields))
}

/// A form on its way: what became of it.
#[derive(Clone, Copy)]
pub struct Submission {
    /// The page whose form it is.
    page: Page,
    /// What the form calls what it asks for: the same until it is answered, so that sending it again
    /// does not do it again.
    pub id: RwSignal<String>,
    pub pending: RwSignal<bool>,
    pub refused: RwSignal<Option<Rejection>>,
    pub receipt: RwSignal<Option<Receipt>>,
}

impl Submission {
    /// `name` tells the forms of a page apart.
    pub fn new(page: Page, name: &str, refused: Option<&Refused>) -> Self {
        let first =
            use_boot().map_or_else(String::new, |boot| format!("{}-{name}", boot.desk.form_id));
        let kept =
            refused.and_then(|refused| refused.fields.get("client_order_id").map(str::to_owned));
        Self {
            page,
            id: RwSignal::new(kept.unwrap_or(first)),
            pending: RwSignal::new(false),
            refused: RwSignal::new(refused.map(|refused| refused.error.clone())),
            receipt: RwSignal::new(None),
        }
    }

    /// Sends the form's text; one at a time.
    pub fn send(self, text: String) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        self.refused.set(None);
        spawn_local(async move {
            let answer = http::post_form::<Receipt>(self.page.path(), &text).await;
            // The form may be gone by now.
            let _ = self.pending.try_set(false);
            match answer {
                Ok(receipt) => {
                    let _ = self.receipt.try_set(Some(receipt));
                    self.rename();
                }
                Err(failure) => {
                    let rejection = failure.into_rejection();
                    if rejection.code == REUSED {
                        self.rename();
                    }
                    let _ = self.receipt.try_set(None);
                    let _ = self.refused.try_set(Some(rejection));
                }
            }
        });
    }

    /// Sends the form of a submit event, unless nothing can be sent now.
    pub fn sender(self, blocked: Memo<Option<&'static str>>) -> impl Fn(SubmitEvent) + 'static {
        move |event| {
            if let Some(form) = taken(&event)
                && blocked.get_untracked().is_none()
            {
                self.send(http::form_text(&form));
            }
        }
    }

    /// What is sent next is something else.
    fn rename(self) {
        let _ = self.id.try_set(format!("web-{:016x}", random()));
    }
}

fn random() -> u64 {
    let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u64;
    part() << 32 | part()
}

/// The form of a submit event, kept from being sent by the browser.
pub fn taken(event: &SubmitEvent) -> Option<HtmlFormElement> {
    event.prevent_default();
    event.target()?.dyn_into().ok()
}

/// A command as a button of its own.
#[component]
pub fn CommandButton(
    page: Page,
    bot: BotId,
    command: &'static str,
    label: &'static str,
    /// Hidden fields beside these.
    #[prop(optional)]
    fields: Vec<(&'static str, String)>,
    /// For those who do not see what the button stands beside.
    #[prop(optional, into)]
    hint: String,
    #[prop(optional)] class: &'static str,
    /// What will happen, where it must be asked for twice.
    #[prop(optional, into)]
    confirm: Option<Signal<String>>,
) -> impl IntoView {
    let subject: Vec<_> = fields.iter().map(|(_, value)| value.clone()).collect();
    let name = format!("{command}{}", subject.concat());
    let refused = refused_form(|sent| {
        sent.get("command") == Some(command)
            && fields
                .iter()
                .all(|(name, value)| sent.get(name) == Some(value))
    });
    let submission = Submission::new(page, &name, refused.as_ref());
    let blocked = use_blocked();
    let submit = submission.sender(blocked);
    let hidden: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect();
    let is_off = move || blocked.get().is_some() || submission.pending.get();
    let described = (!hint.is_empty()).then(|| format!("{label} {hint}"));
    let button = view! {
        <button
            type="submit"
            class=class
            data-command=command
            aria-label=described
            disabled=is_off
            title=move || blocked.get()
        >
            {label}
        </button>
    };
    let asked = match confirm {
        Some(words) => view! {
            <details class="confirm">
                <summary aria-label=(!hint.is_empty()).then(|| format!("{label} {hint}…"))>
                    {label} "…"
                </summary>
                <span class="confirm-words">{move || words.get()}</span>
                {button}
            </details>
        }
        .into_any(),
        None => button.into_any(),
    };
    view! {
        <form class="command" method="post" action=page.path() on:submit=submit>
            <input type="hidden" name="command" value=command />
            <input type="hidden" name="bot" value=bot.to_string() />
            <input type="hidden" name="client_order_id" prop:value=move || submission.id.get() value=submission.id.get_untracked() />
            {hidden}
            {asked}
            <Complaint refused=submission.refused />
        </form>
    }
    .into_any()
}

/// Why a form was refused.
#[component]
pub fn Complaint(#[prop(into)] refused: Signal<Option<Rejection>>) -> impl IntoView {
    move || {
        refused.get().map(|rejection| {
            view! {
                <p class="field-error" role="alert" data-code=rejection.code>
                    {rejection.message}
                </p>
            }
        })
    }
}
