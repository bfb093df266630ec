use rust_decimal::dec;

use super::*;
use crate::domain::NewOco;

fn market() -> NewOrder {
    NewOrder::market("BTCUSDT".parse().unwrap(), Side::Buy, Decimal::ONE)
}

fn limit() -> NewOrder {
    NewOrder {
        order_type: OrderType::Limit,
        price: Some(dec!(100)),
        ..market()
    }
}

fn code(order: &NewOrder) -> (String, String) {
    order.validate().map_or_else(
        |rejection| (rejection.code, rejection.field.unwrap_or_default()),
        |()| ("ok".to_owned(), String::new()),
    )
}

fn refused(order: NewOrder) -> String {
    let (code, field) = code(&order);
    format!("{code} {field}").trim_end().to_owned()
}

#[test]
fn each_type_has_its_figures_and_no_others() {
    assert_eq!(refused(market()), "ok");
    assert_eq!(refused(limit()), "ok");
    let with = |order_type| NewOrder {
        order_type,
        ..market()
    };
    assert_eq!(refused(with(OrderType::Limit)), "missing_price price");
    assert_eq!(
        refused(with(OrderType::Stop)),
        "missing_stop_price stop_price"
    );
    assert_eq!(refused(with(OrderType::StopLimit)), "missing_price price");
    assert_eq!(
        refused(with(OrderType::TrailingStop)),
        "missing_trail trail_amount"
    );
    assert_eq!(
        refused(NewOrder {
            order_type: OrderType::Market,
            ..limit()
        }),
        "unexpected_price price"
    );
    assert_eq!(
        refused(NewOrder {
            trail_amount: Some(dec!(1)),
            ..limit()
        }),
        "unexpected_trail_amount trail_amount"
    );
    let trailing = NewOrder {
        trail_percent: Some(dec!(5)),
        ..with(OrderType::TrailingStop)
    };
    assert_eq!(refused(trailing.clone()), "ok");
    assert_eq!(
        refused(NewOrder {
            trail_amount: Some(dec!(1)),
            ..trailing.clone()
        }),
        "conflicting_trail trail_percent"
    );
    assert_eq!(
        refused(NewOrder {
            trail_percent: Some(dec!(100)),
            ..trailing
        }),
        "invalid_trail_percent trail_percent"
    );
    assert_eq!(
        refused(NewOrder {
            quantity: dec!(-1),
            ..market()
        }),
        "invalid_quantity quantity"
    );
    assert_eq!(
        refused(NewOrder {
            price: Some(dec!(0)),
            ..limit()
        }),
        "invalid_price price"
    );
}

#[test]
fn lifetimes_fit_their_types() {
    let lasting = |order: NewOrder, time_in_force| NewOrder {
        time_in_force: Some(time_in_force),
        ..order
    };
    assert_eq!(
        refused(lasting(limit(), TimeInForce::Gtd)),
        "missing_expires_at expires_at"
    );
    assert_eq!(
        refused(NewOrder {
            expires_at: Some(TimeUs(1)),
            ..limit()
        }),
        "unexpected_expires_at expires_at"
    );
    assert_eq!(refused(lasting(limit(), TimeInForce::Fok)), "ok");
    assert_eq!(
        refused(lasting(market(), TimeInForce::Gtd)),
        "invalid_time_in_force time_in_force"
    );
    let stop = NewOrder {
        order_type: OrderType::Stop,
        stop_price: Some(dec!(110)),
        ..market()
    };
    assert_eq!(
        refused(lasting(stop, TimeInForce::Ioc)),
        "invalid_time_in_force time_in_force"
    );
}

#[test]
fn a_brackets_legs_lie_on_its_two_sides() {
    let bracket = |side, take_profit, stop_loss| NewOrder {
        side,
        take_profit: Some(take_profit),
        stop_loss: Some(stop_loss),
        ..limit()
    };
    assert_eq!(refused(bracket(Side::Buy, dec!(110), dec!(90))), "ok");
    assert_eq!(refused(bracket(Side::Sell, dec!(90), dec!(110))), "ok");
    assert_eq!(
        refused(bracket(Side::Buy, dec!(100), dec!(90))),
        "invalid_take_profit take_profit"
    );
    assert_eq!(
        refused(bracket(Side::Sell, dec!(90), dec!(99))),
        "invalid_stop_loss stop_loss"
    );
    let at_market = NewOrder {
        order_type: OrderType::Market,
        price: None,
        ..bracket(Side::Buy, dec!(90), dec!(110))
    };
    assert_eq!(refused(at_market), "invalid_take_profit take_profit");
}

#[test]
fn a_pair_is_a_limit_and_a_stop_of_the_same_size() {
    let stop = NewOrder {
        order_type: OrderType::Stop,
        price: None,
        stop_price: Some(dec!(90)),
        ..limit()
    };
    let pair = |legs| NewOco {
        client_order_id: None,
        legs,
    };
    assert!(pair([limit(), stop.clone()]).validate().is_ok());
    assert!(pair([stop.clone(), limit()]).validate().is_ok());
    assert!(pair([limit(), limit()]).validate().is_err());
    let other = NewOrder {
        quantity: dec!(2),
        ..stop.clone()
    };
    assert!(pair([limit(), other]).validate().is_err());
    let wrong = NewOrder {
        stop_price: Some(dec!(0)),
        ..stop
    };
    let refusal = pair([limit(), wrong]).validate().unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("legs[1].stop_price"));
}

#[test]
fn a_trailing_stop_keeps_its_distance() {
    assert_eq!(
        Trail::Percent(dec!(10)).stop_price(Side::Sell, dec!(41000)),
        dec!(36900)
    );
    assert_eq!(
        Trail::Percent(dec!(5)).stop_price(Side::Buy, dec!(42000)),
        dec!(44100)
    );
    assert_eq!(
        Trail::Amount(dec!(250)).stop_price(Side::Sell, dec!(41000)),
        dec!(40750)
    );
}
