//! The models together: what they learn, what they keep, and that a broken one harms no other.

use serde::{Deserialize, Serialize};

use super::{Forecast, Lesson, Model, Problem, Thought, View};
use crate::domain::Direction;

/// A model that does what no model may.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Broken {
    Panics,
    NotANumber,
    TooSure,
    PanicsLearning,
}

impl Model for Broken {
    fn about(&self) -> String {
        "broken".to_owned()
    }

    fn think(&self, _view: &View<'_>) -> Result<Thought, Problem> {
        assert!(*self != Self::Panics, "on purpose");
        Ok(Thought::Forecast(Forecast {
            direction: Direction::Up,
            confidence: match self {
                Self::NotANumber => f64::NAN,
                Self::TooSure => 1.5,
                _ => 0.5,
            },
            features: Vec::new(),
            bias: None,
            typical_return: 0.0,
            reasoning: String::new(),
        }))
    }

    fn learn(&mut self, _lesson: &Lesson<'_>) -> Result<(), Problem> {
        assert!(*self != Self::PanicsLearning, "on purpose");
        Ok(())
    }
}
