//! A recorded market to play, and what an exchange knows of it at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use plainsight::domain::Decimal;
use serde_json::{Value, json};

/// One message of the market.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it was received, ns.
    pub at_ns: u64,
    pub stream: String,
    /// The payload, as it was received.
    pub data: String,
}

/// Everything that happens, in order.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    pub lines: Vec<Line>,
    /// The snapshot of each symbol that the recording has.
    snapshots: BTreeMap<String, Value>,
}

impl Tape {
    /// Reads recordings of the form `<received ns> <JSON>` and lays them over one another in time.
    pub fn read(files: &[&Path]) -> Self {
        let mut tape = Self::default();
        for file in files {
            let mut text = String::new();
            let packed = std::fs::File::open(file).unwrap();
            GzDecoder::new(packed).read_to_string(&mut text).unwrap();
            let mut symbol = String::new();
            for line in text.lines() {
                let (at, json) = line.split_once(' ').unwrap();
                if json.starts_with("{\"lastUpdateId\"") {
                    tape.snapshots
                        .insert(symbol.clone(), serde_json::from_str(json).unwrap());
                    continue;
                }
                let rest = json.strip_prefix("{\"stream\":\"").unwrap();
                let (stream, rest) = rest.split_once("\",\"data\":").unwrap();
                symbol = stream.split('@').next().unwrap().to_ascii_uppercase();
                tape.lines.push(Line {
                    at_ns: at.parse().unwrap(),
                    stream: stream.to_owned(),
                    data: rest.strip_suffix('}').unwrap().to_owned(),
                });
            }
        }
        tape.lines.sort_by_key(|line| line.at_ns);
        tape
    }

    /// The first lines alone.
    pub fn first(mut self, lines: usize) -> Self {
        self.lines.truncate(lines);
        self
    }

    pub fn streams(&self) -> BTreeSet<String> {
        self.lines.iter().map(|line| line.stream.clone()).collect()
    }

    /// The trades as aggregate ones, each of a single trade; their ids count from 1.
    pub fn aggregated(mut self) -> Self {
        let mut next = BTreeMap::new();
        for line in &mut self.lines {
            let Some(symbol) = line.stream.strip_suffix("@trade") else {
                continue;
            };
            let trade: Value = serde_json::from_str(&line.data).unwrap();
            let id: &mut u64 = next.entry(symbol.to_owned()).or_default();
            *id += 1;
            let (e, s, p, q, t) = (
                &trade["E"],
                &trade["s"],
                &trade["p"],
                &trade["q"],
                &trade["t"],
            );
            let agg = json!({"e": "aggTrade", "E": e, "s": s, "a": *id, "p": p, "q": q, "f": t,
                "l": t, "T": trade["T"], "m": trade["m"], "M": true});
            line.stream = format!("{symbol}@aggTrade");
            line.data = agg.to_string();
        }
        self
    }

    /// With what the recording lacks: the candle of each minute when it is over, and 24-hour figures.
    pub fn with_candles(self) -> Self {
        let mut minutes: BTreeMap<String, Minute> = BTreeMap::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in self.lines {
            let trade = line.stream.strip_suffix("@trade").map(str::to_owned);
            let payload =
                trade.map(|name| (name, serde_json::from_str::<Value>(&line.data).unwrap()));
            let Some((name, trade)) = payload else {
                lines.push(line);
                continue;
            };
            let start = trade["T"].as_u64().unwrap() / 60_000 * 60_000;
            let minute = minutes
                .entry(name.clone())
                .or_insert_with(|| Minute::of(start));
            if minute.start < start {
                let over = std::mem::replace(minute, Minute::of(start));
                lines.push(over.kline(&name, line.at_ns));
                lines.push(over.day(&name, line.at_ns));
            }
            minute.add(&trade);
            lines.push(line);
        }
        Self { lines, ..self }
    }

    /// The ids of the trades of a symbol, in order.
    pub fn trade_ids(&self, symbol: &str) -> Vec<u64> {
        let stream = format!("{}@trade", symbol.to_ascii_lowercase());
        let of_symbol = self.lines.iter().filter(|line| line.stream == stream);
        of_symbol
            .map(|line| {
                let trade: Value = serde_json::from_str(&line.data).unwrap();
                trade["t"].as_u64().unwrap()
            })
            .collect()
    }

    /// The price of the last trade of a symbol.
    pub fn last_price(&self, symbol: &str) -> String {
        let stream = format!("{}@trade", symbol.to_ascii_lowercase());
        let last = self.lines.iter().rev().find(|line| line.stream == stream);
        let trade: Value = serde_json::from_str(&last.unwrap().data).unwrap();
        trade["p"].as_str().unwrap().to_owned()
    }

    /// The numbers of the lines of a stream, by the end of its name.
    pub fn places(&self, stream: &str) -> Vec<usize> {
        let numbered = self.lines.iter().enumerate();
        numbered
            .filter(|(_, line)| line.stream.ends_with(stream))
            .map(|(number, _)| number)
            .collect()
    }
}

/// A minute's candle in the making.
struct Minute {
    start: u64,
    prices: Vec<Decimal>,
    volume: Decimal,
    quote: Decimal,
}

impl Minute {
    fn of(start: u64) -> Self {
        Self {
            start,
            prices: Vec::new(),
            volume: Decimal::ZERO,
            quote: Decimal::ZERO,
        }
    }

    fn add(&mut self, trade: &Value) {
        let number = |field: &str| trade[field].as_str().unwrap().parse::<Decimal>().unwrap();
        let (price, quantity) = (number("p"), number("q"));
        self.prices.push(price);
        self.volume += quantity;
        self.quote += price * quantity;
    }

