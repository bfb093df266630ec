//! One line of a dump as market data. Knows the columns of each format and what a sensible row is;
//! knows nothing of the rows around it.

use crate::domain::{Bar, Decimal, MarketTrade, Side, Symbol, TimeUs};
use crate::feed::number::{AMOUNT_DIGITS, PRICE_DIGITS, boolean, decimal, end_time, time, whole};

/// The columns of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `id,price,qty,quoteQty,time,isBuyerMaker[,isBestMatch]`
    Trades,
    /// `aggId,price,qty,firstId,lastId,time,isBuyerMaker[,isBestMatch]`
    AggTrades,
    /// Binance's 12 columns.
    Klines,
    /// `open time,open,high,low,close,volume`
    Candles,
}

impl Format {
    /// Finest first. No row can be read in two of them.
    pub(super) const ALL: [Self; 4] = [Self::Trades, Self::AggTrades, Self::Klines, Self::Candles];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::AggTrades => "aggTrades",
            Self::Klines | Self::Candles => "klines",
        }
    }

    fn columns(self) -> &'static [usize] {
        match self {
            Self::Trades => &[6, 7],
            Self::AggTrades => &[7, 8],
            Self::Klines => &[12],
            Self::Candles => &[6],
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    Trade(MarketTrade),
    Bar(Bar),
    /// A bar whose close time is not in the row; for now it is the open time.
    OpenBar(Bar),
}

/// One more than the most columns there are, so that too many can be told.
const CELLS: usize = 13;

struct Cells<'a> {
    cells: [&'a [u8]; CELLS],
    count: usize,
}

impl<'a> Cells<'a> {
    fn split(line: &'a [u8]) -> Self {
        let mut cells: [&[u8]; CELLS] = [&[]; CELLS];
        let mut count = 0;
        for (cell, text) in cells.iter_mut().zip(line.split(|byte| *byte == b',')) {
            *cell = text;
            count += 1;
        }
        Self { cells, count }
    }

    fn at<T>(&self, column: usize, what: &str, read: fn(&[u8]) -> Option<T>) -> Result<T, String> {
        let cell = self.cells[column];
        read(cell).ok_or_else(|| format!("{what} {} is not valid", shown(cell)))
    }

    fn price(&self, column: usize, what: &str) -> Result<Decimal, String> {
        let value = self.at(column, what, |cell| decimal(cell, PRICE_DIGITS))?;
        self.above_zero(column, what, value)
    }

    fn quantity(&self, column: usize, what: &str) -> Result<Decimal, String> {
        let value = self.at(column, what, |cell| decimal(cell, AMOUNT_DIGITS))?;
        self.above_zero(column, what, value)
    }

    fn above_zero(&self, column: usize, what: &str, value: Decimal) -> Result<Decimal, String> {
        if value.is_sign_positive() && !value.is_zero() {
            return Ok(value);
        }
        Err(format!(
            "{what} {} is not above zero",
            shown(self.cells[column])
        ))
    }

    /// A volume: zero in a period without trades.
    fn volume(&self, column: usize, what: &str) -> Result<Decimal, String> {
        let value = self.at(column, what, |cell| decimal(cell, AMOUNT_DIGITS))?;
        if value < Decimal::ZERO {
            return Err(format!(
                "{what} {} is below zero",
                shown(self.cells[column])
            ));
        }
        Ok(value)
    }
}

fn shown(cell: &[u8]) -> String {
    let start = &cell[..cell.len().min(40)];
    format!("{:?}", String::from_utf8_lossy(start))
}

