//! What must hold whatever is ordered and wherever prices go: random commands and market data, of
//! every kind, and after each of them the identities of DOMAIN's paper exchange.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::dec;

use super::*;
use crate::domain::order::OrderStep;
use crate::domain::{
    Amendment, Bar, Book, BotCommand, ClosePosition, Evidence, Fill, Level, Liquidity, MarketTrade,
    NewOco, NewOrder, OrderId, OrderStatus, OrderType, Side, TimeInForce,
};
use crate::engine::config::QueueModel;

/// One input, in small numbers that a shrinker can make smaller.
#[derive(Debug, Clone)]
enum Do {
    Print {
        symbol: u8,
        price: i64,
        quantity: i64,
        buyer: bool,
    },
    Book {
        symbol: u8,
        price: i64,
        spread: i64,
        depth: i64,
    },
    Bar {
        symbol: u8,
        open: i64,
        up: i64,
        down: i64,
        volume: i64,
    },
    Order(Plan),
    Pair {
        plan: Plan,
        distance: i64,
    },
    Cancel(usize),
    CancelAll,
    Amend {
        order: usize,
        quantity: Option<i64>,
        price: Option<i64>,
    },
    Close(u8),
    Kill,
    Resume,
    Restart,
}

#[derive(Debug, Clone)]
struct Plan {
    symbol: u8,
    buy: bool,
    kind: u8,
    quantity: i64,
    price: i64,
    offset: i64,
    lifetime: u8,
    reduce_only: bool,
    bracket: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        0_u8..2,
        any::<bool>(),
        0_u8..6,
        1_i64..40,
        80_i64..120,
        1_i64..15,
        0_u8..4,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.3),
    )
        .prop_map(
            |(symbol, buy, kind, quantity, price, offset, lifetime, reduce_only, bracket)| Plan {
                symbol,
                buy,
                kind,
                quantity,
                price,
                offset,
                lifetime,
                reduce_only,
                bracket,
            },
        )
}

fn doing() -> impl Strategy<Value = Do> {
    prop_oneof![
        16 => (0_u8..2, 80_i64..120, 1_i64..60, any::<bool>())
            .prop_map(|(symbol, price, quantity, buyer)| Do::Print { symbol, price, quantity, buyer }),
        4 => (0_u8..2, 80_i64..120, 1_i64..4, 1_i64..30)
            .prop_map(|(symbol, price, spread, depth)| Do::Book { symbol, price, spread, depth }),
        2 => (0_u8..2, 80_i64..120, 0_i64..20, 0_i64..20, 1_i64..80)
            .prop_map(|(symbol, open, up, down, volume)| Do::Bar { symbol, open, up, down, volume }),
        10 => plan().prop_map(Do::Order),
        3 => (plan(), 1_i64..15).prop_map(|(plan, distance)| Do::Pair { plan, distance }),
        2 => (0_usize..12).prop_map(Do::Cancel),
        1 => Just(Do::CancelAll),
        3 => (0_usize..12, prop::option::of(1_i64..40), prop::option::of(80_i64..120))
            .prop_map(|(order, quantity, price)| Do::Amend { order, quantity, price }),
        1 => (0_u8..2).prop_map(Do::Close),
        1 => Just(Do::Kill),
        4 => Just(Do::Resume),
        1 => Just(Do::Restart),
    ]
}

fn symbol(number: u8) -> Symbol {
    ["BTCUSDT", "ETHUSDT"][usize::from(number)].parse().unwrap()
}

fn tenths(value: i64) -> Decimal {
    Decimal::new(value, 1)
}

