//! HTTPS and sockets over it, with certificates to throw away.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use plainsight::wire::{ClientFrame, Credential, ServerFrame, json};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, client_async_tls_with_config};
use tokio_util::sync::CancellationToken;

use crate::client::wish;
use crate::harness::{PATIENCE, operator_token, until};
use crate::market;
use crate::program::{plainsight, run};
use plainsight::server::config::{Config, LimitsConfig};
use plainsight::server::serve::{Ready, serve};

/// A certificate in files.
struct Files {
    home: TempDir,
    trusted: CertificateDer<'static>,
}

impl Files {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let trusted = write(home.path());
        Self { home, trusted }
    }

    fn cert(&self) -> PathBuf {
        self.home.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.home.path().join("key.pem")
    }
}

/// Writes a new certificate with its key.
fn write(directory: &Path) -> CertificateDer<'static> {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    std::fs::write(directory.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

/// A client that trusts this certificate alone.
fn trusting(certificate: &CertificateDer<'static>, protocols: &[&str]) -> Arc<ClientConfig> {
    plainsight::feed::binance::install_crypto();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().into())
        .collect();
    Arc::new(config)
}

/// A server with TLS, over recorded data that has come to its end.
struct Secure {
    files: Files,
    addr: std::net::SocketAddr,
    token: String,
    stop: CancellationToken,
    thread: std::thread::JoinHandle<()>,
}

