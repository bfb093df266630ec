//! One file per page: each asks for its topics and puts its panels together.

mod decision;
mod decisions;
mod market;
mod models;
mod not_found;
mod overview;
mod people;
mod performance;
mod positions;
mod system;
mod trade;
mod trades;

pub use decision::DecisionPage;
pub use decisions::DecisionsPage;
pub use market::MarketPage;
pub use models::ModelsPage;
pub use not_found::NotFound;
pub use overview::OverviewPage;
pub use people::PeoplePage;
pub use performance::PerformancePage;
pub use positions::PositionsPage;
pub use system::SystemPage;
pub use trade::TradePage;
pub use trades::TradesPage;