impl Plan {
    fn order(&self, now: TimeUs) -> NewOrder {
        let side = if self.buy { Side::Buy } else { Side::Sell };
        let price = Decimal::from(self.price);
        let offset = side.signed(Decimal::from(self.offset));
        let base = NewOrder::market(symbol(self.symbol), side, tenths(self.quantity));
        let mut order = match self.kind {
            0 => base,
            1 => NewOrder::limit(base.symbol, side, base.quantity, price),
            2 => NewOrder {
                order_type: OrderType::Stop,
                stop_price: Some(price),
                ..base
            },
            3 => NewOrder {
                order_type: OrderType::StopLimit,
                stop_price: Some(price),
                price: Some(price + offset),
                ..base
            },
            4 => NewOrder {
                order_type: OrderType::TrailingStop,
                trail_amount: Some(Decimal::from(self.offset)),
                ..base
            },
            _ => NewOrder {
                order_type: OrderType::TrailingStop,
                trail_percent: Some(Decimal::from(self.offset)),
                activation_price: Some(price),
                ..base
            },
        };
        let lifetime = TimeInForce::ALL[usize::from(self.lifetime)];
        let fits = !(order.order_type.is_conditional() && lifetime.is_immediate());
        order.time_in_force = Some(lifetime).filter(|_| fits);
        if order.time_in_force == Some(TimeInForce::Gtd) {
            order.expires_at = Some(now.plus(self.offset * 400_000));
        }
        order.reduce_only = self.reduce_only;
        if self.bracket && !self.reduce_only {
            order.take_profit = Some(price + offset * Decimal::TWO);
            order.stop_loss = Some(price - offset);
        }
        order
    }
}

/// What the events say, by themselves.
#[derive(Default)]
struct Fold {
    cash: Decimal,
    held: BTreeMap<Symbol, Decimal>,
    orders: BTreeMap<OrderId, (Order, Decimal, Seq)>,
    fills: u32,
}

struct Trial {
    engine: Engine,
    fold: Fold,
    now: TimeUs,
    trades: u64,
}

impl Trial {
    fn new(allow_short: bool, queue: QueueModel, latency_ms: u32) -> Self {
        let mut config = EngineConfig {
            symbols: vec![symbol(0), symbol(1)],
            ..EngineConfig::default()
        };
        config.agent.enabled = false;
        config.exchange.initial_cash = dec!(1500);
        config.exchange.allow_short = allow_short;
        config.exchange.queue = queue;
        config.exchange.latency_ms = latency_ms;
        Self {
            engine: Engine::new(config),
            fold: Fold::default(),
            now: TimeUs(1_000_000),
            trades: 0,
        }
        .opened()
    }

    /// Both markets have a price.
    fn opened(mut self) -> Self {
        for symbol in 0..2 {
            self.run(&Do::Print {
                symbol,
                price: 100,
                quantity: 1,
                buyer: true,
            });
        }
        self
    }

    fn process(&mut self, input: &Input) {
        let seq = self.engine.seq().next();
        let processed = self.engine.process(seq, input);
        let mut offered = match input {
            Input::Market(MarketEvent::Trade(trade)) => Some(trade.quantity),
            Input::Market(MarketEvent::Bar(bar)) => Some(bar.volume),
            _ => None,
        };
        for record in processed.records {
            match record.event {
                Event::Deposit { deposit, cash, .. } => {
                    self.fold.cash += deposit.amount;
                    assert_eq!(self.fold.cash, cash);
                }
                Event::Order(order) => self.note_order(order, seq),
                Event::Fill(fill) => self.note_fill(&fill, seq, &mut offered),
                _ => {}
            }
        }
    }

    fn note_order(&mut self, order: Order, seq: Seq) {
        assert!(order.filled_quantity <= order.quantity, "{order:?}");
        let (filled, accepted) = match self.fold.orders.get(&order.id) {
            None => {
                assert!(matches!(
                    order.status,
                    OrderStatus::New | OrderStatus::Accepted
                ));
                (Decimal::ZERO, seq)
            }
            Some((before, filled, accepted)) => {
                let legal = before.status == order.status && !order.status.is_final()
                    || OrderStep::ALL
                        .into_iter()
                        .any(|step| before.status.after(step).ok() == Some(order.status));
                assert!(legal, "{:?} → {:?}", before.status, order.status);
                (*filled, *accepted)
            }
        };
        assert_eq!(filled, order.filled_quantity, "fills sum to what is filled");
        self.fold
            .orders
            .insert(order.id.clone(), (order, filled, accepted));
    }

