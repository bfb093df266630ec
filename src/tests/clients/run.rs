//! The Python client against a real server: it is answered and refused, it subscribes, and it comes back
//! after the server was away with nothing missing and nothing twice.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{root, run, skipped};
use crate::harness::{PATIENCE, TestServer};
use crate::program::Running;

/// A Python that has what the client needs.
fn python() -> Option<PathBuf> {
    let own = root().join(".tools/venv/bin/python");
    let python = if own.exists() {
        own
    } else {
        PathBuf::from("python3")
    };
    let asked = Command::new(&python)
        .args(["-c", "import websockets.asyncio.client"])
        .output();
    if asked.is_ok_and(|answer| answer.status.success()) {
        return Some(python);
    }
    skipped("python3 has no `websockets`");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_goes_on_where_it_stood() {
    let Some(python) = python() else {
        return;
    };
    let server = TestServer::still(|_| ()).await;
    server.notes("mine", 1..=3).await;
    let url = format!("ws://{}/v1/ws", server.addr);
    let child = Command::new(&python)
        .arg(root().join("src/tests/clients/drive.py"))
        .args([&url, &server.token])
        .env("PYTHONPATH", root().join("clients/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Running(child.unwrap());
    let output = BufReader::new(child.0.stdout.take().unwrap());
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel::<Value>();
    std::thread::spawn(move || {
        for line in output.lines() {
            let Ok(line) = line else { return };
            if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                return;
            }
        }
    });
    let mut next = async || {
        let told = tokio::time::timeout(PATIENCE, told.recv()).await;
        told.expect("the client says nothing")
            .expect("the client has ended")
    };

    assert!(next().await["types"].as_u64().unwrap() > 100);
    assert_eq!(next().await, json!({"refused": "unknown_topic"}));
    assert_eq!(
        next().await,
        json!({"refused": "missing_price", "field": "price"})
    );
    assert!(next().await["order"].as_str().unwrap().starts_with("ord-"));
    let mut begun = [next().await, next().await, next().await, next().await];
    // Each topic by itself is in order.
    begun.sort_by_key(ToString::to_string);
    let snapshots = [
        json!({"snapshot": "market:BTCUSDT"}),
        json!({"snapshot": "portfolio:paper"}),
    ];
    assert_eq!(begun[..2], [json!({"note": "n2"}), json!({"note": "n3"})]);
    assert_eq!(begun[2..], snapshots);

    server.notes("mine", 4..=4).await;
    assert_eq!(next().await, json!({"note": "n4"}));
    let server = server.restart().await;
    server.notes("mine", 5..=6).await;
    assert_eq!(next().await, json!({"note": "n5"}));
    assert_eq!(next().await, json!({"note": "n6"}));
    assert_eq!(next().await, json!({"closed": 4500}));
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn the_python_client_is_python() {
    let Some(python) = python() else {
        return;
    };
    let read = "import ast, sys; [ast.parse(open(path).read(), path) for path in sys.argv[1:]]";
    let files = ["plainsight.py", "plainsight_types.py"]
        .map(|name| root().join("clients/python").join(name));
    let checked = run(Command::new(python).args(["-c", read]).args(files));
    assert!(checked.status.success(), "{}", super::told(&checked));
}
