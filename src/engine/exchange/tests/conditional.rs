//! Stops, stop-limits, trailing stops.

use super::*;
use crate::domain::Waiting;

fn trailing(side: Side, percent: Option<Decimal>, amount: Option<Decimal>) -> NewOrder {
    NewOrder {
        order_type: OrderType::TrailingStop,
        trail_percent: percent,
        trail_amount: amount,
        ..market(side, dec!(1))
    }
}

#[test]
fn a_stop_wakes_at_its_price_and_takes_later_evidence_only() {
    let mut desk = Desk::new();
    let id = desk.send(&stop(Side::Sell, dec!(1), dec!(95)))[0].clone();
    assert_eq!(desk.print(dec!(95.01), dec!(5)), []);
    let events = desk.print(dec!(95), dec!(5));
    assert_eq!(statuses(&events), [(id.as_str(), OrderStatus::Triggered)]);
    assert_eq!(filled(&events), [], "that print was another's");
    let trigger = desk.order(&id).trigger.clone().unwrap();
    assert_eq!(
        (trigger.price, trigger.stop_price, trigger.trade),
        (dec!(95), dec!(95), Some(3))
    );
    let events = desk.print(dec!(94), dec!(5));
    assert_eq!(filled(&events), [(dec!(94), dec!(1), Liquidity::Taker)]);
}

#[test]
fn a_gap_through_a_stop_is_filled_where_the_market_is() {
    let mut desk = Desk::new();
    desk.send(&stop(Side::Sell, dec!(3), dec!(95)));
    desk.print(dec!(80), dec!(1));
    assert_eq!(
        filled(&desk.print(dec!(79), dec!(2))),
        [(dec!(79), dec!(2), Liquidity::Taker)]
    );
    assert_eq!(
        filled(&desk.print(dec!(85), dec!(2))),
        [(dec!(85), dec!(1), Liquidity::Taker)],
        "it works until it is done"
    );
}

#[test]
fn a_bar_that_opens_beyond_a_stop_fills_it_at_its_open() {
    let mut desk = Desk::new();
    desk.send(&stop(Side::Sell, dec!(1), dec!(95)));
    let events = desk.bar([90, 92, 85, 91], 10);
    assert_eq!(filled(&events), [(dec!(90), dec!(1), Liquidity::Taker)]);
    desk.send(&stop(Side::Buy, dec!(1), dec!(95)));
    let events = desk.bar([91, 99, 91, 98], 10);
    assert_eq!(filled(&events), [(dec!(95), dec!(1), Liquidity::Taker)]);
}

#[test]
fn a_stop_limit_becomes_a_limit_and_may_be_left_behind() {
    let mut desk = Desk::new();
    let request = NewOrder {
        order_type: OrderType::StopLimit,
        price: Some(dec!(94)),
        ..stop(Side::Sell, dec!(1), dec!(95))
    };
    let id = desk.send(&request)[0].clone();
    desk.print(dec!(90), dec!(5));
    assert_eq!(desk.order(&id).status, OrderStatus::Triggered);
    assert_eq!(
        filled(&desk.print(dec!(91), dec!(5))),
        [],
        "the market is worse"
    );
    let events = desk.print(dec!(94.5), dec!(5));
    assert_eq!(filled(&events), [(dec!(94), dec!(1), Liquidity::Maker)]);
}

#[test]
fn a_trailing_sell_ten_percent_below_a_peak_of_41000_wakes_at_36900() {
    let mut desk = Desk::new();
    desk.print(dec!(40000), dec!(1));
    let id = desk.send(&trailing(Side::Sell, Some(dec!(10)), None))[0].clone();
    for price in [dec!(40500), dec!(41000), dec!(39000), dec!(36900.01)] {
        assert_eq!(desk.print(price, dec!(1)), []);
    }
    assert_eq!(
        desk.exchange.waiting(&paper(), &id).unwrap().1,
        Waiting::Trigger {
            stop_price: dec!(36900),
            peak: Some(dec!(41000))
        }
    );
    let events = desk.print(dec!(36900), dec!(1));
    assert_eq!(statuses(&events), [(id.as_str(), OrderStatus::Triggered)]);
    assert_eq!(
        desk.order(&id).trigger.as_ref().unwrap().stop_price,
        dec!(36900)
    );
}

#[test]
fn a_trailing_buy_five_percent_above_a_low_of_42000_wakes_at_44100() {
    let mut desk = Desk::new();
    desk.print(dec!(43000), dec!(1));
    let id = desk.send(&trailing(Side::Buy, Some(dec!(5)), None))[0].clone();
    for price in [dec!(42500), dec!(42000), dec!(44099.99)] {
        assert_eq!(desk.print(price, dec!(1)), []);
    }
    let events = desk.print(dec!(44100), dec!(1));
    assert_eq!(statuses(&events), [(id.as_str(), OrderStatus::Triggered)]);
}

#[test]
fn tracking_starts_after_activation() {
    let mut desk = Desk::new();
    let id = desk.send(&NewOrder {
        activation_price: Some(dec!(110)),
        ..trailing(Side::Sell, None, Some(dec!(5)))
    })[0]
        .clone();
    for price in [dec!(109), dec!(90), dec!(50)] {
        assert_eq!(desk.print(price, dec!(1)), [], "it does not follow yet");
    }
    assert_eq!(
        desk.exchange.waiting(&paper(), &id).unwrap().1,
        Waiting::Activation {
            activation_price: dec!(110)
        }
    );
    desk.print(dec!(111), dec!(1));
    desk.print(dec!(107), dec!(1));
    assert_eq!(desk.order(&id).status, OrderStatus::Accepted);
    desk.print(dec!(106), dec!(1));
    assert_eq!(desk.order(&id).status, OrderStatus::Triggered);
}

#[test]
fn an_amended_distance_keeps_the_peak() {
    let mut desk = Desk::new();
    let id = desk.send(&trailing(Side::Sell, None, Some(dec!(20))))[0].clone();
    desk.print(dec!(120), dec!(1));
    desk.print(dec!(110), dec!(1));
    let change = Amendment {
        trail_percent: Some(dec!(5)),
        ..Amendment::default()
    };
    let order = desk.amend(&id, &change).unwrap();
    assert_eq!(
        (order.trail_amount, order.trail_percent),
        (None, Some(dec!(5)))
    );
    desk.print(dec!(114.01), dec!(1));
    assert_eq!(desk.order(&id).status, OrderStatus::Accepted);
    desk.print(dec!(114), dec!(1));
    assert_eq!(desk.order(&id).status, OrderStatus::Triggered);
    let refusal = desk.amend(&id, &change).unwrap_err();
    assert_eq!(refusal.code, "already_triggered");
}