    fn note_fill(&mut self, fill: &Fill, seq: Seq, offered: &mut Option<Decimal>) {
        self.fold.fills += 1;
        let (order, filled, accepted) = self
            .fold
            .orders
            .get_mut(fill.order.as_ref().unwrap())
            .unwrap();
        assert!(*accepted < seq, "evidence came after the order");
        *filled += fill.quantity;
        if let Some(limit) = order.price {
            assert!(
                fill.side.signed(fill.price - limit) <= Decimal::ZERO,
                "at the limit or better"
            );
        }
        let from_one_price = matches!(fill.evidence, Evidence::Trade { .. } | Evidence::Bar { .. });
        if let (true, Some(offered)) = (from_one_price, offered.as_mut()) {
            *offered -= fill.quantity;
            assert!(*offered >= Decimal::ZERO, "a print is consumed once");
        }
        if fill.liquidity == Liquidity::Maker {
            assert_eq!(Some(fill.price), order.price);
        }
        assert_eq!(fill.value, fill.price * fill.quantity);
        let held = self.fold.held.entry(fill.symbol.clone()).or_default();
        let before = *held;
        *held += fill.side.signed(fill.quantity);
        if order.reduce_only {
            assert!(held.abs() < before.abs() && (*held * before) >= Decimal::ZERO);
        }
        self.fold.cash -= fill.side.signed(fill.value) + fill.fee;
        assert_eq!(self.fold.cash, fill.cash);
    }

    /// The identities, by what the engine shows and by what its events add up to.
    fn check(&self) {
        let paper = BotId::paper();
        let Some(portfolio) = self.engine.portfolio(&paper) else {
            return;
        };
        assert_eq!(portfolio.invariant, Invariant::Holds);
        assert_eq!(portfolio.cash, self.fold.cash);
        let positions = self.engine.positions(&paper).unwrap();
        let value: Decimal = positions.iter().map(|position| position.value).sum();
        assert_eq!(portfolio.cash + value, portfolio.equity);
        assert_eq!(
            portfolio.realised_pnl + portfolio.unrealised_pnl - portfolio.fees,
            portfolio.equity - portfolio.deposits
        );
        for position in &positions {
            let folded = self.fold.held.get(&position.symbol).copied();
            assert_eq!(position.quantity, folded.unwrap_or_default());
        }
        let open = self.engine.open_orders(&paper);
        let still_open = self
            .fold
            .orders
            .values()
            .filter(|(order, ..)| !order.status.is_final());
        assert_eq!(open.len(), still_open.count());
        for order in &open {
            assert_eq!(
                self.fold.orders[&order.id].0, *order,
                "every change was told"
            );
            assert!(self.engine.explain(&paper, &order.id).is_some());
        }
        for number in 0..2 {
            self.check_exposure(&open, &symbol(number));
        }
    }

    /// What open orders count for, added up the long way.
    fn check_exposure(&self, open: &[Order], symbol: &Symbol) {
        use crate::domain::LinkRole;
        let sum = |side: Side| -> Decimal {
            open.iter()
                .filter(|order| order.symbol == *symbol && order.side == side && !order.reduce_only)
                .filter(|order| {
                    let link = order.link.as_ref();
                    let with_limit = |group: &OrderId| {
                        open.iter().any(|other| {
                            other.link.as_ref().is_some_and(|link| {
                                link.group == *group && link.role == LinkRole::OcoLimit
                            })
                        })
                    };
                    !link.is_some_and(|link| {
                        link.role == LinkRole::OcoStop && with_limit(&link.group)
                    })
                })
                .map(Order::remaining)
                .sum()
        };
        let exposure = self.engine.exchange.exposure(&BotId::paper(), symbol, None);
        assert_eq!(
            (exposure.buys, exposure.sells),
            (sum(Side::Buy), sum(Side::Sell))
        );
    }

    fn market(&mut self, event: MarketEvent) {
        self.process(&Input::Market(event));
    }

    fn command(&mut self, command: BotCommand) {
        self.process(&Input::Bot {
            bot: BotId::paper(),
            command: Box::new(command),
        });
    }

    fn nth_order(&self, index: usize) -> OrderId {
        self.engine
            .open_orders(&BotId::paper())
            .get(index)
            .map_or_else(|| "ord-1-99".parse().unwrap(), |order| order.id.clone())
    }

