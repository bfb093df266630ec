//! What each address does, for the OpenAPI document: by the names of the access table, none left out.

mod dialects;
mod people;

use serde_json::{Value, json};

use super::frames;
use super::operation::Operation;
use super::schemas::Schemas;
use crate::domain::{
    Amendment, Candle, ClosePosition, Decision, DecisionDetail, Explanation, Fill, Instrument,
    LedgerEntry, Models, NewOco, NewOrder, Order, OrderCheck, OrderHistory, Performance, Portfolio,
    Position, Working,
};
use crate::engine::TradingChanged;
use crate::seal::{ConsistencyProof, InclusionProof, LogEntry, SignedHead};
use crate::server::access::Endpoint;
use crate::server::commands::Done;
use crate::server::ingest;
use crate::server::rest::{self, queries};

/// The groups that a page shows operations in, with a word on each.
pub fn groups() -> Vec<Value> {
    let own = GROUPS.map(|(name, about)| json!({ "name": name, "description": about }));
    own.into_iter().chain(dialects::groups()).collect()
}

const GROUPS: [(&str, &str); 8] = [
    (ACCOUNT, "What a bot holds, has traded and earned."),
    (MARKET, "Prices, and what may be traded in which steps."),
    (ORDERS, "Orders on the paper exchange, and the kill switch."),
    (
        DECISIONS,
        "What bots decided and why, and how their models judge.",
    ),
    (
        LOG,
        "The sealed log: signed heads, entries and proofs (RFC 6962).",
    ),
    (BOTS, "What an outside bot reports."),
    (PEOPLE, "Signing in, users, tokens and the audit."),
    (
        MACHINE,
        "How the server is, and its native socket (see the AsyncAPI document).",
    ),
];

const ACCOUNT: &str = "account";
const MARKET: &str = "market";
const ORDERS: &str = "orders";
const DECISIONS: &str = "decisions";
const LOG: &str = "log";
const BOTS: &str = "bots";
const PEOPLE: &str = "people";
const MACHINE: &str = "machine";

/// Our id of an order, or the client's.
const ORDER: &str = "Our id of the order, or the client's `client_order_id`.";

/// What is said of an address; `None` for what only pages ask for.
pub fn of(endpoint: Endpoint, schemas: &mut Schemas) -> Option<Operation<'_>> {
    use Endpoint as E;
    Some(match endpoint {
        E::Health | E::Ready | E::Metrics | E::Socket => machine(endpoint, schemas),
        E::Portfolio | E::Positions | E::Performance | E::Trades | E::Ledger => {
            figures(endpoint, schemas)
        }
        E::Candles | E::Instruments => market(endpoint, schemas),
        E::Decisions | E::Decision | E::Models => decisions(endpoint, schemas),
        E::Orders | E::OpenOrders | E::Order | E::ExplainOrder | E::CheckOrder | E::Working => {
            orders(endpoint, schemas)
        }
        E::SubmitOrder
        | E::SubmitOco
        | E::AmendOrder
        | E::CancelOrder
        | E::CancelOrders
        | E::ClosePosition
        | E::Kill
        | E::Pause
        | E::Resume => commands(endpoint, schemas),
        E::LogHead | E::LogEntries | E::LogProof | E::LogConsistency => log(endpoint, schemas),
        E::BotEvents => reports(schemas),
        E::SignIn
        | E::Refresh
        | E::SignOut
        | E::SignOutEverywhere
        | E::Me
        | E::ChangePassword
        | E::Sessions
        | E::EndSession => people::oneself(endpoint, schemas),
        E::Users
        | E::AddUser
        | E::ChangeUser
        | E::Tokens
        | E::CreateToken
        | E::RevokeToken
        | E::Audit => people::people(endpoint, schemas),
        E::Form
        | E::DecisionsPart
        | E::DecisionPart
        | E::ModelsPart
        | E::LimitsPart
        | E::SignInPage
        | E::SignInForm
        | E::SignOutForm
        | E::JoinPage
        | E::JoinForm
        | E::PeopleForm
        | E::AccountPart
        | E::UsersPart
        | E::TokensPart
        | E::AuditPart
        | E::Docs
        | E::DocsFile
        | E::OpenApi
        | E::AsyncApi
        // Engine.IO's own exchange, of which no client should know: the AsyncAPI document has the events.
        | E::SocketIo
        | E::SocketIoPost => return None,
        E::TransparencyPortfolio
        | E::TransparencyPositions
        | E::TransparencyTrades
        | E::TransparencyDecisions
        | E::TransparencyModels
        | E::TransparencyPerformance
        | E::TransparencyEquity
        | E::TransparencyStats
        | E::FinanceAgent
        | E::FinancePortfolio
        | E::FinancePositions
        | E::FinanceDecisions
        | E::FinanceStatus
        | E::FinanceBotStatus
        | E::FinanceHoldings
        | E::FinanceDecided
        | E::FinanceHealth
        | E::Updates
        | E::Trading
        | E::Quantum
        | E::QuantumHealth => dialects::of(endpoint, schemas),
    })
}

