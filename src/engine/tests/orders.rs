//! Order commands as a client meets them: checks before anything happens, ids, the kill switch.

use rust_decimal::dec;

use super::*;
use crate::domain::{
    Amendment, ClosePosition, Filters, Instrument, NewOco, OrderType, TimeInForce, TradingState,
    Waiting,
};

/// An engine whose market stands at 100 and whose agent sleeps.
struct Venue(Engine, u64);

impl Venue {
    fn new(change: impl FnOnce(&mut EngineConfig)) -> Self {
        let mut config = EngineConfig {
            symbols: vec![symbol()],
            ..EngineConfig::default()
        };
        config.agent.enabled = false;
        config.exchange.slippage_bps = Decimal::ZERO;
        change(&mut config);
        let mut venue = Self(Engine::new(config), 0);
        venue.print(dec!(100), dec!(1));
        venue
    }

    fn print(&mut self, price: Decimal, quantity: Decimal) -> Vec<Record> {
        self.1 += 1;
        let trade = MarketTrade {
            symbol: symbol(),
            id: self.1,
            price,
            quantity,
            count: 1,
            taker: Side::Buy,
            time: TimeUs(MINUTE).plus(i64::try_from(self.1).unwrap() * SECOND),
        };
        let seq = self.0.seq().next();
        self.0
            .process(seq, &Input::Market(MarketEvent::Trade(trade)))
            .records
    }

    fn send(&mut self, command: BotCommand) -> Result<Accepted, Rejection> {
        let seq = self.0.seq().next();
        self.0.process(seq, &bot_input("paper", command)).reply
    }

    fn order(&mut self, order: NewOrder) -> Result<Accepted, Rejection> {
        self.send(BotCommand::SubmitOrder(order))
    }

    fn code(&mut self, order: NewOrder) -> String {
        match self.order(order) {
            Ok(_) => "ok".to_owned(),
            Err(rejection) => rejection.code,
        }
    }

    fn held(&self) -> Decimal {
        self.0.bots[&BotId::paper()].account.quantity(&symbol())
    }

    fn open(&self) -> Vec<Order> {
        self.0.open_orders(&BotId::paper())
    }
}

fn market(side: Side, quantity: Decimal) -> NewOrder {
    NewOrder::market(symbol(), side, quantity)
}

fn limit(side: Side, quantity: Decimal, price: Decimal) -> NewOrder {
    NewOrder::limit(symbol(), side, quantity, price)
}

fn stop(side: Side, quantity: Decimal, stop_price: Decimal) -> NewOrder {
    NewOrder {
        order_type: OrderType::Stop,
        stop_price: Some(stop_price),
        ..market(side, quantity)
    }
}

#[test]
fn the_exchanges_filters_refuse_before_anything_happens() {
    let mut venue = Venue::new(|config| {
        let filters = Filters {
            tick_size: Some(dec!(0.01)),
            step_size: Some(dec!(0.001)),
            min_quantity: Some(dec!(0.001)),
            max_quantity: Some(dec!(100)),
            min_notional: Some(dec!(10)),
            ..Filters::default()
        };
        let instrument = Instrument {
            symbol: symbol(),
            base: "BTC".to_owned(),
            quote: "USDT".to_owned(),
            filters,
        };
        config.instruments.insert(symbol(), instrument);
    });
    let buy = Side::Buy;
    assert_eq!(venue.code(limit(buy, dec!(1), dec!(99.001))), "tick_size");
    assert_eq!(
        venue.code(limit(buy, dec!(0.1005), dec!(99.9))),
        "step_size"
    );
    assert_eq!(venue.code(market(buy, dec!(0.01))), "min_notional");
    assert_eq!(venue.code(market(buy, dec!(101))), "max_quantity");
    assert_eq!(venue.code(stop(buy, dec!(1), dec!(110.005))), "tick_size");
    assert!(venue.open().is_empty());
    assert_eq!(venue.code(limit(buy, dec!(0.101), dec!(99.99))), "ok");
}

