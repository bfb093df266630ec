//! Runs the server: listener, driver, and an end in the right order. Sockets are told first, then
//! requests under way finish, then the driver takes its last snapshot.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use leptos::config::get_configuration;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::caller;
use super::clock::wall_time;
use super::config::{Config, DEFAULT_FILE};
use super::dialects::{self, Casters, Namespace, Outside};
use super::exposure::{self, Exposed};
use super::limits::Limits;
use super::listen::Door;
use super::listen::tls::{Tls, TlsError, TlsFiles};
use super::origin;
use super::router;
use super::safety;
use super::socket::host::Host;
use super::socket::shards::Sockets;
use super::startup::{self, StartError, Started};
use super::state::{AppState, Inner};
use crate::auth::{Accounts, AuthError, Password};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4_096;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("cannot listen on {addr}: {error}")]
    Listen {
        addr: SocketAddr,
        error: std::io::Error,
    },
    #[error(transparent)]
    Exposed(#[from] Exposed),
    #[error(transparent)]
    Accounts(#[from] AuthError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the site's configuration: {0}")]
    Leptos(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl ServeError {
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Start(error) => error.is_usage(),
            Self::Accounts(error) => error.is_mistake(),
            Self::Exposed(_) | Self::Listen { .. } | Self::Tls(_) | Self::Leptos(_) => true,
            Self::Io(_) => false,
        }
    }
}

/// What is to be said when the server is there.
pub struct Ready {
    pub address: SocketAddr,
    /// Of the user `admin`, where it was made just now. It is kept nowhere.
    pub first_password: Option<Password>,
}

/// Listens and serves until `shutdown`. `ready` is called once it does.
pub async fn serve(
    config: Config,
    shutdown: CancellationToken,
    ready: impl FnOnce(Ready),
) -> Result<(), ServeError> {
    exposure::check(&config)?;
    config.auth.check()?;
    let server = &config.server;
    let files = TlsFiles::of(server.tls_cert.as_deref(), server.tls_key.as_deref())?;
    let tls = files.map(Tls::load).transpose()?;
    let listener = listen(server.addr)?;
    let address = listener.local_addr()?;
    let Started {
        driver,
        hub,
        reader,
        handle,
        monitor,
    } = startup::start(&config).await?;
    let site = std::path::Path::new(DEFAULT_FILE)
        .exists()
        .then_some(DEFAULT_FILE);
    let mut leptos = get_configuration(site)
        .map_err(|error| ServeError::Leptos(error.to_string()))?
        .leptos_options;
    leptos.site_addr = address;

    let sockets_end = CancellationToken::new();
    let accounts = Accounts::open(&config.store.data, &config.auth, wall_time()).await?;
    let first_password = accounts.make_first_admin(wall_time()).await?;
    let (sockets, threads) = Sockets::open(config.server.socket_threads);
    let limits = Limits::new(config.limits.clone(), config.server.max_connections);
    let limits = Arc::new(limits);
    let state = AppState::new(Inner {
        hub,
        accounts: accounts.clone(),
        reader,
        engine: handle,
        monitor: Arc::clone(&monitor),
        leptos,
        sockets,
        casters: Casters::new(),
        socket_io: Namespace::default(),
        outside: Outside::default(),
        limits: Arc::clone(&limits),
        shutdown: sockets_end.clone(),
        config,
    });
    let host: Arc<dyn Host> = Arc::new(state.clone());
    let carrying = threads.start(&host)?;
    dialects::start(&state);
    // Starts the executor that rendering needs. The routes themselves stand in the access table.
    leptos_axum::generate_route_list(crate::app::App);
    let router = router(&state);
    let limit = Duration::from_millis(state.config.server.shutdown_ms.into());

    let driver_end = CancellationToken::new();
    let driving = tokio::spawn(driver.run(driver_end.clone()));
    let watching = tokio::spawn(accounts.watch(wall_time, driver_end.clone()));
    let watched = tokio::spawn({
        let monitor = Arc::clone(&monitor);
        async move {
            if driving.await.is_err() {
                monitor.task_panicked("engine");
            }
        }
    });
    tokio::spawn(async move {
        if watching.await.is_err() {
            monitor.task_panicked("accounts");
        }
    });
    ready(Ready {
        address,
        first_password,
    });

    let door = Door {
        listener,
        router,
        limits,
        tls,
    };
    let serving = async {
        tokio::join!(door.serve(shutdown.clone()), async {
            shutdown.cancelled().await;
            sockets_end.cancel();
        });
    };
    tokio::select! {
        () = serving => {}
        // Whoever does not finish in time is cut off.
        () = async { shutdown.cancelled().await; tokio::time::sleep(limit).await } => {}
    }
    if tokio::time::timeout(limit, carrying.ended()).await.is_err() {
        tracing::warn!("some clients were not told that the server ends");
    }
    driver_end.cancel();
    if tokio::time::timeout(limit, watched).await.is_err() {
        tracing::error!(
            "the engine did not end in time; the journal makes up for it at the next start"
        );
    }
    Ok(())
}

/// A listener with room for a crowd that comes back at once.
///
/// # Errors
/// The address cannot be had.
pub fn listen(addr: SocketAddr) -> Result<TcpListener, ServeError> {
    let bind = || {
        let socket = if addr.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // A restart right after a kill finds connections of the dead process in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)
    };
    bind().map_err(|error| ServeError::Listen { addr, error })
}

fn router(state: &AppState) -> Router {
    let served = router::router(state)
        .layer(DefaultBodyLimit::max(state.config.server.max_body_bytes))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            caller::identify,
        ));
    let server = &state.config.server;
    let served = if server.allowed_origins.is_empty() {
        served
    } else {
        served.layer(origin::cors(server))
    };
    served
        .layer(middleware::from_fn(safety::headers))
        .layer(CatchPanicLayer::new())
        .with_state(state.clone())
}