    fn range(&self) -> [String; 4] {
        let prices = &self.prices;
        [
            prices.first(),
            prices.iter().max(),
            prices.iter().min(),
            prices.last(),
        ]
        .map(|price| price.unwrap().to_string())
    }

    fn kline(&self, name: &str, at_ns: u64) -> Line {
        let [o, h, l, c] = self.range();
        let symbol = name.to_ascii_uppercase();
        let data = json!({"e": "kline", "E": self.start + 60_002, "s": symbol, "k": {
            "t": self.start, "T": self.start + 59_999, "s": symbol, "i": "1m", "f": 1, "L": 2,
            "o": o, "c": c, "h": h, "l": l, "v": self.volume.to_string(), "n": self.prices.len(),
            "x": true, "q": self.quote.to_string(), "V": "0", "Q": "0", "B": "0"}});
        Line {
            at_ns,
            stream: format!("{name}@kline_1m"),
            data: data.to_string(),
        }
    }

    fn day(&self, name: &str, at_ns: u64) -> Line {
        let [o, h, l, c] = self.range();
        let symbol = name.to_ascii_uppercase();
        let data = json!({"e": "24hrMiniTicker", "E": self.start + 60_002, "s": symbol, "o": o,
            "h": h, "l": l, "c": c, "v": self.volume.to_string(), "q": self.quote.to_string()});
        Line {
            at_ns,
            stream: format!("{name}@miniTicker"),
            data: data.to_string(),
        }
    }
}

/// A book as an exchange has it.
#[derive(Default)]
struct Levels {
    last: u64,
    sides: [BTreeMap<Decimal, String>; 2],
}

impl Levels {
    fn lay(&mut self, side: usize, levels: &Value) {
        for level in levels.as_array().unwrap() {
            let [price, quantity] = [0, 1].map(|n| level[n].as_str().unwrap());
            let price: Decimal = price.parse().unwrap();
            if quantity.parse::<Decimal>().unwrap().is_zero() {
                self.sides[side].remove(&price);
            } else {
                self.sides[side].insert(price, quantity.to_owned());
            }
        }
    }
}

/// What the exchange knows: books and trades as of what was played.
pub struct Exchange {
    books: BTreeMap<String, Levels>,
    trades: BTreeMap<String, Vec<Value>>,
}

impl Exchange {
    pub fn new(tape: &Tape) -> Self {
        let books = tape.snapshots.iter().map(|(symbol, snapshot)| {
            let mut levels = Levels {
                last: snapshot["lastUpdateId"].as_u64().unwrap(),
                ..Levels::default()
            };
            levels.lay(0, &snapshot["bids"]);
            levels.lay(1, &snapshot["asks"]);
            (symbol.clone(), levels)
        });
        Self {
            books: books.collect(),
            trades: BTreeMap::new(),
        }
    }

    pub fn happen(&mut self, line: &Line) {
        let (name, kind) = line.stream.split_once('@').unwrap();
        let symbol = name.to_ascii_uppercase();
        if kind.starts_with("depth") {
            let change: Value = serde_json::from_str(&line.data).unwrap();
            let book = self.books.entry(symbol).or_default();
            let last = change["u"].as_u64().unwrap();
            if last > book.last {
                book.lay(0, &change["b"]);
                book.lay(1, &change["a"]);
                book.last = last;
            }
        } else if kind == "trade" || kind == "aggTrade" {
            let trade = serde_json::from_str(&line.data).unwrap();
            self.trades.entry(symbol).or_default().push(trade);
        }
    }

    /// As `/api/v3/depth` answers.
    pub fn depth(&self, symbol: &str) -> Option<Value> {
        let book = self.books.get(symbol)?;
        let level = |(price, quantity): (&Decimal, &String)| json!([price.to_string(), quantity]);
        let bids: Vec<_> = book.sides[0].iter().rev().map(level).collect();
        let asks: Vec<_> = book.sides[1].iter().map(level).collect();
        Some(json!({"lastUpdateId": book.last, "bids": bids, "asks": asks}))
    }

    /// As `/api/v3/klines` answers: the minutes that open within these times, ms, that had a trade.
    pub fn minutes(&self, symbol: &str, from: u64, to: u64) -> Vec<Value> {
        let mut minutes: Vec<Minute> = Vec::new();
        for trade in self.trades.get(symbol).into_iter().flatten() {
            let time = trade["T"].as_u64().unwrap();
            let start = time - time % 60_000;
            if !(from..=to).contains(&start) {
                continue;
            }
            if minutes.last().is_none_or(|minute| minute.start < start) {
                minutes.push(Minute::of(start));
            }
            minutes.last_mut().unwrap().add(trade);
        }
        let rows = minutes.iter().map(|minute| {
            let [o, h, l, c] = minute.range();
            let (volume, quote) = (minute.volume.to_string(), minute.quote.to_string());
            json!([
                minute.start,
                o,
                h,
                l,
                c,
                volume,
                minute.start + 59_999,
                quote,
                minute.prices.len(),
                "0",
                "0",
                "0"
            ])
        });
        rows.collect()
    }

    /// Trades that were played with an id of `field` of at least `from`; without it the newest.
    pub fn trades(&self, symbol: &str, field: &str, from: Option<u64>) -> Vec<Value> {
        const PAGE: usize = 1_000;
        let Some(trades) = self.trades.get(symbol) else {
            return Vec::new();
        };
        let start = match from {
            Some(from) => trades.partition_point(|trade| trade[field].as_u64().unwrap() < from),
            None => trades.len().saturating_sub(PAGE),
        };
        trades[start..].iter().take(PAGE).cloned().collect()
    }
}
