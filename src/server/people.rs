//! The pages about people, drawn by the server, and what their forms send. A form is answered by a way back
//! to its page (303), or by the page itself with what was wrong; what is shown only once, a new token, is in
//! the answer to its form and nowhere else.

mod entry;
mod forms;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::caller::Caller;
use super::clock::wall_time;
use super::error::AppError;
use super::rest::{Params, answer, params};
use super::state::AppState;
use crate::app::parts::people::{self, Account, Said, Tokens};
use crate::app::routes::Page;
use crate::domain::AuditId;
use crate::wire::Part;

pub use entry::{join_form, join_page, sign_in_form, sign_in_page, sign_out_form, turned_away};
pub use forms::form;

/// Entries of the audit on one page.
const AUDIT_ENTRIES: u32 = 100;

/// `GET /parts/account`, and so on.
pub async fn part(
    State(state): State<AppState>,
    caller: Caller,
    page: Page,
    before: Option<AuditId>,
) -> Result<Response, AppError> {
    let part = drawn(&state, &caller, page, None, before).await?;
    answer(state.hub.seq(), &part)
}

pub async fn account(state: State<AppState>, caller: Caller) -> Result<Response, AppError> {
    part(state, caller, Page::Account, None).await
}

pub async fn users(state: State<AppState>, caller: Caller) -> Result<Response, AppError> {
    part(state, caller, Page::Users, None).await
}

pub async fn tokens(state: State<AppState>, caller: Caller) -> Result<Response, AppError> {
    part(state, caller, Page::Tokens, None).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    before: Option<AuditId>,
}

pub async fn audit(
    state: State<AppState>,
    caller: Caller,
    query: Params<Before>,
) -> Result<Response, AppError> {
    let Before { before } = params(query)?;
    part(state, caller, Page::Settings, before).await
}

/// What is drawn of one of these pages for whoever may see it; of another page, or for anybody else, that
/// it is not there.
///
/// # Errors
/// The accounts cannot be read.
pub async fn drawn(
    state: &AppState,
    caller: &Caller,
    page: Page,
    said: Option<Said>,
    before: Option<AuditId>,
) -> Result<Part, AppError> {
    let accounts = &state.accounts;
    let own = super::rest::accounts::person(caller)?;
    let password_min = state.config.auth.password_min;
    let html = match page {
        Page::Users => people::users(accounts.users().await?, password_min, said),
        Page::Tokens => {
            let users = accounts.users().await?.into_iter().map(|user| user.name);
            let page = Tokens {
                tokens: accounts.tokens().await?,
                users: users.collect(),
                own,
                now: wall_time(),
            };
            people::tokens(page, said)
        }
        Page::Settings => {
            let entries = accounts.audit_page(before, AUDIT_ENTRIES).await?;
            let is_full = entries.len() == AUDIT_ENTRIES as usize;
            let last = entries.last().filter(|_| is_full);
            let older = last.map(|last| format!("{}?before={}", page.path(), last.id));
            people::audit(entries, older)
        }
        _ => {
            let principal = caller.principal().ok_or(AppError::SignInFirst)?;
            let page = Account {
                name: own.clone(),
                role: principal.role,
                sessions: accounts.sessions(&own, wall_time()).await?,
                own: caller.session().cloned(),
                password_min,
            };
            people::account(page, said)
        }
    };
    Ok(Part {
        address: Part::of_people(page.path(), before),
        html,
        decision: None,
    })
}
