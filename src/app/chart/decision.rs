//! A decision on the market's candles: by time, so that what is still to come has its place.

use std::fmt::Write as _;

use super::candles::{CandlePlot, draw};
use super::{HEIGHT, Scale, WIDTH};
use crate::app::format;
use crate::domain::money::to_f64;
use crate::domain::{Candle, Decimal, Decision, Fill, Interval, Side, TimeUs};

#[derive(Debug, Clone, PartialEq)]
pub struct DecisionPlot {
    pub candles: CandlePlot,
    pub interval: Interval,
    /// The time from the decision to its verdict, in full height.
    pub span: String,
    /// The price at the decision, and the target, over that time.
    pub level: String,
    pub target: String,
    /// Dots: lines without length, which round caps make visible.
    pub made: String,
    pub verdict: String,
    pub buys: String,
    pub sells: String,
    pub levels: Vec<String>,
    pub times: Vec<String>,
    /// What is drawn: its class, its words.
    pub keys: Vec<(&'static str, String)>,
    /// One sentence for those who do not see it.
    pub words: String,
}

/// `None` where no candle is known.
pub fn decision(
    decision: &Decision,
    candles: &[Candle],
    fills: &[Fill],
    (from, to, interval): (TimeUs, TimeUs, Interval),
) -> Option<DecisionPlot> {
    candles.first()?;
    let verdict = decision.verdict.as_ref();
    let prices = [
        decision.price_at,
        decision.price_target,
        verdict.map(|verdict| verdict.price),
    ];
    let bounds = candles
        .iter()
        .flat_map(|candle| [candle.low, candle.high])
        .chain(prices.into_iter().flatten())
        .map(to_f64);
    let scale = Scale::over(bounds, HEIGHT)?;
    let x = |time: TimeUs| (time.since(from) as f64 / to.since(from).max(1) as f64) * WIDTH;
    let dot =
        |time: TimeUs, price: Decimal| format!("M{:.1} {:.1}h0", x(time), scale.y(to_f64(price)));
    let (made, ends) = (x(decision.made_at), x(decision.resolves_at));
    let level = |price: Option<Decimal>| {
        price.map_or_else(String::new, |price| {
            format!("M{made:.1} {:.1}H{ends:.1}", scale.y(to_f64(price)))
        })
    };
    let of_side = |side: Side| {
        let mut path = String::new();
        for fill in fills.iter().filter(|fill| fill.side == side) {
            if (from..=to).contains(&fill.time) {
                path += &dot(fill.time, fill.price);
            }
        }
        path
    };
    let mut drawn = CandlePlot::default();
    for candle in candles {
        let (left, right) = (
            x(candle.open_time),
            x(candle.open_time.plus(interval.micros())),
        );
        draw(
            &mut drawn,
            candle,
            scale,
            (left + right) / 2.0,
            right - left,
        );
    }
    let middle = from.plus(to.since(from) / 2);
    let (keys, words) = said(decision, fills, interval, from, to);
    Some(DecisionPlot {
        candles: drawn,
        interval,
        span: format!("M{made:.1} 0H{ends:.1}V{HEIGHT}H{made:.1}z"),
        level: level(decision.price_at),
        target: level(decision.price_target),
        made: decision
            .price_at
            .map_or_else(String::new, |price| dot(decision.made_at, price)),
        verdict: verdict.map_or_else(String::new, |verdict| dot(verdict.time, verdict.price)),
        buys: of_side(Side::Buy),
        sells: of_side(Side::Sell),
        levels: scale
            .ticks(5)
            .map(|value| Decimal::try_from(value).map_or_else(|_| String::new(), format::price))
            .collect(),
        times: [from, middle, to]
            .map(|time| format::axis_time(time, 0))
            .into(),
        keys,
        words,
    })
}

/// The legend, and the chart in one sentence.
fn said(
    decision: &Decision,
    fills: &[Fill],
    interval: Interval,
    from: TimeUs,
    to: TimeUs,
) -> (Vec<(&'static str, String)>, String) {
    let mut keys = vec![("key-span", format!("the {} it is about", decision.horizon))];
    let mut words = format!(
        "{} in candles of {interval} from {} to {} UTC: decided {}",
        decision.symbol,
        format::axis_time(from, 0),
        format::axis_time(to, 0),
        decision.direction.as_str()
    );
    let verdict = decision.verdict.as_ref().map(|verdict| verdict.price);
    for (class, name, price) in [
        ("key-made", "at the decision", decision.price_at),
        ("key-target", "target", decision.price_target),
        ("key-judged", "verdict", verdict),
    ] {
        if let Some(price) = price {
            let text = format!("{name} {}", format::price(price));
            let _ = write!(words, ", {text}");
            keys.push((class, text));
        }
    }
    for (class, name, side) in [
        ("key-buy", "bought", Side::Buy),
        ("key-sell", "sold", Side::Sell),
    ] {
        let count = fills.iter().filter(|fill| fill.side == side).count();
        if count > 0 {
            let _ = write!(words, ", {name} in {count} fills");
            keys.push((class, name.to_owned()));
        }
    }
    (keys, words + ".")
}
