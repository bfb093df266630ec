//! The rows of one file in their order: what the neighbours of a row say about it. A row that
//! cannot be read, or that would take time back, becomes a notice and the next one is tried.

use std::io::Read;

use super::catalogue::Part;
use super::lines::{Line, Lines};
use super::row::{self, Format, Row};
use crate::domain::time::MINUTE;
use crate::domain::{Bar, Extent, FeedNotice, MarketEvent, MarketTrade, QualityKind, TimeUs};
use crate::feed::FeedItem;

pub(super) struct Rows<R> {
    lines: Lines<R>,
    part: Part,
    last_time: TimeUs,
    last_id: Option<u64>,
    /// Rows that were rejected since the last good one: the ids of these are not missing.
    rejected_since: u64,
    /// A bar that waits for the next row to tell when it closed.
    open_bar: Option<Bar>,
    /// Length of a bar, µs, as far as it is known.
    step: Option<i64>,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(reader: R, part: Part) -> Self {
        Self {
            lines: Lines::new(reader),
            last_time: TimeUs(i64::MIN),
            last_id: None,
            rejected_since: 0,
            open_bar: None,
            step: part.step,
            part,
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.lines.number()
    }

    /// Reads one line and adds what it gives: nothing, an item, a notice or a notice and an item.
    /// False at the end of the file.
    pub(super) fn step(&mut self, out: &mut Vec<FeedItem>) -> bool {
        let row = match self.lines.next() {
            Ok(Some(Line::Text(b""))) => return true,
            Ok(Some(Line::Text(line))) => row::parse(self.part.format, line, &self.part.symbol)
                .map_err(|message| (row::is_header(line), message)),
            Ok(Some(Line::TooLong)) => Err((false, "the line is longer than 64 KiB".to_owned())),
            Ok(None) => {
                self.last_bar(out);
                return false;
            }
            Err(error) => {
                self.last_bar(out);
                let message = format!("could not be read on: {error}");
                out.push(self.notice(QualityKind::SourceEnded, message));
                return false;
            }
        };
        match row {
            Ok(Row::Trade(trade)) => self.trade(trade, out),
            Ok(Row::Bar(bar)) => self.bar(bar, out),
            Ok(Row::OpenBar(bar)) => self.open_bar(bar, out),
            Err((true, _)) if self.lines.number() == 1 => {}
            Err((_, message)) => self.reject(QualityKind::RejectedRow, message, out),
        }
        true
    }

    fn trade(&mut self, trade: MarketTrade, out: &mut Vec<FeedItem>) {
        if trade.time < self.last_time {
            return self.backwards(trade.time, out);
        }
        if let Some(last) = self.last_id {
            if trade.id == last {
                let message = format!("trade id {last} is repeated");
                return self.reject(QualityKind::OutOfOrder, message, out);
            }
            if trade.id < last {
                let message = format!("trade ids went back from {last} to {}", trade.id);
                out.push(self.notice(QualityKind::Gap, message));
            } else if trade.id - last - 1 > self.rejected_since {
                let message = format!("trade ids {} to {} are missing", last + 1, trade.id - 1);
                let mut notice = self.notice(QualityKind::Gap, message);
                if let FeedItem::Notice(notice) = &mut notice {
                    notice.extent = Extent {
                        from: Some(self.last_time),
                        to: Some(trade.time),
                        first_id: Some(last + 1),
                        last_id: Some(trade.id - 1),
                    };
                }
                out.push(notice);
            }
        }
        self.last_id = Some(trade.id);
        self.last_time = trade.time;
        self.rejected_since = 0;
        out.push(FeedItem::Market(MarketEvent::Trade(trade)));
    }

    fn bar(&mut self, bar: Bar, out: &mut Vec<FeedItem>) {
        // The next bar opens after the last one's close, so a repeated bar is found here too.
        if bar.open_time < self.last_time {
            return self.backwards(bar.open_time, out);
        }
        self.last_time = bar.close_time;
        out.push(FeedItem::Market(MarketEvent::Bar(bar)));
    }

    fn open_bar(&mut self, bar: Bar, out: &mut Vec<FeedItem>) {
        if let Some(before) = &self.open_bar {
            if bar.open_time <= before.open_time {
                return self.backwards(bar.open_time, out);
            }
            let apart = bar.open_time.since(before.open_time);
            // A hole in the data makes no bar longer.
            self.step = Some(self.step.map_or(apart, |step| step.min(apart)));
            self.last_bar(out);
        }
        self.open_bar = Some(bar);
    }

    fn last_bar(&mut self, out: &mut Vec<FeedItem>) {
        if let Some(mut bar) = self.open_bar.take() {
            let step = self.step.unwrap_or(MINUTE);
            bar.close_time = bar.open_time.plus(step - 1);
            out.push(FeedItem::Market(MarketEvent::Bar(bar)));
        }
    }

    fn backwards(&mut self, time: TimeUs, out: &mut Vec<FeedItem>) {
        let before = match &self.open_bar {
            Some(bar) => bar.open_time,
            None => self.last_time,
        };
        let message = format!("time runs backwards: {time} after {before}");
        self.reject(QualityKind::OutOfOrder, message, out);
    }

    fn reject(&mut self, kind: QualityKind, message: String, out: &mut Vec<FeedItem>) {
        self.rejected_since += 1;
        out.push(self.notice(kind, message));
    }

    fn notice(&self, kind: QualityKind, message: String) -> FeedItem {
        FeedItem::Notice(FeedNotice {
            kind,
            symbol: Some(self.part.symbol.clone()),
            source: self.part.name.clone(),
            line: Some(self.lines.number()),
            message,
            extent: Extent::default(),
        })
    }
}

/// The format of a stream: the first that reads one of its first lines, `named` before the others.
/// `named` itself where no line can be read.
pub(super) fn detect(
    reader: impl Read,
    named: Option<&str>,
    symbol: &crate::domain::Symbol,
    most_lines: u64,
) -> Option<Format> {
    let is_named = |format: &Format| named == Some(format.name());
    let (mut order, others): (Vec<_>, Vec<_>) = Format::ALL.into_iter().partition(is_named);
    let fallback = order.first().copied();
    order.extend(others);
    let mut lines = Lines::new(reader);
    while lines.number() < most_lines
        && let Ok(Some(line)) = lines.next()
    {
        let Line::Text(line) = line else { continue };
        let readable = |format: &Format| row::parse(*format, line, symbol).is_ok();
        if let Some(format) = order.iter().copied().find(readable) {
            return Some(format);
        }
    }
    fallback
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::container::Container;
    use super::*;

    fn items(format: Format, step: Option<i64>, text: &str) -> Vec<FeedItem> {
        let part = Part {
            name: "x.csv".to_owned(),
            path: "x.csv".into(),
            container: Container::Plain,
            symbol: "BTCUSDT".parse().unwrap(),
            format,
            step,
            start: TimeUs::ZERO,
        };
        let mut rows = Rows::new(text.as_bytes(), part);
        let mut out = Vec::new();
        while rows.step(&mut out) {}
        out
    }

    /// Times in ms of what was given; line, kind and message of what was not.
    fn told(items: &[FeedItem]) -> Vec<String> {
        let tell = |item: &FeedItem| match item {
            FeedItem::Market(event) => format!("{}", event.time().micros() - 1_704_067_200_000_000),
            FeedItem::Notice(notice) => {
                format!(
                    "{:?} {}: {}",
                    notice.kind,
                    notice.line.unwrap(),
                    notice.message
                )
            }
        };
        items.iter().map(tell).collect()
    }

    fn agg(id: u64, ms: i64) -> String {
        format!("{id},1.5,2,1,1,{},True,True\n", 1_704_067_200_000 + ms)
    }

    #[test]
    fn gaps_and_time_that_runs_back() {
        let text = [
            agg(1, 5),
            agg(2, 5),
            agg(5, 6),
            agg(6, 4),
            agg(7, 8),
            agg(7, 8),
            agg(3, 9),
        ];
        assert_eq!(
            told(&items(Format::AggTrades, None, &text.concat())),
            [
                "5000",
                "5000",
                "Gap 3: trade ids 3 to 4 are missing",
                "6000",
                "OutOfOrder 4: time runs backwards: 2024-01-01T00:00:00.004Z after \
                 2024-01-01T00:00:00.006Z",
                "8000",
                "OutOfOrder 6: trade id 7 is repeated",
                "Gap 7: trade ids went back from 7 to 3",
                "9000",
            ]
        );
    }

    #[test]
    fn a_broken_row_is_not_also_a_gap_and_swallows_nothing() {
        let text = format!(
            "id,price\n{}\"2,stray\n{}\n{}",
            agg(1, 1),
            agg(3, 2),
            agg(4, 3)
        );
        let told = told(&items(Format::AggTrades, None, &text));
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[1].starts_with("RejectedRow 3: 2 columns"), "{told:?}");
    }

