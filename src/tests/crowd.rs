//! Many clients at once, in both encodings: they have the same, they come back by themselves, and
//! nobody asks the journal for what memory has.

use std::collections::BTreeMap;
use std::io::Read as _;

use futures::{SinkExt as _, StreamExt as _};
use plainsight::wire::frame::{SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD, SubscribeTopic};
use plainsight::wire::{
    Applied, ClientFrame, Encoding, Position, Replica, ServerFrame, Topic, json, postcard,
    schema_hash,
};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::client::{topic, wish, with_history};
use crate::harness::{PATIENCE, TestServer, until};
use crate::streams::counter;

/// A client in either encoding that takes nothing but what fits.
struct Peer {
    stream: WebSocketStream<TcpStream>,
    encoding: Encoding,
    replicas: BTreeMap<Topic, Replica>,
}

impl Peer {
    async fn connect(server: &TestServer, encoding: Encoding, hello: ClientFrame) -> Self {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        let url = format!("ws://{}/v1/ws", server.addr);
        let mut request = url.into_client_request().unwrap();
        let name = match encoding {
            Encoding::Json => SUBPROTOCOL_JSON,
            Encoding::Postcard => SUBPROTOCOL_POSTCARD,
        };
        let header = HeaderValue::from_static(name);
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", header.clone());
        let (stream, response) = tokio_tungstenite::client_async(request, stream)
            .await
            .unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], header);
        let mut peer = Self {
            stream,
            encoding,
            replicas: BTreeMap::new(),
        };
        peer.send(&hello).await;
        peer
    }

    async fn send(&mut self, frame: &ClientFrame) {
        let message = match self.encoding {
            Encoding::Json => Message::text(json::encode_client(frame)),
            Encoding::Postcard => Message::binary(postcard::encode_client(frame).unwrap()),
        };
        self.stream.send(message).await.unwrap();
    }

    async fn subscribe(&mut self, topics: Vec<SubscribeTopic>) {
        self.send(&ClientFrame::Subscribe { id: 1, topics }).await;
    }

    async fn message(&mut self) -> Message {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match message.expect("the server is silent").unwrap().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The frames of the next message, laid over our copies.
    async fn frames(&mut self) -> Vec<ServerFrame> {
        let frames: Vec<ServerFrame> = match (self.encoding, self.message().await) {
            (Encoding::Json, Message::Text(text)) => text
                .lines()
                .map(|line| json::decode_server(line).unwrap())
                .collect(),
            (Encoding::Postcard, Message::Binary(bytes)) => postcard::frames(&bytes)
                .map(|frame| postcard::decode_server(frame.unwrap()).unwrap())
                .collect(),
            (_, Message::Close(_)) => return Vec::new(),
            (_, other) => panic!("{other:?}"),
        };
        for frame in &frames {
            match frame {
                ServerFrame::Ok(reply) => {
                    for begun in &reply.topics {
                        let fresh = Replica::new(begun.topic.clone());
                        let replica = self.replicas.entry(begun.topic.clone()).or_insert(fresh);
                        replica.start(begun.epoch, begun.offset);
                    }
                }
                ServerFrame::Push(push) => {
                    let replica = self.replicas.get_mut(&push.topic).unwrap();
                    let applied = replica.apply((**push).clone());
                    assert_eq!(applied, Applied::Changed, "{push:?}");
                }
                ServerFrame::Resync(resync) => panic!("{resync:?}"),
                _ => {}
            }
        }
        frames
    }

    fn offset(&self, name: &str) -> Option<u64> {
        let replica = self.replicas.get(&topic(name))?;
        replica.since().map(|since| since.offset)
    }

    /// Reads until a log has come to this offset; gives all frames until then.
    async fn reach(&mut self, name: &str, offset: u64) -> Vec<ServerFrame> {
        let mut read = Vec::new();
        while self.offset(name) < Some(offset) {
            read.extend(self.frames().await);
        }
        read
    }

    fn places(&self) -> Vec<Position> {
        let places = self.replicas.values().filter_map(|replica| {
            let since = replica.since()?;
            Some(Position {
                topic: replica.topic.clone(),
                epoch: since.epoch,
                offset: since.offset,
            })
        });
        places.collect()
    }
}

