//! Market and limit orders on prints, books and bars; queues.

use super::*;

#[test]
fn a_market_order_takes_the_next_print_and_no_more_than_it_offers() {
    let mut desk = Desk::new();
    desk.config.exchange.slippage_bps = dec!(10);
    desk.send(&NewOrder {
        time_in_force: Some(TimeInForce::Gtc),
        ..market(Side::Buy, dec!(5))
    });
    let events = desk.print(dec!(100), dec!(3));
    assert_eq!(filled(&events), [(dec!(100.1), dec!(3), Liquidity::Taker)]);
    assert_eq!(fills(&events)[0].slippage, dec!(0.3));
    assert!(matches!(
        fills(&events)[0].evidence,
        Evidence::Trade { id: 2, quantity, .. } if quantity == dec!(3)
    ));
    assert_eq!(desk.open()[0].status, OrderStatus::PartiallyFilled);
    let events = desk.print(dec!(200), dec!(3));
    assert_eq!(filled(&events), [(dec!(200.2), dec!(2), Liquidity::Taker)]);
    assert_eq!(desk.open().len(), 0);
}

#[test]
fn a_limit_fills_at_its_limit_only_when_traded_through() {
    let mut desk = Desk::new();
    desk.send(&limit(Side::Buy, dec!(1), dec!(99)));
    assert_eq!(
        filled(&desk.print(dec!(99), dec!(5))),
        [],
        "others were first"
    );
    let events = desk.print(dec!(98), dec!(5));
    assert_eq!(filled(&events), [(dec!(99), dec!(1), Liquidity::Maker)]);
    assert_eq!(filled(&desk.print(dec!(97), dec!(5))), [], "it is filled");
}

#[test]
fn a_limit_that_the_market_has_passed_already_takes_the_markets_price() {
    let mut desk = Desk::new();
    desk.send(&limit(Side::Buy, dec!(1), dec!(110)));
    let events = desk.print(dec!(100), dec!(5));
    assert_eq!(filled(&events), [(dec!(100), dec!(1), Liquidity::Taker)]);
}

#[test]
fn one_prints_quantity_is_used_once_the_best_price_first_then_the_oldest() {
    let mut desk = Desk::new();
    let second = desk.send(&limit(Side::Sell, dec!(3), dec!(102)));
    let third = desk.send(&limit(Side::Sell, dec!(3), dec!(102)));
    let first = desk.send(&limit(Side::Sell, dec!(1), dec!(101)));
    let events = desk.print(dec!(103), dec!(5));
    let of: Vec<_> = fills(&events)
        .iter()
        .map(|fill| (fill.order.clone().unwrap(), fill.price, fill.quantity))
        .collect();
    assert_eq!(
        of,
        [
            (first[0].clone(), dec!(101), dec!(1)),
            (second[0].clone(), dec!(102), dec!(3)),
            (third[0].clone(), dec!(102), dec!(1)),
        ]
    );
}

#[test]
fn a_market_order_walks_the_book_and_what_is_missing_expires() {
    let mut desk = Desk::new();
    desk.send(&market(Side::Buy, dec!(5)));
    let events = desk.book(&[(99, 1)], &[(100, 1), (102, 3)]);
    assert_eq!(filled(&events), [(dec!(101.5), dec!(4), Liquidity::Taker)]);
    assert_eq!(fills(&events)[0].slippage, dec!(6));
    assert!(
        matches!(&fills(&events)[0].evidence, Evidence::Book { levels, .. } if levels.len() == 2)
    );
    let last = statuses(&events).pop().unwrap();
    assert_eq!(last.1, OrderStatus::Expired);
    assert_eq!(desk.open().len(), 0);
}

#[test]
fn where_there_is_a_book_prints_fill_only_what_they_trade_through() {
    let mut desk = Desk::new();
    desk.book(&[(99, 1)], &[(101, 5)]);
    desk.send(&market(Side::Buy, dec!(1)));
    desk.send(&limit(Side::Buy, dec!(1), dec!(98)));
    let events = desk.print_by(Side::Sell, dec!(97), dec!(9));
    assert_eq!(filled(&events), [(dec!(98), dec!(1), Liquidity::Maker)]);
    let events = desk.book(&[(99, 1)], &[(101, 5)]);
    assert_eq!(filled(&events), [(dec!(101), dec!(1), Liquidity::Taker)]);
}

#[test]
fn a_crossing_limit_takes_the_book_up_to_its_limit_and_rests_as_a_maker() {
    let mut desk = Desk::new();
    desk.book(&[(99, 1)], &[(100, 2), (101, 9)]);
    desk.send(&limit(Side::Buy, dec!(5), dec!(100)));
    let events = desk.book(&[(99, 1)], &[(100, 2), (101, 9)]);
    assert_eq!(filled(&events), [(dec!(100), dec!(2), Liquidity::Taker)]);
    assert_eq!(desk.open()[0].remaining(), dec!(3));
    let events = desk.book(&[(98, 1)], &[(99, 2), (100, 7)]);
    assert_eq!(
        filled(&events),
        [(dec!(100), dec!(3), Liquidity::Maker)],
        "the market came to it: at its own price"
    );
}

#[test]
fn in_a_queue_what_was_there_before_is_served_before() {
    let mut desk = Desk::new();
    desk.config.exchange.queue = QueueModel::Position;
    desk.book(&[(99, 10), (98, 5)], &[(101, 5)]);
    let id = desk.send(&limit(Side::Buy, dec!(2), dec!(99)))[0].clone();
    assert_eq!(
        desk.exchange.waiting(&paper(), &id).unwrap().1,
        crate::domain::Waiting::Queue {
            price: dec!(99),
            ahead: dec!(10)
        }
    );
    assert_eq!(filled(&desk.print_by(Side::Sell, dec!(99), dec!(9))), []);
    assert_eq!(
        filled(&desk.print_by(Side::Buy, dec!(99), dec!(50))),
        [],
        "a buyer takes nothing from the bids"
    );
    let events = desk.print_by(Side::Sell, dec!(99), dec!(2));
    assert_eq!(filled(&events), [(dec!(99), dec!(1), Liquidity::Maker)]);
    let events = desk.print_by(Side::Sell, dec!(98), dec!(2));
    assert_eq!(filled(&events), [(dec!(99), dec!(1), Liquidity::Maker)]);
}

#[test]
fn at_the_touch_the_first_print_fills() {
    let mut desk = Desk::new();
    desk.config.exchange.queue = QueueModel::Touch;
    desk.send(&limit(Side::Sell, dec!(2), dec!(101)));
    let events = desk.print_by(Side::Buy, dec!(101), dec!(1));
    assert_eq!(filled(&events), [(dec!(101), dec!(1), Liquidity::Maker)]);
}

#[test]
fn a_bar_offers_its_volume_once() {
    let mut desk = Desk::new();
    desk.send(&limit(Side::Buy, dec!(3), dec!(95)));
    desk.send(&market(Side::Buy, dec!(2)));
    let events = desk.bar([100, 105, 94, 101], 4);
    assert_eq!(
        filled(&events),
        [
            (dec!(100), dec!(2), Liquidity::Taker),
            (dec!(95), dec!(2), Liquidity::Maker)
        ]
    );
}
