//! Whether an entry's text says what the page shows. The text is read by the browser's own JSON, field by
//! field; what the page shows came another way.

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

use crate::domain::{Action, Decision, OrderId, Outcome, TimeUs, Verdict};

/// A value of the text.
struct Part(JsValue);

impl Part {
    fn of(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::NULL))
    }

    fn is(&self, text: &str) -> bool {
        self.0.as_string().as_deref() == Some(text)
    }

    fn is_number(&self, number: f64) -> bool {
        self.0.as_f64() == Some(number)
    }

    fn list(&self) -> Option<Array> {
        Array::is_array(&self.0).then(|| Array::from(&self.0))
    }

    /// Absent is `null`.
    fn is_maybe<T>(&self, value: Option<T>, same: impl FnOnce(&Self, T) -> bool) -> bool {
        match value {
            Some(value) => same(self, value),
            None => self.0.is_null(),
        }
    }
}

fn record_of(canonical: &str) -> Part {
    Part(JSON::parse(canonical).unwrap_or(JsValue::NULL))
}

fn decision_of(canonical: &str) -> Part {
    record_of(canonical).of("event").of("decision")
}

pub fn is_decision(canonical: &str) -> bool {
    decision_of(canonical).0.is_object()
}

/// # Errors
/// The name of the first field that says something else.
pub fn says(canonical: &str, shown: &Decision) -> Result<(), &'static str> {
    let said = decision_of(canonical);
    let text = |name: &'static str, value: &str| said.of(name).is(value).then_some(()).ok_or(name);
    let number =
        |name: &'static str, value: f64| said.of(name).is_number(value).then_some(()).ok_or(name);
    let micros = |at: i64| at as f64;
    text("id", shown.id.as_str())?;
    text("bot", shown.bot.as_str())?;
    text("model", shown.model.as_str())?;
    text("symbol", shown.symbol.as_str())?;
    text("direction", shown.direction.as_str())?;
    text("horizon", &shown.horizon.to_string())?;
    text("reasoning", &shown.reasoning)?;
    number("confidence", shown.confidence)?;
    number("flat_band", shown.flat_band)?;
    number("made_at", micros(shown.made_at.micros()))?;
    number("resolves_at", micros(shown.resolves_at.micros()))?;
    for (name, price) in [
        ("price_at", shown.price_at),
        ("price_target", shown.price_target),
    ] {
        let same = |part: &Part, price: crate::domain::Decimal| part.is(&price.to_string());
        said.of(name)
            .is_maybe(price, same)
            .then_some(())
            .ok_or(name)?;
    }
    let same = |part: &Part, bias| part.is_number(bias);
    said.of("bias")
        .is_maybe(shown.bias, same)
        .then_some(())
        .ok_or("bias")?;
    features(&said, shown)?;
    action(&said.of("action"), &shown.action)
        .then_some(())
        .ok_or("action")?;
    // An entry of before the end knows nothing of it, and neither does a page.
    if !is_resolved(canonical) || shown.outcome == Outcome::Pending {
        return Ok(());
    }
    text("outcome", shown.outcome.as_str())?;
    let same = |part: &Part, realised| part.is_number(realised);
    let realised = said
        .of("realised_return")
        .is_maybe(shown.realised_return, same);
    realised.then_some(()).ok_or("realised_return")?;
    let same = |part: &Part, at: TimeUs| part.is_number(micros(at.micros()));
    let resolved = said.of("resolved_at").is_maybe(shown.resolved_at, same);
    resolved.then_some(()).ok_or("resolved_at")?;
    let same = |part: &Part, verdict: &Verdict| {
        part.of("price").is(&verdict.price.to_string())
            && part.of("time").is_number(micros(verdict.time.micros()))
            && part.of("source").is(verdict.source.as_str())
    };
    let verdict = said.of("verdict").is_maybe(shown.verdict.as_ref(), same);
    verdict.then_some(()).ok_or("verdict")
}

/// Whether the entry was made at this market time.
pub fn is_of(canonical: &str, at: TimeUs) -> bool {
    record_of(canonical)
        .of("time")
        .is_number(at.micros() as f64)
}

/// Whether the entry was made at this market time or later.
pub fn is_not_before(canonical: &str, at: TimeUs) -> bool {
    let time = record_of(canonical).of("time").0.as_f64();
    time.is_some_and(|time| time >= at.micros() as f64)
}

/// Whether the entry tells what came of the decision.
pub fn is_resolved(canonical: &str) -> bool {
    !decision_of(canonical)
        .of("outcome")
        .is(Outcome::Pending.as_str())
}

fn action(said: &Part, shown: &Action) -> bool {
    match shown {
        Action::None => said.is("none"),
        Action::Vetoed { rule } => said.of("vetoed").of("rule").is(rule),
        Action::Orders(orders) => {
            let Some(list) = said.of("orders").list() else {
                return false;
            };
            let same = |(part, order): (Part, &OrderId)| part.is(order.as_str());
            list.length() as usize == orders.len() && list.iter().map(Part).zip(orders).all(same)
        }
    }
}

fn features(said: &Part, shown: &Decision) -> Result<(), &'static str> {
    let Some(list) = said.of("features").list() else {
        return Err("features");
    };
    let same = list.length() as usize == shown.features.len()
        && list
            .iter()
            .map(Part)
            .zip(&shown.features)
            .all(|(part, feature)| {
                part.of("name").is(&feature.name)
                    && part.of("value").is_number(feature.value)
                    && part.of("contribution").is_number(feature.contribution)
            });
    same.then_some(()).ok_or("features")
}
