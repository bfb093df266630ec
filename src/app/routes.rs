//! The pages, their addresses and what each needs. A page's topics stand here once: the server cuts
//! exactly these from the hub for the first render, and the client starts from them.

use crate::domain::{BotId, Interval, Symbol};
use crate::wire::Topic;

/// What a page shows beside its own address: `?bot=` and the symbol of `/market/:symbol`.
#[derive(Debug, Clone, PartialEq)]
pub struct Focus {
    pub bot: BotId,
    /// The market that is looked at; `None` where the feed has no symbol yet.
    pub symbol: Option<Symbol>,
    /// `?interval=` of the market page.
    pub interval: Interval,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Overview,
    Market,
    Trade,
    Trades,
    Positions,
    Decisions,
    Performance,
    System,
}

/// Candles are shown in this period first.
pub const FIRST_INTERVAL: Interval = Interval::M1;

impl Page {
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Market,
        Self::Trade,
        Self::Trades,
        Self::Positions,
        Self::Decisions,
        Self::Performance,
        Self::System,
    ];

    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Market => "/market",
            Self::Trade => "/trade",
            Self::Trades => "/trades",
            Self::Positions => "/positions",
            Self::Decisions => "/decisions",
            Self::Performance => "/performance",
            Self::System => "/system",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Market => "Market",
            Self::Trade => "Trade",
            Self::Trades => "Trades",
            Self::Positions => "Positions",
            Self::Decisions => "Decisions",
            Self::Performance => "Performance",
            Self::System => "System",
        }
    }

    /// The page of an address, without its query.
    pub fn of_path(path: &str) -> Option<Self> {
        let trimmed = path.trim_end_matches('/');
        if trimmed.is_empty() {
            return Some(Self::Overview);
        }
        if trimmed.starts_with("/market/") {
            return Some(Self::Market);
        }
        Self::ALL.into_iter().find(|page| page.path() == trimmed)
    }

    /// All topics that the page shows, the shell's own included.
    pub fn topics(self, focus: &Focus) -> Vec<Topic> {
        let bot = || focus.bot.clone();
        let mut topics = vec![Topic::Health, Topic::Alerts, Topic::Portfolio(bot())];
        let market = |interval| {
            let symbol = focus.symbol.iter().cloned();
            symbol.flat_map(move |symbol| {
                [
                    Topic::Market(symbol.clone()),
                    Topic::Candles(symbol, interval),
                ]
            })
        };
        match self {
            Self::Overview => {
                topics.extend(market(FIRST_INTERVAL));
                topics.extend([
                    Topic::Equity(bot()),
                    Topic::Positions(bot()),
                    Topic::Trades(bot()),
                    Topic::Decisions(bot()),
                    Topic::Performance(bot()),
                ]);
            }
            Self::Market => {
                topics.extend(market(focus.interval));
                topics.extend([
                    Topic::Trades(bot()),
                    Topic::Decisions(bot()),
                    Topic::Quality,
                ]);
            }
            Self::Trade => {
                topics.extend(focus.symbol.iter().cloned().map(Topic::Market));
                topics.extend([Topic::Orders(bot()), Topic::Working(bot())]);
            }
            Self::Trades => topics.push(Topic::Trades(bot())),
            Self::Positions => topics.push(Topic::Positions(bot())),
            Self::Decisions => topics.extend([Topic::Decisions(bot()), Topic::Agent(bot())]),
            Self::Performance => topics.extend([Topic::Performance(bot()), Topic::Equity(bot())]),
            Self::System => topics.push(Topic::Quality),
        }
        topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_path() {
        for page in Page::ALL {
            assert_eq!(Page::of_path(page.path()), Some(page));
        }
        assert_eq!(Page::of_path("/market/BTCUSDT"), Some(Page::Market));
        assert_eq!(Page::of_path("/trades/"), Some(Page::Trades));
        assert_eq!(Page::of_path("/nowhere"), None);
    }
}
