//! What the server allows one address, one user and one socket, and what happens beyond it: nobody may use up what
//! the others need. [`Limits`] is one for the server, asked at each place where something comes in;
//! everything that it keeps is bounded by what is open, or by [`MAX_KEPT`].

mod addresses;
pub mod body;
mod commands;
mod counts;
mod key;
mod requests;
pub mod shown;
mod users;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::config::LimitsConfig;
use super::network::{Client, Networks, Peer};
use crate::auth::Principal;
use addresses::{Addresses, Bounds};
use key::AddressKey;
use requests::Requests;
use users::{UserKey, Users};

pub use addresses::{ConnectionPlace, SocketPlace};
pub use commands::{CommandRate, Verdict};
pub use counts::{Counts, Why};

/// Addresses of whom something is remembered that have nothing open.
const MAX_KEPT: usize = 65_536;
/// Connections that are open only to be told why they were refused; more are closed without a word.
const MAX_REFUSALS: usize = 64;
/// How often what is over is forgotten.
const SWEEP: Duration = Duration::from_secs(10);
/// When to try again where it is not known when others will have left.
const LATER: Duration = Duration::from_secs(5);

/// Why somebody was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this address is not let in")]
    Denied,
    #[error("too many connections of this address were closed for abuse")]
    Banned { retry: Duration },
    #[error("the server has as many connections as it takes")]
    Connections,
    #[error("this address has as many connections as it may have")]
    AddressConnections,
    #[error("this address has as many sockets as it may have")]
    Sockets,
    #[error("this user has as many sockets as one may have")]
    UserSockets,
    #[error("this address sends more requests than it may")]
    Requests { retry: Duration },
    #[error("this user sends more requests than one may")]
    UserRequests { retry: Duration },
}

impl Refusal {
    pub fn why(self) -> Why {
        match self {
            Self::Denied => Why::Denied,
            Self::Banned { .. } => Why::Banned,
            Self::Connections => Why::Connections,
            Self::AddressConnections => Why::AddressConnections,
            Self::Sockets => Why::Sockets,
            Self::UserSockets => Why::UserSockets,
            Self::Requests { .. } => Why::Requests,
            Self::UserRequests { .. } => Why::UserRequests,
        }
    }

    /// When it may be otherwise; `None`: not by waiting.
    pub fn retry(self) -> Option<Duration> {
        match self {
            Self::Denied => None,
            Self::Banned { retry } | Self::Requests { retry } | Self::UserRequests { retry } => {
                Some(retry)
            }
            Self::Connections | Self::AddressConnections | Self::Sockets | Self::UserSockets => {
                Some(LATER)
            }
        }
    }

    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Denied => "address_denied",
            Self::Banned { .. } | Self::Requests { .. } | Self::UserRequests { .. } => {
                "rate_limited"
            }
            Self::Connections | Self::AddressConnections => "too_many_connections",
            Self::Sockets | Self::UserSockets => "too_many_sockets",
        }
    }
}

/// What becomes of a connection that was accepted.
pub enum Admission {
    Welcome(ConnectionPlace),
    /// It is served with this answer alone.
    Refused(Refusal, OwnedSemaphorePermit),
    /// Even an answer would cost too much.
    Dropped,
}

pub struct Limits {
    pub config: LimitsConfig,
    pub counts: Counts,
    networks: Networks,
    addresses: Arc<Addresses>,
    users: Arc<Users>,
    requests: Requests<AddressKey>,
    user_requests: Requests<UserKey>,
    refusals: Arc<Semaphore>,
}

impl Limits {
    /// `max_connections` is for all addresses together.
    pub fn new(config: LimitsConfig, max_connections: usize) -> Self {
        let bounds = Bounds {
            connections: max_connections,
            connections_per_address: config.connections_per_address,
            sockets_per_address: config.sockets_per_address,
            strikes: config.strikes,
            ban: config.ban(),
        };
        Self {
            networks: Networks::new(&config),
            addresses: Arc::new(Addresses::new(bounds)),
            users: Arc::new(Users::new(config.sockets_per_user)),
            requests: Requests::new(config.requests_per_s, config.request_burst),
            user_requests: Requests::new(config.user_requests_per_s, config.user_request_burst),
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            counts: Counts::default(),
            config,
        }
    }