/// Whether a first line is a header: its first cell is a word, not a broken number.
pub(super) fn is_header(line: &[u8]) -> bool {
    let cells = Cells::split(line);
    let cell = cells.cells[0].trim_ascii();
    let cell = cell.strip_prefix(b"\"").unwrap_or(cell);
    cell.first().is_some_and(u8::is_ascii_alphabetic)
        && line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// Reads `line`, or says in one line what is wrong with it.
pub(super) fn parse(format: Format, line: &[u8], symbol: &Symbol) -> Result<Row, String> {
    if !line.is_ascii() && std::str::from_utf8(line).is_err() {
        return Err("the line is not valid UTF-8".to_owned());
    }
    if line.contains(&0) {
        return Err("the line holds NUL bytes".to_owned());
    }
    let cells = Cells::split(line);
    if !format.columns().contains(&cells.count) {
        return Err(wrong_columns(format, cells.count));
    }
    match format {
        Format::Trades => trade(&cells, symbol),
        Format::AggTrades => agg_trade(&cells, symbol),
        Format::Klines => kline(&cells, symbol),
        Format::Candles => candle(&cells, symbol),
    }
}

fn wrong_columns(format: Format, count: usize) -> String {
    let wanted: Vec<_> = format.columns().iter().map(usize::to_string).collect();
    let more = if count == CELLS { " or more" } else { "" };
    format!("{count}{more} columns instead of {}", wanted.join(" or "))
}

fn taker(is_buyer_maker: bool) -> Side {
    if is_buyer_maker {
        Side::Sell
    } else {
        Side::Buy
    }
}

fn trade(cells: &Cells<'_>, symbol: &Symbol) -> Result<Row, String> {
    let row = MarketTrade {
        symbol: symbol.clone(),
        id: cells.at(0, "trade id", whole)?,
        price: cells.price(1, "price")?,
        quantity: cells.quantity(2, "quantity")?,
        count: 1,
        time: cells.at(4, "time", time)?,
        taker: taker(cells.at(5, "isBuyerMaker", boolean)?),
    };
    cells.volume(3, "quote quantity")?;
    if cells.count == 7 {
        cells.at(6, "isBestMatch", boolean)?;
    }
    Ok(Row::Trade(row))
}

fn agg_trade(cells: &Cells<'_>, symbol: &Symbol) -> Result<Row, String> {
    let first = cells.at(3, "first trade id", whole)?;
    let last = cells.at(4, "last trade id", whole)?;
    if last < first {
        return Err(format!("last trade id {last} is below the first, {first}"));
    }
    let row = MarketTrade {
        symbol: symbol.clone(),
        id: cells.at(0, "aggregate trade id", whole)?,
        price: cells.price(1, "price")?,
        quantity: cells.quantity(2, "quantity")?,
        count: last - first + 1,
        time: cells.at(5, "time", time)?,
        taker: taker(cells.at(6, "isBuyerMaker", boolean)?),
    };
    if cells.count == 8 {
        cells.at(7, "isBestMatch", boolean)?;
    }
    Ok(Row::Trade(row))
}

fn kline(cells: &Cells<'_>, symbol: &Symbol) -> Result<Row, String> {
    let mut bar = bar(cells, symbol)?;
    bar.close_time = cells.at(6, "close time", end_time)?;
    if bar.close_time <= bar.open_time {
        return Err(format!(
            "close time {} is not after open time {}",
            bar.close_time, bar.open_time
        ));
    }
    bar.quote_volume = Some(cells.volume(7, "quote volume")?);
    bar.trades = Some(cells.at(8, "number of trades", whole)?);
    bar.taker_buy_volume = Some(cells.volume(9, "taker buy volume")?);
    bar.taker_buy_quote_volume = Some(cells.volume(10, "taker buy quote volume")?);
    Ok(Row::Bar(bar))
}

fn candle(cells: &Cells<'_>, symbol: &Symbol) -> Result<Row, String> {
    bar(cells, symbol).map(Row::OpenBar)
}

/// The columns that both kinds of klines share.
fn bar(cells: &Cells<'_>, symbol: &Symbol) -> Result<Bar, String> {
    let open_time: TimeUs = cells.at(0, "open time", time)?;
    let open = cells.price(1, "open")?;
    let high = cells.price(2, "high")?;
    let low = cells.price(3, "low")?;
    let close = cells.price(4, "close")?;
    if high < open.max(close) || low > open.min(close) {
        return Err(format!(
            "high {high} and low {low} do not enclose open {open} and close {close}"
        ));
    }
    Ok(Bar {
        symbol: symbol.clone(),
        open_time,
        close_time: open_time,
        open,
        high,
        low,
        close,
        volume: cells.volume(5, "volume")?,
        quote_volume: None,
        trades: None,
        taker_buy_volume: None,
        taker_buy_quote_volume: None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn symbol() -> Symbol {
        "BTCUSDT".parse().unwrap()
    }

    fn readable(line: &str) -> Vec<Format> {
        Format::ALL
            .into_iter()
            .filter(|format| parse(*format, line.as_bytes(), &symbol()).is_ok())
            .collect()
    }

    #[test]
    fn each_row_reads_in_one_format_only() {
        let agg = "7,42283.58000000,0.00069000,10,12,1704067200000,True,True";
        assert_eq!(readable(agg), [Format::AggTrades]);
        assert_eq!(
            readable("7,42283.58,0.00069,10,12,1704067200000,true"),
            [Format::AggTrades]
        );
        assert_eq!(
            readable("7,42283.58,0.00069,29.1,1704067200000,False,True"),
            [Format::Trades]
        );
        assert_eq!(readable("1678730400000,5,8,4,6,65.3"), [Format::Candles]);
        assert_eq!(
            readable("1704067200000,5,8,4,6,65.3,1704067259999,12,3,4,5,0"),
            [Format::Klines]
        );
    }

    #[test]
    fn an_aggregate_trade_counts_its_raw_trades_and_names_the_taker() {
        let line = b"7,42283.58000000,0.00069000,10,12,1704067200000,True,True";
        let Row::Trade(trade) = parse(Format::AggTrades, line, &symbol()).unwrap() else {
            unreachable!("an aggregate trade is a trade");
        };
        assert_eq!((trade.id, trade.count, trade.taker), (7, 3, Side::Sell));
        assert_eq!(trade.time, TimeUs::from_millis(1_704_067_200_000));
        assert_eq!(trade.price.to_string(), "42283.58");
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let cases: &[(&[u8], &str)] = &[
            (b"1,2,3", "3 columns instead of 7 or 8"),
            (b"1,2,3,4,5,6,7,8,9,10,11,12,13,14", "13 or more columns"),
            (
                b"7,abc,1,10,12,1704067200000,True,True",
                "price \"abc\" is not valid",
            ),
            (
                b"7,0.000,1,10,12,1704067200000,True,True",
                "price \"0.000\" is not above zero",
            ),
            (
                b"7,-1,1,10,12,1704067200000,True,True",
                "price \"-1\" is not above zero",
            ),
            (
                b"7,1,-0.1,10,12,1704067200000,True,True",
                "quantity \"-0.1\" is not above",
            ),
            (
                b"7,1,1,12,10,1704067200000,True,True",
                "last trade id 10 is below",
            ),
            (b"7,1,1,10,12,17,True,True", "time \"17\" is not valid"),
            (
                b"7,1,1,10,12,1704067200000,maybe,True",
                "isBuyerMaker \"maybe\"",
            ),
            (b"7,1,1,10,12,1704067200000,True,\xFF", "not valid UTF-8"),
            (b"7,1,1,10,12,1704067200000,True,\0", "NUL"),
            (
                b"\"7,1,1,10,12,1704067200000,True,True",
                "aggregate trade id \"\\\"7\"",
            ),
        ];
        for (line, message) in cases {
            let error = parse(Format::AggTrades, line, &symbol()).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        let upside_down = b"1678730400000,5,8,6,6,65.3";
        assert!(parse(Format::Candles, upside_down, &symbol()).is_err());
    }

    #[test]
    fn a_header_is_a_line_of_words() {
        assert!(is_header(b"open_time_ms,open,high,low,close,volume"));
        assert!(is_header(b"\"agg_trade_id\",\"price\""));
        assert!(!is_header(b"17,1"));
        assert!(!is_header(b"\xFFabc,1"));
        assert!(!is_header(b""));
    }
}
