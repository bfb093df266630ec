//! The model that expects a move to go on: log-odds of "up" = weight × standardised momentum.

use serde::{Deserialize, Serialize};

use super::series::Series;
use super::{Model, Problem, Thought, View, logit};

/// Log-odds for one standard deviation. Small on purpose: at the most 61 % sure.
const WEIGHT: f64 = 0.15;

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Momentum {}

impl Model for Momentum {
    fn about(&self) -> String {
        format!(
            "Momentum: the move of the last 60 steps goes on. Log-odds {WEIGHT} × its size in standard deviations"
        )
    }

    fn think(&self, view: &View<'_>) -> Result<Thought, Problem> {
        let series = Series::of(view)?;
        let features = vec![logit::term("momentum", series.momentum(), WEIGHT)];
        let typical = series.typical_return(view.horizon);
        Ok(Thought::Forecast(logit::forecast(features, 0.0, typical)))
    }
}
