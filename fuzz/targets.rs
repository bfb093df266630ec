//! Whatever reads what a stranger has written, as functions of bytes that must come to an end and not
//! panic. `make fuzz` looks for bytes that break them; the tests run them over the corpora that it left
//! behind, so that nothing that was found once comes back.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{Cursor, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum_extra::extract::CookieJar;
use plainsight::audit::bundle;
use plainsight::auth::{Accounts, AuthConfig, NewUser, Password};
use plainsight::domain::{
    BotCommand, BotId, BotReport, Decimal, Input, MarketEvent, MarketTrade, Role, Seq, Side, TimeUs,
};
use plainsight::engine::Engine;
use plainsight::engine::config::EngineConfig;
use plainsight::feed::binance::message;
use plainsight::feed::{Feed, FeedItem, ReplayFeed, ReplayOptions};
use plainsight::server::caller::cookies;
use plainsight::server::config::{Config, LimitsConfig};
use plainsight::server::network::{Networks, Peer};
use plainsight::wire::form::{DecisionQuery, Fields, Form, filter_text};
use plainsight::wire::{Replica, ServerFrame, Stream, Topic, json, postcard};
use tempfile::TempDir;

pub type Target = fn(&[u8]);

/// By the name of their corpora.
pub const TARGETS: [(&str, Target); 14] = [
    ("client_json", client_json),
    ("client_bytes", client_bytes),
    ("server_json", server_json),
    ("server_bytes", server_bytes),
    ("replica", replica),
    ("commands", commands),
    ("reports", reports),
    ("forms", forms),
    ("tokens", tokens),
    ("headers", headers),
    ("config", config),
    ("dump", dump),
    ("binance", binance),
    ("bundle", bundle),
];

/// Runs one of them.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.expect("there is no such target").1(data);
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A client's frame as text: what is understood can be said again and means the same.
fn client_json(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ = json::id_of(text);
    if let Ok(frame) = json::decode_client(text) {
        let again = json::decode_client(&json::encode_client(&frame));
        assert_eq!(again.unwrap(), frame);
        let _ = frame.ask().map(|ask| ask.command.validate());
    }
}

/// The one frame of a message.
fn only(message: &[u8]) -> &[u8] {
    postcard::frames(message).next().unwrap().unwrap()
}

/// A client's message of the binary encoding. A rate may be no number, which is not equal to itself: what is
/// compared is what is written.
fn client_bytes(data: &[u8]) {
    for bytes in postcard::frames(data).map_while(Result::ok) {
        if let Ok(frame) = postcard::decode_client(bytes) {
            let bytes = postcard::encode_client(&frame).unwrap();
            let again = postcard::decode_client(only(&bytes)).unwrap();
            assert_eq!(postcard::encode_client(&again).unwrap(), bytes);
        }
    }
}

/// A server's frame as text. A number beyond a float's range reads as infinite and is written as null: from
/// then on it stays what it is.
fn server_json(data: &[u8]) {
    let read = |text: &str| json::decode_server(text).ok();
    let Some(frame) = text(data).and_then(read) else {
        return;
    };
    let written = json::encode_server(&frame).unwrap();
    if let Some(again) = read(&written) {
        let twice = json::encode_server(&again).unwrap();
        assert_eq!(read(&twice), Some(again));
    }
}

/// What a browser is sent, and what a page holds.
fn server_bytes(data: &[u8]) {
    let _ = postcard::schema_of(data);
    if let Ok(frame) = postcard::decode_server(data) {
        let bytes = postcard::encode_server(&frame).unwrap();
        let again = postcard::decode_server(only(&bytes)).unwrap();
        assert_eq!(postcard::encode_server(&again).unwrap(), bytes);
    }
    if let Some((first, rest)) = data.split_first() {
        let stream = Stream::ALL[usize::from(*first) % Stream::ALL.len()];
        let _ = postcard::decode_content(stream, rest);
    }
}

