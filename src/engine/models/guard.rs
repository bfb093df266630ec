//! What a model does wrong stays its own: a panic is caught, figures that are none are refused.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Forecast, Problem, Thought};

/// Runs a model's code; a panic is its fault. What the panic left half done is the model's own, and
/// it is not asked again.
pub fn caught<T>(run: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        let message = message.unwrap_or_else(|| "without words".to_owned());
        Err(Problem::Fault(format!("it panicked: {message}")))
    })
}

/// Refuses a thought whose figures are not what they say.
pub fn sound(thought: Thought) -> Result<Thought, Problem> {
    match thought {
        Thought::Forecast(forecast) => sound_forecast(forecast).map(Thought::Forecast),
        Thought::Ask(features) if features.iter().all(|value| value.is_finite()) => {
            Ok(Thought::Ask(features))
        }
        Thought::Ask(_) => Err(Problem::Fault("a feature is not a number".to_owned())),
    }
}

/// Refuses a forecast with a confidence that is no probability, or a figure that is not finite.
pub fn sound_forecast(forecast: Forecast) -> Result<Forecast, Problem> {
    let Forecast {
        confidence,
        features,
        bias,
        typical_return,
        ..
    } = &forecast;
    // NaN is in no range.
    if !(0.0..=1.0).contains(confidence) {
        return Err(Problem::Fault(format!(
            "its confidence {confidence} is no probability"
        )));
    }
    let figures = features
        .iter()
        .flat_map(|feature| [feature.value, feature.contribution])
        .chain(*bias)
        .chain([*typical_return]);
    if figures.into_iter().any(|figure| !figure.is_finite()) {
        return Err(Problem::Fault("a figure of it is not a number".to_owned()));
    }
    Ok(forecast)
}
