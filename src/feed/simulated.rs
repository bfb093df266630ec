//! A simulated market that never ends: regimes, a book of ten levels and trades for each symbol.
//! The same seed, symbols and start give the same items on every machine; the cursor holds the
//! whole state. Nothing here is real, and every page says so.

use serde::{Deserialize, Serialize};

use self::market::Market;
use self::noise::Bits;
use super::{Cursor, Feed, FeedError, FeedItem};
use crate::domain::{Symbol, TimeUs};

mod instrument;
mod market;
mod noise;
mod regime;

pub use instrument::Instrument;

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SimulatedOptions {
    /// At least one, each once. Each has its own chance: adding one changes no other.
    pub symbols: Vec<Symbol>,
    pub seed: u64,
    /// Market time at which it starts. Of no effect with `resume`.
    pub start: TimeUs,
    pub resume: Option<Cursor>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    seed: Bits,
    /// In the order of the options.
    markets: Vec<Market>,
}

pub struct SimulatedFeed {
    symbols: Vec<Symbol>,
    instruments: Vec<Instrument>,
    state: State,
}

impl SimulatedFeed {
    pub fn new(options: SimulatedOptions) -> Result<Self, FeedError> {
        let symbols = options.symbols;
        let refused = |why: String| Err(FeedError::SimulatedSymbols { why });
        if symbols.is_empty() {
            return refused("there is none".to_owned());
        }
        for (index, symbol) in symbols.iter().enumerate() {
            if symbols[..index].contains(symbol) {
                return refused(format!("{symbol} is named twice"));
            }
        }
        let state = match options.resume {
            Some(cursor) => restored(cursor, &symbols, options.seed)?,
            None => State {
                seed: Bits(options.seed),
                markets: symbols
                    .iter()
                    .map(|symbol| Market::new(symbol.clone(), options.seed, options.start))
                    .collect(),
            },
        };
        Ok(Self {
            instruments: symbols.iter().map(Instrument::of).collect(),
            symbols,
            state,
        })
    }
}

fn restored(cursor: Cursor, symbols: &[Symbol], seed: u64) -> Result<State, FeedError> {
    let refused = |why: String| FeedError::Cursor { why };
    let state: State = serde_json::from_value(cursor.0)
        .map_err(|error| refused(format!("not a cursor of a simulated market: {error}")))?;
    if state.seed != Bits(seed) {
        return Err(refused(format!(
            "its seed was {}, not {seed}",
            state.seed.0
        )));
    }
    if !state.markets.iter().map(Market::symbol).eq(symbols) {
        return Err(refused("its symbols were others".to_owned()));
    }
    Ok(state)
}

impl Feed for SimulatedFeed {
    fn next(&mut self) -> Option<FeedItem> {
        // Of equal times the first symbol's comes first.
        let markets = self.state.markets.iter_mut().zip(&self.instruments);
        let (market, instrument) = markets.min_by_key(|(market, _)| market.next_at())?;
        Some(FeedItem::Market(market.next(instrument)))
    }

    fn cursor(&self) -> Cursor {
        // Plain numbers and texts: there is nothing in the state that JSON cannot hold.
        Cursor(serde_json::to_value(&self.state).unwrap_or_default())
    }

    fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    fn instruments(&self) -> Vec<crate::domain::Instrument> {
        let listed = self.symbols.iter().zip(&self.instruments);
        listed
            .map(|(symbol, instrument)| instrument.listing(symbol))
            .collect()
    }

    fn identity(&self) -> String {
        let names: Vec<_> = self.symbols.iter().map(Symbol::as_str).collect();
        format!("simulated:{}:{}", self.state.seed.0, names.join(","))
    }
}

#[cfg(test)]
mod tests;
