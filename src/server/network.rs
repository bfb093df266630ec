//! Who is at the other end. The one place where a connection's peer and a request's headers become a
//! [`Client`]; whoever needs an address takes it from there. What a header says is believed of
//! `trusted_proxies` alone, and a request that came by any proxy is never one of this machine.

mod cidr;
mod forwarded;

use std::net::IpAddr;

use axum::http::HeaderMap;

pub use cidr::{BadNetwork, Network};

use super::config::LimitsConfig;

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// Whether it came by TLS, as far as the client's own connection goes.
    pub is_secure: bool,
    /// Whether a proxy was between, trusted or not.
    pub is_forwarded: bool,
}

impl Client {
    /// Whether it runs on this machine.
    pub fn is_local(&self) -> bool {
        !self.is_forwarded && self.address.is_loopback()
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    pub address: IpAddr,
    pub is_secure: bool,
}

/// Which addresses are let in, and whose word counts.
#[derive(Debug, Clone, Default)]
pub struct Networks {
    allow: Vec<Network>,
    deny: Vec<Network>,
    trusted: Vec<Network>,
}

fn contain(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

impl Networks {
    pub fn new(config: &LimitsConfig) -> Self {
        Self {
            allow: config.allow.clone(),
            deny: config.deny.clone(),
            trusted: config.trusted_proxies.clone(),
        }
    }

    /// Whether the address may use the server.
    pub fn admit(&self, address: IpAddr) -> bool {
        let is_allowed = self.allow.is_empty() || contain(&self.allow, address);
        is_allowed && !contain(&self.deny, address)
    }

    /// Whether the peer may connect. A proxy speaks for others: they are looked at in their requests.
    pub fn admit_peer(&self, address: IpAddr) -> bool {
        if self.trusts(address) {
            !contain(&self.deny, address)
        } else {
            self.admit(address)
        }
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        contain(&self.trusted, address)
    }

    /// Who sent the request that came from `peer` with these headers.
    pub fn client(&self, peer: Peer, headers: &HeaderMap) -> Client {
        let mut client = Client {
            address: peer.address,
            is_secure: peer.is_secure,
            is_forwarded: forwarded::is_forwarded(headers),
        };
        if !self.trusts(peer.address) {
            return client;
        }
        // Also where it has forgotten to say so: it is there to pass on what others send.
        client.is_forwarded = true;
        // Each proxy puts down who it was asked by, behind what was there: what the client itself has
        // written comes first, and nobody we trust has seen more than the last that is not one of ours.
        for hop in forwarded::hops(headers).into_iter().rev() {
            let Some(address) = hop else { break };
            client.address = address;
            if !self.trusts(address) {
                break;
            }
        }
        if let Some(is_secure) = forwarded::is_secure(headers) {
            client.is_secure = is_secure;
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn networks(allow: &[&str], deny: &[&str], trusted: &[&str]) -> Networks {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        Networks {
            allow: read(allow),
            deny: read(deny),
            trusted: read(trusted),
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        lines.collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn deny_wins_and_no_allow_is_all() {
        let open = networks(&[], &["10.1.0.0/16"], &[]);
        assert!(open.admit(ip("8.8.8.8")) && open.admit(ip("10.2.0.1")));
        assert!(!open.admit(ip("10.1.2.3")));
        let closed = networks(
            &["10.0.0.0/8", "fd00::/8"],
            &["10.1.0.0/16"],
            &["192.0.2.1"],
        );
        assert!(closed.admit(ip("10.2.0.1")) && closed.admit(ip("fd00::1")));
        assert!(!closed.admit(ip("8.8.8.8")) && !closed.admit(ip("10.1.2.3")));
        assert!(closed.admit_peer(ip("192.0.2.1")) && !closed.admit(ip("192.0.2.1")));
    }

    #[test]
    fn the_last_address_that_is_no_proxy_of_ours_is_the_client() {
        let ours = networks(&[], &[], &["127.0.0.1", "10.0.0.0/8"]);
        let from = |peer: &str, lines: &[(&'static str, &'static str)]| {
            let peer = Peer {
                address: ip(peer),
                is_secure: false,
            };
            ours.client(peer, &headers(lines))
        };
        for (peer, lines, address) in [
            // Believed of nobody else.
            (
                "9.9.9.9",
                &[("x-forwarded-for", "1.2.3.4")] as &[_],
                "9.9.9.9",
            ),
            ("127.0.0.1", &[("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            // What the client wrote itself stands first.
            (
                "127.0.0.1",
                &[("x-forwarded-for", "127.0.0.1, 6.6.6.6, 10.0.0.7")],
                "6.6.6.6",
            ),
            (
                "127.0.0.1",
                &[
                    ("x-forwarded-for", "5.5.5.5"),
                    ("x-forwarded-for", "6.6.6.6"),
                ],
                "6.6.6.6",
            ),
            // What cannot be read ends the chain at whom we know.
            (
                "127.0.0.1",
                &[("x-forwarded-for", "1.2.3.4, unknown, 10.0.0.7")],
                "10.0.0.7",
            ),
            (
                "127.0.0.1",
                &[(
                    "forwarded",
                    "for=1.1.1.1, for=\"[2001:db8::1]:99\";proto=https",
                )],
                "2001:db8::1",
            ),
            ("127.0.0.1", &[], "127.0.0.1"),
        ] {
            assert_eq!(from(peer, lines).address, ip(address), "{peer} {lines:?}");
        }
        assert!(from("127.0.0.1", &[("x-forwarded-proto", "http, https")]).is_secure);
        assert!(from("127.0.0.1", &[("forwarded", "for=1.1.1.1;proto=https")]).is_secure);
        assert!(!from("9.9.9.9", &[("x-forwarded-proto", "https")]).is_secure);
    }

    #[test]
    fn what_was_forwarded_is_never_local() {
        let nobody = networks(&[], &[], &[]);
        let ours = networks(&[], &[], &["127.0.0.1"]);
        let peer = Peer {
            address: ip("127.0.0.1"),
            is_secure: false,
        };
        assert!(nobody.client(peer, &HeaderMap::new()).is_local());
        assert!(!ours.client(peer, &HeaderMap::new()).is_local());
        for lines in [
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 somebody"),
        ] {
            for networks in [&nobody, &ours] {
                assert!(!networks.client(peer, &headers(&[lines])).is_local());
            }
        }
    }
}