fn machine(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    match endpoint {
        Endpoint::Ready => {
            let schema = schemas.of::<rest::Readiness>();
            let body = json!({ "application/json": { "schema": schema } });
            Operation::new(schemas, MACHINE)
                .does("Whether everything that must work does")
                .answers(200, "It does.", body.clone())
                .answers(503, "It does not: `problems` says what.", body)
                .at_seq()
        }
        Endpoint::Metrics => {
            let text = json!({ "schema": { "type": "string" } });
            Operation::new(schemas, MACHINE)
                .does("Counters and gauges (OpenMetrics)")
                .answers(200, "Done.", json!({ rest::OPEN_METRICS: text }))
        }
        Endpoint::Socket => Operation::new(schemas, MACHINE)
            .does("The native socket (WebSocket)")
            .says(101, "What is spoken then is in `/docs/asyncapi.json`.")
            .fails(&[400]),
        _ => Operation::new(schemas, MACHINE)
            .does("All that is known of the machine")
            .gives::<rest::HealthReport>()
            .at_seq(),
    }
}

fn figures(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    let new = Operation::new(schemas, ACCOUNT);
    match endpoint {
        Endpoint::Positions => new
            .does("What is held, by symbol")
            .query::<rest::OfBot>()
            .lists::<Position>()
            .fails(&[404]),
        Endpoint::Performance => new
            .does("Every metric, by window")
            .query::<rest::OfBot>()
            .gives::<Performance>()
            .fails(&[404]),
        Endpoint::Trades => new
            .does("Fills, the newest first")
            .query::<queries::Page>()
            .lists::<Fill>()
            .paged()
            .fails(&[404, 503]),
        Endpoint::Ledger => new
            .does("Deposits and fills with the cash after each, the newest first")
            .query::<queries::LedgerQuery>()
            .lists::<LedgerEntry>()
            .paged()
            .fails(&[503]),
        _ => new
            .does("The account as a whole")
            .query::<rest::OfBot>()
            .gives::<Portfolio>()
            .fails(&[404]),
    }
    .at_seq()
}

fn market(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    let new = Operation::new(schemas, MARKET);
    match endpoint {
        Endpoint::Candles => new
            .does("The latest candles, oldest first, the running one last")
            .query::<rest::OfMarket>()
            .lists::<Candle>()
            .fails(&[404]),
        _ => new
            .does("What is traded, and the exchange's filters")
            .lists::<Instrument>()
            .fails(&[503]),
    }
    .at_seq()
}

fn decisions(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    let new = Operation::new(schemas, DECISIONS);
    match endpoint {
        Endpoint::Decision => new
            .does("A decision with its steps, orders and fills")
            .id("Its id.")
            .query::<rest::OfBot>()
            .gives::<DecisionDetail>()
            .fails(&[404, 503]),
        Endpoint::Models => new
            .does("How the models judge, and the markets as they see them")
            .query::<rest::OfBot>()
            .gives::<Models>()
            .fails(&[404]),
        _ => new
            .does("Decisions, the newest first: the log of all their states, or filtered")
            .query::<queries::Decisions>()
            .lists::<Decision>()
            .paged()
            .fails(&[404, 503]),
    }
    .at_seq()
}

