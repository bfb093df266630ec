//! The model that expects the price back at its recent mean: log-odds of "up" = −weight × z-score.

use serde::{Deserialize, Serialize};

use super::series::Series;
use super::{Model, Problem, Thought, View, logit};

/// Log-odds for one standard deviation above the mean: down. At the most 62 % sure.
const WEIGHT: f64 = -0.16;

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanReversion {}

impl Model for MeanReversion {
    fn about(&self) -> String {
        format!(
            "Mean reversion: the price returns to its mean of the last 60 steps. Log-odds {WEIGHT} × its z-score"
        )
    }

    fn think(&self, view: &View<'_>) -> Result<Thought, Problem> {
        let series = Series::of(view)?;
        let features = vec![logit::term("z_score", series.z_score(), WEIGHT)];
        let typical = series.typical_return(view.horizon);
        Ok(Thought::Forecast(logit::forecast(features, 0.0, typical)))
    }
}