#[test]
fn a_stop_that_the_market_has_reached_is_a_mistake() {
    let mut venue = Venue::new(|_| ());
    assert_eq!(
        venue.code(stop(Side::Sell, dec!(1), dec!(100))),
        "would_trigger_immediately"
    );
    assert_eq!(
        venue.code(stop(Side::Buy, dec!(1), dec!(99))),
        "would_trigger_immediately"
    );
    assert_eq!(venue.code(stop(Side::Buy, dec!(1), dec!(101))), "ok");
    let late = NewOrder {
        time_in_force: Some(TimeInForce::Gtd),
        expires_at: Some(TimeUs(MINUTE)),
        ..limit(Side::Buy, dec!(1), dec!(99))
    };
    assert_eq!(venue.code(late), "expires_in_past");
    let reducing = NewOrder {
        reduce_only: true,
        ..market(Side::Sell, dec!(1))
    };
    assert_eq!(venue.code(reducing), "nothing_to_reduce");
    let wrong_leg = NewOrder {
        take_profit: Some(dec!(99)),
        ..market(Side::Buy, dec!(1))
    };
    assert_eq!(venue.code(wrong_leg), "invalid_take_profit");
    let pair = |price| NewOco {
        client_order_id: None,
        legs: [
            limit(Side::Sell, dec!(1), price),
            stop(Side::Sell, dec!(1), dec!(90)),
        ],
    };
    let wrong = venue.send(BotCommand::SubmitOco(Box::new(pair(dec!(99)))));
    assert_eq!(wrong.unwrap_err().code, "invalid_legs");
    let right = venue.send(BotCommand::SubmitOco(Box::new(pair(dec!(110)))));
    assert!(matches!(right, Ok(Accepted::Orders(orders)) if orders.len() == 2));
}

#[test]
fn open_orders_count_as_if_they_were_filled() {
    let mut venue = Venue::new(|config| config.exchange.initial_cash = dec!(1000));
    assert_eq!(venue.code(limit(Side::Buy, dec!(6), dec!(99))), "ok");
    assert_eq!(
        venue.code(limit(Side::Buy, dec!(6), dec!(98))),
        "insufficient_funds"
    );
    assert_eq!(
        venue.code(limit(Side::Sell, dec!(5), dec!(110))),
        "ok",
        "the two sides are not added up"
    );
    let first = venue.open()[0].id.clone();
    let more = Amendment {
        quantity: Some(dec!(9)),
        ..Amendment::default()
    };
    let amend = BotCommand::AmendOrder {
        order: first.clone(),
        change: more,
    };
    assert!(
        venue.send(amend).is_ok(),
        "it does not stand in its own way"
    );
    let cancel = BotCommand::CancelOrder { order: first };
    venue.send(cancel).unwrap();
    assert_eq!(venue.code(limit(Side::Buy, dec!(6), dec!(98))), "ok");
}

#[test]
fn a_client_id_is_one_request() {
    let mut venue = Venue::new(|_| ());
    let mine = |order: NewOrder| NewOrder {
        client_order_id: Some("mine".to_owned()),
        ..order
    };
    let Ok(Accepted::Order(first)) = venue.order(mine(market(Side::Buy, dec!(1)))) else {
        panic!("it is taken")
    };
    venue.print(dec!(100), dec!(5));
    assert_eq!(
        venue.order(mine(market(Side::Buy, dec!(1)))),
        Ok(Accepted::Duplicate {
            id: first.id.to_string()
        }),
        "also when it is filled"
    );
    assert_eq!(
        venue.code(mine(market(Side::Buy, dec!(2)))),
        "client_order_id_reused"
    );
    assert_eq!(venue.held(), dec!(1));

    let close = |quantity| BotCommand::ClosePosition {
        symbol: symbol(),
        close: ClosePosition {
            client_order_id: Some("close-1".to_owned()),
            quantity,
        },
    };
    assert!(matches!(venue.send(close(None)), Ok(Accepted::Order(_))));
    venue.print(dec!(100), dec!(5));
    assert_eq!(venue.held(), Decimal::ZERO);
    assert!(matches!(
        venue.send(close(None)),
        Ok(Accepted::Duplicate { .. })
    ));
    assert_eq!(
        venue.send(close(Some(dec!(1)))).unwrap_err().code,
        "client_order_id_reused"
    );
}

