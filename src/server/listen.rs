//! How connections come in: the accept loop. Each is counted from here to its close, also where it
//! becomes a socket; TLS and HTTP are spoken in a task of its own ([`connection`]), within time limits
//! ([`pace`]), over a [`line`](mod@line). [`tls`] has the certificate.

mod connection;
pub mod line;
mod pace;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::limits::{Admission, Limits};
use super::network::Peer;
use connection::{Answering, Connection};
use tls::Tls;

/// A rest after the system has refused to give a connection, as for want of files.
const REST: Duration = Duration::from_millis(500);

/// A listener and what is behind it.
pub struct Door {
    pub listener: TcpListener,
    pub router: Router,
    pub limits: Arc<Limits>,
    pub tls: Option<Arc<Tls>>,
}

impl Door {
    /// Serves until `shutdown`, and then until the requests under way have been answered.
    pub async fn serve(self, shutdown: CancellationToken) {
        let tasks = TaskTracker::new();
        tasks.spawn({
            let (limits, end) = (Arc::clone(&self.limits), shutdown.clone());
            async move { limits.sweep(end).await }
        });
        if let Some(tls) = &self.tls {
            tasks.spawn(Arc::clone(tls).watch(shutdown.clone()));
        }
        while let Some(accepted) = shutdown.run_until_cancelled(self.listener.accept()).await {
            match accepted {
                Ok((stream, address)) => {
                    if let Some(connection) = self.admit(stream, address, &shutdown) {
                        tasks.spawn(connection.run());
                    }
                }
                // It was gone before we came to it.
                Err(error) if is_of_the_client(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        drop(self);
        tasks.close();
        tasks.wait().await;
    }

    fn admit(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        shutdown: &CancellationToken,
    ) -> Option<Connection> {
        let peer = Peer {
            address: address.ip().to_canonical(),
            is_secure: self.tls.is_some(),
        };
        let answering = match self.limits.connection(peer) {
            Admission::Welcome(place) => Answering::Requests {
                router: self.router.clone(),
                place: Arc::new(place),
            },
            Admission::Refused(refusal, permit) => Answering::Refusal {
                refusal,
                _place: Arc::new(permit),
            },
            Admission::Dropped => return None,
        };
        Some(Connection {
            stream,
            address,
            peer,
            answering,
            limits: Arc::clone(&self.limits),
            tls: self.tls.as_ref().map(|tls| tls.acceptor()),
            shutdown: shutdown.clone(),
        })
    }
}

fn is_of_the_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
