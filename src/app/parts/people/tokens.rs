//! All tokens, and a form for a new one.

use leptos::prelude::*;

use super::{Said, button, field, moment, said, table, tabs, tile};
use crate::app::parts::html;
use crate::domain::{Scope, TimeUs, TokenInfo, UserName};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub tokens: Vec<TokenInfo>,
    /// Who can have one.
    pub users: Vec<UserName>,
    /// Who asks.
    pub own: UserName,
    pub now: TimeUs,
}

pub fn tokens(page: Tokens, before: Option<Said>) -> String {
    html(|| {
        let now = page.now;
        let rows = page.tokens.into_iter().map(|token| {
            let is_over = token.expires.is_some_and(|expires| expires <= now);
            let state = match token.revoked_at {
                Some(_) => "revoked".into_any(),
                None if is_over => "expired".into_any(),
                None => button("/tokens", "revoke", token.id.to_string(), "Revoke"),
            };
            view! {
                <tr>
                    <th scope="row">
                        <code>{token.id.to_string()}</code>
                    </th>
                    <td>{token.user.to_string()}</td>
                    <td>{token.scopes.to_string()}</td>
                    <td class="words">{token.note}</td>
                    {moment(Some(token.made_at), "")}
                    {moment(token.expires, "never")}
                    <td>{state}</td>
                </tr>
            }
            .into_any()
        });
        let heads = ["Id", "User", "Scopes", "Note", "Made", "Expires", ""];
        let list = table("Tokens", &heads, rows.collect());
        let own = page.own;
        let users: Vec<_> = page
            .users
            .into_iter()
            .map(|user| {
                let (value, text) = (user.to_string(), user.to_string());
                view! {
                    <option value=value selected=user == own>
                        {text}
                    </option>
                }
            })
            .collect();
        let scopes: Vec<_> = Scope::ALL
            .iter()
            .copied()
            .map(|scope| {
                let words = match scope {
                    Scope::Read => "read: see what bots do; alone it makes a link for observers",
                    Scope::Trade => "trade: give orders, kill switch",
                    Scope::Ingest => "ingest: report as an outside bot",
                };
                view! {
                    <label class="tick">
                        <input
                            type="checkbox"
                            name=format!("scope_{scope}")
                            value="on"
                            checked=scope == Scope::Read
                        />
                        {words}
                    </label>
                }
            })
            .collect();
        let days: Vec<_> = ["1", "7", "30", "90", "365"]
            .into_iter()
            .map(|days| {
                view! {
                    <option value=days selected=days == "30">
                        {format!("{days} days")}
                    </option>
                }
            })
            .collect();
        let add = view! {
            <form class="stack" method="post" action="/tokens">
                <input type="hidden" name="command" value="create" />
                {field("User", view! { <select name="user">{users}</select> })}
                <fieldset class="stack">
                    <legend>"Scopes"</legend>
                    {scopes}
                </fieldset>
                {field(
                    "Expires after",
                    view! {
                        <select name="days">
                            {days}
                            <option value="never">"never"</option>
                        </select>
                    },
                )}
                {field("Note", view! { <input name="note" maxlength="100" autocomplete="off" /> })}
                <div class="buttons">
                    <button type="submit" class="button">
                        "Make the token"
                    </button>
                </div>
            </form>
        }
        .into_any();
        view! {
            {tabs(true, "/tokens")}
            {said(before)}
            {tile("Tokens", "", list)}
            {tile("A new token", "span-6", add)}
        }
        .into_any()
    })
}
