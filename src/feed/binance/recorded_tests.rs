//! Recorded messages for the tests of this folder.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::recorded::recorded;

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// One message of each kind of the spot streams, and replies, by name.
pub fn single_messages() -> Option<BTreeMap<String, String>> {
    #[derive(serde::Deserialize)]
    struct Line {
        name: String,
        raw: String,
    }
    let folder = recorded("binance_ws_single_messages")?;
    let mut all = BTreeMap::new();
    for file in ["spot.jsonl", "generic.jsonl"] {
        for line in std::fs::read_to_string(folder.join(file)).unwrap().lines() {
            let line: Line = serde_json::from_str(line).unwrap();
            all.insert(line.name, line.raw);
        }
    }
    Some(all)
}

/// The raw recordings of BTCUSDT (two halves, the first with the snapshot) and ETHUSDT.
pub fn raw_files() -> Option<Vec<PathBuf>> {
    let folder = recorded("binance_ws_raw_20240808")?;
    let names = ["btcusdt_20240808", "btcusdt_20240809", "ethusdt_20240808"];
    Some(
        names
            .iter()
            .map(|name| folder.join(format!("spot_{name}.gz")))
            .collect(),
    )
}

/// The messages of a raw recording, without the time at which each was received.
pub fn raw_lines(file: &Path) -> Vec<String> {
    unpacked(file)
        .lines()
        .map(|line| line.split_once(' ').unwrap().1.to_owned())
        .collect()
}

/// Thirty seconds of four quiet symbols.
pub fn samples() -> Option<Vec<String>> {
    let folder = recorded("cryptofeed_binance_samples")?;
    let text = unpacked(&folder.join("BINANCE.ws.1.0.gz"));
    let lines = text.lines().filter(|line| !line.starts_with("wss://"));
    Some(
        lines
            .filter_map(|line| line.split_once(": "))
            .map(|(_, json)| json.to_owned())
            .collect(),
    )
}

/// The exchange's list of all its symbols.
pub fn exchange_info() -> Option<String> {
    let folder = recorded("cryptofeed_binance_samples")?;
    let text = unpacked(&folder.join("BINANCE.0.gz"));
    let line = text.lines().find(|line| line.contains("exchangeInfo"))?;
    Some(line.split_once(": ")?.1.to_owned())
}
