//! The router, made of the access table and of the pages, each behind its role.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};

use super::access::{Endpoint, Need, ROUTES, page_need};
use super::caller::Caller;
use super::dialects::finance::rest as finance;
use super::dialects::transparency::rest as transparency;
use super::error::AppError;
use super::limits::body;
use super::state::AppState;
use super::{dialects, docs, forms, ingest, origin, pages, parts, people, rest, socket};
use crate::app::routes::Page;

fn handler(endpoint: Endpoint) -> MethodRouter<AppState> {
    match endpoint {
        Endpoint::Health => get(rest::health),
        Endpoint::Ready => get(rest::ready),
        Endpoint::Metrics => get(rest::metrics),
        Endpoint::Socket => get(socket::upgrade),
        Endpoint::Portfolio => get(rest::portfolio),
        Endpoint::Positions => get(rest::positions),
        Endpoint::Performance => get(rest::performance),
        Endpoint::Candles => get(rest::candles),
        Endpoint::Trades => get(rest::trades),
        Endpoint::Decisions => get(rest::decisions),
        Endpoint::Decision => get(rest::decision),
        Endpoint::Models => get(rest::models),
        Endpoint::Orders => get(rest::orders),
        Endpoint::OpenOrders => get(rest::open_orders),
        Endpoint::Order => get(rest::order),
        Endpoint::ExplainOrder => get(rest::explain_order),
        Endpoint::CheckOrder => post(rest::check_order),
        Endpoint::Working => get(rest::working),
        Endpoint::Instruments => get(rest::instruments),
        Endpoint::Ledger => get(rest::ledger),
        Endpoint::LogHead => get(rest::log_head),
        Endpoint::LogEntries => get(rest::log_entries),
        Endpoint::LogProof => get(rest::log_proof),
        Endpoint::LogConsistency => get(rest::log_consistency),
        Endpoint::SubmitOrder => post(rest::submit_order),
        Endpoint::SubmitOco => post(rest::submit_oco),
        Endpoint::AmendOrder => patch(rest::amend_order),
        Endpoint::CancelOrder => delete(rest::cancel_order),
        Endpoint::CancelOrders => delete(rest::cancel_orders),
        Endpoint::ClosePosition => post(rest::close_position),
        Endpoint::Kill => post(rest::kill),
        Endpoint::Pause => post(rest::pause),
        Endpoint::Resume => post(rest::resume),
        Endpoint::BotEvents => post(ingest::events),
        Endpoint::Form => post(forms::form),
        Endpoint::DecisionsPart => get(parts::filter),
        Endpoint::DecisionPart => get(parts::decision),
        Endpoint::ModelsPart => get(parts::models),
        Endpoint::SignIn => post(rest::accounts::sign_in),
        Endpoint::Refresh => post(rest::accounts::refresh),
        Endpoint::SignOut => post(rest::accounts::sign_out),
        Endpoint::SignOutEverywhere => post(rest::accounts::sign_out_everywhere),
        Endpoint::Me => get(rest::accounts::me),
        Endpoint::ChangePassword => post(rest::accounts::change_password),
        Endpoint::Sessions => get(rest::accounts::sessions),
        Endpoint::EndSession => delete(rest::accounts::end_session),
        Endpoint::Users => get(rest::accounts::users),
        Endpoint::AddUser => post(rest::accounts::add_user),
        Endpoint::ChangeUser => patch(rest::accounts::change_user),
        Endpoint::Tokens => get(rest::accounts::tokens),
        Endpoint::CreateToken => post(rest::accounts::create_token),
        Endpoint::RevokeToken => delete(rest::accounts::revoke_token),
        Endpoint::Audit => get(rest::accounts::audit),
        Endpoint::SignInPage => get(people::sign_in_page),
        Endpoint::SignInForm => post(people::sign_in_form),
        Endpoint::SignOutForm => post(people::sign_out_form),
        Endpoint::JoinPage => get(people::join_page),
        Endpoint::JoinForm => post(people::join_form),
        Endpoint::PeopleForm => post(people::form),
        Endpoint::AccountPart => get(people::account),
        Endpoint::UsersPart => get(people::users),
        Endpoint::TokensPart => get(people::tokens),
        Endpoint::AuditPart => get(people::audit),
        Endpoint::LimitsPart => get(parts::limits),
        Endpoint::SocketIo => get(dialects::transparency::serve),
        Endpoint::SocketIoPost => post(dialects::transparency::serve),
        Endpoint::TransparencyPortfolio => get(transparency::portfolio_now),
        Endpoint::TransparencyPositions => get(transparency::positions),
        Endpoint::TransparencyTrades => get(transparency::trades),
        Endpoint::TransparencyDecisions => get(transparency::decisions),
        Endpoint::TransparencyModels => get(transparency::models),
        Endpoint::TransparencyPerformance => get(transparency::performance_of),
        Endpoint::TransparencyEquity => get(transparency::equity_curve),
        Endpoint::TransparencyStats => get(transparency::stats),
        Endpoint::FinanceAgent => get(dialects::finance::agent),
        Endpoint::FinancePortfolio => get(dialects::finance::portfolio),
        Endpoint::FinancePositions => get(dialects::finance::positions),
        Endpoint::FinanceDecisions => get(dialects::finance::decisions),
        Endpoint::FinanceStatus => get(finance::status),
        Endpoint::FinanceBotStatus => get(finance::status),
        Endpoint::FinanceHoldings => get(finance::positions),
        Endpoint::FinanceDecided => get(finance::decisions),
        Endpoint::FinanceHealth => get(finance::health),
        Endpoint::Updates => get(dialects::updates::updates),
        Endpoint::Trading => get(dialects::trading::realtime),
        Endpoint::Quantum => get(dialects::quantum::live),
        Endpoint::QuantumHealth => get(dialects::quantum::health),
        Endpoint::Docs => get(docs::page),
        Endpoint::DocsFile => get(docs::file),
        Endpoint::OpenApi => get(docs::openapi_json),
        Endpoint::AsyncApi => get(docs::asyncapi_json),
    }
}

