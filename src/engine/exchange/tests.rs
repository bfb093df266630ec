use super::*;
use crate::domain::{Evidence, Level, Side};

fn config() -> ExchangeConfig {
    ExchangeConfig {
        slippage_bps: Decimal::ZERO,
        ..ExchangeConfig::default()
    }
}

fn request(side: Side, quantity: i64, price: Option<i64>) -> NewOrder {
    let symbol = "BTCUSDT".parse().unwrap();
    match price {
        Some(price) => NewOrder::limit(symbol, side, quantity.into(), price.into()),
        None => NewOrder::market(symbol, side, quantity.into()),
    }
}

fn trade(price: i64, quantity: i64) -> MarketTrade {
    MarketTrade {
        symbol: "BTCUSDT".parse().unwrap(),
        id: 9,
        price: price.into(),
        quantity: quantity.into(),
        count: 1,
        taker: Side::Buy,
        time: TimeUs(5),
    }
}

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Book {
    let levels = |side: &[(i64, i64)]| {
        side.iter()
            .map(|(price, quantity)| Level {
                price: (*price).into(),
                quantity: (*quantity).into(),
            })
            .collect()
    };
    Book {
        symbol: "BTCUSDT".parse().unwrap(),
        bids: levels(bids),
        asks: levels(asks),
        time: TimeUs(5),
    }
}

struct Desk {
    exchange: Exchange,
    seq: Seq,
}

impl Desk {
    fn with(requests: &[NewOrder]) -> Self {
        let mut exchange = Exchange::default();
        let mut ids = IdSource::new(Seq(1));
        for request in requests {
            exchange.accept(&BotId::paper(), request, ids.order(), Seq(1), TimeUs(1));
        }
        Self {
            exchange,
            seq: Seq(1),
        }
    }

    fn see(&mut self, market: Market<'_>) -> Vec<(i64, i64, Liquidity)> {
        self.seq = self.seq.next();
        self.exchange
            .match_market(market, &config(), self.seq, &mut IdSource::new(self.seq))
            .into_iter()
            .filter_map(|happened| match happened {
                Happened::Filled(fill) => Some((
                    i64::try_from(fill.price).unwrap(),
                    i64::try_from(fill.quantity).unwrap(),
                    fill.liquidity,
                )),
                Happened::Changed(_) => None,
            })
            .collect()
    }

    fn print(&mut self, price: i64, quantity: i64) -> Vec<(i64, i64, Liquidity)> {
        let trade = trade(price, quantity);
        self.see(Market::Trade {
            trade: &trade,
            has_book: false,
        })
    }
}

#[test]
fn evidence_of_the_same_input_is_too_early() {
    let mut desk = Desk::with(&[request(Side::Buy, 1, None)]);
    desk.seq = Seq(0);
    assert_eq!(desk.print(100, 5), []);
    assert_eq!(desk.print(100, 5), [(100, 1, Liquidity::Taker)]);
}

#[test]
fn a_limit_fills_at_its_limit_only_when_traded_through() {
    let mut desk = Desk::with(&[request(Side::Buy, 1, Some(100))]);
    assert_eq!(desk.print(100, 5), [], "at the limit others were first");
    assert_eq!(desk.print(99, 5), [(100, 1, Liquidity::Maker)]);
    assert_eq!(desk.print(98, 5), [], "it is filled");
}

#[test]
fn one_prints_quantity_is_used_once_the_oldest_order_first() {
    let mut desk = Desk::with(&[
        request(Side::Sell, 3, Some(100)),
        request(Side::Sell, 3, Some(100)),
    ]);
    assert_eq!(
        desk.print(101, 4),
        [(100, 3, Liquidity::Maker), (100, 1, Liquidity::Maker)]
    );
    assert_eq!(desk.print(101, 4), [(100, 2, Liquidity::Maker)]);
}

#[test]
fn a_market_order_walks_the_book_and_what_is_missing_expires() {
    let mut desk = Desk::with(&[request(Side::Buy, 5, None)]);
    let book = book(&[(99, 1)], &[(100, 1), (102, 3)]);
    let happened = desk.exchange.match_market(
        Market::Book(&book),
        &config(),
        Seq(2),
        &mut IdSource::new(Seq(2)),
    );
    let [Happened::Filled(fill), Happened::Changed(order)] = happened.as_slice() else {
        panic!("{happened:?}")
    };
    assert_eq!(fill.quantity, 4.into());
    assert_eq!(fill.price, "101.5".parse().unwrap());
    assert_eq!(fill.slippage, 6.into());
    assert!(matches!(&fill.evidence, Evidence::Book { levels, .. } if levels.len() == 2));
    assert_eq!(
        (order.status, order.filled_quantity),
        (OrderStatus::Expired, 4.into())
    );
    assert_eq!(desk.exchange.open_orders(&BotId::paper()).count(), 0);
}

#[test]
fn a_crossing_limit_takes_the_book_up_to_its_limit_and_rests() {
    let mut desk = Desk::with(&[request(Side::Buy, 5, Some(100))]);
    assert_eq!(
        desk.see(Market::Book(&book(&[], &[(100, 2), (101, 9)]))),
        [(100, 2, Liquidity::Taker)]
    );
    let resting: Vec<_> = desk
        .exchange
        .open_orders(&BotId::paper())
        .map(Order::remaining)
        .collect();
    assert_eq!(resting, [3.into()]);
}

#[test]
fn a_cancelled_order_is_gone() {
    let mut desk = Desk::with(&[request(Side::Buy, 1, Some(100))]);
    let id = desk
        .exchange
        .open_orders(&BotId::paper())
        .next()
        .unwrap()
        .id
        .clone();
    let order = desk
        .exchange
        .cancel(&BotId::paper(), &id, "asked", TimeUs(3))
        .unwrap();
    assert_eq!(order.status, OrderStatus::Cancelled);
    assert_eq!(desk.print(1, 5), []);
    assert!(
        desk.exchange
            .cancel(&BotId::paper(), &id, "asked", TimeUs(3))
            .is_none()
    );
}
