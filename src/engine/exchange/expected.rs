//! What an order would get if it came now: for the check before it is sent.

use super::evidence::{Offer, Want};
use super::{Market, key};
use crate::domain::{Book, Decimal, NewOrder, Terms};
use crate::engine::config::ExchangeConfig;

pub struct Expected {
    pub price: Decimal,
    pub slippage: Decimal,
    pub fee_rate: Decimal,
    /// What the book shows for it at once; undefined without a book.
    pub offered: Option<Decimal>,
}

/// By the book, or by the `last` price where there is none.
pub fn expected_fill(
    request: &NewOrder,
    last: Decimal,
    book: Option<&Book>,
    config: &ExchangeConfig,
) -> Option<Expected> {
    let side = request.side;
    let want = Want {
        side,
        quantity: request.quantity,
        limit: request.price,
    };
    let rests = |limit: Decimal| Expected {
        price: limit,
        slippage: Decimal::ZERO,
        fee_rate: config.maker_fee,
        offered: book.map(|_| Decimal::ZERO),
    };
    if let Some(book) = book {
        let mut offer = Offer::of(Market::Book(book), config);
        let offered = offer.available(want);
        return match (offer.take(want), request.price) {
            (Some(matched), _) => Some(Expected {
                price: matched.price,
                slippage: matched.slippage,
                fee_rate: config.taker_fee,
                offered: Some(offered),
            }),
            (None, limit) => limit.map(rests),
        };
    }
    match (request.terms().ok()?, request.price) {
        (Terms::Limit { .. }, Some(limit)) if key(side, limit) >= key(side, last) => {
            Some(rests(limit))
        }
        _ => {
            let price = want.slipped(last, config.slippage_bps);
            Some(Expected {
                price,
                slippage: side.signed(price - last) * request.quantity,
                fee_rate: config.taker_fee,
                offered: None,
            })
        }
    }
}
