//! A model from an ONNX file. Here it only says what to ask; the file is run outside the engine, and
//! its answer comes as an input. Whether the file can be read is seen at start, by whoever runs it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::features::{NAMES, features};
use super::series::Series;
use super::{Forecast, Model, Problem, Thought, View};
use crate::domain::{Direction, Feature};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Onnx {
    pub path: PathBuf,
}

impl Model for Onnx {
    fn about(&self) -> String {
        // The name alone: the place is the operator's own affair.
        let file = self.path.file_name().unwrap_or_default();
        format!(
            "ONNX model {} over eight features, run outside the core",
            file.display()
        )
    }

    fn think(&self, view: &View<'_>) -> Result<Thought, Problem> {
        let (values, _) = features(view)?;
        Ok(Thought::Ask(values.map(|value| value as f32).to_vec()))
    }

    fn conclude(
        &self,
        view: &View<'_>,
        features: &[f32],
        probability: f64,
    ) -> Result<Forecast, Problem> {
        let typical_return = Series::of(view)?.typical_return(view.horizon);
        let (direction, confidence) = if probability >= 0.5 {
            (Direction::Up, probability)
        } else {
            (Direction::Down, 1.0 - probability)
        };
        // What moved it by how much, it does not tell: no bias, and contributions of 0.
        let features = NAMES
            .iter()
            .zip(features)
            .map(|(name, value)| Feature {
                name: (*name).to_owned(),
                value: f64::from(*value),
                contribution: 0.0,
            })
            .collect();
        Ok(Forecast {
            direction,
            confidence,
            features,
            bias: None,
            typical_return,
            reasoning: format!(
                "{} with probability {confidence:.3}: the output of the file; it tells no contributions",
                direction.as_str()
            ),
        })
    }
}
