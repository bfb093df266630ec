//! One file per page: each asks for its topics and puts its panels together.

mod not_found;
mod overview;
mod soon;

pub use not_found::NotFound;
pub use overview::OverviewPage;
pub use soon::{DecisionsPage, MarketPage, PerformancePage, PositionsPage, SystemPage, TradesPage};
