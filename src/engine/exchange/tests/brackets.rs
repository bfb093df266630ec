//! Brackets, OCO pairs and orders that only reduce.

use super::*;

fn bracket(entry: Decimal, take_profit: Decimal, stop_loss: Decimal) -> NewOrder {
    NewOrder {
        take_profit: Some(take_profit),
        stop_loss: Some(stop_loss),
        ..limit(Side::Buy, dec!(2), entry)
    }
}

#[test]
fn legs_go_to_work_when_the_entry_is_filled_wholly() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    let [entry, take_profit, stop_loss] = ids.as_slice() else {
        panic!("{ids:?}")
    };
    assert_eq!(desk.order(take_profit).status, OrderStatus::New);
    assert_eq!(desk.order(stop_loss).link.as_ref().unwrap().group, *entry);
    desk.print(dec!(98), dec!(1));
    assert_eq!(desk.order(entry).status, OrderStatus::PartiallyFilled);
    assert_eq!(desk.order(stop_loss).status, OrderStatus::New);
    desk.print(dec!(98), dec!(1));
    assert_eq!(desk.order(take_profit).status, OrderStatus::Accepted);
    assert_eq!(desk.order(stop_loss).status, OrderStatus::Accepted);

    let events = desk.print(dec!(111), dec!(9));
    assert_eq!(filled(&events), [(dec!(110), dec!(2), Liquidity::Maker)]);
    assert_eq!(
        statuses(&events),
        [
            (take_profit.as_str(), OrderStatus::Filled),
            (stop_loss.as_str(), OrderStatus::Cancelled)
        ]
    );
    assert_eq!((desk.held(), desk.open().len()), (Decimal::ZERO, 0));
}

#[test]
fn a_stop_that_wakes_ends_the_take_profit() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    desk.print(dec!(98), dec!(2));
    let events = desk.print(dec!(90), dec!(1));
    assert_eq!(
        statuses(&events),
        [
            (ids[2].as_str(), OrderStatus::Triggered),
            (ids[1].as_str(), OrderStatus::Cancelled)
        ]
    );
    desk.print(dec!(120), dec!(9));
    assert_eq!((desk.held(), desk.open().len()), (Decimal::ZERO, 0));
}

#[test]
fn a_bar_that_touches_both_legs_counts_as_the_stop() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    desk.print(dec!(98), dec!(2));
    let events = desk.bar([100, 115, 85, 112], 50);
    assert_eq!(filled(&events), [(dec!(90), dec!(2), Liquidity::Taker)]);
    assert_eq!(
        statuses(&events),
        [
            (ids[2].as_str(), OrderStatus::Triggered),
            (ids[1].as_str(), OrderStatus::Cancelled),
            (ids[2].as_str(), OrderStatus::Filled)
        ]
    );
}

#[test]
fn a_leg_that_fills_in_part_makes_the_other_smaller() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    desk.print(dec!(98), dec!(2));
    desk.print(dec!(111), dec!(0.5));
    assert_eq!(desk.order(&ids[1]).remaining(), dec!(1.5));
    assert_eq!(desk.order(&ids[2]).remaining(), dec!(1.5));
    desk.print(dec!(89), dec!(1));
    let events = desk.print(dec!(88), dec!(9));
    assert_eq!(filled(&events), [(dec!(88), dec!(1.5), Liquidity::Taker)]);
    assert_eq!(desk.held(), Decimal::ZERO);
}

#[test]
fn an_entry_that_ends_without_a_fill_takes_its_legs_along() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    desk.cancel(&ids[0]).unwrap();
    assert_eq!(desk.open().len(), 0);
    assert!(desk.exchange.groups.is_empty());
}

#[test]
fn an_entry_that_ends_in_part_leaves_legs_for_what_it_filled() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    desk.print(dec!(98), dec!(0.75));
    desk.cancel(&ids[0]).unwrap();
    for leg in &ids[1..] {
        assert_eq!(desk.order(leg).status, OrderStatus::Accepted);
        assert_eq!(desk.order(leg).quantity, dec!(0.75));
    }
}

#[test]
fn of_a_pair_one_cancels_the_other_and_one_counts() {
    let mut desk = Desk::new();
    desk.hold(dec!(3));
    let ids = desk.send_pair(
        &limit(Side::Sell, dec!(3), dec!(110)),
        &stop(Side::Sell, dec!(3), dec!(90)),
    );
    assert_eq!(
        desk.exchange.exposure(&paper(), &symbol(), None).sells,
        dec!(3)
    );
    desk.cancel(&ids[0]).unwrap();
    assert_eq!(
        desk.exchange.exposure(&paper(), &symbol(), None).sells,
        dec!(3),
        "the stop is still there"
    );
    desk.print(dec!(89), dec!(1));
    desk.print(dec!(89), dec!(5));
    assert_eq!(desk.held(), Decimal::ZERO);
    assert_eq!(
        desk.exchange.exposure(&paper(), &symbol(), None),
        Exposure::default()
    );
}

#[test]
fn both_legs_touched_at_once_fill_one_of_them() {
    let mut desk = Desk::new();
    desk.hold(dec!(1));
    desk.book(&[(99, 5)], &[(101, 5)]);
    let ids = desk.send_pair(
        &limit(Side::Sell, dec!(1), dec!(110)),
        &NewOrder {
            order_type: OrderType::TrailingStop,
            trail_amount: Some(dec!(1)),
            ..market(Side::Sell, dec!(1))
        },
    );
    // The print that wakes the stop comes with a book that crosses the limit.
    desk.print(dec!(98), dec!(1));
    let events = desk.book(&[(112, 5)], &[(113, 5)]);
    assert_eq!(filled(&events), [(dec!(112), dec!(1), Liquidity::Taker)]);
    assert_eq!(fills(&events)[0].order.as_ref(), Some(&ids[1]));
    assert_eq!((desk.held(), desk.open().len()), (Decimal::ZERO, 0));
}

#[test]
fn a_reducing_order_never_turns_a_position() {
    let mut desk = Desk::new();
    desk.hold(dec!(1));
    desk.send(&NewOrder {
        reduce_only: true,
        time_in_force: Some(TimeInForce::Gtc),
        ..market(Side::Sell, dec!(5))
    });
    let events = desk.print(dec!(100), dec!(9));
    assert_eq!(filled(&events), [(dec!(100), dec!(1), Liquidity::Taker)]);
    assert_eq!(statuses(&events).pop().unwrap().1, OrderStatus::Cancelled);
    assert_eq!(desk.held(), Decimal::ZERO);
}

#[test]
fn a_position_closed_by_hand_ends_the_legs_that_protected_it() {
    let mut desk = Desk::new();
    desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    desk.print(dec!(98), dec!(2));
    desk.send(&market(Side::Sell, dec!(2)));
    desk.print(dec!(100), dec!(5));
    assert_eq!((desk.held(), desk.open().len()), (Decimal::ZERO, 0));
}

#[test]
fn legs_move_together_when_one_is_resized() {
    let mut desk = Desk::new();
    let ids = desk.send(&bracket(dec!(99), dec!(110), dec!(90)));
    let resize = Amendment {
        quantity: Some(dec!(1)),
        ..Amendment::default()
    };
    assert_eq!(
        desk.amend(&ids[1], &resize).unwrap_err().code,
        "quantity_of_entry"
    );
    desk.print(dec!(98), dec!(2));
    desk.amend(&ids[1], &resize).unwrap();
    assert_eq!(desk.order(&ids[2]).quantity, dec!(1));
}