/// The router of the table and of the pages, each behind its role.
pub fn router(state: &AppState) -> Router<AppState> {
    let refused = || async { AppError::MethodNotAllowed };
    let (mut router, mut faces) = (Router::new(), Router::new());
    for route in ROUTES {
        let handler = guarded(state, handler(route.endpoint), route.need, Asker::Program);
        let handler = match route.endpoint {
            Endpoint::Health => handler,
            _ => counted(state, handler),
        };
        if dialects::is_face(route.path) {
            faces = faces.route(route.path, handler);
        } else {
            router = router.route(route.path, handler);
        }
    }
    // What another page's browser asks first has no token yet. Pages of listed origins are let in before all of this.
    let mut faces = faces.method_not_allowed_fallback(refused);
    let server = &state.config.server;
    if server.allowed_origins.is_empty() {
        faces = faces.layer(origin::cors(server));
    }
    router = router.merge(faces);
    let shown = |page| {
        let handler = guarded(state, get(pages::page), page_need(page), Asker::Reader);
        counted(state, handler)
    };
    for page in Page::ALL {
        router = router.route(page.path(), shown(page));
    }
    for (path, page) in [
        ("/market/{symbol}", Page::Market),
        ("/decisions/{id}", Page::Decisions),
    ] {
        router = router.route(path, shown(page));
    }
    router
        .method_not_allowed_fallback(refused)
        .fallback(pages::files_and_not_found(state))
}

/// Who is refused: a program is told by a problem, a reader by a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    Program,
    Reader,
}

/// Only for who meets the need; the body is read for nobody else.
fn guarded(
    state: &AppState,
    handler: MethodRouter<AppState>,
    need: Need,
    asker: Asker,
) -> MethodRouter<AppState> {
    let check = move |State(state): State<AppState>,
                      caller: Caller,
                      request: Request,
                      next: Next| async move {
        match caller.check(need) {
            Ok(()) => {}
            Err(error) if asker == Asker::Reader => {
                return people::turned_away(&error, request.uri());
            }
            Err(error) => return error.into_response(),
        }
        match body::read(&state.limits, request).await {
            Ok(request) => kept_by_nobody(next.run(request).await),
            Err(error) => error.into_response(),
        }
    };
    handler.route_layer(middleware::from_fn_with_state(state.clone(), check))
}

/// What one visitor is shown is not for a cache that another one asks.
fn kept_by_nobody(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(no_store);
    response
}

/// Counted against the rates of the client's address and of the user, before anything else is done.
fn counted(state: &AppState, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.route_layer(middleware::from_fn_with_state(state.clone(), count))
}

async fn count(
    State(state): State<AppState>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    match state.limits.request(&caller.client, caller.principal()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => AppError::from(refusal).into_response(),
    }
}
