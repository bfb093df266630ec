//! Where the clients connect to, and from which addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use mio::net::TcpStream;
use socket2::{Domain, Socket, Type};

/// One address has about 28,000 ports to connect from: beyond this many the next one is used.
const PER_SOURCE: usize = 20_000;
/// A client without a secret to protect needs no random key, and one thread has better to do.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

/// A `ws://` address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    address: SocketAddr,
    host: String,
    path: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("ws://").ok_or("only ws:// is spoken")?;
        let (host, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let mut found = host.to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(Self {
            address: found.next().ok_or("the host has no address")?,
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

impl Target {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The request that turns the connection into a socket of the protocol.
    pub fn upgrade_request(&self) -> String {
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
             Sec-WebSocket-Protocol: plainsight.v1.json\r\n\r\n",
            self.path, self.host
        )
    }

    /// Begins to connect, without waiting for it; `index` is the client's number.
    pub fn connect(&self, index: usize) -> std::io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = self.source(index) {
            socket.bind(&source.into())?;
        }
        match socket.connect(&self.address.into()) {
            // EINPROGRESS has no kind of its own.
            Err(error)
                if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) =>
            {
                Err(error)
            }
            _ => Ok(TcpStream::from_std(socket.into())),
        }
    }

    /// The address to connect from; the kernel's choice as long as its ports last.
    fn source(&self, index: usize) -> Option<SocketAddr> {
        let further = u8::try_from(index / PER_SOURCE).unwrap_or(u8::MAX - 1);
        let loopback = self.address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST);
        (loopback && further > 0).then(|| (Ipv4Addr::new(127, 0, 0, 1 + further), 0).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let target: Target = "ws://127.0.0.1:3000/v1/ws".parse().unwrap();
        assert_eq!(target.path, "/v1/ws");
        assert_eq!(target.host, "127.0.0.1:3000");
        assert!(
            target
                .upgrade_request()
                .starts_with("GET /v1/ws HTTP/1.1\r\n")
        );
        assert!("http://127.0.0.1:3000/".parse::<Target>().is_err());
    }

    #[test]
    fn many_clients_come_from_several_addresses() {
        let target: Target = "ws://127.0.0.1:3000/v1/ws".parse().unwrap();
        assert_eq!(target.source(19_999), None);
        assert_eq!(target.source(20_000), Some(([127, 0, 0, 2], 0).into()));
        assert_eq!(target.source(45_000), Some(([127, 0, 0, 3], 0).into()));
    }
}
