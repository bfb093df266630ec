//! What happens to whoever goes beyond a limit, and that nobody else notices.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use plainsight::server::config::Config;
use plainsight::wire::{ClientFrame, Credential, ServerFrame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::answer::Answer;
use crate::client::Socket;
use crate::harness::{PATIENCE, TestServer, until};

pub fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// A connection from 127.0.0.`last`, which to the server is somebody else.
async fn connect_from(server: &TestServer, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    socket.bind(address).unwrap();
    socket.connect(server.addr).await.unwrap()
}

/// All that comes until the server closes.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A reset is an end as well.
    let _ = read.expect("the connection stays open");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a request with these headers and reads what comes until the end.
async fn ask_from(server: &TestServer, last: u8, path: &str, headers: &str) -> String {
    let mut stream = connect_from(server, last).await;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    read_to_end(&mut stream).await
}

fn status(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}

/// What has been counted by `/metrics`.
pub async fn limited(server: &TestServer, why: &str) -> u64 {
    let text = server.get("/metrics").await.text;
    let name = format!("plainsight_limited_total{{why=\"{why}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name}: {text}"))
        .parse()
        .unwrap()
}

fn is_refused(answer: &Answer, code: &str) {
    answer.problem(429, code);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{answer:?}");
}

async fn start(change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::still(change).await
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_trickle_are_closed_and_a_rest_between_requests_is_not() {
    let server = start(|config| config.limits.header_timeout_ms = count(400)).await;
    let mut slow = connect_from(&server, 1).await;
    let mut resting = connect_from(&server, 1).await;
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    resting.write_all(request).await.unwrap();
    let began = Instant::now();
    let trickle = async {
        slow.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
        while slow.write_all(b"x: y\r\n").await.is_ok() {
            assert!(began.elapsed() < PATIENCE, "it may trickle for ever");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    trickle.await;
    assert_eq!(limited(&server, "headers").await, 1);
    // More than the time for headers has gone by since the first answer.
    let last = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    resting.write_all(last).await.unwrap();
    let answers = read_to_end(&mut resting).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_at_rest_is_closed_in_the_end() {
    let server = start(|config| config.limits.idle_ms = count(300)).await;
    let mut stream = connect_from(&server, 1).await;
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert_eq!(status(&answer), Some(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_or_too_long_headers_are_refused() {
    let server = start(|_| ()).await;
    let many = "x: y\r\n".repeat(70);
    let long = format!("x: {}\r\n", "y".repeat(20_000));
    for headers in [&many, &long] {
        let answer = ask_from(&server, 1, "/health", headers).await;
        assert_eq!(status(&answer), Some(431), "{answer}");
    }
    until("both are counted", async || {
        (limited(&server, "headers").await == 2).then_some(())
    })
    .await;
    let some = format!("x: {}\r\n{}", "y".repeat(10_000), "a: b\r\n".repeat(40));
    let answer = ask_from(&server, 1, "/health", &some).await;
    assert_eq!(status(&answer), Some(200), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_given_up() {
    let server = start(|config| config.limits.body_timeout_ms = count(300)).await;
    let mut stream = connect_from(&server, 1).await;
    let head = format!(
        "POST /v1/orders HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-length: 1000\r\n\r\n{{",
        server.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert_eq!(status(&answer), Some(408), "{answer}");
    assert!(answer.contains("slow_body"), "{answer}");
    assert_eq!(limited(&server, "body").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_another_has_its_own() {
    let server = start(|config| config.limits.connections_per_address = count(4)).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut stream = connect_from(&server, 2).await;
        let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        // It is counted: its first request is answered.
        stream.readable().await.unwrap();
        open.push(stream);
    }
    let answer = ask_from(&server, 2, "/health", "").await.to_lowercase();
    assert_eq!(status(&answer), Some(429), "{answer}");
    assert!(answer.contains("retry-after: 5") && answer.contains("too_many_connections"));
    let other = ask_from(&server, 3, "/health", "").await;
    assert_eq!(status(&other), Some(200), "{other}");
    drop(open);
    until("the closed ones are forgotten", async || {
        let answer = ask_from(&server, 2, "/health", "").await;
        (status(&answer) == Some(200)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_all_connections_a_socket_is_refused_before_its_upgrade() {
    let server = start(|config| config.server.max_connections = 20).await;
    let mut open = Vec::new();
    while open.len() < 20 {
        match Socket::try_open(&server).await {
            Ok(socket) => open.push(socket),
            // One of the harness's own has not been seen off yet.
            Err(error) => assert_too_many(&error, "too_many_connections"),
        }
    }
    let refused = Socket::try_open(&server).await.err().unwrap();
    assert_too_many(&refused, "too_many_connections");
    open.pop();
    until("a place is free again", async || {
        Socket::try_open(&server).await.ok()
    })
    .await;
}

pub fn assert_too_many(error: &Error, code: &str) {
    let Error::Http(response) = error else {
        panic!("{error:?}")
    };
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "5");
    let body = response.body().as_deref().unwrap_or_default();
    assert!(String::from_utf8_lossy(body).contains(code), "{response:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_sockets() {
    let server = start(|config| config.limits.sockets_per_address = count(2)).await;
    let mut first = Socket::hello(&server).await;
    let second = Socket::hello(&server).await;
    let refused = Socket::try_open(&server).await.err().unwrap();
    assert_too_many(&refused, "too_many_sockets");
    assert_eq!(limited(&server, "sockets").await, 1);
    first.drain().await;
    second.close().await;
    until("there is room again", async || {
        Socket::try_open(&server).await.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_frames_is_refused_and_then_closed() {
    let server = start(|config| {
        config.limits.commands_per_s = count(1);
        config.limits.command_burst = count(5);
    })
    .await;
    let mut calm = Socket::hello(&server).await;
    let mut flood = Socket::hello(&server).await;
    for id in 1..=20 {
        flood.send(&ClientFrame::Ping { id, t: None }).await;
    }
    let (mut pongs, mut refused) = (0, Vec::new());
    let code = loop {
        match flood.heard().await {
            Ok(ServerFrame::Pong(_)) => pongs += 1,
            Ok(ServerFrame::Error(error)) => refused.push(error),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4013);
    // Of the burst the hello was one.
    assert!((4..=8).contains(&pongs), "{pongs}");
    assert_eq!(refused.len(), 5);
    for error in &refused {
        assert_eq!(error.code, "rate_limited");
        assert!(error.temporary && error.id.is_some(), "{error:?}");
        assert!((1..=1_001).contains(&error.retry_ms.unwrap()), "{error:?}");
    }
    assert_eq!(limited(&server, "commands").await, 5);
    assert_eq!(limited(&server, "command_flood").await, 1);
    calm.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_of_the_transport_are_frames_as_well() {
    let server = start(|config| {
        config.limits.commands_per_s = count(1);
        config.limits.command_burst = count(5);
    })
    .await;
    let url = format!("ws://{}/v1/ws", server.addr);
    let (mut stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    for _ in 0..20 {
        let _ = stream.feed(Message::Ping(vec![1].into())).await;
    }
    let _ = stream.flush().await;
    let closed = async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, closed).await.unwrap(), 4013);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_sockets_and_says_nothing_is_refused_for_a_while() {
    let server = start(|config| {
        config.server.hello_timeout_ms = 50;
        config.limits.strikes = count(3);
        config.limits.ban_s = 2;
    })
    .await;
    for _ in 0..3 {
        assert_eq!(Socket::open(&server).await.closed().await, 4502);
    }
    let banned = until("it is refused", async || {
        let answer = server.get("/v1/portfolio").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    is_refused(&banned, "rate_limited");
    let other = ask_from(&server, 2, "/v1/portfolio", "").await;
    assert_eq!(status(&other), Some(200), "{other}");
    until("the ban is over", async || {
        (server.get("/v1/portfolio").await.status == 200).then_some(())
    })
    .await;
    assert!(limited(&server, "banned").await >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_denied_gets_nothing() {
    let server = start(|config| {
        config.limits.allow = vec!["127.0.0.0/28".parse().unwrap()];
        config.limits.deny = vec!["127.0.0.2".parse().unwrap()];
    })
    .await;
    for (last, expected) in [(1, 200), (2, 403), (3, 200), (99, 403)] {
        let answer = ask_from(&server, last, "/health", "").await;
        assert_eq!(status(&answer), Some(expected), "127.0.0.{last}: {answer}");
    }
    assert_eq!(limited(&server, "denied").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_says_who_asks() {
    let server = start(|config| {
        config.limits.trusted_proxies = vec!["127.0.0.9".parse().unwrap()];
        config.limits.deny = vec!["203.0.113.0/24".parse().unwrap()];
    })
    .await;
    let forwarded = |addresses: &str| {
        let token = &server.token;
        format!("x-forwarded-for: {addresses}\r\nauthorization: Bearer {token}\r\n")
    };
    for (last, addresses, expected) in [
        (9, "203.0.113.7", 403),
        // What a client has written itself stands before what the proxy has seen.
        (9, "198.51.100.1, 203.0.113.7", 403),
        (9, "203.0.113.7, 198.51.100.1", 200),
        // Nobody else is believed.
        (8, "203.0.113.7", 200),
    ] {
        let answer = ask_from(&server, last, "/v1/portfolio", &forwarded(addresses)).await;
        assert_eq!(status(&answer), Some(expected), "{last} {addresses}");
    }
    // Who looks without a word comes from this machine, and by no proxy.
    let look = |headers: &'static str| {
        let request = server.unknown("GET", "/v1/portfolio");
        match headers {
            "" => server.send(request),
            name => server.send(request.header(name, "127.0.0.1")),
        }
    };
    assert_eq!(look("").await.status, 200);
    for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        look(header).await.problem(401, "sign_in_first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_of_one_address_are_refused_and_files_and_others_are_not() {
    let server = start(|_| ()).await;
    let server = {
        let mut stopped = server.stop().await;
        stopped.config.limits.requests_per_s = count(1);
        stopped.config.limits.request_burst = count(20);
        stopped.start().await
    };
    let refused = until("it is refused", async || {
        let answer = server.get("/v1/portfolio").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    is_refused(&refused, "rate_limited");
    is_refused(&server.get("/").await, "rate_limited");
    is_refused(&server.get("/nowhere").await, "rate_limited");
    is_refused(&server.get("/v1/nowhere").await, "rate_limited");
    let socket = Socket::try_open(&server).await.err().unwrap();
    assert!(matches!(&socket, Error::Http(response) if response.status() == 429));
    for _ in 0..30 {
        assert_eq!(server.get("/health").await.status, 200);
    }
    for _ in 0..10 {
        let other = ask_from(&server, 2, "/v1/portfolio", "").await;
        assert_eq!(status(&other), Some(200), "{other}");
    }
    // The client behind a header that nobody vouches for is still the same.
    let forged = "x-forwarded-for: 198.51.100.1\r\n";
    let forged = ask_from(&server, 1, "/v1/portfolio", forged).await;
    assert_eq!(status(&forged), Some(429));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_system_page_lists_the_limits() {
    let server = start(|config| config.limits.sockets_per_address = count(77)).await;
    let page = server.get("/system").await;
    let part = server.get("/parts/limits").await.json();
    let drawn = part["html"].as_str().unwrap();
    assert!(drawn.contains("<td>77</td>"), "{drawn}");
    assert!(
        page.text.contains("<td>77</td>"),
        "the page draws it itself"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_so_many_sockets_wherever_they_come_from() {
    let server = start(|config| config.limits.sockets_per_user = count(2)).await;
    let first = Socket::hello(&server).await;
    let _second = Socket::hello(&server).await;
    let refused = Socket::try_open(&server).await.err().unwrap();
    assert_too_many(&refused, "too_many_sockets");
    // Who it is may also be said once the socket is open.
    let mut third = Socket::open_with(&server, &[]).await;
    third.say_hello(Some(&server.token), Vec::new()).await;
    assert_eq!(third.heard().await.unwrap_err(), 4013);
    let mut viewer = Socket::open_with(&server, &[]).await;
    viewer.greet(Vec::new()).await;
    let id = 1;
    let token = Credential::new(&server.token);
    viewer.send(&ClientFrame::Auth { id, token }).await;
    let ServerFrame::Error(error) = viewer.frame().await else {
        panic!("it is somebody with too many sockets");
    };
    assert_eq!(error.code, "too_many_sockets");
    assert!(error.temporary, "{error:?}");
    assert_eq!(limited(&server, "user_sockets").await, 3);
    first.close().await;
    until("there is room again", async || {
        Socket::try_open(&server).await.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_requests_are_counted_from_all_addresses() {
    let server = TestServer::start(|config| {
        config.limits.user_requests_per_s = count(1);
        config.limits.user_request_burst = count(4);
    })
    .await;
    let bearer = format!("authorization: Bearer {}\r\n", server.token);
    let mut statuses = Vec::new();
    for last in 1..=12 {
        let answer = ask_from(&server, last, "/v1/auth/me", &bearer).await;
        statuses.push(status(&answer).unwrap());
    }
    assert_eq!(statuses[..3], [200; 3], "{statuses:?}");
    assert_eq!(statuses[11], 429, "{statuses:?}");
    // Nobody else is kept from asking, and what is only an address is counted as one.
    for last in 1..=12 {
        let answer = ask_from(&server, last, "/v1/auth/me", "").await;
        assert_eq!(status(&answer), Some(200), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_trickles_again_and_again_is_refused_and_who_says_nothing_is_not() {
    let server = start(|config| {
        config.limits.header_timeout_ms = count(200);
        config.limits.strikes = count(3);
    })
    .await;
    for _ in 0..3 {
        let mut silent = connect_from(&server, 2).await;
        let mut trickling = connect_from(&server, 3).await;
        trickling.write_all(b"GET /health HT").await.unwrap();
        assert_eq!(read_to_end(&mut silent).await, "");
        assert_eq!(read_to_end(&mut trickling).await, "");
    }
    assert_eq!(
        status(&ask_from(&server, 3, "/health", "").await),
        Some(429)
    );
    assert_eq!(
        status(&ask_from(&server, 2, "/health", "").await),
        Some(200)
    );
}
