//! The clients against a server that says exactly what it is told to.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::*;

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => bytes.push(short),
        _ => {
            bytes.push(126);
            bytes.extend((payload.len() as u16).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

fn push(first: u64, last: u64) -> String {
    format!(
        r#"{{"type":"push","topic":"bench","epoch":"0a","first":{first},"last":{last},"seq":1,"kind":"event","t_source":null,"t_received":1,"t_published":1,"data":"x"}}"#
    )
}

/// Reads until `word` has come, and gives what came.
fn until(stream: &mut TcpStream, word: &str) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 1024]);
    while !text.contains(word) {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the client left before {word}: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    text
}

/// Takes one client up to its hello, and gives what it said.
fn accept(listener: &TcpListener, word: &str) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    until(&mut stream, "\r\n\r\n");
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(answer).unwrap();
    let said = until(&mut stream, word);
    (stream, said)
}

fn subscribed(offset: u64) -> Vec<u8> {
    let ok = format!(
        r#"{{"type":"ok","id":1,"topics":[{{"topic":"bench","epoch":"0a","offset":{offset}}}]}}"#
    );
    frame(1, format!("{{\"type\":\"welcome\"}}\n{ok}").as_bytes())
}

/// A fleet, and the server that runs beside it.
fn against<T: Send + 'static>(
    clients: usize,
    slow: usize,
    server: impl FnOnce(TcpListener) -> T + Send + 'static,
) -> (Fleet, JoinHandle<T>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("ws://{}/v1/ws", listener.local_addr().unwrap());
    let args = FleetArgs {
        url: url.parse().unwrap(),
        topic: "bench".to_owned(),
        clients,
        pid: None,
        json: true,
    };
    let server = thread::spawn(move || server(listener));
    (Fleet::new(&args, slow).unwrap(), server)
}

fn receive(fleet: &mut Fleet, ms: u64) {
    fleet.receive(Duration::from_millis(ms), || Ok(())).unwrap();
}

#[test]
fn faults_are_counted_however_the_bytes_are_cut() {
    for piece in [1, 7, 100, 10_000] {
        let (mut fleet, server) = against(1, 0, move |listener| {
            let (mut stream, _) = accept(&listener, "subscribe");
            let mut bytes = subscribed(10);
            // Two publications in a message, a conflated one, a duplicate, and a gap of two.
            bytes.extend(frame(
                1,
                format!("{}\n{}", push(11, 11), push(12, 12)).as_bytes(),
            ));
            bytes.extend(frame(9, b"are you there"));
            bytes.extend(frame(1, push(13, 15).as_bytes()));
            bytes.extend(frame(1, push(15, 15).as_bytes()));
            bytes.extend(frame(1, push(18, 18).as_bytes()));
            bytes.extend(frame(8, &4008_u16.to_be_bytes()));
            for part in bytes.chunks(piece) {
                stream.write_all(part).unwrap();
            }
            until(&mut stream, "are you there")
        });
        fleet.shared.tally(false).measuring = true;
        fleet.open_all().unwrap();
        receive(&mut fleet, 200);
        let tally = fleet.shared.tally(false);
        assert_eq!(tally.deliveries, 5, "in pieces of {piece}");
        assert_eq!((tally.gaps, tally.missed, tally.duplicates), (1, 2, 1));
        assert_eq!(tally.closes.get("close 4008"), Some(&1));
        assert_eq!((tally.head, fleet.live()), (18, 0));
        server.join().unwrap();
    }
}

#[test]
fn who_was_cut_resumes_where_it_stood() {
    let (mut fleet, server) = against(1, 0, |listener| {
        let (mut first, _) = accept(&listener, "subscribe");
        first.write_all(&subscribed(41)).unwrap();
        first.write_all(&frame(1, push(42, 42).as_bytes())).unwrap();
        let (mut second, said) = accept(&listener, "resume");
        let resumed = format!(
            "{}\n{}",
            r#"{"type":"resumed","topic":"bench","from":42,"to":43}"#,
            push(43, 43)
        );
        second.write_all(&frame(1, resumed.as_bytes())).unwrap();
        let reset = first.read(&mut [0; 64]).unwrap_err().kind();
        (said, reset, second)
    });
    fleet.open_all().unwrap();
    receive(&mut fleet, 100);
    let joins = fleet.cut_all(Duration::from_secs(5)).unwrap();
    receive(&mut fleet, 100);
    let (said, reset, _second) = server.join().unwrap();
    assert!(
        said.contains(r#"{"epoch":"0a","offset":42,"topic":"bench"}"#),
        "{said}"
    );
    assert!(!said.contains("subscribe"), "{said}");
    assert_eq!(reset, std::io::ErrorKind::ConnectionReset);
    let tally = fleet.shared.tally(false);
    assert_eq!((joins.len(), tally.resumed, tally.resyncs), (1, 1, 0));
    assert_eq!((tally.gaps, tally.duplicates, tally.head), (0, 0, 43));
    assert!(tally.errors.is_empty(), "{:?}", tally.errors);
}

#[test]
fn a_slow_client_reads_only_when_it_is_looked_at() {
    let (mut fleet, server) = against(2, 1, |listener| {
        let mut streams = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = accept(&listener, "subscribe");
            stream.write_all(&subscribed(0)).unwrap();
            streams.push(stream);
        }
        thread::sleep(Duration::from_millis(50));
        for mut stream in streams {
            stream.write_all(&frame(1, push(3, 3).as_bytes())).unwrap();
        }
    });
    fleet.open_all().unwrap();
    server.join().unwrap();
    receive(&mut fleet, 100);
    assert_eq!(
        (
            fleet.shared.tally(false).gaps,
            fleet.shared.tally(true).gaps
        ),
        (1, 0)
    );
    let open = fleet.look_at_parked(Duration::from_millis(100)).unwrap();
    assert_eq!((open, fleet.shared.tally(true).gaps), (0, 1));
    assert_eq!(
        fleet.shared.tally(true).closes.get("end of stream"),
        Some(&1)
    );
}

#[test]
fn a_refusal_ends_the_run() {
    let (mut fleet, server) = against(1, 0, |listener| {
        let (mut stream, _) = listener.accept().unwrap();
        until(&mut stream, "\r\n\r\n");
        stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
            .unwrap();
    });
    let failure = fleet.open_all().unwrap_err().to_string();
    assert!(failure.contains("refused 503"), "{failure}");
    server.join().unwrap();
}
