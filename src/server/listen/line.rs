//! A connection's bytes: plain, or through TLS. What moves is told to its [`Pace`]; a write that does not move
//! ends the connection where somebody has asked for that ([`WriteLimit`]).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::server::TlsStream;

use super::pace::Pace;

pub enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How long the connection's writes may stand still. It is in the extensions of each request: a socket whose
/// library waits for its client forever sets it, once.
#[derive(Clone, Default)]
pub struct WriteLimit(Arc<OnceLock<Limit>>);

struct Limit {
    longest: Duration,
    over: Box<dyn Fn() + Send + Sync>,
}

impl WriteLimit {
    /// `over` is called where a write took longer.
    pub fn set(&self, millis: u32, over: impl Fn() + Send + Sync + 'static) {
        let longest = Duration::from_millis(millis.into());
        let over = Box::new(over);
        let _ = self.0.set(Limit { longest, over });
    }
}

/// Whether a write stands still.
enum Flow {
    Moves,
    Stands(Pin<Box<Sleep>>),
    /// It did for too long.
    Over,
}

pub struct Line {
    transport: Transport,
    pace: Pace,
    limit: WriteLimit,
    flow: Flow,
    /// Who waits to read: it must hear when the line is over.
    reader: Option<Waker>,
}

impl Line {
    pub fn new(transport: Transport, pace: Pace, limit: WriteLimit) -> Self {
        Self {
            transport,
            pace,
            limit,
            flow: Flow::Moves,
            reader: None,
        }
    }

    /// `written` as it is, or an error once it has been pending for too long.
    fn watch<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if matches!(self.flow, Flow::Over) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if written.is_ready() {
            self.flow = Flow::Moves;
            return written;
        }
        let Some(limit) = self.limit.0.get() else {
            return Poll::Pending;
        };
        if matches!(self.flow, Flow::Moves) {
            self.flow = Flow::Stands(Box::pin(sleep(limit.longest)));
        }
        if let Flow::Stands(timer) = &mut self.flow {
            ready!(timer.as_mut().poll(cx));
        }
        self.flow = Flow::Over;
        (limit.over)();
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    pub fn into_transport(self) -> Transport {
        self.transport
    }
}

/// Does the same with either kind.
macro_rules! either {
    ($line:expr, $stream:ident => $work:expr) => {
        match &mut $line.transport {
            Transport::Plain(stream) => {
                let $stream = Pin::new(stream);
                $work
            }
            Transport::Tls(stream) => {
                let $stream = Pin::new(&mut **stream);
                $work
            }
        }
    };
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(self.flow, Flow::Over) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let read = either!(self, stream => stream.poll_read(cx, buffer));
        self.reader = read.is_pending().then(|| cx.waker().clone());
        ready!(read)?;
        if buffer.filled().len() > before {
            self.pace.read(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = either!(self, stream => stream.poll_write(cx, bytes));
        let written = ready!(self.watch(written, cx))?;
        self.pace.wrote(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = either!(self, stream => stream.poll_write_vectored(cx, slices));
        let written = ready!(self.watch(written, cx))?;
        self.pace.wrote(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match either!(self, stream => stream.poll_flush(cx)) {
            // Nothing to flush says nothing of what could not be written.
            Poll::Ready(flushed) if !matches!(self.flow, Flow::Over) => Poll::Ready(flushed),
            flushed => self.watch(flushed, cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }
}