    /// A connection was accepted. A proxy that is trusted has as many as it needs: whom it speaks for
    /// is counted by requests and sockets.
    pub fn connection(&self, peer: Peer) -> Admission {
        let placed = if self.networks.admit_peer(peer.address) {
            let is_proxy = self.networks.trusts(peer.address);
            let key = (!is_proxy).then(|| AddressKey::of(peer.address));
            self.addresses.connection(key, Instant::now())
        } else {
            Err(Refusal::Denied)
        };
        let refusal = match placed {
            Ok(place) => return Admission::Welcome(place),
            Err(refusal) => refusal,
        };
        self.counts.add(refusal.why());
        match Arc::clone(&self.refusals).try_acquire_owned() {
            Ok(permit) => Admission::Refused(refusal, permit),
            Err(_) => Admission::Dropped,
        }
    }

    /// Who sent a request, where that one may use the server.
    ///
    /// # Errors
    /// The address behind a proxy is denied, or it is banned.
    pub fn client(&self, peer: Peer, headers: &axum::http::HeaderMap) -> Result<Client, Refusal> {
        let client = self.networks.client(peer, headers);
        let admitted = if self.networks.admit(client.address) {
            let key = AddressKey::of(client.address);
            self.addresses.admit(key, Instant::now())
        } else {
            Err(Refusal::Denied)
        };
        self.counted(admitted.map(|()| client))
    }

    /// Counts a request of the client, and of the user that it is.
    ///
    /// # Errors
    /// It is one too many of either.
    pub fn request(&self, client: &Client, principal: Option<&Principal>) -> Result<(), Refusal> {
        let of_address = || {
            let checked = self.requests.check(AddressKey::of(client.address));
            checked.map_err(|retry| Refusal::Requests { retry })
        };
        let of_user = || match principal.and_then(UserKey::of) {
            Some(key) => {
                let checked = self.user_requests.check(key);
                checked.map_err(|retry| Refusal::UserRequests { retry })
            }
            None => Ok(()),
        };
        self.counted(of_address().and_then(|()| of_user()))
    }

    /// Room for a socket of the client, on this connection, for whoever it is.
    ///
    /// # Errors
    /// The address or the user has as many as it may have.
    pub fn socket(
        &self,
        client: &Client,
        principal: Option<&Principal>,
        connection: Arc<ConnectionPlace>,
    ) -> Result<SocketPlace, Refusal> {
        let key = AddressKey::of(client.address);
        let place = self.counted(self.addresses.socket(key, connection))?;
        self.socket_of(&place, principal)?;
        Ok(place)
    }

    /// The socket is this user's from now on, who may be another one than before.
    ///
    /// # Errors
    /// The user has as many as one may have; it stays whose it was.
    pub fn socket_of(
        &self,
        place: &SocketPlace,
        principal: Option<&Principal>,
    ) -> Result<(), Refusal> {
        self.counted(place.belong_to(principal.and_then(UserKey::of), &self.users))
    }

    /// What becomes of a frame that came on a socket just now.
    pub fn command(&self, rate: &mut CommandRate) -> Verdict {
        let verdict = rate.note(Instant::now());
        match verdict {
            Verdict::Go => {}
            Verdict::Refuse(_) => self.counts.add(Why::Commands),
            Verdict::Close => self.counts.add(Why::CommandFlood),
        }
        verdict
    }

    fn counted<T>(&self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        if let Err(refusal) = &result {
            self.counts.add(refusal.why());
        }
        result
    }

    /// Forgets what is over, now and then.
    pub async fn sweep(&self, until: CancellationToken) {
        let mut tick = tokio::time::interval(SWEEP);
        while until.run_until_cancelled(tick.tick()).await.is_some() {
            self.requests.sweep();
            self.user_requests.sweep();
            self.addresses.sweep(Instant::now());
        }
    }
}
