//! Market data that tests make themselves.

use std::fmt::Write as _;

/// Market time of the first print, ms.
pub const START_MS: i64 = 1_704_067_200_000;

/// A dump of aggTrades: one print a second, a price that wanders, the same each time. Long enough
/// (half an hour and more) for the built-in bot to trade.
pub fn agg_trades(rows: u64) -> String {
    let mut text = String::new();
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut cents: i64 = 4_200_000;
    for row in 0..rows {
        let step = i64::try_from(random() % 1_201).unwrap() - 600;
        // Trends of ten minutes, up and down in turn.
        let trend = if (row / 600) % 2 == 0 { 60 } else { -60 };
        cents += step + trend;
        let quantity = random() % 90_000 + 10_000;
        let maker = if random() % 2 == 0 { "True" } else { "False" };
        let time = START_MS + i64::try_from(row).unwrap() * 1_000;
        writeln!(
            text,
            "{id},{whole}.{part:02}000000,{units}.{rest:05}000,{id},{id},{time},{maker},True",
            id = row + 1,
            whole = cents / 100,
            part = cents % 100,
            units = quantity / 100_000,
            rest = quantity % 100_000,
        )
        .unwrap();
    }
    text
}