    #[test]
    fn a_bar_without_close_time_ends_where_the_next_begins_unless_bars_are_missing() {
        let minute = |n: i64| format!("{},5,8,4,6,1\n", 1_704_067_200_000 + n * 60_000);
        let text = [minute(0), minute(1), minute(5), minute(5), minute(6)].concat();
        let given = items(Format::Candles, None, &text);
        let ends: Vec<_> = told(&given);
        assert_eq!(ends[0], "59999999");
        assert_eq!(ends[1], "119999999");
        assert!(ends[2].starts_with("OutOfOrder 4"), "{ends:?}");
        assert_eq!(ends[3..], ["359999999", "419999999"]);
    }

    #[test]
    fn a_kline_row_has_all_its_volumes_and_no_row_is_given_twice() {
        let row = "1704067200000,5,8,4,6,65.30,1704067259999,12,3,4,5,0\n";
        let given = items(Format::Klines, None, &[row, row].concat());
        let FeedItem::Market(MarketEvent::Bar(bar)) = &given[0] else {
            unreachable!("a kline is a bar");
        };
        assert_eq!(bar.close_time.micros() - bar.open_time.micros(), MINUTE - 1);
        assert_eq!(bar.volume.to_string(), "65.3");
        assert_eq!(bar.trades, Some(3));
        assert_eq!(bar.taker_buy_quote_volume, Some(5.into()));
        assert!(told(&given)[1].starts_with("OutOfOrder 2"));
    }

    #[test]
    fn the_format_is_told_by_the_name_and_else_by_the_rows() {
        let symbol = "BTCUSDT".parse().unwrap();
        let agg = agg(1, 1);
        let told = |text: &str, named| detect(text.as_bytes(), named, &symbol, 10);
        assert_eq!(told(&agg, None), Some(Format::AggTrades));
        assert_eq!(told(&agg, Some("trades")), Some(Format::AggTrades));
        assert_eq!(told("h,e\nrubbish\n", Some("klines")), Some(Format::Klines));
        assert_eq!(
            told("1678730400000,5,8,4,6,1\n", Some("klines")),
            Some(Format::Candles)
        );
        assert_eq!(told("name,age\nEve,3\n", None), None);
    }
}
