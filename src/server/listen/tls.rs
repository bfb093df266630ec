//! The certificate and its key, from two PEM files. They are looked at every few seconds and taken anew
//! when they have changed; what cannot be used changes nothing, and is told once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("TLS needs both a certificate and its key: {missing} is missing")]
    Half { missing: &'static str },
    #[error("{}: {error}", .path.display())]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{}: {why}", .path.display())]
    Malformed { path: PathBuf, why: String },
    #[error("{} and {} cannot be used together: {error}", .cert.display(), .key.display())]
    Unusable {
        cert: PathBuf,
        key: PathBuf,
        error: rustls::Error,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    /// `None` where neither is configured.
    ///
    /// # Errors
    /// Only one of them is.
    pub fn of(cert: Option<&Path>, key: Option<&Path>) -> Result<Option<Self>, TlsError> {
        match (cert, key) {
            (Some(cert), Some(key)) => Ok(Some(Self {
                cert: cert.to_owned(),
                key: key.to_owned(),
            })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(TlsError::Half { missing: "tls_key" }),
            (None, Some(_)) => Err(TlsError::Half {
                missing: "tls_cert",
            }),
        }
    }

    fn read(&self) -> Result<Contents, TlsError> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| TlsError::Unreadable {
                path: path.clone(),
                error,
            })
        };
        Ok(Contents {
            cert: read(&self.cert)?,
            key: read(&self.key)?,
        })
    }

    fn config(&self, contents: &Contents) -> Result<Arc<ServerConfig>, TlsError> {
        let malformed = |path: &PathBuf, why: String| TlsError::Malformed {
            path: path.clone(),
            why,
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&contents.cert)
            .collect::<Result<_, _>>()
            .map_err(|error| malformed(&self.cert, error.to_string()))?;
        if chain.is_empty() {
            return Err(malformed(
                &self.cert,
                "there is no certificate in it".to_owned(),
            ));
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|error| malformed(&self.key, error.to_string()))?;
        let unusable = |error| TlsError::Unusable {
            cert: self.cert.clone(),
            key: self.key.clone(),
            error,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// What stood in the files.
#[derive(PartialEq, Eq)]
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
}

pub struct Tls {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
    /// What the configuration is made of.
    first: Contents,
}

impl Tls {
    /// # Errors
    /// The files cannot be read or used.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let contents = files.read()?;
        let config = files.config(&contents)?;
        Ok(Arc::new(Self {
            files,
            config: RwLock::new(config),
            first: contents,
        }))
    }

    /// For the next connection, by the certificate of now.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read()))
    }

    /// Looks at the files again and again.
    pub async fn watch(self: Arc<Self>, until: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK);
        let mut looking = Looking::default();
        while until.run_until_cancelled(tick.tick()).await.is_some() {
            let tls = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                tls.look(&mut looking);
                looking
            });
            looking = match looked.await {
                Ok(looking) => looking,
                Err(_) => return,
            };
        }
    }

    fn look(&self, looking: &mut Looking) {
        let contents = match self.files.read() {
            Ok(contents) => contents,
            Err(error) => return looking.complain(&error),
        };
        if looking.seen.as_ref().unwrap_or(&self.first) == &contents {
            // What was wrong with it was told already.
            return;
        }
        let made = self.files.config(&contents);
        looking.seen = Some(contents);
        match made {
            Ok(config) => {
                *self.config.write() = config;
                looking.told = None;
                tracing::info!("the certificate was taken anew");
            }
            Err(error) => looking.complain(&error),
        }
    }
}

/// What was seen of the files at the last look.
#[derive(Default)]
struct Looking {
    seen: Option<Contents>,
    told: Option<String>,
}

impl Looking {
    fn complain(&mut self, error: &TlsError) {
        let problem = error.to_string();
        if self.told.as_ref() != Some(&problem) {
            tracing::error!(%error, "the certificate stays as it was");
            self.told = Some(problem);
        }
    }
}
