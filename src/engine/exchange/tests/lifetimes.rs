//! IOC, FOK, GTD; latency; amendments, cancellations and what comes too late.

use super::*;

#[test]
fn evidence_of_the_same_input_is_too_early() {
    let mut desk = Desk::new();
    let request = market(Side::Buy, dec!(1));
    let trade = MarketTrade {
        symbol: symbol(),
        id: 7,
        price: dec!(100),
        quantity: dec!(5),
        count: 1,
        taker: Side::Buy,
        time: desk.now,
    };
    let (_, events) = desk.with(|exchange, floor| {
        exchange.submit(&paper(), &request, Terms::Market, floor);
        let has_book = false;
        exchange.see(
            Market::Trade {
                trade: &trade,
                has_book,
            },
            floor,
        );
    });
    assert_eq!(filled(&events), []);
    assert_eq!(filled(&desk.print(dec!(100), dec!(5))).len(), 1);
}

#[test]
fn all_or_nothing_is_one_or_the_other() {
    let mut desk = Desk::new();
    let request = NewOrder {
        time_in_force: Some(TimeInForce::Fok),
        ..limit(Side::Buy, dec!(3), dec!(101))
    };
    desk.send(&request);
    let events = desk.book(&[(99, 1)], &[(100, 1), (101, 1), (102, 9)]);
    assert_eq!(filled(&events), []);
    assert_eq!(statuses(&events)[0].1, OrderStatus::Expired);
    desk.send(&request);
    let events = desk.book(&[(99, 1)], &[(100, 1), (101, 2)]);
    assert_eq!(fills(&events)[0].quantity, dec!(3));
    desk.send(&NewOrder {
        time_in_force: Some(TimeInForce::Fok),
        ..market(Side::Buy, dec!(3))
    });
    let events = desk.book(&[(99, 1)], &[(100, 2)]);
    assert_eq!(statuses(&events)[0].1, OrderStatus::Expired);
}

#[test]
fn an_immediate_limit_takes_what_there_is_and_goes() {
    let mut desk = Desk::new();
    let request = NewOrder {
        time_in_force: Some(TimeInForce::Ioc),
        ..limit(Side::Buy, dec!(3), dec!(100))
    };
    desk.send(&request);
    let events = desk.print(dec!(100), dec!(1));
    assert_eq!(filled(&events), [(dec!(100), dec!(1), Liquidity::Taker)]);
    assert_eq!(statuses(&events).pop().unwrap().1, OrderStatus::Expired);
    desk.send(&request);
    let events = desk.print(dec!(101), dec!(9));
    assert_eq!(filled(&events), [], "worse than its limit");
    assert_eq!(statuses(&events).pop().unwrap().1, OrderStatus::Expired);
}

#[test]
fn an_order_ends_when_its_time_is_over_before_what_comes_then() {
    let mut desk = Desk::new();
    let expires_at = desk.now.plus(2 * SECOND);
    let id = desk.send(&NewOrder {
        time_in_force: Some(TimeInForce::Gtd),
        expires_at: Some(expires_at),
        ..limit(Side::Buy, dec!(1), dec!(99))
    })[0]
        .clone();
    assert_eq!(desk.print(dec!(100), dec!(1)), []);
    let events = desk.print(dec!(90), dec!(1));
    assert_eq!(statuses(&events), [(id.as_str(), OrderStatus::Expired)]);
    assert_eq!(filled(&events), []);
}

#[test]
fn with_latency_commands_take_effect_later() {
    let mut desk = Desk::new();
    desk.config.exchange.latency_ms = 1_500;
    let id = desk.send(&market(Side::Buy, dec!(1)))[0].clone();
    assert_eq!(desk.order(&id).status, OrderStatus::New);
    assert_eq!(filled(&desk.print(dec!(100), dec!(5))), []);
    assert_eq!(filled(&desk.print(dec!(101), dec!(5))).len(), 1);

    let id = desk.send(&limit(Side::Buy, dec!(1), dec!(99)))[0].clone();
    desk.print(dec!(100), dec!(5));
    desk.print(dec!(100), dec!(5));
    desk.cancel(&id).unwrap();
    let events = desk.print(dec!(98), dec!(5));
    assert_eq!(filled(&events).len(), 1, "the cancellation came too late");
    desk.print(dec!(98), dec!(5));
    assert_eq!(desk.open().len(), 0);
}

#[test]
fn what_comes_too_late_says_so() {
    let mut desk = Desk::new();
    let id = desk.send(&market(Side::Buy, dec!(1)))[0].clone();
    desk.print(dec!(100), dec!(5));
    let refusal = desk.cancel(&id).unwrap_err();
    assert_eq!(refusal.code, "order_not_open");
    assert!(refusal.message.contains("filled"), "{refusal}");
    let unknown = desk.cancel(&"ord-99-1".parse().unwrap()).unwrap_err();
    assert_eq!(unknown.code, "unknown_order");
}

#[test]
fn an_order_is_found_by_the_clients_id_as_well() {
    let mut desk = Desk::new();
    let request = NewOrder {
        client_order_id: Some("mine".to_owned()),
        ..limit(Side::Buy, dec!(1), dec!(99))
    };
    let ours = desk.send(&request)[0].clone();
    let order = desk.cancel(&"mine".parse().unwrap()).unwrap();
    assert_eq!((order.id, order.status), (ours, OrderStatus::Cancelled));
}

#[test]
fn who_only_shrinks_keeps_his_place_and_who_moves_loses_it() {
    let mut desk = Desk::new();
    let first = desk.send(&limit(Side::Sell, dec!(3), dec!(102)))[0].clone();
    let second = desk.send(&limit(Side::Sell, dec!(1), dec!(102)))[0].clone();
    let quantity = |quantity| Amendment {
        quantity: Some(quantity),
        ..Amendment::default()
    };
    desk.amend(&first, &quantity(dec!(2))).unwrap();
    let events = desk.print(dec!(103), dec!(1));
    assert_eq!(fills(&events)[0].order.as_ref(), Some(&first));
    assert_eq!(
        desk.amend(&first, &quantity(dec!(1))).unwrap_err().code,
        "quantity_below_filled"
    );
    desk.print(dec!(101), dec!(1));
    desk.amend(&first, &quantity(dec!(4))).unwrap();
    let events = desk.print(dec!(103), dec!(1));
    assert_eq!(fills(&events)[0].order.as_ref(), Some(&second));
    let price = Amendment {
        price: Some(dec!(105)),
        ..Amendment::default()
    };
    desk.amend(&first, &price).unwrap();
    assert_eq!(filled(&desk.print(dec!(105), dec!(1))), []);
    let events = desk.print(dec!(106), dec!(9));
    assert_eq!(filled(&events), [(dec!(105), dec!(3), Liquidity::Maker)]);
}

#[test]
fn a_price_that_the_type_has_not_cannot_be_amended() {
    let mut desk = Desk::new();
    let id = desk.send(&limit(Side::Buy, dec!(1), dec!(99)))[0].clone();
    let change = Amendment {
        stop_price: Some(dec!(90)),
        ..Amendment::default()
    };
    assert_eq!(
        desk.amend(&id, &change).unwrap_err().code,
        "unexpected_stop_price"
    );
}
