//! What a snapshot brings back behaves like what it was taken of.

use super::*;

#[test]
fn an_exchange_out_of_a_snapshot_goes_on_alike() {
    let mut desk = Desk::new();
    desk.config.exchange.queue = QueueModel::Position;
    desk.hold(dec!(2));
    desk.book(&[(99, 3), (98, 3)], &[(101, 3)]);
    desk.send(&limit(Side::Buy, dec!(1), dec!(98)));
    desk.send(&stop(Side::Sell, dec!(1), dec!(80)));
    desk.send(&NewOrder {
        order_type: OrderType::TrailingStop,
        trail_percent: Some(dec!(10)),
        ..market(Side::Sell, dec!(1))
    });
    desk.send(&NewOrder {
        order_type: OrderType::TrailingStop,
        trail_amount: Some(dec!(3)),
        activation_price: Some(dec!(120)),
        ..market(Side::Sell, dec!(1))
    });
    desk.send(&NewOrder {
        take_profit: Some(dec!(130)),
        stop_loss: Some(dec!(70)),
        ..limit(Side::Buy, dec!(1), dec!(97))
    });
    desk.send_pair(
        &limit(Side::Sell, dec!(1), dec!(125)),
        &stop(Side::Sell, dec!(1), dec!(75)),
    );
    desk.print_by(Side::Sell, dec!(98), dec!(1));
    desk.print(dec!(110), dec!(1));

    let text = serde_json::to_string(&desk.exchange).unwrap();
    let mut other = Desk {
        exchange: serde_json::from_str(&text).unwrap(),
        config: desk.config.clone(),
        markets: desk.markets.clone(),
        bots: desk.bots.clone(),
        ..desk
    };
    assert_eq!(serde_json::to_string(&other.exchange).unwrap(), text);
    assert_eq!(
        other.exchange.exposure(&paper(), &symbol(), None),
        desk.exchange.exposure(&paper(), &symbol(), None)
    );
    let mut prices = 0;
    for price in [110, 99, 98, 97, 96, 121, 117, 131, 88, 74, 69, 126, 90] {
        for taker in [Side::Sell, Side::Buy] {
            let here = desk.print_by(taker, price.into(), dec!(2));
            assert_eq!(
                other.print_by(taker, price.into(), dec!(2)),
                here,
                "{price}"
            );
            prices += here.len();
        }
        let book = [(price - 1, 2)];
        let here = desk.book(&book, &[(price + 1, 2)]);
        assert_eq!(other.book(&book, &[(price + 1, 2)]), here, "{price}");
        prices += here.len();
    }
    assert!(prices > 20, "much has happened: {prices}");
}
