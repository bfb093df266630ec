//! One's own account: who one is, a new password, and where one is signed in.

use leptos::prelude::*;

use super::{Said, button, field, moment, said, sign_out, table, tabs, tile};
use crate::app::parts::{fact, html};
use crate::domain::{Role, SessionId, SessionInfo, UserName};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Account {
    pub name: UserName,
    pub role: Role,
    pub sessions: Vec<SessionInfo>,
    /// The session that asks.
    pub own: Option<SessionId>,
    pub password_min: usize,
}

pub fn account(account: Account, before: Option<Said>) -> String {
    html(|| {
        let min = account.password_min.to_string();
        let who = view! {
            <dl class="facts">
                {fact("Name", account.name.to_string())} {fact("Role", account.role.to_string())}
            </dl>
            <div class="buttons">
                {sign_out()}
                <form method="post" action="/account">
                    <input type="hidden" name="command" value="sign_out_everywhere" />
                    <button type="submit" class="button">
                        "Sign out everywhere"
                    </button>
                </form>
            </div>
        }
        .into_any();
        let password = view! {
            <form class="stack" method="post" action="/account">
                <input type="hidden" name="command" value="password" />
                {field(
                    "Password now",
                    view! {
                        <input
                            name="current"
                            type="password"
                            required
                            autocomplete="current-password"
                            maxlength="1024"
                        />
                    },
                )}
                {field(
                    "New password",
                    view! {
                        <input
                            name="password"
                            type="password"
                            required
                            autocomplete="new-password"
                            minlength=min
                            maxlength="1024"
                        />
                    },
                )}
                <div class="buttons">
                    <button type="submit" class="button">
                        "Change the password"
                    </button>
                </div>
                <p class="hint">"All other sessions end with it."</p>
            </form>
        }
        .into_any();
        let own = account.own.clone();
        let rows = account.sessions.into_iter().map(|session| {
            let is_own = own.as_ref() == Some(&session.id);
            let end = if is_own {
                "this one".into_any()
            } else {
                button("/account", "end_session", session.id.to_string(), "End")
            };
            view! {
                <tr>
                    {moment(Some(session.made_at), "")} {moment(Some(session.last_seen), "")}
                    <td>{session.address}</td>
                    <td class="words">{session.agent}</td>
                    <td>{end}</td>
                </tr>
            }
            .into_any()
        });
        let heads = ["Signed in", "Last seen", "From", "With", ""];
        let sessions = table("Sessions", &heads, rows.collect());
        view! {
            {tabs(account.role == Role::Admin, "/account")}
            {said(before)}
            {tile("Who you are", "span-6", who)}
            {tile("Password", "span-6", password)}
            {tile("Where you are signed in", "", sessions)}
        }
        .into_any()
    })
}
