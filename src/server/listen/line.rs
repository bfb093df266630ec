//! A connection's bytes: plain, or through TLS. What moves is told to its [`Pace`].

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

use super::pace::Pace;

pub enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub struct Line {
    transport: Transport,
    pace: Pace,
}

impl Line {
    pub fn new(transport: Transport, pace: Pace) -> Self {
        Self { transport, pace }
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
        let before = buffer.filled().len();
        ready!(either!(self, stream => stream.poll_read(cx, buffer)))?;
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
        let written = ready!(either!(self, stream => stream.poll_write(cx, bytes)))?;
        self.pace.wrote(Instant::now());
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(either!(self, stream => stream.poll_write_vectored(cx, slices)))?;
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
        either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }
}
