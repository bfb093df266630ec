//! The subjects of the pages, each shown in one place only: a page puts panels together.

mod account;
mod agent;
mod alerts;
mod decisions;
mod equity;
mod market;
mod metrics;
mod months;
mod pnl;
mod positions;
mod quality;
mod sharpe;
mod system;
mod trades;

pub use account::{AccountFacts, Headline, Identities, InvariantTile};
pub use agent::AgentLog;
pub use alerts::AlertList;
pub use decisions::{Accuracy, DecisionList, Tally};
pub use equity::EquityCurve;
pub use market::{BookLevels, MarketChart, TickerFacts};
pub use metrics::{ComparedMetrics, ReturnMetrics, TradeMetrics, UsageMetrics};
pub use months::MonthHeatMap;
pub use pnl::PnlDistribution;
pub use positions::PositionTable;
pub use quality::QualityTable;
pub use sharpe::RollingSharpe;
pub use system::{FeedFacts, HealthSummary, JournalFacts, LatencyTable, ProcessFacts};
pub use trades::TradeTable;