/// A client's copy of a topic, whatever comes in whichever order: it never goes back.
fn replica(data: &[u8]) {
    let mut copies: Vec<Replica> = Vec::new();
    for bytes in postcard::frames(data).map_while(Result::ok).take(64) {
        let Ok(ServerFrame::Push(push)) = postcard::decode_server(bytes) else {
            continue;
        };
        let copy = match copies.iter_mut().find(|copy| copy.topic == push.topic) {
            Some(copy) => copy,
            None => {
                let mut copy = Replica::new(Topic::clone(&push.topic));
                copy.start(push.epoch, push.first.saturating_sub(1));
                copies.push(copy);
                copies.last_mut().unwrap()
            }
        };
        let before = copy.since();
        let _ = copy.apply(*push);
        assert!(copy.since().map(|at| at.offset) >= before.map(|at| at.offset));
    }
}

fn engine() -> Engine {
    Engine::new(EngineConfig {
        symbols: ["BTCUSDT", "ETHUSDT"]
            .map(|name| name.parse().unwrap())
            .to_vec(),
        instruments: Default::default(),
        exchange: Default::default(),
        agent: Default::default(),
        seed: 1,
    })
}

/// An engine with a price to begin with, for which each line is a price or a command.
struct Session {
    engine: Engine,
    seq: Seq,
    trades: u64,
}

impl Session {
    fn new() -> Self {
        let mut session = Self {
            engine: engine(),
            seq: Seq(0),
            trades: 0,
        };
        session.trade("42000 10");
        session
    }

    fn process(&mut self, input: &Input) {
        self.seq = self.seq.next();
        let processed = self.engine.process(self.seq, input);
        // Whatever comes of it can be journalled.
        for record in &processed.records {
            serde_json::to_string(&record.event).unwrap();
        }
    }

    /// `price quantity`, within what a feed lets through; three seconds after the one before.
    fn trade(&mut self, line: &str) {
        let mut numbers = line.split(' ').map(str::parse::<Decimal>);
        let (Some(Ok(price)), Some(Ok(quantity))) = (numbers.next(), numbers.next()) else {
            return;
        };
        let (least, most) = (Decimal::new(1, 8), Decimal::from(100_000_000));
        if price < least || price > most || quantity < least || quantity > most {
            return;
        }
        self.trades += 1;
        let trade = MarketTrade {
            symbol: "BTCUSDT".parse().unwrap(),
            id: self.trades,
            price: price.round_dp(8),
            quantity: quantity.round_dp(8),
            count: 1,
            taker: if self.trades.is_multiple_of(2) {
                Side::Buy
            } else {
                Side::Sell
            },
            time: TimeUs(1_700_000_000_000_000 + 3_000_000 * self.trades as i64),
        };
        self.process(&Input::Market(MarketEvent::Trade(trade)));
    }

    fn command(&mut self, bot: BotId, command: BotCommand) {
        let command = Box::new(command);
        self.process(&Input::Bot { bot, command });
    }
}

/// Orders and all that can be said about them, between prices.
fn commands(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let mut session = Session::new();
    for line in text.lines().take(64) {
        match json::decode_client(line).ok().and_then(|frame| frame.ask()) {
            Some(ask) => session.command(ask.bot, ask.command),
            None => session.trade(line),
        }
    }
}

/// What another bot reports.
fn reports(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let mut session = Session::new();
    for line in text.lines().take(64) {
        match serde_json::from_str::<BotReport>(line) {
            Ok(report) => session.command("other".parse().unwrap(), report.into()),
            Err(_) => session.trade(line),
        }
    }
}

fn forms(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let fields = Fields::parse(text);
    if let Ok(form) = Form::read(&fields) {
        let _ = (form.orders(), form.pair());
    }
    if DecisionQuery::read(&fields).is_ok() {
        // What a page links to can be read again.
        DecisionQuery::read(&Fields::parse(&filter_text(&fields))).unwrap();
    }
}

/// Accounts with one user, who has neither token nor session: whatever is shown is somebody else's.
struct Home {
    accounts: Accounts,
    _data: TempDir,
}

