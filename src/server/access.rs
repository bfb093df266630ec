//! Who may do what, in one table. The router ([`super::router`]) is built from it, and socket commands,
//! topics and pages ask it, so that nothing can be mounted without a need.

mod table;

use crate::app::routes::Page;
use crate::auth::Principal;
use crate::domain::{Role, Scope};
use crate::wire::{ClientFrame, Stream, Topic};

pub use table::{Endpoint, ROUTES, Route};

/// What a door asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: whether the machine is up, how to sign in.
    Nothing,
    /// To see what the bots do.
    See,
    /// To give orders.
    Trade,
    /// To report as an outside bot.
    Ingest,
    /// To be somebody: one's own password and sessions.
    Person,
    /// To change who may do what.
    Manage,
}

impl Need {
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::See,
        Self::Trade,
        Self::Ingest,
        Self::Person,
        Self::Manage,
    ];

    /// The least role, and the scope that a token must have; no token does what is a person's own.
    pub fn least(self) -> Option<(Role, Option<Scope>)> {
        match self {
            Self::Nothing => None,
            Self::See => Some((Role::Viewer, Some(Scope::Read))),
            Self::Trade => Some((Role::Operator, Some(Scope::Trade))),
            Self::Ingest => Some((Role::Operator, Some(Scope::Ingest))),
            Self::Person => Some((Role::Viewer, None)),
            Self::Manage => Some((Role::Admin, None)),
        }
    }

    /// Whether it is met. `None` is nobody.
    pub fn is_met_by(self, principal: Option<&Principal>) -> bool {
        let Some((role, scope)) = self.least() else {
            return true;
        };
        let Some(principal) = principal else {
            return false;
        };
        if self == Self::Person && principal.name.is_anonymous() {
            return false;
        }
        match (principal.scopes, scope) {
            (None, _) => principal.role >= role,
            // Scopes are never more than their user's role has.
            (Some(scopes), Some(scope)) => scopes.contains(scope),
            (Some(_), None) => false,
        }
    }
}

/// Most pages are for whoever may see.
pub fn page_need(page: Page) -> Need {
    match page {
        Page::Overview
        | Page::Market
        | Page::Trade
        | Page::Trades
        | Page::Positions
        | Page::Decisions
        | Page::Models
        | Page::Performance
        | Page::System => Need::See,
        Page::Account => Need::Person,
        Page::Users | Page::Tokens | Page::Settings => Need::Manage,
    }
}

/// What a topic shows is for whoever may see.
pub fn topic_need(topic: &Topic) -> Need {
    match topic.stream() {
        Stream::Market
        | Stream::Candles
        | Stream::Trades
        | Stream::Orders
        | Stream::Positions
        | Stream::Working
        | Stream::Portfolio
        | Stream::Decisions
        | Stream::Agent
        | Stream::Performance
        | Stream::Models
        | Stream::Equity
        | Stream::Health
        | Stream::Alerts
        | Stream::Quality
        | Stream::Bench => Need::See,
    }
}

/// What a frame on the native socket asks for.
pub fn command_need(frame: &ClientFrame) -> Need {
    match frame {
        ClientFrame::Hello { .. } | ClientFrame::Auth { .. } => Need::Nothing,
        ClientFrame::Subscribe { .. }
        | ClientFrame::Unsubscribe { .. }
        | ClientFrame::Ping { .. } => Need::See,
        ClientFrame::Order { .. }
        | ClientFrame::Oco { .. }
        | ClientFrame::Amend { .. }
        | ClientFrame::Cancel { .. }
        | ClientFrame::CancelAll { .. }
        | ClientFrame::Close { .. }
        | ClientFrame::Kill { .. }
        | ClientFrame::Pause { .. }
        | ClientFrame::Resume { .. } => Need::Trade,
    }
}
