//! What slow readers, savers of data and the silent get over real sockets.

use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use plainsight::wire::frame::{LagRule, SubscribeTopic};
use plainsight::wire::{ClientFrame, ServerFrame, json};
use serde_json::{Value, json as value};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::client::{Socket, after, wish};
use crate::harness::{PATIENCE, TestServer, until};

/// A client that takes little in without being read, and reads only when it is told to.
struct Lazy(WebSocketStream<TcpStream>);

impl Lazy {
    async fn hello(server: &TestServer, header: Option<(&'static str, &'static str)>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = socket.connect(server.addr).await.unwrap();
        let url = format!("ws://{}/v1/ws", server.addr);
        let mut request = url.into_client_request().unwrap();
        if let Some((name, text)) = header {
            request.headers_mut().insert(name, text.parse().unwrap());
        }
        let (stream, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .unwrap();
        let mut lazy = Self(stream);
        let hello = ClientFrame::Hello {
            token: None,
            resume: Vec::new(),
            client: None,
            compression: Vec::new(),
        };
        lazy.send(&hello).await;
        lazy
    }

    async fn send(&mut self, frame: &ClientFrame) {
        let text = json::encode_client(frame);
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn subscribe(&mut self, id: u64, topics: Vec<SubscribeTopic>) {
        self.send(&ClientFrame::Subscribe { id, topics }).await;
    }

    /// Asks for so much that nothing more can be written to it. Each question has a round of its own:
    /// what is asked for twice before an answer is given once.
    async fn clog(&mut self) {
        for id in 100..200 {
            self.subscribe(id, vec![wish("candles:BTCUSDT:1m")]).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The frames of the next message, or the code of the close.
    async fn next(&mut self) -> Result<Vec<ServerFrame>, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match message.expect("the server is silent") {
                Some(Ok(Message::Text(text))) => {
                    let frames = text.lines().map(|line| json::decode_server(line).unwrap());
                    return Ok(frames.collect());
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(1005, |f| f.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }
}

pub async fn counter(server: &TestServer, name: &str) -> u64 {
    let text = server.get("/metrics").await.text;
    let wanted = format!("plainsight_{name}_total ");
    let line = text.lines().find_map(|line| line.strip_prefix(&wanted));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .parse()
        .unwrap()
}

/// Notes of some two kilobytes, from number `from` on.
async fn long_notes(server: &TestServer, from: u64, count: u64) {
    let text = "x".repeat(1_900);
    for start in (from..from + count).step_by(100) {
        let notes: Vec<Value> = (start..(start + 100).min(from + count))
            .map(|n| value!({"type": "note", "id": format!("n{n}"), "text": text}))
            .collect();
        server.report("mine", &notes).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_stopped_is_closed_after_its_time() {
    let server = TestServer::still(|config| config.server.write_timeout_ms = 400).await;
    let mut lazy = Lazy::hello(&server, None).await;
    let began = Instant::now();
    lazy.clog().await;
    until("it is closed", async || {
        (counter(&server, "slow_closes").await == 1).then_some(())
    })
    .await;
    assert!(began.elapsed() >= Duration::from_millis(400));
    until("nothing of it is left", async || {
        (server.health().await.clients == 0).then_some(())
    })
    .await;
    let end = loop {
        if let Err(code) = lazy.next().await {
            break code;
        }
    };
    assert!([1006, 4008].contains(&end), "closed with {end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_told_what_it_was_not_given_and_gets_it_when_it_asks() {
    let server = TestServer::still(|_| ()).await;
    long_notes(&server, 1, 1).await;
    let mut lazy = Lazy::hello(&server, None).await;
    lazy.subscribe(1, vec![wish("agent:mine")]).await;
    lazy.clog().await;
    until("nothing more can be written", async || {
        let before = counter(&server, "socket_writes").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        (counter(&server, "socket_writes").await == before).then_some(())
    })
    .await;
    long_notes(&server, 2, 400).await;
    let (mut last, mut epoch, mut skipped) = (0, None, None);
    while skipped.is_none() {
        for frame in lazy.next().await.unwrap() {
            match frame {
                ServerFrame::Ok(reply) if reply.id == 1 => last = reply.topics[0].offset,
                ServerFrame::Push(push) if push.topic.bot().is_some() => {
                    assert_eq!(push.first, last + 1);
                    (last, epoch) = (push.last, Some(push.epoch));
                }
                ServerFrame::Lag(lag) => skipped = Some(lag.skipped),
                _ => {}
            }
        }
    }
    assert_eq!(last + skipped.unwrap(), 401, "all that is missing is named");
    assert_eq!(counter(&server, "lags").await, 1);

    // The place is known to whoever has it: this client, or another one of the same person.
    let mut again = Socket::hello(&server).await;
    let epoch = match epoch {
        Some(epoch) => epoch,
        None => again.subscribe(vec![wish("agent:mine")]).await.topics[0].epoch,
    };
    let place = plainsight::wire::frame::Since {
        epoch,
        offset: last,
    };
    again.subscribe(vec![after("agent:mine", place)]).await;
    for offset in last + 1..=401 {
        assert_eq!(again.push("agent:mine").await.last, offset);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_rather_go_than_miss_anything_is_closed() {
    let server = TestServer::still(|config| config.server.lag_bytes = 10_000).await;
    long_notes(&server, 1, 1).await;
    let mut lazy = Lazy::hello(&server, None).await;
    let wanted = SubscribeTopic {
        lag: Some(LagRule::Close),
        ..wish("agent:mine")
    };
    lazy.subscribe(1, vec![wanted]).await;
    lazy.clog().await;
    until("nothing more can be written", async || {
        let before = counter(&server, "socket_writes").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        (counter(&server, "socket_writes").await == before).then_some(())
    })
    .await;
    long_notes(&server, 2, 20).await;
    let end = loop {
        if let Err(code) = lazy.next().await {
            break code;
        }
    };
    assert_eq!(end, 4008);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_rate_has_fewer_pushes_that_cover_all() {
    let server = TestServer::simulated().await;
    let mut socket = Socket::hello(&server).await;
    let at = |rate: f64| SubscribeTopic {
        max_rate_hz: Some(rate),
        ..wish("market:BTCUSDT")
    };
    let reply = socket.subscribe(vec![at(-1.0)]).await;
    assert_eq!(reply.errors[0].code, "invalid_rate");
    // 2 is rounded down to 1 a second.
    socket.subscribe(vec![at(2.0)]).await;
    let first = socket.push("market:BTCUSDT").await;
    let (mut last, mut covered) = (first.last, 0);
    let mut began = None;
    for _ in 0..4 {
        let push = socket.push("market:BTCUSDT").await;
        began.get_or_insert_with(Instant::now);
        assert!(push.first <= last + 1 && push.last > last, "{push:?}");
        covered += push.last - last;
        last = push.last;
    }
    let took = began.unwrap().elapsed();
    assert!(
        took >= Duration::from_millis(2_800),
        "3 intervals in {took:?}"
    );
    assert!(covered > 8, "only {covered} publications in 4 pushes");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_saves_data_gets_half_the_rate() {
    let server = TestServer::simulated().await;
    let pushes = async |header| {
        let mut lazy = Lazy::hello(&server, header).await;
        lazy.subscribe(1, vec![wish("market:BTCUSDT")]).await;
        let began = Instant::now();
        let mut count = 0;
        while began.elapsed() < Duration::from_secs(3) {
            let frames = lazy.next().await.unwrap();
            count += frames
                .iter()
                .filter(|frame| matches!(frame, ServerFrame::Push(_)))
                .count();
        }
        count
    };
    let saved = pushes(Some(("save-data", "on"))).await;
    let full = pushes(None).await;
    assert!(saved * 3 < full * 2, "{saved} of {full}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_answers_is_left() {
    let server = TestServer::still(|config| {
        config.server.ping_ms = 300;
        config.server.pong_timeout_ms = 300;
    })
    .await;
    // A client that reads answers pings by itself; this one does not read.
    let mut silent = Lazy::hello(&server, None).await;
    let mut socket = Socket::hello(&server).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        assert!(matches!(socket.frame().await, ServerFrame::Heartbeat(_)));
    }
    // Read as bytes: a client that reads messages would answer the pings now.
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, silent.0.get_mut().read_to_end(&mut bytes)).await;
    // The end may be a reset.
    let _ = read.expect("the server did not close");
    let close = [&4012_u16.to_be_bytes()[..], b"no pong"].concat();
    assert!(
        bytes.ends_with(&close),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
}
