//! Signing in with a password, joining by a link, and what is said to who may not see a page.

use leptos::prelude::*;

use super::{Said, field, said, sign_out, tile};
use crate::app::parts::html;

/// The form at `/login`. `next` is where the visitor wanted to go, `name` what was typed before.
pub fn sign_in(next: &str, name: &str, refused: Option<String>) -> String {
    html(|| {
        let (next, name) = (next.to_owned(), name.to_owned());
        let form = view! {
            {said(refused.map(Said::Refused))}
            <form class="stack" method="post" action="/login">
                <input type="hidden" name="next" value=next />
                {field(
                    "Name",
                    view! {
                        <input
                            name="username"
                            value=name
                            required
                            autofocus
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            maxlength="64"
                        />
                    },
                )}
                {field(
                    "Password",
                    view! {
                        <input
                            name="password"
                            type="password"
                            required
                            autocomplete="current-password"
                            maxlength="1024"
                        />
                    },
                )}
                <div class="buttons">
                    <button type="submit" class="button primary">
                        "Sign in"
                    </button>
                </div>
            </form>
        }
        .into_any();
        tile("Sign in", "", form)
    })
}

/// The form at `/join`. Where scripts run, `/join.js` takes the token from the address and sends it: what
/// follows the `#` of an address is never sent by the browser itself.
pub fn join(refused: Option<String>) -> String {
    html(|| {
        let form = view! {
            {said(refused.map(Said::Refused))}
            <form class="stack" method="post" action="/join" id="join">
                {field(
                    "Token of the link, all that follows the #",
                    view! {
                        <input
                            name="token"
                            type="password"
                            required
                            autocomplete="off"
                            maxlength="256"
                        />
                    },
                )}
                <div class="buttons">
                    <button type="submit" class="button primary">
                        "Join"
                    </button>
                </div>
            </form>
        }
        .into_any();
        tile("Join as an observer", "", form)
    })
}

/// What is said to who is in, but may not see the page: an observer has no account, but can leave.
pub fn not_allowed(why: String) -> String {
    html(|| {
        let ways = view! {
            {said(Some(Said::Refused(why)))}
            <div class="buttons">
                <a class="button" href="/">
                    "Overview"
                </a>
                <a class="button" href="/login">
                    "Sign in as somebody else"
                </a>
                {sign_out()}
            </div>
        }
        .into_any();
        tile("Not allowed", "", ways)
    })
}
