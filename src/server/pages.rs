//! Server-rendered pages: one cut of the hub for each, handed to the browser with the HTML.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use leptos::prelude::{ArcRwSignal, provide_context};
use parking_lot::Mutex;

use super::access::Need;
use super::caller::Caller;
use super::commands::{explain, order_history};
use super::error::AppError;
use super::parts;
use super::people;
use super::rest::{SEQ, ledger_page};
use super::safety;
use super::state::AppState;
use crate::app;
use crate::app::live::{ConnectionState, ConnectionStats, Source, SourceHandle};
use crate::app::parts::people::Said;
use crate::app::routes::{FIRST_INTERVAL, Focus, Page, decision_of_path};
use crate::domain::{BotId, ModelId, OrderId, Symbol, TimeUs};
use crate::hub::Cut;
use crate::wire::form::{Fields, Refused};
use crate::wire::{Boot, BootTopic, Desk, OrderDetail, Part, Replica, Topic};

/// Entries of each log topic that a page is rendered with.
const LOG_ENTRIES: usize = 200;
/// Lines of the cash ledger that a page is rendered with.
const LEDGER_LINES: u32 = 100;

/// One request's figures. They never change while it is rendered.
struct PageSource {
    boot: Arc<Boot>,
    cells: Mutex<HashMap<Topic, ArcRwSignal<Replica>>>,
}

impl PageSource {
    fn new(boot: Boot) -> Self {
        let cells = boot
            .topics
            .iter()
            .map(|topic| {
                (
                    topic.topic.clone(),
                    ArcRwSignal::new(topic.clone().into_replica()),
                )
            })
            .collect();
        Self {
            boot: Arc::new(boot),
            cells: Mutex::new(cells),
        }
    }
}

impl Source for PageSource {
    fn boot(&self) -> Arc<Boot> {
        Arc::clone(&self.boot)
    }

    fn acquire(&self, topic: &Topic) -> ArcRwSignal<Replica> {
        let mut cells = self.cells.lock();
        cells
            .entry(topic.clone())
            .or_insert_with(|| ArcRwSignal::new(Replica::new(topic.clone())))
            .clone()
    }

    fn release(&self, _: &Topic) {}

    fn connection(&self) -> ArcRwSignal<ConnectionState> {
        ArcRwSignal::new(ConnectionState::Connecting)
    }

    fn stats(&self) -> ArcRwSignal<ConnectionStats> {
        ArcRwSignal::new(ConnectionStats::default())
    }

    fn now(&self) -> ArcRwSignal<Option<TimeUs>> {
        ArcRwSignal::new(None)
    }

    fn held(&self) -> ArcRwSignal<bool> {
        ArcRwSignal::new(false)
    }

    fn retry(&self) {}
}

/// One parameter of the query, if it can be read. None of them needs decoding.
fn parameter<T: FromStr>(uri: &Uri, name: &str) -> Option<T> {
    let pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .find_map(|(_, value)| value.parse().ok())
}

/// What the address asks for. A bot or symbol that nobody knows shows an empty page that says so.
fn focus(state: &AppState, uri: &Uri) -> Focus {
    let named = uri.path().strip_prefix("/market/");
    let symbol = named.and_then(|rest| rest.trim_end_matches('/').parse::<Symbol>().ok());
    Focus {
        bot: parameter(uri, "bot").unwrap_or_else(BotId::paper),
        symbol: symbol.or_else(|| state.hub.symbols().into_iter().next()),
        interval: parameter(uri, "interval").unwrap_or(FIRST_INTERVAL),
        decision: decision_of_path(uri.path()),
    }
}

fn boot(state: &AppState, focus: &Focus, cut: Cut, desk: Desk) -> Boot {
    let topics = cut
        .topics
        .into_iter()
        .map(|topic| {
            BootTopic::new(
                topic.topic,
                topic.at,
                topic.seq,
                topic.t_received,
                topic.content,
            )
        })
        .collect();
    Boot {
        client: state.client_config(),
        mode: state.monitor.mode(),
        bot: focus.bot.clone(),
        bots: state.hub.bots(),
        symbols: state.hub.symbols(),
        seq: cut.seq,
        topics,
        desk,
    }
}

