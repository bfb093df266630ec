//! A client of the native protocol that takes nothing on trust: every push must continue its
//! topic, exactly.

use std::collections::{BTreeMap, VecDeque};

use futures::{SinkExt as _, StreamExt as _};
use plainsight::wire::frame::{
    ErrorReply, Reply, SUBPROTOCOL_JSON, Since, SubscribeTopic, Welcome,
};
use plainsight::wire::{
    Applied, ClientFrame, Credential, Payload, Position, Push, Replica, ServerFrame, Topic, json,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{PATIENCE, TestServer};

/// The code of a connection that was lost without a close frame.
pub const LOST: u16 = 1006;

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that came in a message with an earlier one.
    arrived: VecDeque<ServerFrame>,
    /// Pushes that nobody has asked for yet, with what our copy was after each.
    pushes: VecDeque<(Push, Option<Payload>)>,
    pub replicas: BTreeMap<Topic, Replica>,
    /// Every frame as it came, where somebody wants to look at them.
    pub texts: Option<Vec<String>>,
    last_id: u64,
}

pub fn topic(name: &str) -> Topic {
    name.parse().unwrap()
}

pub fn wish(name: &str) -> SubscribeTopic {
    SubscribeTopic {
        topic: name.to_owned(),
        since: None,
        history: None,
        max_rate_hz: None,
        lag: None,
    }
}

pub fn with_history(name: &str, history: u32) -> SubscribeTopic {
    SubscribeTopic {
        history: Some(history),
        ..wish(name)
    }
}

pub fn after(name: &str, since: Since) -> SubscribeTopic {
    SubscribeTopic {
        since: Some(since),
        ..wish(name)
    }
}

impl Socket {
    /// Connects and says nothing.
    pub async fn open(server: &TestServer) -> Self {
        Self::try_open(server)
            .await
            .expect("the socket does not open")
    }

    pub async fn try_open(server: &TestServer) -> Result<Self, Error> {
        let bearer = format!("Bearer {}", server.token);
        Self::try_open_with(server, &[("authorization", &bearer)]).await
    }

    /// Connects with these headers, and no token but what is in them.
    pub async fn open_with(server: &TestServer, headers: &[(&'static str, &str)]) -> Self {
        Self::try_open_with(server, headers)
            .await
            .expect("the socket does not open")
    }

    async fn try_open_with(
        server: &TestServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{}/v1/ws", server.addr).into_client_request()?;
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static(SUBPROTOCOL_JSON),
        );
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(*name, value);
        }
        let connecting = tokio::time::timeout(PATIENCE, connect_async(request)).await;
        let (stream, response) = connecting.expect("the socket does not open in time")?;
        let protocol = response.headers().get("sec-websocket-protocol");
        assert_eq!(protocol.unwrap(), SUBPROTOCOL_JSON);
        Ok(Self {
            stream,
            arrived: VecDeque::new(),
            pushes: VecDeque::new(),
            replicas: BTreeMap::new(),
            texts: None,
            last_id: 0,
        })
    }

    /// Connects and says hello.
    pub async fn hello(server: &TestServer) -> Self {
        let mut socket = Self::open(server).await;
        socket.greet(Vec::new()).await;
        socket
    }

    pub async fn greet(&mut self, resume: Vec<Position>) -> Welcome {
        self.say_hello(None, resume).await;
        match self.frame().await {
            ServerFrame::Welcome(welcome) => welcome,
            other => panic!("no welcome but {other:?}"),
        }
    }

    /// Says hello and does not wait for an answer.
    pub async fn say_hello(&mut self, token: Option<&str>, resume: Vec<Position>) {
        self.send(&ClientFrame::Hello {
            token: token.map(Credential::new),
            resume: resume.into_iter().map(Into::into).collect(),
            client: Some("integration tests".to_owned()),
            compression: Vec::new(),
        })
        .await;
    }

    pub async fn send(&mut self, frame: &ClientFrame) {
        self.text(&json::encode_client(frame)).await;
    }

    pub async fn text(&mut self, text: &str) {
        self.message(Message::text(text)).await;
    }

    pub async fn message(&mut self, message: Message) {
        // A connection that the server has closed already tells so when it is read.
        let _ = self.stream.send(message).await;
    }

