//! The socket of AI-Trading.

use utoipa::ToSchema;

use super::{Channel, TOKENS, object, one_of, text, wish, word};
use crate::domain::Symbol;
use crate::server::dialects::trading::words::{
    TradingMarket, TradingOrderUpdate, TradingPortfolio, TradingPositions,
};
use crate::server::dialects::trading::{ERROR_CODES, MARKET, ORDER, PORTFOLIO, POSITIONS};
use crate::server::docs::frames::{Frame, camel, tagged};
use crate::server::docs::schemas::Schemas;

pub fn channel(schemas: &mut Schemas) -> Channel {
    let about = format!(
        "A symbol's prices come to who subscribes to them; positions, the portfolio and changes of orders \
         come without asking, the first two at once. Times are ms since 1970, market time. {TOKENS}"
    );
    Channel {
        name: "trading",
        address: "/api/ws/realtime",
        title: "AI-Trading",
        about,
        said: said(schemas),
        heard: vec![
            frame::<TradingMarket>(MARKET, schemas),
            frame::<TradingPositions>(POSITIONS, schemas),
            frame::<TradingPortfolio>(PORTFOLIO, schemas),
            frame::<TradingOrderUpdate>(ORDER, schemas),
            error(schemas),
        ],
    }
}

fn said(schemas: &mut Schemas) -> Vec<Frame> {
    let symbol = schemas.of::<Symbol>();
    let of_symbol = |action| {
        let fields = [("action", word(action)), ("symbol", symbol.clone())];
        (action, wish(&["action", "symbol"], fields))
    };
    let plain = |action| (action, wish(&["action"], [("action", word(action))]));
    let commands = [
        of_symbol("subscribe_ticker"),
        of_symbol("unsubscribe_ticker"),
        plain("get_positions"),
        plain("get_portfolio"),
    ];
    let frames = commands.map(|(action, schema)| Frame {
        name: action.to_owned(),
        schema: schemas.insert_given(&format!("Trading{}", camel(action)), schema),
    });
    frames.into()
}

/// `MARKET_UPDATE` is the schema `TradingMarketUpdateFrame`.
fn frame<T: ToSchema>(kind: &str, schemas: &mut Schemas) -> Frame {
    let schema = tagged(kind, &schemas.shape::<T>());
    let name = format!("Trading{}Frame", camel(&kind.to_lowercase()));
    Frame {
        name: kind.to_owned(),
        schema: schemas.insert(&name, schema),
    }
}

fn error(schemas: &mut Schemas) -> Frame {
    let fields = object([("code", one_of(&ERROR_CODES)), ("message", text())]);
    let schema = tagged("ERROR", &fields);
    Frame {
        name: "ERROR".to_owned(),
        schema: schemas.insert("TradingErrorFrame", schema),
    }
}