#[test]
fn the_kill_switch_cancels_closes_and_refuses_until_resumed() {
    let mut venue = Venue::new(|_| ());
    venue.order(market(Side::Buy, dec!(2))).unwrap();
    venue.print(dec!(100), dec!(2));
    venue.order(limit(Side::Buy, dec!(1), dec!(90))).unwrap();
    venue.order(stop(Side::Sell, dec!(2), dec!(95))).unwrap();
    let Ok(Accepted::Trading(changed)) = venue.send(BotCommand::Kill) else {
        panic!("it is carried out")
    };
    assert_eq!(changed.state, TradingState::Halted);
    assert_eq!((changed.cancelled.len(), changed.closing.len()), (2, 1));
    assert_eq!(
        venue.code(limit(Side::Buy, dec!(1), dec!(90))),
        "trading_halted"
    );
    let records = venue.print(dec!(99), dec!(0.5));
    assert!(
        records
            .iter()
            .any(|record| matches!(record.event, Event::Fill(_)))
    );
    venue.print(dec!(98), dec!(9));
    assert_eq!((venue.held(), venue.open().len()), (Decimal::ZERO, 0));
    let portfolio = venue.0.portfolio(&BotId::paper()).unwrap();
    assert_eq!(portfolio.trading, TradingState::Halted);
    venue.send(BotCommand::Pause).unwrap();
    assert_eq!(
        venue.code(limit(Side::Buy, dec!(1), dec!(90))),
        "trading_halted",
        "a pause does not soften a halt"
    );
    venue.send(BotCommand::Resume).unwrap();
    assert_eq!(venue.code(limit(Side::Buy, dec!(1), dec!(90))), "ok");
}

#[test]
fn while_paused_the_agent_is_vetoed_and_people_are_not() {
    let mut engine = engine();
    run(&mut engine, 0..1_000);
    let pause = bot_input("paper", BotCommand::Pause);
    engine.process(engine.seq().next(), &pause);
    let records = run(&mut engine, 1_000..3_000);
    let made = records.iter().filter_map(|record| match &record.event {
        Event::Decision(decision) if decision.outcome == Outcome::Pending => Some(decision),
        _ => None,
    });
    assert!(made.clone().count() > 10, "it still decides");
    assert!(
        made.clone()
            .all(|decision| !matches!(decision.action, crate::domain::Action::Orders(_)))
    );
    let by_hand = BotCommand::SubmitOrder(market(Side::Buy, dec!(0.01)));
    let reply = engine
        .process(engine.seq().next(), &bot_input("paper", by_hand))
        .reply;
    assert!(reply.is_ok());
}

#[test]
fn an_open_order_says_why_it_has_not_filled() {
    let mut venue = Venue::new(|_| ());
    venue.order(limit(Side::Buy, dec!(1), dec!(90))).unwrap();
    for price in [dec!(97), dec!(93), dec!(95), dec!(99)] {
        venue.print(price, dec!(1));
    }
    let id = venue.open()[0].id.clone();
    let explanation = venue.0.explain(&BotId::paper(), &id).unwrap();
    assert_eq!(
        explanation.waiting,
        Some(Waiting::TradedThrough { price: dec!(90) })
    );
    assert_eq!(explanation.nearest, Some(dec!(93)));
    assert_eq!(explanation.last_price, Some(dec!(99)));
    assert_eq!(explanation.distance_percent, Some(dec!(-9.090909)));
    assert!(
        explanation.text.contains("below its limit of 90"),
        "{}",
        explanation.text
    );
}

#[test]
fn a_check_says_what_an_order_would_cost_and_changes_nothing() {
    let mut venue = Venue::new(|config| config.exchange.slippage_bps = dec!(10));
    let paper = BotId::paper();
    let check = venue.0.check_order(&paper, &market(Side::Buy, dec!(2)));
    assert_eq!(check.rejection, None);
    let estimate = check.estimate.unwrap();
    assert_eq!((estimate.price, estimate.value), (dec!(100.1), dec!(200.2)));
    assert_eq!((estimate.fee, estimate.slippage), (dec!(0.2002), dec!(0.2)));
    assert_eq!(estimate.cash_after, dec!(99799.5998));
    assert_eq!(estimate.position_after, dec!(2));
    venue.order(market(Side::Buy, dec!(2))).unwrap();
    venue.print(dec!(100), dec!(2));
    assert_eq!(
        venue.0.portfolio(&paper).unwrap().cash,
        estimate.cash_after,
        "and so it came"
    );
    let refused = venue.0.check_order(&paper, &market(Side::Buy, dec!(2000)));
    assert_eq!(refused.rejection.unwrap().code, "insufficient_funds");
}
