//! Under which kind and key an event is filed in the journal, so that the bounded histories can be
//! refilled from it.

use crate::domain::Event;

/// What an event is filed under: the key names the bounded history that it belongs to.
pub fn kind_and_key(event: &Event) -> (&'static str, Option<String>) {
    match event {
        Event::Mark { symbol, .. } => ("mark", Some(symbol.to_string())),
        Event::Candle(candle) => (
            "candle",
            Some(format!("{}:{}", candle.symbol, candle.interval)),
        ),
        Event::Equity { bot, .. } => ("equity", Some(bot.to_string())),
        Event::RoundTrip(trip) => ("round_trip", Some(trip.bot.to_string())),
        Event::Order(_) => ("order", None),
        Event::Fill(_) => ("fill", None),
        Event::Decision(_) => ("decision", None),
        Event::Agent(_) => ("agent", None),
        Event::Note { .. } => ("note", None),
        Event::Deposit { .. } => ("deposit", None),
        Event::Trading { .. } => ("trading", None),
        Event::PositionStated { .. } => ("position_stated", None),
        Event::Alert(_) => ("alert", None),
        Event::Quality(_) => ("quality", None),
    }
}
