//! The older dashboards' addresses: a group for each dialect. Their figures are JSON numbers.

use serde_json::{Value, json};

use crate::server::access::Endpoint;
use crate::server::dialects::finance::rest as finance_rest;
use crate::server::dialects::quantum::QuantumHealth;
use crate::server::dialects::transparency::rest as transparency_rest;
use crate::server::dialects::transparency::words::{
    TransparencyPerformance, TransparencyPortfolio,
};
use crate::server::dialects::{DIALECTS, FINANCE, QUANTUM, TRADING, TRANSPARENCY, UPDATES};
use crate::server::docs::operation::Operation;
use crate::server::docs::schemas::Schemas;

/// As the registry has them.
pub fn groups() -> impl Iterator<Item = Value> {
    DIALECTS.into_iter().map(|dialect| {
        let about = format!(
            "An older dashboard, whose clients work unchanged ({}). Here figures are JSON numbers, and a token \
             may also be given as `?token=`.",
            dialect.clients.join(", ")
        );
        json!({ "name": dialect.name, "description": about })
    })
}

pub fn of(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    match endpoint {
        Endpoint::FinanceAgent => socket(FINANCE, "All that the bot does (WebSocket)", schemas),
        Endpoint::FinancePortfolio => socket(FINANCE, "The portfolio (WebSocket)", schemas),
        Endpoint::FinancePositions => socket(FINANCE, "The positions (WebSocket)", schemas),
        Endpoint::FinanceDecisions => socket(FINANCE, "The decisions (WebSocket)", schemas),
        Endpoint::Updates => socket(UPDATES, "Channels of updates (WebSocket)", schemas),
        Endpoint::Trading => socket(TRADING, "Prices, positions, orders (WebSocket)", schemas),
        Endpoint::Quantum => socket(QUANTUM, "All figures in one object (WebSocket)", schemas),
        Endpoint::QuantumHealth => Operation::new(schemas, QUANTUM)
            .does("That it answers, and how many sockets are open")
            .gives::<QuantumHealth>()
            .at_seq(),
        Endpoint::FinanceHealth
        | Endpoint::FinanceStatus
        | Endpoint::FinanceBotStatus
        | Endpoint::FinanceHoldings
        | Endpoint::FinanceDecided => finance(endpoint, schemas),
        _ => transparency(endpoint, schemas),
    }
}

fn socket<'a>(group: &'static str, does: &'static str, schemas: &'a mut Schemas) -> Operation<'a> {
    Operation::new(schemas, group)
        .does(does)
        .says(101, "What is spoken then is in `/docs/asyncapi.json`.")
        .fails(&[400])
}

fn transparency(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    use transparency_rest as rest;
    let new = Operation::new(schemas, TRANSPARENCY);
    match endpoint {
        Endpoint::TransparencyPositions => new
            .does("What is held")
            .gives::<rest::TransparencyPositions>(),
        Endpoint::TransparencyTrades => new
            .does("Fills, the newest first")
            .query::<rest::Page>()
            .gives::<rest::TransparencyTrades>()
            .fails(&[422, 503]),
        Endpoint::TransparencyDecisions => new
            .does("Decisions, each once, as it is now, the newest first")
            .query::<rest::Page>()
            .gives::<rest::TransparencyDecisions>()
            .fails(&[422, 503]),
        Endpoint::TransparencyModels => new
            .does("How the models judge")
            .gives::<rest::TransparencyModels>()
            .fails(&[404]),
        Endpoint::TransparencyPerformance => new
            .does("The figures of a period")
            .query::<rest::OfPeriod>()
            .gives::<TransparencyPerformance>()
            .fails(&[404, 422]),
        Endpoint::TransparencyEquity => new
            .does("The equity, one point a minute, the newest 1,000")
            .gives::<rest::TransparencyEquityCurve>(),
        Endpoint::TransparencyStats => new
            .does("Counts and connections")
            .gives::<rest::TransparencyStats>(),
        _ => new
            .does("The account as a whole")
            .gives::<TransparencyPortfolio>()
            .fails(&[404]),
    }
    .at_seq()
}

fn finance(endpoint: Endpoint, schemas: &mut Schemas) -> Operation<'_> {
    use finance_rest as rest;
    let new = Operation::new(schemas, FINANCE);
    match endpoint {
        Endpoint::FinanceHoldings => new.does("What is held").gives::<rest::FinanceHoldings>(),
        Endpoint::FinanceDecided => new
            .does("Decisions, the newest first")
            .query::<rest::Newest>()
            .gives::<rest::FinanceDecisions>()
            .fails(&[422, 503]),
        Endpoint::FinanceHealth => new
            .does("Whether everything works that must")
            .gives::<rest::FinanceHealth>(),
        _ => new.does("How the bot is").gives::<rest::FinanceStatus>(),
    }
    .at_seq()
}
