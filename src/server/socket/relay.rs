//! A socket that came by TLS. The threads of the sockets read and write plain streams of the system, so
//! they are given one end of a pair, and a task carries what comes and goes between the other end and TLS.

use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, copy, split};
use tokio::net::UnixStream;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::shard::SEND_BUFFER;
use crate::server::limits::ConnectionPlace;

/// How long the rest may take once either side has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// The plain end. The connection goes on until the guard is dropped, and a little longer.
///
/// # Errors
/// The system gives no pair.
pub fn relay(
    tls: TlsStream<tokio::net::TcpStream>,
    place: Arc<ConnectionPlace>,
) -> std::io::Result<(TcpStream, DropGuard)> {
    // A wish only: who does not read is noticed by what waits for it, not by what the system keeps.
    let _ = socket2::SockRef::from(tls.get_ref().0).set_send_buffer_size(SEND_BUFFER);
    let (near, far) = UnixStream::pair()?;
    // Reading, writing and shutting down are the same for every stream of the system.
    let far = TcpStream::from(OwnedFd::from(far.into_std()?));
    let ended = CancellationToken::new();
    let guard = ended.clone().drop_guard();
    tokio::spawn(async move {
        carry(tls, near, ended).await;
        drop(place);
    });
    Ok((far, guard))
}

async fn carry(tls: TlsStream<tokio::net::TcpStream>, near: UnixStream, ended: CancellationToken) {
    let (mut from_client, mut to_client) = split(tls);
    let (mut from_us, mut to_us) = near.into_split();
    // An end is passed on; an error is one as well.
    let outward = async {
        let _ = copy(&mut from_us, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    let inward = async {
        let _ = copy(&mut from_client, &mut to_us).await;
        let _ = to_us.shutdown().await;
    };
    let both = async { tokio::join!(outward, inward) };
    tokio::pin!(both);
    tokio::select! {
        _ = &mut both => {}
        // A client that neither reads nor closes does not keep us.
        () = async { ended.cancelled().await; tokio::time::sleep(FAREWELL).await } => {}
    }
}