    fn run(&mut self, doing: &Do) {
        self.now = self.now.plus(300_000);
        match *doing {
            Do::Print {
                symbol: of,
                price,
                quantity,
                buyer,
            } => {
                self.trades += 1;
                self.market(MarketEvent::Trade(MarketTrade {
                    symbol: symbol(of),
                    id: self.trades,
                    price: price.into(),
                    quantity: tenths(quantity),
                    count: 1,
                    taker: if buyer { Side::Buy } else { Side::Sell },
                    time: self.now,
                }));
            }
            Do::Book {
                symbol: of,
                price,
                spread,
                depth,
            } => {
                let levels = |sign: i64| {
                    (0..3)
                        .map(|step| Level {
                            price: (price + sign * (spread + step)).into(),
                            quantity: tenths(depth + step),
                        })
                        .collect()
                };
                self.market(MarketEvent::Book(Book {
                    symbol: symbol(of),
                    bids: levels(-1),
                    asks: levels(1),
                    time: self.now,
                }));
            }
            Do::Bar {
                symbol: of,
                open,
                up,
                down,
                volume,
            } => {
                self.market(MarketEvent::Bar(Bar {
                    symbol: symbol(of),
                    open_time: self.now.plus(-200_000),
                    close_time: self.now,
                    open: open.into(),
                    high: (open + up).into(),
                    low: (open - down).into(),
                    close: (open + (up - down) / 2).into(),
                    volume: tenths(volume),
                    quote_volume: None,
                    trades: None,
                    taker_buy_volume: None,
                    taker_buy_quote_volume: None,
                }));
            }
            Do::Order(ref plan) => self.command(BotCommand::SubmitOrder(plan.order(self.now))),
            Do::Pair { ref plan, distance } => {
                let limit = NewOrder {
                    take_profit: None,
                    stop_loss: None,
                    time_in_force: None,
                    expires_at: None,
                    ..Plan {
                        kind: 1,
                        ..plan.clone()
                    }
                    .order(self.now)
                };
                let price = limit.price.unwrap();
                let stop = NewOrder {
                    order_type: OrderType::Stop,
                    price: None,
                    stop_price: Some(price + limit.side.signed(distance.into())),
                    ..limit.clone()
                };
                let pair = NewOco {
                    client_order_id: None,
                    legs: [limit, stop],
                };
                self.command(BotCommand::SubmitOco(Box::new(pair)));
            }
            Do::Cancel(index) => {
                let order = self.nth_order(index);
                self.command(BotCommand::CancelOrder { order });
            }
            Do::CancelAll => self.command(BotCommand::CancelAll { symbol: None }),
            Do::Amend {
                order,
                quantity,
                price,
            } => {
                let order = self.nth_order(order);
                let change = Amendment {
                    quantity: quantity.map(tenths),
                    price: price.map(Into::into),
                    ..Amendment::default()
                };
                self.command(BotCommand::AmendOrder { order, change });
            }
            Do::Close(of) => {
                let close = ClosePosition {
                    client_order_id: None,
                    quantity: None,
                };
                self.command(BotCommand::ClosePosition {
                    symbol: symbol(of),
                    close,
                });
            }
            Do::Kill => self.command(BotCommand::Kill),
            Do::Resume => self.command(BotCommand::Resume),
            Do::Restart => {
                let text = serde_json::to_string(&self.engine).unwrap();
                self.engine = serde_json::from_str(&text).unwrap();
                assert_eq!(serde_json::to_string(&self.engine).unwrap(), text);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn money_and_orders_add_up_whatever_happens(
        doings in proptest::collection::vec(doing(), 1..60),
        allow_short in any::<bool>(),
        queue in prop_oneof![Just(QueueModel::Through), Just(QueueModel::Position), Just(QueueModel::Touch)],
        latency_ms in prop_oneof![3 => Just(0), 1 => Just(500)],
    ) {
        let mut trial = Trial::new(allow_short, queue, latency_ms);
        for doing in &doings {
            trial.run(doing);
            trial.check();
        }
    }
}

/// The property would hold of an exchange that never trades as well.
#[test]
fn the_trials_trade() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut fills, mut orders) = (0, 0);
    for _ in 0..100 {
        let doings = proptest::collection::vec(doing(), 60)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut trial = Trial::new(true, QueueModel::Touch, 0);
        for doing in &doings {
            trial.run(doing);
        }
        fills += trial.fold.fills;
        orders += trial.fold.orders.len();
    }
    assert!(
        fills > 200 && orders > 400,
        "{fills} fills of {orders} orders"
    );
}
