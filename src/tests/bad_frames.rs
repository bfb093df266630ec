//! What no client should send: it gets an error or the right close code, and neither the server nor
//! anybody else is harmed.

use plainsight::wire::frame::MAX_CLIENT_MESSAGE;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::client::{Socket, wish};
use crate::harness::{TestServer, until};

/// Somebody else on the same server.
struct Bystander {
    server: TestServer,
    socket: Socket,
    notes: u64,
}

impl Bystander {
    async fn new() -> Self {
        let server = TestServer::still(|_| ()).await;
        server.notes("mine", 1..=1).await;
        let mut socket = Socket::hello(&server).await;
        socket.subscribe(vec![wish("agent:mine")]).await;
        Self {
            server,
            socket,
            notes: 1,
        }
    }

    /// What happens still reaches them, and the server is well.
    async fn is_unharmed(&mut self) {
        self.notes += 1;
        self.server.notes("mine", self.notes..=self.notes).await;
        assert_eq!(self.socket.push("agent:mine").await.last, self.notes);
        let health = self.server.health().await;
        assert!(health.ready, "{health:?}");
    }
}

fn raw(opcode: Data, payload: &[u8]) -> Message {
    Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(opcode), true))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_frame_is_answered_and_survived() {
    let mut bystander = Bystander::new().await;
    let deep = "[".repeat(30_000);
    let nested = format!(
        "{{\"type\":\"hello\",\"x\":{}{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let cases: [(Message, &str); 13] = [
        (Message::text(""), "empty_frame"),
        (Message::text(" \n\t"), "empty_frame"),
        (Message::binary(vec![0, 159, 146, 150]), "binary_frame"),
        (Message::binary(Vec::new()), "binary_frame"),
        (Message::text("hello"), "bad_frame"),
        (Message::text("{\"type\":"), "bad_frame"),
        (Message::text("[]"), "bad_frame"),
        (Message::text("null"), "bad_frame"),
        (Message::text("{\"type\":\"dance\"}"), "bad_frame"),
        (
            Message::text("{\"type\":\"push\",\"topic\":\"health\"}"),
            "bad_frame",
        ),
        (Message::text("{\"type\":\"ping\",\"id\":-1}"), "bad_frame"),
        (Message::text(deep), "bad_frame"),
        (Message::text(nested), "bad_frame"),
    ];
    for (message, code) in cases {
        let shown = format!("{message:.60?}");
        let mut socket = Socket::hello(&bystander.server).await;
        socket.message(message).await;
        let error = socket.error().await;
        assert_eq!(error.code, code, "{shown}: {error:?}");
        assert!(!error.message.is_empty() && !error.temporary, "{error:?}");
        socket.drain().await;
        bystander.is_unharmed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_the_command_that_it_answers() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    socket.text("{\"type\":\"subscribe\",\"id\":41}").await;
    let error = socket.error().await;
    assert_eq!((error.id, error.code.as_str()), (Some(41), "bad_frame"));
    assert!(error.message.contains("topics"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_transport_closes_with_its_code() {
    let mut bystander = Bystander::new().await;
    let huge = "x".repeat(MAX_CLIENT_MESSAGE + 1);
    let cases = [
        ("too long", Message::text(huge), 1009),
        (
            "not UTF-8",
            raw(Data::Text, b"{\"type\":\"\xFF\xFE\"}"),
            1007,
        ),
        (
            "a continuation of nothing",
            raw(Data::Continue, b"{}"),
            1002,
        ),
        ("a reserved opcode", raw(Data::Reserved(5), b"{}"), 1002),
    ];
    for (what, message, code) in cases {
        let mut socket = Socket::hello(&bystander.server).await;
        socket.message(message).await;
        assert_eq!(socket.closed().await, code, "{what}");
        bystander.is_unharmed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_message_is_still_taken() {
    let server = TestServer::still(|_| ()).await;
    let mut socket = Socket::hello(&server).await;
    let ping = "{\"type\":\"ping\",\"id\":1}";
    socket
        .text(&format!(
            "{ping}{}",
            " ".repeat(MAX_CLIENT_MESSAGE - ping.len())
        ))
        .await;
    socket.control().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_bad_frame_in_a_minute_closes() {
    let mut bystander = Bystander::new().await;
    let mut socket = Socket::hello(&bystander.server).await;
    socket
        .text("one\ntwo\nthree\n{\"type\":\"ping\",\"id\":1}")
        .await;
    for _ in 0..3 {
        assert_eq!(socket.error().await.code, "bad_frame");
    }
    assert_eq!(socket.closed().await, 4501);
    bystander.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let mut bystander = Bystander::new().await;
    for _ in 0..20 {
        let mut socket = Socket::hello(&bystander.server).await;
        socket.subscribe(vec![wish("agent:mine")]).await;
        drop(socket);
    }
    bystander.is_unharmed().await;
    until("only the bystander is connected", async || {
        (bystander.server.health().await.clients == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_websocket_is_a_problem() {
    let server = TestServer::still(|_| ()).await;
    server.get("/v1/ws").await.problem(400, "not_a_websocket");
}
