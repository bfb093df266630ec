//! Which feed a configuration asks for, and how it is opened.

use std::path::PathBuf;

use super::StartError;
use crate::domain::{Instrument, Mode, TimeUs};
use crate::feed::{
    BinanceFeed, BinanceOptions, Cursor, Feed, ReplayFeed, ReplayOptions, SimulatedFeed,
    SimulatedOptions,
};
use crate::server::config::Config;

/// Symbols of the simulated and of the live market, where none are asked for.
const SYMBOLS: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

/// Where prices come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Simulated,
    Replay(PathBuf),
    Binance,
}

impl Source {
    pub fn parse(text: &str) -> Result<Self, StartError> {
        match text.split_once(':') {
            None if text == "simulated" => Ok(Self::Simulated),
            None if text == "binance" => Ok(Self::Binance),
            Some(("replay", path)) if !path.is_empty() => Ok(Self::Replay(PathBuf::from(path))),
            _ => Err(StartError::Config(format!(
                "unknown feed {text:?}: use simulated, replay:PATH or binance"
            ))),
        }
    }

    pub fn mode(&self) -> Mode {
        match self {
            Self::Simulated => Mode::Sim,
            Self::Replay(_) => Mode::Replay,
            // The built-in bot's fills are simulated, whatever the prices are.
            Self::Binance => Mode::Paper,
        }
    }

    /// Opens the feed. `known` are the instruments of a live one where nobody is to be asked.
    pub async fn open(
        &self,
        config: &Config,
        resume: Option<Cursor>,
        start: TimeUs,
        known: Option<Vec<Instrument>>,
    ) -> Result<Box<dyn Feed>, StartError> {
        let mut symbols = config.feed.symbols.clone();
        if symbols.is_empty() && !matches!(self, Self::Replay(_)) {
            let defaults = SYMBOLS.iter().filter_map(|symbol| symbol.parse().ok());
            symbols = defaults.collect();
        }
        Ok(match self {
            Self::Simulated => Box::new(SimulatedFeed::new(SimulatedOptions {
                symbols,
                seed: config.feed.seed,
                start,
                resume,
            })?),
            Self::Binance => Box::new(
                BinanceFeed::open(BinanceOptions {
                    config: config.feed.binance.clone(),
                    symbols,
                    resume,
                    instruments: known,
                })
                .await?,
            ),
            Self::Replay(path) => Box::new(ReplayFeed::open(ReplayOptions {
                path: path.clone(),
                symbols,
                resume,
            })?),
        })
    }
}