static HOME: LazyLock<Home> = LazyLock::new(|| {
    let data = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let accounts = runtime.block_on(async {
        let now = TimeUs(1_700_000_000_000_000);
        let accounts = Accounts::open(data.path(), &AuthConfig::default(), now)
            .await
            .unwrap();
        let user = NewUser {
            name: "ada".parse().unwrap(),
            role: Role::Admin,
            password: Password::new("correct horse battery".to_owned()),
        };
        let by = plainsight::auth::Actor::cli();
        accounts.add_user(user, &by, now).await.unwrap();
        accounts
    });
    Home {
        accounts,
        _data: data,
    }
});

fn tokens(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let checked = HOME.accounts.check(text, TimeUs(1_700_000_000_000_000));
    assert!(checked.is_err(), "{checked:?}");
}

/// What says who a request comes from: forwarding headers and cookies, one header a line.
fn headers(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(32) {
        let name = match line.first() {
            Some(b'f') => HeaderName::from_static("forwarded"),
            Some(b'x') => HeaderName::from_static("x-forwarded-for"),
            Some(b'p') => HeaderName::from_static("x-forwarded-proto"),
            Some(b'c') => header::COOKIE,
            _ => continue,
        };
        if let Ok(value) = HeaderValue::from_bytes(&line[1..]) {
            headers.append(name, value);
        }
    }
    let proxy: IpAddr = [127, 0, 0, 1].into();
    let networks = Networks::new(&LimitsConfig {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..LimitsConfig::default()
    });
    let peer = |address| Peer {
        address,
        is_secure: false,
    };
    assert!(!networks.client(peer(proxy), &headers).is_local());
    let stranger: IpAddr = [10, 0, 0, 1].into();
    assert_eq!(networks.client(peer(stranger), &headers).address, stranger);
    let _ = cookies::read(&CookieJar::from_headers(&headers));
}

/// A file that is written anew for each input. Files in memory, where the system has them.
fn written(name: &str, data: &[u8]) -> (TempDir, PathBuf) {
    let memory = Path::new("/dev/shm");
    let home = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    let home = home.unwrap();
    let path = home.path().join(name);
    std::fs::write(&path, data).unwrap();
    (home, path)
}

fn config(data: &[u8]) {
    let (_home, path) = written("Leptos.toml", data);
    if let Err(error) = Config::load(Some(&path)) {
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

/// A recorded market: the first byte says how it is packed. Its times never go back.
fn dump(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let name = match kind {
        b'z' => "BTCUSDT-aggTrades-2024-01-01.zip",
        b'g' => "BTCUSDT-trades-2024-01-01.csv.gz",
        b'k' => "BTCUSDT-1m-2024-01-01.csv",
        b't' => "BTCUSDT-trades-2024-01-01.csv",
        _ => "BTCUSDT-aggTrades-2024-01-01.csv",
    };
    let (_home, path) = written(name, rest);
    let options = ReplayOptions {
        path,
        symbols: Vec::new(),
        resume: None,
    };
    let Ok(mut feed) = ReplayFeed::open(options) else {
        return;
    };
    let mut last = None;
    for _ in 0..10_000 {
        match feed.next() {
            Some(FeedItem::Market(event)) => {
                assert!(last <= Some(event.time()), "market time went back");
                last = Some(event.time());
            }
            Some(FeedItem::Notice(_)) => {}
            None => return,
        }
    }
}

/// What the exchange says, one message a line.
fn binance(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for line in text.lines().take(64) {
        let _ = message::parse(line);
    }
}

/// A bundle of the sealed log: as a zip, and as the texts in one, apart by a line of dashes.
fn bundle(data: &[u8]) {
    let _ = bundle::verify(Cursor::new(data), None);
    let Some(text) = text(data) else { return };
    let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let names = ["manifest.json", "entries.jsonl", "heads.jsonl"];
    for (name, part) in names.into_iter().zip(text.split("\n---\n")) {
        packed.start_file(name, options).unwrap();
        packed.write_all(part.as_bytes()).unwrap();
    }
    let packed = packed.finish().unwrap();
    let _ = bundle::verify(packed, None);
}
