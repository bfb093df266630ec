//! What `docs/deploy` ships: nginx with its configuration, but for names, paths and ports, before a real
//! server; and the service, of which the program must know every option.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use plainsight::domain::AuditAction;
use plainsight::wire::frame::SUBPROTOCOL_JSON;
use plainsight::wire::{ClientFrame, Credential, ServerFrame, json as frames};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use crate::harness::{OPERATOR, PASSWORD, PATIENCE, TestServer, until};
use crate::program::{Running, free_address, plainsight, run};

/// Another address of this machine than the one that nginx has for the server.
const CLIENT: &str = "127.0.0.2";

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/deploy")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The program, where it is installed.
fn nginx() -> Option<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    // A user's search path leaves the place out where Debian puts it.
    let places =
        std::env::split_paths(&search).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = places
        .map(|place| place.join("nginx"))
        .find(|path| path.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "nginx is not there: install it"
    );
    if found.is_none() {
        eprintln!("skipped: nginx is not there, install it");
    }
    found
}

/// The shipped configuration for this test: each change must find what it changes.
fn adapted(changes: &[(&str, String)]) -> String {
    changes
        .iter()
        .fold(shipped("nginx.conf"), |text, (from, to)| {
            assert!(text.contains(from), "nginx.conf has no {from:?} any more");
            text.replace(from, to)
        })
}

struct Proxy {
    /// First, so that it ends before its home does.
    _running: Running,
    home: TempDir,
    plain: SocketAddr,
    secure: SocketAddr,
    trusted: CertificateDer<'static>,
}

impl Proxy {
    async fn start(nginx: &Path, server: &TestServer) -> Self {
        let home = TempDir::new().unwrap();
        let names = vec!["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        std::fs::write(home.path().join("cert.pem"), cert.pem()).unwrap();
        std::fs::write(home.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        let (plain, secure) = (free_address(), free_address());
        let here = home.path().display();
        let site = adapted(&[
            ("/etc/plainsight/tls/", format!("{here}/")),
            ("/var/log/nginx/", format!("{here}/")),
            ("plainsight.example.org", "localhost".to_owned()),
            ("server 127.0.0.1:3000;", format!("server {};", server.addr)),
            ("listen 80;", format!("listen {plain};")),
            ("listen [::]:80;", String::new()),
            ("listen 443 ssl;", format!("listen {secure} ssl;")),
            ("listen [::]:443 ssl;", String::new()),
            (
                "https://$host$request_uri",
                format!("https://$host:{}$request_uri", secure.port()),
            ),
        ]);
        std::fs::write(home.path().join("plainsight.conf"), site).unwrap();
        // One process, that ends when it is killed; what it writes beside its logs stays in its home.
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("    {name}_temp_path {here}/{name};\n"))
            .concat();
        let main = format!(
            "daemon off;\nmaster_process off;\npid {here}/nginx.pid;\nerror_log {here}/main.log;\n\
             events {{}}\nhttp {{\n{temporary}    include {here}/plainsight.conf;\n}}\n"
        );
        let configuration = home.path().join("nginx.conf");
        std::fs::write(&configuration, main).unwrap();
        let child = Command::new(nginx)
            .arg("-e")
            .arg(home.path().join("main.log"))
            .arg("-p")
            .arg(home.path())
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Running(child);
        until("nginx is there", async || {
            if let Some(status) = running.0.try_wait().unwrap() {
                let told = std::fs::read_to_string(home.path().join("main.log"));
                panic!("nginx ended with {status}: {}", told.unwrap_or_default());
            }
            TcpStream::connect(secure).await.ok()
        })
        .await;
        Self {
            _running: running,
            home,
            plain,
            secure,
            trusted: cert.der().clone(),
        }
    }

    /// As a browser names it.
    fn origin(&self) -> String {
        format!("https://localhost:{}", self.secure.port())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// A client that trusts its certificate and follows nothing.
    fn client(&self) -> reqwest::ClientBuilder {
        let certificate = reqwest::Certificate::from_der(&self.trusted).unwrap();
        reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([certificate])
            // Its name may lead to ::1 first, where nobody listens.
            .resolve("localhost", self.secure)
    }

    /// A socket over TLS.
    async fn socket(
        &self,
        path: &str,
        subprotocol: Option<&'static str>,
    ) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone()).unwrap();
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let url = format!("wss://localhost:{}{path}", self.secure.port());
        let mut request = url.into_client_request().unwrap();
        if let Some(subprotocol) = subprotocol {
            let value = HeaderValue::from_static(subprotocol);
            request
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        let stream = TcpStream::connect(self.secure).await.unwrap();
        let connector = Connector::Rustls(Arc::new(config));
        let opening = client_async_tls_with_config(request, stream, None, Some(connector));
        let opened = tokio::time::timeout(PATIENCE, opening).await;
        let (socket, response) = opened.expect("it does not open in time").expect("it opens");
        let chosen = response.headers().get("sec-websocket-protocol");
        assert_eq!(chosen.map(|name| name.to_str().unwrap()), subprotocol);
        socket
    }

    /// All that it has logged.
    fn logs(&self) -> String {
        ["plainsight.access.log", "plainsight.error.log", "main.log"]
            .map(|name| std::fs::read_to_string(self.home.path().join(name)).unwrap_or_default())
            .concat()
    }
}

/// The next text of a socket.
async fn text(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> String {
    let reading = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Close(frame))) => panic!("it was closed: {frame:?}"),
                Some(Ok(_)) => {}
                other => panic!("it ended: {other:?}"),
            }
        }
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.expect("nothing comes")
}

