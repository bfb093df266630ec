//! The subjects of the pages, each shown in one place only: a page puts panels together.

mod account;
mod alerts;
mod decisions;
mod equity;
mod market;
mod positions;
mod system;
mod trades;

pub use account::{Headline, InvariantTile};
pub use alerts::AlertList;
pub use decisions::{Accuracy, DecisionList};
pub use equity::EquityCurve;
pub use market::MarketChart;
pub use positions::PositionTable;
pub use system::HealthSummary;
pub use trades::TradeTable;
