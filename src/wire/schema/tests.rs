//! The golden vectors: what every frame looks like, as text and as bytes. Where one has changed on
//! purpose, `PLAINSIGHT_GOLDEN=write cargo nextest run golden` writes the file anew.

use super::*;
use crate::wire::fixtures::frames;
use crate::wire::{ClientFrame, ServerFrame, json, postcard};

/// A frame of either side.
#[derive(Debug, PartialEq)]
enum Frame {
    Client(ClientFrame),
    Server(ServerFrame),
}

/// Name, text and bytes of a frame. The bytes are those of a whole message.
struct Vector {
    name: String,
    json: String,
    hex: String,
}

impl Frame {
    fn all() -> Vec<Self> {
        let client = frames::client().into_iter().map(Self::Client);
        let server = frames::server().into_iter().chain(frames::pushes());
        client.chain(server.map(Self::Server)).collect()
    }

    fn vector(&self) -> Vector {
        let (side, json, bytes) = match self {
            Self::Client(frame) => (
                "client",
                json::encode_client(frame),
                postcard::encode_client(frame),
            ),
            Self::Server(frame) => (
                "server",
                json::encode_server(frame).unwrap(),
                postcard::encode_server(frame),
            ),
        };
        let fields: serde_json::Value = serde_json::from_str(&json).unwrap();
        let field = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        let name = match self {
            Self::Server(ServerFrame::Push(_)) => format!("{} {}", field("topic"), field("kind")),
            _ => field("type"),
        };
        Vector {
            name: format!("{side} {name}"),
            json,
            hex: bytes
                .unwrap()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    fn of_json(side: &str, text: &str) -> Self {
        match side {
            "client" => Self::Client(json::decode_client(text).unwrap()),
            _ => Self::Server(json::decode_server(text).unwrap()),
        }
    }

    fn of_hex(side: &str, hex: &str) -> Self {
        let pairs = hex.as_bytes().chunks(2);
        let digits = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
        let message: Vec<u8> = digits
            .map(|two| u8::from_str_radix(two, 16).unwrap())
            .collect();
        let mut frames = postcard::frames(&message);
        let frame = frames.next().unwrap().unwrap();
        assert!(frames.next().is_none());
        match side {
            "client" => Self::Client(postcard::decode_client(frame).unwrap()),
            _ => Self::Server(postcard::decode_server(frame).unwrap()),
        }
    }
}

fn written() -> String {
    let mut text = String::new();
    for frame in Frame::all() {
        let Vector { name, json, hex } = frame.vector();
        text.push_str(&format!("{name}\njson {json}\nhex {hex}\n\n"));
    }
    text
}

#[test]
fn golden_vectors_read_and_write_alike() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire/schema/golden.txt");
    if std::env::var("PLAINSIGHT_GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(path, written()).unwrap();
    }
    let file = std::fs::read_to_string(path).unwrap();
    let mut made = Frame::all().into_iter();
    for vector in file.split_terminator("\n\n") {
        let lines: Vec<&str> = vector.lines().collect();
        let [name, json, hex] = lines[..] else {
            panic!("three lines: {vector}");
        };
        let (json, hex) = (
            json.strip_prefix("json ").unwrap(),
            hex.strip_prefix("hex ").unwrap(),
        );
        let (side, _) = name.split_once(' ').unwrap();
        let frame = made.next().unwrap();
        assert_eq!(Frame::of_json(side, json), frame, "{name}");
        assert_eq!(Frame::of_hex(side, hex), frame, "{name}");
        for read in [Frame::of_json(side, json), Frame::of_hex(side, hex)] {
            let again = read.vector();
            assert_eq!((&*again.name, &*again.json), (name, json));
            assert_eq!(again.hex, hex, "{name}");
        }
    }
    assert_eq!(made.next(), None, "a frame has no vector");
}

#[test]
fn only_the_bytes_count() {
    assert_eq!(
        fnv(b"hex 00\nhex 01\n"),
        fnv(b"a\njson {}\nhex 00\n\nb\nhe x\nhex 01\n")
    );
    assert_ne!(fnv(b"hex 00\n"), fnv(b"hex 01\n"));
    assert_eq!(fnv(b"xhex 00\n"), fnv(b""));
    assert_eq!(&hexadecimal(0x0123_4567_89ab_cdef), b"0123456789abcdef");
    assert_eq!(schema_hash().len(), 16);
}

#[test]
fn several_frames_stand_in_one_message() {
    let frames = frames::server();
    let message = frames
        .iter()
        .flat_map(|frame| postcard::encode_server(frame).unwrap());
    let message: Vec<u8> = message.collect();
    let read: Vec<_> = postcard::frames(&message)
        .map(|frame| postcard::decode_server(frame.unwrap()).unwrap())
        .collect();
    assert_eq!(read, frames);
    let cut = postcard::frames(&message[..message.len() - 1]);
    assert_eq!(cut.last(), Some(Err(postcard::BadBytes::Cut)));
}

#[test]
fn a_welcome_of_another_shape_is_known_before_it_is_read() {
    let [welcome, ok] = [0, 1].map(|place| {
        let message = postcard::encode_server(&frames::server()[place]).unwrap();
        let frame = postcard::frames(&message).next().unwrap().unwrap();
        frame.to_vec()
    });
    // The filled frame names a schema that is nobody's.
    let other = "0123456789abcdef";
    let cut = welcome[..20].to_vec();
    let longer = [&welcome[..], b"a field of tomorrow"].concat();
    for unreadable in [&cut, &longer] {
        assert!(postcard::decode_server(unreadable).is_err());
    }
    for frame in [&welcome, &cut, &longer] {
        assert_eq!(postcard::schema_of(frame).as_deref(), Some(other));
        assert!(postcard::is_of_another_shape(frame));
    }
    // Ours is no reason to leave, even where something else is wrong with it.
    let ours = String::from_utf8_lossy(&cut).replace(other, schema_hash());
    assert_eq!(
        postcard::schema_of(ours.as_bytes()).as_deref(),
        Some(schema_hash())
    );
    assert!(!postcard::is_of_another_shape(ours.as_bytes()));
    assert_eq!(postcard::schema_of(&ok), None);
    assert!(!postcard::is_of_another_shape(&ok));
}