async fn server() -> TestServer {
    TestServer::start(|config| {
        config.limits.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_as_it_is_shipped_stands_before_the_server() {
    let Some(nginx) = nginx() else { return };
    let server = server().await;
    let proxy = Proxy::start(&nginx, &server).await;
    let http = proxy.client().build().unwrap();

    // HTTP leads to HTTPS, with all of the address.
    let plain = format!("http://localhost:{}/trades?bot=paper", proxy.plain.port());
    let moved = server.send(http.get(plain)).await;
    assert_eq!(moved.status, 301, "{moved:?}");
    let location = proxy.url("/trades?bot=paper");
    assert_eq!(moved.header("location"), Some(location.as_str()));

    // A page, which the server knows to have come by TLS.
    let page = http.get(proxy.url("/trades")).bearer_auth(&server.token);
    let page = server.send(page).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text.contains("</html>"), "{page:?}");
    let lasting = page.header("strict-transport-security").unwrap_or_default();
    assert!(lasting.starts_with("max-age="), "{page:?}");
    // Who comes by a proxy is not taken for somebody on this machine.
    let stranger = server.send(http.get(proxy.url("/v1/portfolio"))).await;
    stranger.problem(401, "sign_in_first");

    // Signing in as a page of ours does it.
    let credentials = json!({"username": OPERATOR, "password": PASSWORD});
    let login = http.post(proxy.url("/v1/auth/login")).json(&credentials);
    let signed_in = server.send(login.header("origin", proxy.origin())).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let cookies: Vec<&str> = signed_in
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in cookies {
        assert!(
            cookie.starts_with("__Host-") && cookie.contains("; Secure"),
            "{cookie}"
        );
    }

    // JSON is compressed on the way. This client unpacks nothing by itself.
    let instruments = http
        .get(proxy.url("/v1/instruments"))
        .bearer_auth(&server.token)
        .header("accept-encoding", "gzip");
    let instruments = instruments.send().await.unwrap();
    assert_eq!(instruments.status(), 200);
    let encoding = instruments.headers().get("content-encoding");
    assert_eq!(encoding.unwrap(), "gzip");
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_pass_nginx_and_their_tokens_are_not_logged() {
    let Some(nginx) = nginx() else { return };
    let server = server().await;
    let proxy = Proxy::start(&nginx, &server).await;
    let http = proxy.client().build().unwrap();
    let token = &server.token;

    let mut native = proxy.socket("/v1/ws", Some(SUBPROTOCOL_JSON)).await;
    let hello = ClientFrame::Hello {
        token: Some(Credential::new(token.clone())),
        resume: Vec::new(),
        client: None,
        compression: Vec::new(),
    };
    let hello = Message::text(frames::encode_client(&hello));
    native.send(hello).await.unwrap();
    let answer = text(&mut native).await;
    let welcome = frames::decode_server(answer.lines().next().unwrap()).unwrap();
    assert!(matches!(welcome, ServerFrame::Welcome(_)), "{answer}");

    // Each of the older dashboards' addresses; those that say something by themselves have said it.
    let mut opened = Vec::new();
    for (path, field) in [
        ("/stream/live", Some("positions")),
        ("/api/v1/bot/ws", None),
        ("/api/v1/bot/ws/portfolio", None),
        ("/api/v1/bot/ws/positions", Some("event")),
        ("/api/v1/bot/ws/decisions", None),
        ("/api/ws/realtime", Some("type")),
        ("/ws", None),
    ] {
        let mut socket = proxy.socket(&format!("{path}?token={token}"), None).await;
        if let Some(field) = field {
            let frame: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
            assert!(frame.get(field).is_some(), "{path}: {frame}");
        }
        opened.push(socket);
    }

    let polling = format!("/socket.io/?EIO=4&transport=polling&token={token}");
    let answer = server.send(http.get(proxy.url(&polling))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let handshake = answer
        .text
        .strip_prefix('0')
        .expect("an Engine.IO packet of the type open");
    let handshake: Value = serde_json::from_str(handshake).unwrap();
    assert!(handshake["sid"].is_string(), "{handshake}");

    // A socket is logged when it is over.
    drop((native, opened));
    let paths = [
        "/v1/ws",
        "/stream/live",
        "/api/ws/realtime",
        "/socket.io/",
        "/ws",
    ];
    let logs = until("all of it is in the log", async || {
        let logs = proxy.logs();
        let is_there = |path: &&str| logs.contains(&format!("GET {path} "));
        paths.iter().all(is_there).then_some(logs)
    })
    .await;
    assert!(!logs.contains(token.as_str()), "a token is in the log");
    assert!(!logs.contains("token="), "{logs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_sees_who_is_before_nginx_and_no_forged_address() {
    let Some(nginx) = nginx() else { return };
    let server = server().await;
    let proxy = Proxy::start(&nginx, &server).await;
    let address: std::net::IpAddr = CLIENT.parse().unwrap();
    let http = proxy.client().local_address(address).build().unwrap();
    let wrong = json!({"username": "nobody", "password": "not the password"});
    let login = http
        .post(proxy.url("/v1/auth/login"))
        .json(&wrong)
        .header("origin", proxy.origin())
        .header("x-forwarded-for", "192.0.2.66")
        .header("forwarded", "for=192.0.2.67;proto=http")
        .header("x-forwarded-proto", "http");
    let answer = server.send(login).await;
    answer.problem(401, "wrong_credentials");
    let lasting = answer.header("strict-transport-security");
    assert!(lasting.is_some(), "{answer:?}");
    let accounts = server.accounts().await;
    let page = accounts.audit_page(None, 100).await.unwrap();
    accounts.close().await.unwrap();
    let failed = page
        .iter()
        .find(|entry| entry.action == AuditAction::SignInFailed)
        .expect("the audit has it");
    assert_eq!(failed.address.as_deref(), Some(CLIENT), "{failed:?}");
}

/// What the unit gives the program: the words of `ExecStart` and the variables, also those that are
/// commented out.
fn unit() -> (Vec<String>, BTreeMap<String, String>) {
    let unit = shipped("plainsight.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let words = start.expect("ExecStart").split_whitespace();
    let words = words.map(str::to_owned).collect();
    let variables = unit
        .lines()
        .map(|line| line.strip_prefix('#').unwrap_or(line))
        .filter_map(|line| line.strip_prefix("Environment="))
        .map(|setting| {
            let (name, value) = setting.trim_matches('\'').split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect();
    (words, variables)
}

#[test]
fn the_service_names_options_that_the_program_has() {
    let (words, variables) = unit();
    assert!(words[0].ends_with("/plainsight"), "{words:?}");
    let help = run(plainsight(["serve", "--help"]));
    assert_eq!(help.code, Some(0), "{}", help.stderr);
    let flags: Vec<&String> = words.iter().filter(|word| word.starts_with("--")).collect();
    assert!(flags.len() >= 2, "{words:?}");
    for flag in flags {
        assert!(help.stdout.contains(&format!("{flag} ")), "{flag}");
    }
    assert!(variables.contains_key("PLAINSIGHT_LIMITS__TRUSTED_PROXIES"));

    // The whole call, with a certificate that is not there: it is looked at after all of the
    // configuration was read, and before anything is opened.
    let home = TempDir::new().unwrap();
    let missing = home.path().join("missing.pem");
    let missing = missing.to_str().unwrap();
    let call = |variables: &[(&str, &str)]| {
        let arguments = words[1..].iter().map(String::as_str);
        let tls = ["--tls-cert", missing, "--tls-key", missing];
        let mut command = plainsight(arguments.chain(tls));
        command.current_dir(home.path());
        for (name, value) in variables {
            command.env(name, value);
        }
        let ran = run(command);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        ran.stderr
    };
    let told: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let stderr = call(&told);
    assert!(stderr.contains("missing.pem"), "{stderr}");
    let stderr = call(&[("PLAINSIGHT_LIMITS__TRUSTED_PROXY", "[]")]);
    assert!(
        stderr.contains("configuration"),
        "a wrong name is noticed: {stderr}"
    );
    for name in variables.keys() {
        let is_known = name.starts_with("PLAINSIGHT_") && name.contains("__");
        assert!(is_known || name.starts_with("LEPTOS_"), "{name}");
    }
}