fn orders(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    let new = Operation::new(schemas, ORDERS);
    match endpoint {
        Endpoint::OpenOrders => new
            .does("Open orders, in the order of their acceptance")
            .query::<rest::OfBot>()
            .lists::<Order>()
            .fails(&[503]),
        Endpoint::Order => new
            .does("An order with every state that it had, and its fills")
            .id(ORDER)
            .query::<rest::OfBot>()
            .gives::<OrderHistory>()
            .fails(&[404, 503]),
        Endpoint::ExplainOrder => new
            .does("Why an order has not filled, or how it ended")
            .id(ORDER)
            .query::<rest::OfBot>()
            .gives::<Explanation>()
            .fails(&[404, 503]),
        Endpoint::CheckOrder => new
            .does("What an order would cost, without sending it")
            .query::<rest::OfBot>()
            .takes::<NewOrder>()
            .gives::<OrderCheck>()
            .fails(&[503]),
        Endpoint::Working => new
            .does("The moving triggers of resting orders")
            .query::<rest::OfBot>()
            .lists::<Working>()
            .fails(&[404]),
        _ => new
            .does("Every state of every order, the newest first")
            .query::<queries::Page>()
            .lists::<Order>()
            .paged()
            .fails(&[404, 503]),
    }
    .at_seq()
}

fn commands(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    let new = Operation::new(schemas, ORDERS);
    match endpoint {
        Endpoint::SubmitOco => new
            .does("Sends two orders of which one cancels the other")
            .query::<rest::OfBot>()
            .once()
            .takes::<NewOco>()
            .gives::<Done>()
            .repeatable(),
        Endpoint::AmendOrder => new
            .does("Changes an open order")
            .id(ORDER)
            .query::<rest::OfBot>()
            .takes::<Amendment>()
            .gives::<Done>()
            .fails(&[404]),
        Endpoint::CancelOrder => new
            .does("Takes an open order back")
            .id(ORDER)
            .query::<rest::OfBot>()
            .gives::<Done>()
            .fails(&[404]),
        Endpoint::CancelOrders => new
            .does("Takes all open orders back, or all of one symbol")
            .query::<queries::OfSymbol>()
            .gives::<Done>(),
        Endpoint::ClosePosition => new
            .does("Closes a position, or a part of it, at the market")
            .query::<rest::OfBot>()
            .once()
            .may_take::<ClosePosition>()
            .gives::<Done>()
            .repeatable(),
        Endpoint::Kill => new
            .does("The kill switch: cancels and closes everything, and halts trading")
            .query::<rest::OfBot>()
            .gives::<TradingChanged>(),
        Endpoint::Pause => new
            .does("The agent stops acting; people still can")
            .query::<rest::OfBot>()
            .gives::<TradingChanged>(),
        Endpoint::Resume => new
            .does("Trading goes on")
            .query::<rest::OfBot>()
            .gives::<TradingChanged>(),
        _ => new
            .does("Sends an order; with a take-profit or a stop-loss it is a bracket")
            .query::<rest::OfBot>()
            .once()
            .takes::<NewOrder>()
            .gives::<Done>()
            .repeatable(),
    }
    .at_seq()
    .fails(&[409, 422, 503])
}

fn log(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    match endpoint {
        Endpoint::LogEntries => Operation::new(schemas, LOG)
            .does("Entries by place, or those of one id")
            .query::<queries::EntriesQuery>()
            .lists::<LogEntry>(),
        Endpoint::LogProof => Operation::new(schemas, LOG)
            .does("That an entry is in the tree of a size")
            .query::<queries::ProofQuery>()
            .gives::<InclusionProof>(),
        Endpoint::LogConsistency => {
            let summary = "That the tree of one size is the beginning of another's";
            Operation::new(schemas, LOG)
                .does(summary)
                .query::<queries::ConsistencyQuery>()
                .gives::<ConsistencyProof>()
        }
        _ => {
            let (one, list) = (schemas.of::<SignedHead>(), schemas.list_of::<SignedHead>());
            let schema = json!({ "oneOf": [one, list] });
            Operation::new(schemas, LOG)
                .does("The newest signed head, one of a size, or a list")
                .query::<queries::HeadQuery>()
                .answers(
                    200,
                    "Done.",
                    json!({ "application/json": { "schema": schema } }),
                )
        }
    }
    .at_seq()
    .fails(&[404, 503])
}

/// What may be reported in one request.
fn reports(schemas: &mut Schemas) -> Operation<'_> {
    let events = json!({
        "type": "array",
        "maxItems": ingest::MAX_ITEMS,
        "items": frames::report(schemas),
    });
    let wrapped =
        json!({ "type": "object", "required": ["events"], "properties": { "events": events } });
    let schema = schemas.insert_given("Reports", json!({ "oneOf": [events, wrapped] }));
    let summary = "What an outside bot decided and did; each item stands for itself";
    Operation::new(schemas, BOTS)
        .does(summary)
        .takes_schema(&schema, true)
        .gives::<ingest::Results>()
        .at_seq()
        .fails(&[503])
}