/// What the page needs beside its topics. Asked before the cut: what happens in between is in the
/// cut's logs. What cannot be had now is left out; the browser asks for it again.
async fn desk(
    state: &AppState,
    caller: &Caller,
    page: Option<Page>,
    focus: &Focus,
    uri: &Uri,
) -> Desk {
    let bot = focus.bot.clone();
    let is_desk = page == Some(Page::Trade);
    let asked = state.engine.ask(move |engine| {
        let instruments = engine.instruments().values().cloned().collect();
        (instruments, is_desk.then(|| engine.open_orders(&bot)))
    });
    let (instruments, open_orders) = asked
        .await
        .map_or_else(|_| (Vec::new(), None), |(_, found)| found);
    let asked = Fields::parse(uri.query().unwrap_or_default());
    let detail = match asked.optional::<OrderId>("order") {
        Ok(Some(id)) if is_desk => detail(state, &focus.bot, &id).await.ok(),
        _ => None,
    };
    let ledger = match page {
        Some(Page::Positions) => {
            let before = (state.hub.seq().next(), 0);
            let page = ledger_page(state, &focus.bot, before, LEDGER_LINES).await;
            page.ok().map(|(entries, _)| entries)
        }
        _ => None,
    };
    let decisions = match page {
        Some(Page::Decisions) if focus.decision.is_none() => {
            Some(parts::listed(state, &focus.bot, &asked).await)
        }
        _ => None,
    };
    Desk {
        operator: caller.may(Need::Trade),
        visitor: caller.visitor(),
        form_id: format!("web-{:016x}", rand::random::<u64>()),
        instruments,
        open_orders,
        detail,
        ledger,
        decisions,
        // Drawn after the cut, so that what it shows is not older.
        part: None,
        refused: None,
    }
}

/// What the server alone draws of the page. Where that cannot be had now, the browser asks again.
async fn part(state: &AppState, page: Option<Page>, focus: &Focus, uri: &Uri) -> Option<Part> {
    let fields = Fields::parse(uri.query().unwrap_or_default());
    match (page?, &focus.decision) {
        (Page::Decisions, Some(id)) => match parts::decision_part(state, &focus.bot, id).await {
            Ok((_, part)) => Some(part),
            Err(error) => parts::missing_decision(&focus.bot, id, &error),
        },
        (Page::Decisions, None) => parts::filter_part(state, &focus.bot, &fields).await.ok(),
        (Page::Models, _) => {
            let chosen: Option<ModelId> = fields.optional("model").ok().flatten();
            Some(parts::models_part(state, &focus.bot, chosen.as_ref()).1)
        }
        (Page::System, _) => Some(parts::limits_part(state)),
        _ => None,
    }
}

async fn detail(state: &AppState, bot: &BotId, id: &OrderId) -> Result<OrderDetail, AppError> {
    let (_, explanation) = explain(state, bot, id).await?;
    let (_, history) = order_history(state, bot, id).await?;
    Ok(OrderDetail {
        history,
        explanation,
    })
}

