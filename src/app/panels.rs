//! The subjects of the pages, each shown in one place only: a page puts panels together.

mod account;
mod agent;
mod alerts;
mod amend;
mod decisions;
mod equity;
mod ledger;
mod market;
mod metrics;
mod orders;
mod positions;
mod quality;
mod story;
mod system;
mod ticket;
mod trades;
mod trading;

pub use account::{AccountFacts, Headline, Identities, InvariantTile};
pub use agent::AgentLog;
pub use alerts::AlertList;
pub use amend::AmendForm;
pub use decisions::{Accuracy, DecisionList, Tally};
pub use equity::EquityCurve;
pub use ledger::Ledger;
pub use market::{BookLevels, MarketChart, TickerFacts};
pub use metrics::{ReturnMetrics, TradeMetrics};
pub use orders::{CancelAll, OpenOrders, OrderStates};
pub use positions::PositionTable;
pub use quality::QualityTable;
pub use story::OrderStory;
pub use system::{FeedFacts, HealthSummary, JournalFacts, LatencyTable, ProcessFacts};
pub use ticket::OrderTicket;
pub use trades::TradeTable;
pub use trading::{FlattenAll, KillForm, TradingControls};
