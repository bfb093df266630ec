//! The pre-trade check: what the order would do, if it were sent now. Asked of the engine a moment after
//! the last key, and again while the market moves.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::http;
use crate::app::live::ConnectionState;
use crate::app::live::use_connection;
use crate::app::widgets::Reading;
use crate::domain::{BotId, Estimate, OrderCheck, Rejection};
use crate::wire::form::Form;

/// From the last key to the question, and between two of them while nothing is typed, ms.
const PAUSE_MS: u32 = 250;
const AGAIN_MS: u32 = 2_000;

/// What the engine says of the ticket.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Check {
    /// There is nothing to ask about: the ticket is not filled in.
    #[default]
    None,
    Asking,
    Said {
        rejection: Option<Rejection>,
        estimate: Option<Estimate>,
        is_pair: bool,
    },
}

impl Check {
    /// Why the order would be refused, by the ticket's own fields.
    pub fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Said { rejection, .. } => rejection.clone(),
            Self::None | Self::Asking => None,
        }
    }
}

/// Asks whenever the ticket can be read.
pub fn use_check(bot: BotId, read: Signal<Result<Form, Rejection>>) -> RwSignal<Check> {
    let check = RwSignal::new(Check::None);
    let asked = RwSignal::new(0_u64);
    let connection = use_connection().state;
    Effect::new(move |_| {
        let form = read.get();
        let number = asked.try_update_untracked(|asked| {
            *asked += 1;
            *asked
        });
        let (Ok(form), Some(number)) = (form, number) else {
            check.set(Check::None);
            return;
        };
        if matches!(check.get_untracked(), Check::None) {
            check.set(Check::Asking);
        }
        let path = format!("/v1/orders/check?bot={bot}");
        spawn_local(async move {
            gloo_timers::future::TimeoutFuture::new(PAUSE_MS).await;
            // Until something else is typed, or the ticket is gone.
            while asked.try_get_untracked() == Some(number) {
                let is_live = matches!(
                    connection.try_get_untracked(),
                    Some(ConnectionState::Live | ConnectionState::Degraded { .. })
                );
                if is_live {
                    let said = ask(&path, &form).await;
                    if asked.try_get_untracked() == Some(number) {
                        let _ = check.try_set(said);
                    }
                }
                gloo_timers::future::TimeoutFuture::new(AGAIN_MS).await;
            }
        });
    });
    check
}

/// Each leg of a pair is asked about; only a single order has an estimate.
async fn ask(path: &str, form: &Form) -> Check {
    let is_pair = form.pair().is_some();
    let mut last = None;
    for (index, order) in form.orders().into_iter().enumerate() {
        match http::post_json::<OrderCheck>(path, order).await {
            Ok(OrderCheck {
                rejection: Some(rejection),
                ..
            })
            | Err(http::Failure::Refused(rejection)) => {
                return Check::Said {
                    rejection: Some(form.beside_field(rejection, index)),
                    estimate: None,
                    is_pair,
                };
            }
            Ok(check) => last = check.estimate,
            Err(_) => return Check::None,
        }
    }
    Check::Said {
        rejection: None,
        estimate: last.filter(|_| !is_pair),
        is_pair,
    }
}

#[component]
pub fn PreTradeCheck(#[prop(into)] check: Signal<Check>) -> impl IntoView {
    let estimate = Memo::new(move |_| {
        check.with(|check| match check {
            Check::Said { estimate, .. } => estimate.clone(),
            Check::None | Check::Asking => None,
        })
    });
    let is_known = Memo::new(move |_| estimate.with(Option::is_some));
    let verdict = move || {
        check.with(|check| match check {
            Check::None => ("none", "Fill in the ticket to see what it would do."),
            Check::Asking => ("asking", "Checking…"),
            Check::Said {
                rejection: Some(_), ..
            } => ("refused", "It would be refused as things are."),
            Check::Said { is_pair: true, .. } => ("good", "Both legs would be accepted."),
            Check::Said { estimate: None, .. } => (
                "good",
                "It would be accepted; without a price there is no estimate.",
            ),
            Check::Said { .. } => ("good", "It would be accepted."),
        })
    };
    view! {
        <section
            class="check needs-script"
            aria-label="Pre-trade check"
            data-check=move || verdict().0
        >
            <p class="verdict-line">{move || verdict().1}</p>
            {move || is_known.get().then(|| facts(estimate))}
        </section>
    }
    .into_any()
}

fn facts(estimate: Memo<Option<Estimate>>) -> AnyView {
    let fact = |name: &'static str, field: &'static str, read: fn(&Estimate) -> Reading| {
        let reading = Memo::new(move |_| {
            estimate.with(|estimate| estimate.as_ref().map(read).unwrap_or_default())
        });
        view! {
            <div class="fact">
                <dt>{name}</dt>
                <dd data-field=field data-value=move || reading.with(|r| r.exact.clone())>
                    {move || reading.get().text}
                </dd>
            </div>
        }
    };
    view! {
        <dl class="facts">
            {fact("Price, about", "check.price", |e| Reading::price(Some(e.price)))}
            {fact("Value", "check.value", |e| Reading::money(e.value))}
            {fact("Fee", "check.fee", |e| Reading::money(e.fee))}
            {fact("Slippage", "check.slippage", |e| Reading::money(e.slippage))}
            {fact("Cash after", "check.cash_after", |e| Reading::money(e.cash_after))}
            {fact("Position after", "check.position_after", |e| Reading::quantity(e.position_after))}
            {fact("Offered at once", "check.offered", |e| {
                e.offered.map_or_else(Reading::undefined, Reading::quantity)
            })}
        </dl>
    }
    .into_any()
}