/// JSON that can stand in a `<script>`: nothing in it can end the element.
fn escape(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Renders a page; where it is the answer to a form, with what was refused of it.
pub async fn render(
    state: AppState,
    caller: Caller,
    page: Option<Page>,
    refused: Option<Refused>,
    request: Request<Body>,
) -> Response {
    let answered = Answered {
        refused,
        said: None,
    };
    draw(state, caller, page, answered, request).await
}

/// Renders a page about people, with what became of its form.
pub async fn render_people(
    state: AppState,
    caller: Caller,
    page: Option<Page>,
    said: Option<Said>,
    request: Request<Body>,
) -> Response {
    let answered = Answered {
        refused: None,
        said,
    };
    draw(state, caller, page, answered, request).await
}

/// What the page is the answer to, if it is to a form.
#[derive(Default)]
struct Answered {
    /// A form about a bot, which is shown again.
    refused: Option<Refused>,
    /// What became of a form about people.
    said: Option<Said>,
}

async fn draw(
    state: AppState,
    caller: Caller,
    page: Option<Page>,
    answered: Answered,
    request: Request<Body>,
) -> Response {
    let focus = focus(&state, request.uri());
    let desk = Desk {
        refused: answered.refused,
        ..desk(&state, &caller, page, &focus, request.uri()).await
    };
    let wanted = page.map_or_else(
        || vec![Topic::Health, Topic::Alerts],
        |page| page.topics(&focus),
    );
    let mut boot = boot(&state, &focus, state.hub.cut(&wanted, LOG_ENTRIES), desk);
    boot.desk.part = match page.filter(|page| page.is_of_people()) {
        Some(page) => {
            let before = parameter(request.uri(), "before");
            people::drawn(&state, &caller, page, answered.said, before)
                .await
                .ok()
        }
        None => part(&state, page, &focus, request.uri()).await,
    };
    let seq = boot.seq;
    // What is drawn stands in the page itself.
    let html = boot
        .desk
        .part
        .as_mut()
        .map(|part| std::mem::take(&mut part.html));
    let json = match serde_json::to_string(&boot) {
        Ok(json) => escape(&json),
        Err(error) => return AppError::Internal(error.to_string()).into_response(),
    };
    if let (Some(part), Some(html)) = (&mut boot.desk.part, html) {
        part.html = html;
    }
    let source: Arc<dyn Source> = Arc::new(PageSource::new(boot));
    let options = state.leptos.clone();
    let site = state.leptos.clone();
    let handler = leptos_axum::render_app_to_stream_with_context(
        move || {
            provide_context(SourceHandle(Arc::clone(&source)));
            safety::guard_page(&site);
        },
        move || app::shell(options.clone(), json.clone()),
    );
    let mut response = handler(request).await;
    let headers = response.headers_mut();
    headers.insert(SEQ, HeaderValue::from(seq.0));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One of [`Page::ALL`].
pub async fn page(
    State(state): State<AppState>,
    caller: Caller,
    request: Request<Body>,
) -> Response {
    let page = Page::of_path(request.uri().path());
    render(state, caller, page, None, request).await
}

/// Files of the site; whatever is not there is a page that says so, with status 404. An address of
/// the API is for programs: they get a problem.
pub fn files_and_not_found(state: &AppState) -> MethodRouter<AppState> {
    let root = state.leptos.site_root.to_string();
    axum::routing::any(
        move |State(state): State<AppState>, caller: Caller, request: Request<Body>| {
            let files = tower_http::services::ServeDir::new(root.clone())
                .precompressed_br()
                .precompressed_gzip()
                .append_index_html_on_directories(false);
            async move {
                let path = request.uri().path();
                let is_api = ["/v1", "/parts", "/api", "/stream", "/socket.io"]
                    .into_iter()
                    .any(|root| {
                        let rest = path.strip_prefix(root);
                        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    });
                // A file costs little, and a page asks for many at once.
                let counted = |caller: &Caller| {
                    let counted = state.limits.request(&caller.client, caller.principal());
                    counted.map_err(AppError::from)
                };
                if is_api {
                    if let Err(refused) = counted(&caller) {
                        return refused.into_response();
                    }
                    return AppError::NotFound(format!("there is no {path}")).into_response();
                }
                let (parts, body) = request.into_parts();
                let asked = Request::from_parts(parts.clone(), Body::empty());
                match tower::ServiceExt::oneshot(files, asked).await {
                    Ok(found) if found.status() != StatusCode::NOT_FOUND => found.into_response(),
                    _ => {
                        if let Err(refused) = counted(&caller) {
                            return refused.into_response();
                        }
                        // The frame around what is not there shows how the bots are.
                        if let Err(refused) = caller.check(Need::See) {
                            return match parts.method {
                                Method::GET | Method::HEAD => {
                                    people::turned_away(&refused, &parts.uri)
                                }
                                _ => refused.into_response(),
                            };
                        }
                        let request = Request::from_parts(parts, body);
                        let mut response = render(state, caller, None, None, request).await;
                        *response.status_mut() = StatusCode::NOT_FOUND;
                        response
                    }
                }
            }
        },
    )
}
