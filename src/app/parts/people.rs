//! The pages about people: signing in, one's own account, users, tokens, and what they all did. Plain forms
//! that the server answers; a browser needs no code for them, and gets none.

mod account;
mod audit;
mod sign_in;
mod tokens;
mod users;

use leptos::prelude::*;

use super::time;
use crate::app::widgets::Tile;
use crate::domain::TimeUs;

pub use account::{Account, account};
pub use audit::audit;
pub use sign_in::{join, not_allowed, sign_in};
pub use tokens::{Tokens, tokens};
pub use users::users;

/// What became of the form before.
#[derive(Debug, Clone)]
pub enum Said {
    Done(String),
    Refused(String),
    /// A token that was made: shown this once. `link` lets an observer in.
    Token {
        text: String,
        link: Option<String>,
    },
}

/// As a line above the forms, which screen readers say at once.
fn said(said: Option<Said>) -> AnyView {
    match said {
        None => ().into_any(),
        Some(Said::Done(text)) => view! {
            <p class="notice good" role="status">
                {text}
            </p>
        }
        .into_any(),
        Some(Said::Refused(text)) => view! {
            <p class="notice" role="alert">
                {text}
            </p>
        }
        .into_any(),
        Some(Said::Token { text, link }) => view! {
            <div class="notice good" role="status">
                <p>"The token, shown this once:"</p>
                <p>
                    <code class="secret">{text}</code>
                </p>
                {link
                    .map(|link| {
                        view! {
                            <p>"A link that lets an observer in:"</p>
                            <p>
                                <code class="secret">{link}</code>
                            </p>
                        }
                    })}
            </div>
        }
        .into_any(),
    }
}

/// A tile with a heading.
fn tile(heading: &'static str, class: &'static str, content: AnyView) -> AnyView {
    view! {
        <Tile title=heading class=class>
            {content}
        </Tile>
    }
    .into_any()
}

/// A field with its label.
fn field(label: &'static str, input: impl IntoView + 'static) -> AnyView {
    view! {
        <label class="field">
            <span>{label}</span>
            {input}
        </label>
    }
    .into_any()
}

/// A form of one button, about one thing.
fn button(
    action: &'static str,
    command: &'static str,
    about: String,
    text: &'static str,
) -> AnyView {
    let label = format!("{text} {about}");
    view! {
        <form method="post" action=action>
            <input type="hidden" name="command" value=command />
            <input type="hidden" name="about" value=about />
            <button type="submit" class="button" aria-label=label>
                {text}
            </button>
        </form>
    }
    .into_any()
}

/// The way out, for whoever is in.
fn sign_out() -> AnyView {
    view! {
        <form method="post" action="/logout">
            <button type="submit" class="button">
                "Sign out"
            </button>
        </form>
    }
    .into_any()
}

/// A cell with an instant, or with what its absence means.
fn moment(at: Option<TimeUs>, absent: &'static str) -> AnyView {
    let content = match at {
        Some(at) => time(at).into_any(),
        None => absent.into_any(),
    };
    view! { <td>{content}</td> }.into_any()
}

/// A table that scrolls by itself on a narrow screen.
fn table(label: &'static str, heads: &[&'static str], rows: Vec<AnyView>) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="absent">"None."</p> }.into_any();
    }
    let heads: Vec<_> = heads
        .iter()
        .map(|head| view! { <th scope="col">{*head}</th> })
        .collect();
    view! {
        <div class="scroll" role="region" aria-label=label tabindex="0">
            <table>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The ways between these pages, for whoever may go them.
fn tabs(is_admin: bool, here: &'static str) -> AnyView {
    let admin = [
        ("/users", "Users"),
        ("/tokens", "Tokens"),
        ("/settings", "Audit"),
    ];
    let items: Vec<_> = [("/account", "Account")]
        .into_iter()
        .chain(admin.into_iter().filter(|_| is_admin))
        .map(|(path, text)| {
            view! {
                <li>
                    <a class="button" rel="external" href=path aria-current=(path == here).then_some("page")>
                        {text}
                    </a>
                </li>
            }
        })
        .collect();
    view! {
        <nav class="tabs" aria-label="Account pages">
            <ul>{items}</ul>
        </nav>
    }
    .into_any()
}