    /// The next frame, or the code that the connection was closed with.
    pub async fn heard(&mut self) -> Result<ServerFrame, u16> {
        loop {
            if let Some(frame) = self.arrived.pop_front() {
                self.apply(&frame);
                return Ok(frame);
            }
            let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match next.expect("the server is silent") {
                Some(Ok(Message::Text(text))) => {
                    if let Some(texts) = &mut self.texts {
                        texts.extend(text.lines().map(str::to_owned));
                    }
                    let frames = text.lines().map(|line| {
                        json::decode_server(line).unwrap_or_else(|error| panic!("{error}: {line}"))
                    });
                    self.arrived.extend(frames);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(LOST),
            }
        }
    }

    pub async fn frame(&mut self) -> ServerFrame {
        self.heard()
            .await
            .unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// Reads to the end: the code of the close.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.heard().await {
                return code;
            }
        }
    }

    /// What the frame does to our copies.
    fn apply(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Ok(reply) => {
                for begun in &reply.topics {
                    let replica = self.replica(&begun.topic);
                    let since = Since {
                        epoch: begun.epoch,
                        offset: begun.offset,
                    };
                    if replica.since() != Some(since) {
                        replica.start(begun.epoch, begun.offset);
                    }
                }
            }
            ServerFrame::Resync(resync) => {
                self.replica(&resync.topic)
                    .start(resync.epoch, resync.offset);
            }
            ServerFrame::Push(push) => {
                let applied = self.replica(&push.topic).apply((**push).clone());
                assert_eq!(applied, Applied::Changed, "{push:?}");
            }
            _ => {}
        }
    }

    fn replica(&mut self, topic: &Topic) -> &mut Replica {
        self.replicas
            .entry(topic.clone())
            .or_insert_with(|| Replica::new(topic.clone()))
    }

    /// Our copy of a topic.
    pub fn copy(&self, name: &str) -> &Replica {
        &self.replicas[&topic(name)]
    }

    pub fn since(&self, name: &str) -> Since {
        self.copy(name).since().unwrap()
    }

    /// The next frame that is no push and no heartbeat; pushes before it are kept.
    pub async fn control(&mut self) -> ServerFrame {
        loop {
            match self.frame().await {
                ServerFrame::Push(push) => {
                    let value = self.replicas[&push.topic].value().cloned();
                    self.pushes.push_back((*push, value));
                }
                ServerFrame::Heartbeat(_) => {}
                frame => return frame,
            }
        }
    }

    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub async fn subscribe(&mut self, topics: Vec<SubscribeTopic>) -> Reply {
        let id = self.next_id();
        self.send(&ClientFrame::Subscribe { id, topics }).await;
        self.ok(id).await
    }

    pub async fn unsubscribe(&mut self, name: &str) -> Reply {
        let id = self.next_id();
        let topics = vec![name.to_owned()];
        self.send(&ClientFrame::Unsubscribe { id, topics }).await;
        self.ok(id).await
    }

    pub async fn ok(&mut self, id: u64) -> Reply {
        match self.control().await {
            ServerFrame::Ok(reply) if reply.id == id => reply,
            other => panic!("no ok to {id} but {other:?}"),
        }
    }

    pub async fn error(&mut self) -> ErrorReply {
        match self.control().await {
            ServerFrame::Error(error) => error,
            other => panic!("no error but {other:?}"),
        }
    }

    /// The next push of a topic, in the order of arrival; those of other topics are dropped.
    pub async fn push(&mut self, name: &str) -> Push {
        self.push_and_value(name).await.0
    }

    /// The same, and what the topic was after it. Of a log that is what the push brings.
    pub async fn told(&mut self, name: &str) -> (Push, Payload) {
        let (push, value) = self.push_and_value(name).await;
        let value = value.or_else(|| push.data.payload().cloned());
        (push, value.unwrap())
    }

    async fn push_and_value(&mut self, name: &str) -> (Push, Option<Payload>) {
        let wanted = topic(name);
        loop {
            let (push, value) = match self.pushes.pop_front() {
                Some(told) => told,
                None => match self.frame().await {
                    ServerFrame::Push(push) => {
                        let value = self.replicas[&push.topic].value().cloned();
                        (*push, value)
                    }
                    _ => continue,
                },
            };
            if push.topic == wanted {
                return (push, value);
            }
        }
    }

    /// Offsets of the next `count` pushes of a topic.
    pub async fn offsets(&mut self, name: &str, count: usize) -> Vec<u64> {
        let mut offsets = Vec::with_capacity(count);
        for _ in 0..count {
            offsets.push(self.push(name).await.last);
        }
        offsets
    }

    /// Asks for an answer, so that everything that was sent before it has arrived; gives the pushes
    /// that came with it.
    pub async fn drain(&mut self) -> Vec<Push> {
        let id = self.next_id();
        self.send(&ClientFrame::Ping { id, t: None }).await;
        match self.control().await {
            ServerFrame::Pong(pong) => assert_eq!(pong.id, id),
            other => panic!("no pong but {other:?}"),
        }
        self.pushes.drain(..).map(|(push, _)| push).collect()
    }

    pub async fn close(mut self) {
        let _ = self.stream.close(None).await;
    }
}
