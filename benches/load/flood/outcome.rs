//! What came of the abusers' attempts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was not let in: no socket was opened for it, and none of its headers waited for.
    Refused(&'static str),
    /// It was let in, and closed after this, with the code where there was one.
    ThrownOut { code: Option<u16>, lasted: Duration },
}

#[derive(Debug, Default)]
pub struct Outcomes {
    /// First attempts and later ones: how often they were let in.
    let_in: [u64; 2],
    refused: [u64; 2],
    /// How refusals looked.
    ways: BTreeMap<&'static str, u64>,
    codes: BTreeMap<String, u64>,
    /// ms
    lasted: Vec<u64>,
    pub stayed: u64,
}

impl Outcomes {
    /// `returns`: it was thrown out or refused before.
    pub fn add(&mut self, returns: bool, outcome: Outcome) {
        let attempt = usize::from(returns);
        match outcome {
            Outcome::Refused(way) => {
                self.refused[attempt] += 1;
                *self.ways.entry(way).or_default() += 1;
            }
            Outcome::ThrownOut { code, lasted } => {
                self.let_in[attempt] += 1;
                let code = code.map_or("none".to_owned(), |code| code.to_string());
                *self.codes.entry(code).or_default() += 1;
                self.lasted
                    .push(u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX));
            }
        }
    }

    pub fn figures(&self) -> Value {
        let mut lasted = self.lasted.clone();
        lasted.sort_unstable();
        let at = |share: f64| {
            let last = lasted.len().checked_sub(1)?;
            lasted.get((last as f64 * share).round() as usize)
        };
        json!({
            "let_in": self.let_in[0],
            "refused_at_first": self.refused[0],
            "let_in_again": self.let_in[1],
            "refused_again": self.refused[1],
            "refusals": self.ways,
            "codes": self.codes,
            "still_in_at_the_end": self.stayed,
            "lasted_ms": {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_told_apart() {
        let mut outcomes = Outcomes::default();
        let thrown_out = |ms| Outcome::ThrownOut {
            code: Some(4502),
            lasted: Duration::from_millis(ms),
        };
        outcomes.add(false, thrown_out(5_000));
        outcomes.add(false, thrown_out(5_100));
        outcomes.add(true, Outcome::Refused("429"));
        let figures = outcomes.figures();
        assert_eq!(
            (&figures["let_in"], &figures["refused_again"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(figures["lasted_ms"]["max"], 5_100);
        assert_eq!(
            Outcomes::default().figures()["lasted_ms"]["p50"],
            Value::Null
        );
    }
}
