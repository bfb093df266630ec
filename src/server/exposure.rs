//! What a configuration lays open. A combination that would show secrets to whoever listens on the way is no
//! start, and says what to set.

use super::config::Config;

/// Why the server does not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exposed {
    #[error(
        "server.addr is for other machines, and nothing encrypts what passes: passwords could be read on the way. \
         Set --tls-cert and --tls-key, or limits.trusted_proxies to the proxy that has TLS, or listen on 127.0.0.1; \
         auth.allow_plaintext = true if the network is your own"
    )]
    Plaintext,
}

/// # Errors
/// The configuration would lay something open that nobody has asked for.
pub fn check(config: &Config) -> Result<(), Exposed> {
    let is_here = config.server.addr.ip().to_canonical().is_loopback();
    let is_encrypted =
        config.server.tls_cert.is_some() || !config.limits.trusted_proxies.is_empty();
    if is_here || is_encrypted || config.auth.allow_plaintext {
        Ok(())
    } else {
        Err(Exposed::Plaintext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(addr: &str) -> Config {
        let mut config = Config::default();
        config.server.addr = addr.parse().unwrap();
        config
    }

    #[test]
    fn what_others_can_reach_is_encrypted_or_asked_for() {
        for addr in ["127.0.0.1:3000", "[::1]:3000", "[::ffff:127.0.0.1]:3000"] {
            assert_eq!(check(&config(addr)), Ok(()), "{addr}");
        }
        for addr in ["0.0.0.0:3000", "192.0.2.1:3000", "[::]:3000"] {
            assert_eq!(check(&config(addr)), Err(Exposed::Plaintext), "{addr}");
            let mut tls = config(addr);
            tls.server.tls_cert = Some("cert.pem".into());
            assert_eq!(check(&tls), Ok(()));
            let mut proxy = config(addr);
            proxy.limits.trusted_proxies = vec!["10.0.0.1".parse().unwrap()];
            assert_eq!(check(&proxy), Ok(()));
            let mut asked = config(addr);
            asked.auth.allow_plaintext = true;
            assert_eq!(check(&asked), Ok(()));
        }
    }
}
