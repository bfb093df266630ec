//! The pages, their addresses and what each needs. A page's topics stand here once: the server cuts
//! exactly these from the hub for the first render, and the client starts from them.

use percent_encoding::percent_decode_str;

use crate::domain::{BotId, DecisionId, Interval, Symbol};
use crate::wire::Topic;

/// What a page shows beside its own address: `?bot=` and the symbol of `/market/:symbol`.
#[derive(Debug, Clone, PartialEq)]
pub struct Focus {
    pub bot: BotId,
    /// The market that is looked at; `None` where the feed has no symbol yet.
    pub symbol: Option<Symbol>,
    /// `?interval=` of the market page.
    pub interval: Interval,
    /// The one of `/decisions/:id`.
    pub decision: Option<DecisionId>,
}

/// The decision that `/decisions/:id` names, from the address without its query.
pub fn decision_of_path(path: &str) -> Option<DecisionId> {
    let named = path.strip_prefix("/decisions/")?;
    percent_decode_str(named).decode_utf8().ok()?.parse().ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Overview,
    Market,
    Trade,
    Trades,
    Positions,
    Decisions,
    Models,
    Performance,
    System,
    /// Who one is; the ones that follow are for admins.
    Account,
    Users,
    Tokens,
    Settings,
}

/// Decisions of a page of their list.
pub const DECISIONS: usize = 60;
/// Candles are shown in this period first.
pub const FIRST_INTERVAL: Interval = Interval::M1;

impl Page {
    pub const ALL: [Self; 13] = [
        Self::Overview,
        Self::Market,
        Self::Trade,
        Self::Trades,
        Self::Positions,
        Self::Decisions,
        Self::Models,
        Self::Performance,
        Self::System,
        Self::Account,
        Self::Users,
        Self::Tokens,
        Self::Settings,
    ];

    /// The pages about bots: what the navigation leads to.
    pub fn of_bots() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|page| !page.is_of_people())
    }

    /// Whether it is about who may do what. The server draws all of such a page.
    pub fn is_of_people(self) -> bool {
        matches!(
            self,
            Self::Account | Self::Users | Self::Tokens | Self::Settings
        )
    }

    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Market => "/market",
            Self::Trade => "/trade",
            Self::Trades => "/trades",
            Self::Positions => "/positions",
            Self::Decisions => "/decisions",
            Self::Models => "/models",
            Self::Performance => "/performance",
            Self::System => "/system",
            Self::Account => "/account",
            Self::Users => "/users",
            Self::Tokens => "/tokens",
            Self::Settings => "/settings",
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
            Self::Models => "Models",
            Self::Performance => "Performance",
            Self::System => "System",
            Self::Account => "Account",
            Self::Users => "Users",
            Self::Tokens => "Tokens",
            Self::Settings => "Audit",
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
        if trimmed.starts_with("/decisions/") {
            return Some(Self::Decisions);
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
            Self::Decisions => topics.extend(match focus.decision {
                Some(_) => vec![
                    Topic::Decisions(bot()),
                    Topic::Orders(bot()),
                    Topic::Trades(bot()),
                ],
                None => vec![Topic::Decisions(bot()), Topic::Agent(bot())],
            }),
            Self::Models => topics.push(Topic::Models(bot())),
            Self::Performance => topics.extend([Topic::Performance(bot()), Topic::Equity(bot())]),
            Self::System => topics.push(Topic::Quality),
            Self::Account | Self::Users | Self::Tokens | Self::Settings => {}
        }
        topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_named_by_its_path_whatever_it_is_called() {
        for (path, id) in [
            ("/decisions/dec-7-1", Some("dec-7-1")),
            ("/decisions/a%2Fb%3F%25", Some("a/b?%")),
            ("/decisions/a%20b", None),
            ("/decisions", None),
            ("/decisions/", None),
        ] {
            let found = decision_of_path(path);
            assert_eq!(found.as_ref().map(DecisionId::as_str), id, "{path}");
        }
    }

    #[test]
    fn every_page_is_found_by_its_path() {
        for page in Page::ALL {
            assert_eq!(Page::of_path(page.path()), Some(page));
        }
        assert_eq!(Page::of_path("/market/BTCUSDT"), Some(Page::Market));
        assert_eq!(Page::of_path("/trades/"), Some(Page::Trades));
        assert_eq!(Page::of_path("/decisions/dec-1-1"), Some(Page::Decisions));
        assert_eq!(Page::of_path("/nowhere"), None);
    }
}