fn hello(resume: Vec<Position>, compression: &[&str]) -> ClientFrame {
    ClientFrame::Hello {
        token: None,
        resume: resume.into_iter().map(Into::into).collect(),
        client: None,
        compression: compression.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Every other one has the other encoding.
fn encoding(number: usize) -> Encoding {
    Encoding::ALL[number % 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn both_encodings_say_the_same() {
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=30).await;
    let names = [
        "candles:BTCUSDT:1m",
        "portfolio:paper",
        "positions:paper",
        "equity:paper",
    ];
    let mut peers = Vec::new();
    for encoding in Encoding::ALL {
        let mut peer = Peer::connect(&server, encoding, hello(Vec::new(), &[])).await;
        let frames = peer.frames().await;
        let ServerFrame::Welcome(welcome) = &frames[0] else {
            panic!("{frames:?}")
        };
        assert_eq!(welcome.schema, schema_hash());
        let mut topics: Vec<_> = names.map(wish).into();
        topics.push(with_history("agent:mine", 20));
        peer.subscribe(topics).await;
        peer.reach("agent:mine", 30).await;
        while names
            .iter()
            .any(|name| peer.replicas[&topic(name)].value().is_none())
        {
            peer.frames().await;
        }
        peers.push(peer);
    }
    assert_eq!(peers[0].replicas, peers[1].replicas);
    assert_eq!(peers[0].replicas[&topic("agent:mine")].entries().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_other_kind_is_a_bad_frame() {
    let server = TestServer::still(|_| ()).await;
    for encoding in Encoding::ALL {
        let mut peer = Peer::connect(&server, encoding, hello(Vec::new(), &[])).await;
        peer.frames().await;
        let (message, code) = match encoding {
            Encoding::Json => (Message::binary(vec![1, 2, 3]), "binary_frame"),
            Encoding::Postcard => (Message::text("{}"), "text_frame"),
        };
        peer.stream.send(message).await.unwrap();
        let frames = peer.frames().await;
        let ServerFrame::Error(error) = &frames[0] else {
            panic!("{frames:?}")
        };
        assert_eq!(error.code, code);
        // Bytes that are no frame, and the session goes on until there are three in a minute.
        if encoding == Encoding::Postcard {
            peer.stream
                .send(Message::binary(vec![200, 1]))
                .await
                .unwrap();
            let frames = peer.frames().await;
            assert!(matches!(&frames[0], ServerFrame::Error(error) if error.code == "bad_frame"));
        }
        peer.send(&ClientFrame::Ping { id: 9, t: None }).await;
        let frames = peer.frames().await;
        assert!(matches!(&frames[0], ServerFrame::Pong(pong) if pong.id == 9));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_snapshot_comes_packed_where_the_client_can_unpack() {
    let server = TestServer::still(|_| ()).await;
    let candles = || vec![wish("candles:BTCUSDT:1m")];
    let mut plain = Peer::connect(&server, Encoding::Json, hello(Vec::new(), &[])).await;
    plain.frames().await;
    plain.subscribe(candles()).await;
    let expected = loop {
        let Message::Text(text) = plain.message().await else {
            panic!("text was expected")
        };
        if let Some(push) = text
            .lines()
            .find(|line| line.starts_with(r#"{"type":"push""#))
        {
            break push.to_owned();
        }
    };
    assert!(expected.len() > 4_096);
    let hello = hello(Vec::new(), &["gzip", "deflate"]);
    let mut packs = Peer::connect(&server, Encoding::Json, hello).await;
    packs.frames().await;
    packs.subscribe(candles()).await;
    let packed = loop {
        if let Message::Binary(bytes) = packs.message().await {
            break bytes;
        }
    };
    assert!(packed.len() * 3 < expected.len(), "{} bytes", packed.len());
    let mut text = String::new();
    let mut unpacker = flate2::read::DeflateDecoder::new(&packed[..]);
    unpacker.read_to_string(&mut text).unwrap();
    assert_eq!(text, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_was_cut_comes_back_from_memory() {
    const CROWD: usize = 200;
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=10).await;
    let mut peers = Vec::new();
    for number in 0..CROWD {
        let mut peer = Peer::connect(&server, encoding(number), hello(Vec::new(), &[])).await;
        let topics = ["agent:mine", "portfolio:mine", "health"].map(wish);
        peer.subscribe(topics.into()).await;
        peers.push(peer);
    }
    server.notes("mine", 11..=20).await;
    for peer in &mut peers {
        peer.reach("agent:mine", 20).await;
    }
    // All at once, with a reset.
    let mut kept = Vec::new();
    for peer in peers {
        let (replicas, places) = (peer.replicas.clone(), peer.places());
        socket2::SockRef::from(peer.stream.get_ref())
            .set_linger(Some(std::time::Duration::ZERO))
            .unwrap();
        drop(peer);
        kept.push((replicas, places));
    }
    server.notes("mine", 21..=60).await;
    let returns = kept
        .into_iter()
        .enumerate()
        .map(|(number, (replicas, places))| {
            let server = &server;
            async move {
                let count = places.len();
                let mut peer = Peer::connect(server, encoding(number), hello(places, &[])).await;
                peer.replicas = replicas;
                let read = peer.reach("agent:mine", 70).await;
                let resumed = |frame: &&ServerFrame| matches!(frame, ServerFrame::Resumed(_));
                assert_eq!(read.iter().filter(resumed).count(), count);
                peer
            }
        });
    // What is published while they come belongs to it.
    let (peers, ()) = tokio::join!(
        futures::future::join_all(returns),
        server.notes("mine", 61..=70)
    );
    let agent = topic("agent:mine");
    let first = &peers[0].replicas[&agent];
    assert!(peers.iter().all(|peer| peer.replicas[&agent] == *first));
    assert_eq!(counter(&server, "backfills").await, 0, "memory had it all");
    assert_eq!(counter(&server, "resyncs").await, 0);
    assert_eq!(counter(&server, "resumed").await, 3 * CROWD as u64);
    until("those who were cut are forgotten", async || {
        (server.health().await.clients == CROWD as u64).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_spreads_the_return() {
    const CROWD: usize = 60;
    let server = TestServer::still(|_| ()).await;
    let mut peers = Vec::new();
    for number in 0..CROWD {
        let mut peer = Peer::connect(&server, encoding(number), hello(Vec::new(), &[])).await;
        peer.frames().await;
        peers.push(peer);
    }
    let farewells = peers.into_iter().map(|mut peer| async move {
        let frames = peer.frames().await;
        let ServerFrame::Closing(closing) = &frames[0] else {
            panic!("{frames:?}")
        };
        assert_eq!(closing.code, 4001);
        let Message::Close(Some(close)) = peer.message().await else {
            panic!("no close frame")
        };
        assert_eq!(u16::from(close.code), 4001);
        closing.retry_ms
    });
    let (waits, _) = tokio::join!(futures::future::join_all(farewells), server.stop());
    let (early, late): (Vec<u32>, Vec<u32>) = waits.iter().partition(|wait| **wait < 500);
    // Of 60 draws each half has 15 but for a chance of one in 20,000.
    assert!(early.len() >= 15 && late.len() >= 15, "{waits:?}");
}
