//! How the inputs of a live feed are kept: those of one commit packed into one row.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::StoreError;
use crate::domain::{Input, Seq};

/// One after the other as JSON, compressed: books repeat themselves.
pub fn pack(inputs: &[(Seq, Input)]) -> Result<Vec<u8>, StoreError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let packed = serde_json::to_writer(&mut encoder, inputs)
        .map_err(std::io::Error::from)
        .and_then(|()| encoder.flush())
        .and_then(|()| encoder.finish());
    packed.map_err(unreadable)
}

pub fn unpack(packed: &[u8]) -> Result<Vec<(Seq, Input)>, StoreError> {
    let mut text = Vec::new();
    ZlibDecoder::new(packed)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    serde_json::from_slice(&text).map_err(|error| StoreError::Content {
        what: "inputs of the feed",
        error,
    })
}

fn unreadable(error: std::io::Error) -> StoreError {
    StoreError::Content {
        what: "inputs of the feed",
        error: serde_json::Error::io(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{Book, Level, MarketEvent, TimeUs};

    #[test]
    fn inputs_are_the_same_after_packing_and_much_smaller() {
        let level = |price: i64| Level {
            price: price.into(),
            quantity: 3.into(),
        };
        let book = |time| {
            Input::Market(MarketEvent::Book(Book {
                symbol: "BTCUSDT".parse().unwrap(),
                bids: (0..20).map(|n| level(100 - n)).collect(),
                asks: (0..20).map(|n| level(101 + n)).collect(),
                time: TimeUs(time),
            }))
        };
        let inputs: Vec<_> = (1..100).map(|n| (Seq(n), book(n.cast_signed()))).collect();
        let packed = pack(&inputs).unwrap();
        assert_eq!(unpack(&packed).unwrap(), inputs);
        assert!(packed.len() < serde_json::to_vec(&inputs).unwrap().len() / 20);
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
    }
}
