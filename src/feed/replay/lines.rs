//! The lines of a stream, one at a time with bounded memory. A line is a line: a stray quote never
//! joins two of them.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is read, in bytes. Binance's longest is about 200.
pub(super) const MAX_LINE: usize = 64 * 1024;

const BUFFER: usize = 128 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Without its line ending.
    Text(&'a [u8]),
    /// Longer than [`MAX_LINE`]; its rest was skipped.
    TooLong,
}

pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(BUFFER, reader),
            line: Vec::with_capacity(256),
            number: 0,
        }
    }

    /// The number of the line that was given last, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, or `None` at the end. After an error there is nothing more to read: the
    /// bytes of an unfinished line cannot be trusted and are dropped.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let limit = MAX_LINE as u64 + 2;
        let read = (&mut self.reader)
            .take(limit)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let mut text = self.line.as_slice();
        if let [before @ .., b'\n'] = text {
            text = before;
        } else if text.len() > MAX_LINE {
            self.reader.skip_until(b'\n')?;
        }
        if let [before @ .., b'\r'] = text {
            text = before;
        }
        if self.number == 1 {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        }
        Ok(Some(if text.len() > MAX_LINE {
            Line::TooLong
        } else {
            Line::Text(text)
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn endings_marks_and_a_last_line_without_an_end() {
        let mut lines = Lines::new(&b"\xEF\xBB\xBFa,b\r\n\n\"c\nd"[..]);
        assert_eq!(lines.next().unwrap(), Some(Line::Text(b"a,b")));
        assert_eq!(lines.next().unwrap(), Some(Line::Text(b"")));
        assert_eq!(lines.next().unwrap(), Some(Line::Text(b"\"c")));
        assert_eq!(lines.next().unwrap(), Some(Line::Text(b"d")));
        assert_eq!(lines.number(), 4);
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn an_endless_line_is_skipped_in_bounded_memory() {
        let mut text = vec![b'x'; 10 * MAX_LINE];
        text.extend_from_slice(b"\nnext\n");
        text.extend_from_slice(&vec![b'y'; MAX_LINE]);
        text.extend_from_slice(b"\r\n");
        let mut lines = Lines::new(text.as_slice());
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert!(lines.line.capacity() <= 2 * MAX_LINE + 4);
        assert_eq!(lines.next().unwrap(), Some(Line::Text(b"next")));
        assert!(matches!(lines.next().unwrap(), Some(Line::Text(text)) if text.len() == MAX_LINE));
        assert_eq!(lines.next().unwrap(), None);
    }
}
