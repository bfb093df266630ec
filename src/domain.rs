//! The vocabulary of Plainsight: plain values, no I/O, no clock, compiled for server and browser.
//!
//! Every other module speaks in these types; a stream's data, a REST body and the type here are
//! one and the same thing. Money is [`Decimal`], in JSON a string; times are [`TimeUs`].

pub mod access;
pub mod alert;
pub mod bot;
pub mod candle;
mod checks;
pub mod command;
pub mod decision;
pub mod event;
pub mod explain;
pub mod health;
pub mod ids;
pub mod inference;
pub mod instrument;
pub mod ledger;
pub mod lookup;
pub mod market;
pub mod metric;
pub mod money;
pub mod order;
pub mod performance;
pub mod portfolio;
pub mod position;
pub mod score;
pub mod time;
pub mod trade;

pub use access::audit::{AuditAction, AuditEntry, AuditId, Via};
pub use access::info::{SessionInfo, Standing, TokenInfo, UserInfo};
pub use access::{Role, Scope, Scopes, UserId, UserName};
pub use alert::{Alert, Extent, Quality, QualityKind, Severity};
pub use bot::{NewDecision, Note, ReportedFill, ReportedOrder, ReportedPosition};
pub use candle::{Candle, Interval};
pub use command::{BotCommand, BotReport, FeedNotice, Input, Rejection};
pub use decision::{
    Action, AgentEntry, AgentPhase, AgentStep, Decision, Direction, Feature, Horizon, Outcome,
    Verdict, VerdictSource,
};
pub use event::{Event, Record};
pub use explain::{Estimate, Explanation, OrderChange, OrderCheck, OrderHistory, Waiting};
pub use health::{Health, Mode};
pub use ids::{
    AlertId, BotId, DecisionId, FillId, ModelId, OrderId, Seq, SessionId, Symbol, TokenId,
};
pub use inference::{FEATURE_COUNT, Inference, InferenceRequest, InferenceResult};
pub use instrument::{Filters, Instrument};
pub use ledger::{LedgerEntry, Movement};
pub use lookup::{DecisionDetail, DecisionFilter};
pub use market::{Bar, Book, DayStatistics, Level, MarketEvent, MarketTrade, Ticker};
pub use metric::{Metric, MetricId};
pub use money::Decimal;
pub use order::request::change::{Amendment, ClosePosition};
pub use order::request::pair::NewOco;
pub use order::request::{NewOrder, Terms, Trail};
pub use order::{
    LinkRole, Liquidity, Order, OrderLink, OrderStatus, OrderStep, OrderType, Side, TimeInForce,
    TradingState, Trigger, Working,
};
pub use performance::{Activity, EquityPoint, Performance, RoundTrip, Window, WindowMetrics};
pub use portfolio::{Invariant, Portfolio};
pub use position::Position;
pub use score::{
    CalibrationPoint, ConfidenceBin, MarketState, ModelState, Models, Regime, Score, ScoreId,
};
pub use time::TimeUs;
pub use trade::{Evidence, Fill, FillSource};