impl Secure {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let files = Files::new();
        let mut config = Config::default();
        config.server.addr = ([127, 0, 0, 1], 0).into();
        config.server.tls_cert = Some(files.cert());
        config.server.tls_key = Some(files.key());
        config.limits = LimitsConfig::roomy();
        config.store.data = files.home.path().join("data");
        let recorded = files.home.path().join("BTCUSDT-aggTrades.csv");
        std::fs::write(&recorded, market::agg_trades(600)).unwrap();
        config.feed.source = format!("replay:{}", recorded.display());
        "max".clone_into(&mut config.feed.speed);
        change(&mut config);
        let token = operator_token(&config).await;
        let stop = CancellationToken::new();
        let (told, address) = tokio::sync::oneshot::channel();
        let end = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let ready = move |ready: Ready| told.send(ready.address).unwrap();
            runtime.block_on(serve(config, end, ready)).unwrap();
        });
        let addr = tokio::time::timeout(PATIENCE, address).await.unwrap();
        Self {
            files,
            addr: addr.unwrap(),
            token,
            stop,
            thread,
        }
    }

    async fn connect(&self, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(config).connect(name, stream).await
    }

    /// Sends a request and reads the answer.
    async fn ask(&self, request: String) -> String {
        let config = trusting(&self.files.trusted, &["http/1.1"]);
        let mut stream = self.connect(config).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        // A server that closes without a word of TLS has still answered.
        let _ = tokio::time::timeout(PATIENCE, read).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
            self.token
        );
        self.ask(head).await
    }

    /// Reports a note of a bot: one publication on `agent:mine`.
    async fn note(&self, number: u64) {
        let (id, text) = (format!("n{number}"), "x".repeat(1_000));
        let note = json!([{"type": "note", "id": id, "text": text}]).to_string();
        let request = format!(
            "POST /v1/bots/mine/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{note}",
            self.token,
            note.len()
        );
        let answer = self.ask(request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    async fn socket(&self) -> Peer {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let url = format!("wss://localhost:{}/v1/ws", self.addr.port());
        let connector = Connector::Rustls(trusting(&self.files.trusted, &[]));
        let opening = client_async_tls_with_config(url, stream, None, Some(connector));
        let (stream, _) = opening.await.unwrap();
        let mut peer = Peer(stream);
        let hello = ClientFrame::Hello {
            token: Some(Credential::new(self.token.clone())),
            resume: Vec::new(),
            client: None,
            compression: Vec::new(),
        };
        peer.send(&hello).await;
        peer.until(|frame| matches!(frame, ServerFrame::Welcome(_)))
            .await;
        peer
    }

    async fn clients(&self) -> u64 {
        let answer = self.get("/health").await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let health: serde_json::Value = serde_json::from_str(body).unwrap();
        health["clients"].as_u64().unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        until("it stops", async || self.thread.is_finished().then_some(())).await;
        self.thread.join().unwrap();
    }
}

struct Peer(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>);

impl Peer {
    async fn send(&mut self, frame: &ClientFrame) {
        let text = Message::text(json::encode_client(frame));
        self.0.send(text).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("the server is silent")?.ok()
    }

    /// Reads until a frame is the wanted one.
    async fn until(&mut self, is_wanted: impl Fn(&ServerFrame) -> bool) {
        let reading = async {
            loop {
                if let Message::Text(text) = self.next().await.expect("the socket ended")
                    && text
                        .lines()
                        .any(|line| is_wanted(&json::decode_server(line).unwrap()))
                {
                    return;
                }
            }
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.expect("the frame does not come");
    }

    /// Reads to the end: the code of the close.
    async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next().await? {
                Message::Close(frame) => return frame.map(|frame| frame.code.into()),
                _ => continue,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_and_sockets_work_and_closing_reaches_the_other_side() {
    let server = Secure::start(|_| ()).await;
    let portfolio = server.get("/v1/portfolio").await;
    assert!(portfolio.starts_with("HTTP/1.1 200"), "{portfolio}");
    server.note(0).await;
    let mut peer = server.socket().await;
    let mut other = server.socket().await;
    for peer in [&mut peer, &mut other] {
        let topics = vec![wish("agent:mine"), wish("portfolio:mine")];
        peer.send(&ClientFrame::Subscribe { id: 1, topics }).await;
        peer.until(|frame| matches!(frame, ServerFrame::Ok(_)))
            .await;
    }
    // Enough of it to need many records of TLS.
    for number in 1..=30 {
        server.note(number).await;
    }
    for peer in [&mut peer, &mut other] {
        peer.until(|frame| match frame {
            ServerFrame::Push(push) => push.topic.to_string() == "agent:mine" && push.last == 31,
            _ => false,
        })
        .await;
    }
    assert_eq!(server.clients().await, 2);
    // A client that is gone without a word is seen off.
    drop(other);
    until("it is seen off", async || {
        (server.clients().await == 1).then_some(())
    })
    .await;
    let ((), code) = tokio::join!(server.end(), peer.closed());
    assert_eq!(code, Some(4001));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_neither_reads_nor_closes_does_not_keep_a_place() {
    let server = Secure::start(|config| {
        config.server.hello_timeout_ms = 100;
        config.limits.sockets_per_address = 1.try_into().unwrap();
    })
    .await;
    let config = trusting(&server.files.trusted, &[]);
    let mut silent = server.connect(config).await.unwrap();
    let request = "GET /v1/ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n\
                   upgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    silent.write_all(request.as_bytes()).await.unwrap();
    // The upgrade has happened; nothing is read of what comes after it.
    let mut first = [0; 12];
    silent.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    until("its connection is cut", async || {
        let (plain, _) = silent.get_ref();
        let mut bytes = vec![0; 4_096];
        matches!(plain.try_read(&mut bytes), Ok(0)).then_some(())
    })
    .await;
    until("its place is free", async || {
        (server.clients().await == 0).then_some(())
    })
    .await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_http_1_is_offered_and_plain_http_is_not_answered() {
    let server = Secure::start(|_| ()).await;
    let both = trusting(&server.files.trusted, &["h2", "http/1.1"]);
    let stream = server.connect(both).await.unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut plain = TcpStream::connect(server.addr).await.unwrap();
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut answer)).await;
    let _ = read.expect("it stays open");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_and_a_broken_one_is_not() {
    let server = Secure::start(|_| ()).await;
    let old = trusting(&server.files.trusted, &[]);
    std::fs::write(server.files.cert(), "no certificate").unwrap();
    // Longer than the time between two looks at the files.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert!(server.connect(Arc::clone(&old)).await.is_ok());
    let new = trusting(&write(server.files.home.path()), &[]);
    until("the new one is served", async || {
        server.connect(Arc::clone(&new)).await.ok()
    })
    .await;
    assert!(server.connect(old).await.is_err());
    server.end().await;
}

#[test]
fn files_that_cannot_be_used_are_told_in_one_line() {
    let (files, other) = (Files::new(), Files::new());
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let (cert, key) = (text(files.cert()), text(files.key()));
    let garbage = text(files.home.path().join("garbage.pem"));
    std::fs::write(&garbage, "no certificate").unwrap();
    let missing = text(files.home.path().join("missing.pem"));
    let data = text(files.home.path().join("data"));
    let refused = |arguments: &[&str], word: &str| {
        let common = ["serve", "--addr", "127.0.0.1:0", "--data", &data];
        let ran = run(plainsight([&common[..], arguments].concat()));
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    };
    refused(&["--tls-cert", &cert], "--tls-key");
    refused(&["--tls-key", &key], "--tls-cert");
    refused(&["--tls-cert", &missing, "--tls-key", &key], "missing.pem");
    refused(&["--tls-cert", &cert, "--tls-key", &missing], "missing.pem");
    refused(&["--tls-cert", &garbage, "--tls-key", &key], "garbage.pem");
    refused(&["--tls-cert", &cert, "--tls-key", &garbage], "garbage.pem");
    let foreign = text(other.key());
    refused(
        &["--tls-cert", &cert, "--tls-key", &foreign],
        "cannot be used together",
    );
    let mut half = plainsight(["serve", "--addr", "127.0.0.1:0", "--data", &data]);
    half.env("PLAINSIGHT_SERVER__TLS_CERT", &cert);
    let ran = run(half);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("tls_key is missing"), "{}", ran.stderr);
}
