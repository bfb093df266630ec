//! The filter of decisions as an address says it: `/decisions?model=…&outcome=…&before=…`, for the page
//! as for REST.

use super::{Fields, encoded};
use crate::domain::{DecisionFilter, DecisionId, Rejection};

/// The names of what an address can say.
const NAMES: [&str; 7] = [
    "model",
    "symbol",
    "horizon",
    "outcome",
    "min_confidence",
    "max_confidence",
    "before",
];

/// Which decisions an address asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionQuery {
    pub filter: DecisionFilter,
    /// Only those that were made before this one.
    pub before: Option<DecisionId>,
}

impl DecisionQuery {
    /// # Errors
    /// What cannot be read, with its field.
    pub fn read(fields: &Fields) -> Result<Self, Rejection> {
        Ok(Self {
            filter: DecisionFilter {
                model: fields.optional("model")?,
                symbol: fields.optional("symbol")?,
                horizon: fields.optional("horizon")?,
                outcome: fields.optional("outcome")?,
                min_confidence: confidence(fields, "min_confidence")?,
                max_confidence: confidence(fields, "max_confidence")?,
            },
            before: fields.optional("before")?,
        })
    }
}

/// What of the fields is about the filter, as the end of a query: `&model=…&before=…`. One text for one
/// list, also where it cannot be read.
pub fn filter_text(fields: &Fields) -> String {
    let mut out = String::new();
    for name in NAMES {
        if let Some(value) = fields.get(name) {
            out += &format!("&{name}={}", encoded(value));
        }
    }
    out
}

fn confidence(fields: &Fields, name: &'static str) -> Result<Option<f64>, Rejection> {
    let value: Option<f64> = fields.optional(name)?;
    if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
        return Err(Rejection::field(
            format!("invalid_{name}"),
            name,
            format!("{name} must be from 0 to 1"),
        ));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Outcome;

    #[test]
    fn an_address_is_read_and_one_list_has_one_text() {
        let text = "before=a%2Fb&bot=paper&outcome=correct&min_confidence=0.55&model=&horizon=60m";
        let fields = Fields::parse(text);
        let query = DecisionQuery::read(&fields).unwrap();
        assert_eq!(query.filter.min_confidence, Some(0.55));
        assert_eq!(query.filter.outcome, Some(Outcome::Correct));
        assert_eq!(query.filter.model, None);
        assert_eq!(query.before.unwrap().as_str(), "a/b");
        let text = "&horizon=60m&outcome=correct&min_confidence=0.55&before=a%2Fb";
        assert_eq!(filter_text(&fields), text);
        assert_eq!(filter_text(&Fields::parse(text)), text);
        assert_eq!(filter_text(&Fields::parse("bot=paper&model=")), "");
    }

    #[test]
    fn what_cannot_be_read_names_its_field() {
        for (text, field) in [
            ("symbol=btc", "symbol"),
            ("horizon=soon", "horizon"),
            ("outcome=good", "outcome"),
            ("min_confidence=much", "min_confidence"),
            ("min_confidence=1.5", "min_confidence"),
            ("max_confidence=NaN", "max_confidence"),
            ("model=a%20b", "model"),
            ("before=%20%20x%20y", "before"),
        ] {
            let error = DecisionQuery::read(&Fields::parse(text)).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{text}");
        }
    }
}
