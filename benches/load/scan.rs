//! Finds the three figures of a push without parsing it: they stand before its data, so that the
//! first match is the right one. Millions of pushes a second leave no time for more.

use memchr::memmem::Finder;
use serde_json::Value;

/// What a push says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Push {
    pub first: u64,
    pub last: u64,
    /// µs since the Unix epoch.
    pub published: u64,
}

/// One line of a message.
#[derive(Debug, PartialEq)]
pub enum Line {
    /// A push of the topic that is followed.
    Push(Push),
    /// A push of another topic.
    Other,
    /// Any other frame.
    Frame(Value),
    /// No JSON, or a push without its figures.
    Unreadable,
}

#[derive(Debug)]
pub struct Scanner {
    topic: String,
    /// How a push of the topic begins when its fields stand in their usual order.
    beginning: Vec<u8>,
    first: Finder<'static>,
    last: Finder<'static>,
    published: Finder<'static>,
}

impl Scanner {
    pub fn new(topic: &str) -> Self {
        Self {
            beginning: format!(r#"{{"type":"push","topic":"{topic}","#).into_bytes(),
            topic: topic.to_owned(),
            first: Finder::new(br#""first":"#),
            last: Finder::new(br#""last":"#),
            published: Finder::new(br#""t_published":"#),
        }
    }

    #[inline]
    pub fn read(&self, line: &[u8]) -> Line {
        match line.strip_prefix(self.beginning.as_slice()) {
            Some(rest) => self.figures(rest).map_or(Line::Unreadable, Line::Push),
            None => self.read_slowly(line),
        }
    }

    #[inline]
    fn figures(&self, text: &[u8]) -> Option<Push> {
        let (first, text) = number_after(&self.first, text)?;
        let (last, text) = number_after(&self.last, text)?;
        let (published, _) = number_after(&self.published, text)?;
        Some(Push {
            first,
            last,
            published,
        })
    }

    /// By a JSON parser: every frame that is no push, and a push in another order of fields.
    fn read_slowly(&self, line: &[u8]) -> Line {
        let Ok(frame) = serde_json::from_slice::<Value>(line) else {
            return Line::Unreadable;
        };
        if frame["type"] != "push" {
            return Line::Frame(frame);
        }
        if frame["topic"] != self.topic.as_str() {
            return Line::Other;
        }
        let figure = |name: &str| frame[name].as_u64();
        match (figure("first"), figure("last"), figure("t_published")) {
            (Some(first), Some(last), Some(published)) => Line::Push(Push {
                first,
                last,
                published,
            }),
            _ => Line::Unreadable,
        }
    }
}

/// The number behind the name, and the text behind the number.
#[inline]
fn number_after<'a>(name: &Finder<'_>, text: &'a [u8]) -> Option<(u64, &'a [u8])> {
    let text = &text[name.find(text)? + name.needle().len()..];
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[..digits].iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })?;
    (digits > 0).then_some((number, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUSH: &str = r#"{"type":"push","topic":"bench","epoch":"00000000000000ff","first":41,"last":42,"seq":7,"kind":"event","t_source":null,"t_received":5,"t_published":1700000000000001,"data":"\"last\":9"}"#;

    #[test]
    fn both_ways_read_the_same() {
        let scanner = Scanner::new("bench");
        let expected = Line::Push(Push {
            first: 41,
            last: 42,
            published: 1_700_000_000_000_001,
        });
        assert_eq!(scanner.read(PUSH.as_bytes()), expected);
        assert_eq!(scanner.read_slowly(PUSH.as_bytes()), expected);
        // serde_json sorts the fields: the quick way does not know this beginning.
        let sorted = serde_json::from_str::<Value>(PUSH).unwrap().to_string();
        assert_eq!(scanner.read(sorted.as_bytes()), expected);
    }

    #[test]
    fn everything_else_is_told_apart() {
        let scanner = Scanner::new("bench");
        let other = PUSH.replace("bench", "bench2");
        assert_eq!(scanner.read(other.as_bytes()), Line::Other);
        assert_eq!(scanner.read(&PUSH.as_bytes()[..60]), Line::Unreadable);
        assert_eq!(scanner.read(b"?"), Line::Unreadable);
        let ok = scanner.read(br#"{"type":"ok","id":1}"#);
        assert!(matches!(ok, Line::Frame(frame) if frame["id"] == 1));
        let huge = PUSH.replace("41", "99999999999999999999");
        assert_eq!(scanner.read(huge.as_bytes()), Line::Unreadable);
    }
}
