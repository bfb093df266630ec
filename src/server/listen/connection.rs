//! One connection from its first byte to its last, or until a socket takes it: the TLS handshake, then
//! request after request. It is closed when it is late, and at a shutdown after the request under way.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::line::{Line, Transport, WriteLimit};
use super::pace::{Late, Pace};
use crate::server::error::AppError;
use crate::server::limits::{ConnectionPlace, Limits, Refusal, Why};
use crate::server::network::Peer;

/// How long TLS may take to come about.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// hyper's own least, bytes.
const MIN_BUFFER: usize = 8_192;

/// What its requests are answered with.
#[derive(Clone)]
pub enum Answering {
    Requests {
        router: Router,
        place: Arc<ConnectionPlace>,
    },
    /// There was no place for it but one to be told so.
    Refusal {
        refusal: Refusal,
        _place: Arc<OwnedSemaphorePermit>,
    },
}

pub struct Connection {
    pub stream: TcpStream,
    pub address: SocketAddr,
    pub peer: Peer,
    pub answering: Answering,
    pub limits: Arc<Limits>,
    pub tls: Option<TlsAcceptor>,
    pub shutdown: CancellationToken,
}

impl Connection {
    pub async fn run(mut self) {
        // A wish only.
        let _ = self.stream.set_nodelay(true);
        let transport = match self.tls.take() {
            None => Transport::Plain(self.stream),
            Some(acceptor) => {
                let shaking = tokio::time::timeout(HANDSHAKE, acceptor.accept(self.stream));
                match self.shutdown.run_until_cancelled(shaking).await {
                    Some(Ok(Ok(stream))) => Transport::Tls(Box::new(stream)),
                    Some(failed) => {
                        self.limits.counts.add(Why::Handshake);
                        let error = failed.ok().and_then(Result::err);
                        tracing::debug!(?error, "TLS did not come about");
                        return;
                    }
                    None => return,
                }
            }
        };
        let place = match &self.answering {
            Answering::Requests { place, .. } => Some(Arc::clone(place)),
            Answering::Refusal { .. } => None,
        };
        let pace = Pace::start(Instant::now());
        let limit = WriteLimit::default();
        let line = Line::new(transport, pace.clone(), limit.clone());
        let asked = Asked {
            answering: self.answering,
            address: self.address,
            peer: self.peer,
            limits: Arc::clone(&self.limits),
            pace: pace.clone(),
            limit,
        };
        let late = serve(line, asked, &self.limits, &pace, &self.shutdown).await;
        if let (Some(Late::Headers), Some(place)) = (late, place) {
            place.strike();
        }
    }
}

/// Gives what it was too late with, where it was.
async fn serve(
    line: Line,
    asked: Asked,
    limits: &Limits,
    pace: &Pace,
    shutdown: &CancellationToken,
) -> Option<Late> {
    let config = &limits.config;
    let service = service_fn(move |request| asked.clone().answer(request));
    let connection = http1::Builder::new()
        // Ours is in the pace.
        .header_read_timeout(None)
        .max_headers(config.max_headers)
        .max_header_size(config.max_header_bytes)
        .max_buf_size(config.max_header_bytes.max(MIN_BUFFER))
        .serve_connection(TokioIo::new(line), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let due = || pace.due(config.header_timeout(), config.idle());
    let mut timer = pin!(sleep_until(due().0));
    let mut ending = pin!(shutdown.cancelled());
    let mut is_ending = false;
    // What moves the pace is done by the connection itself, so the timer is right after each turn of it.
    let ended = poll_fn(|cx| {
        if !is_ending && ending.as_mut().poll(cx).is_ready() {
            is_ending = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(result) = connection.as_mut().poll(cx) {
            return Poll::Ready(Ok(result));
        }
        loop {
            let (at, late) = due();
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if due().0 <= at {
                return Poll::Ready(Err(late));
            }
        }
    });
    let ended = ended.await;
    match &ended {
        Err(Late::Silent | Late::Headers) => limits.counts.add(Why::Headers),
        Ok(Err(error)) if error.is_parse_too_large() => limits.counts.add(Why::Headers),
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended"),
        Ok(Ok(())) | Err(Late::Idle) => {}
    }
    ended.err()
}

/// What a request needs to be answered.
#[derive(Clone)]
struct Asked {
    answering: Answering,
    address: SocketAddr,
    peer: Peer,
    limits: Arc<Limits>,
    pace: Pace,
    limit: WriteLimit,
}

impl Asked {
    async fn answer(self, request: Request<Incoming>) -> Result<Response, Infallible> {
        self.pace.asked(Instant::now());
        let answer = match &self.answering {
            Answering::Requests { router, place } => match self.enter(request, place) {
                Ok(request) => match router.clone().oneshot(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                },
                Err(refusal) => AppError::from(refusal).into_response(),
            },
            Answering::Refusal { refusal, .. } => {
                let mut answer = AppError::from(*refusal).into_response();
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
                answer
            }
        };
        let pace = self.pace;
        Ok(answer.map(|body| Body::new(Watched { body, pace })))
    }

    /// Notes who sends the request, for whoever asks its extensions.
    fn enter(
        &self,
        request: Request<Incoming>,
        place: &Arc<ConnectionPlace>,
    ) -> Result<Request<Body>, Refusal> {
        let client = self.limits.client(self.peer, request.headers())?;
        let mut request = request.map(Body::new);
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(self.address));
        extensions.insert(client);
        extensions.insert(Arc::clone(place));
        extensions.insert(self.limit.clone());
        Ok(request)
    }
}

/// An answer's body that tells when it has been handed over.
struct Watched {
    body: Body,
    pace: Pace,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.pace.answered(Instant::now());
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
