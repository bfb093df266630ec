//! An ONNX file, run by tract. It takes the eight features as f32 in the shape [1, 8] and gives the
//! probability of "up": the second column of [1, 2], or a single value in [1, 1] or [1].
//!
//! How such a file is exported stands in docs/MODELS.md.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::DimLike as _;
use tract_onnx::tract_hir::infer::Factoid as _;

use super::{InferenceError, Predictor};
use crate::domain::FEATURE_COUNT;

/// Outputs whose name begins so are preferred where a file has several: scikit-learn's give a label
/// first.
const PROBABILITIES: &str = "probabilit";

/// A file that was loaded, checked and optimised.
pub struct OnnxFile {
    plan: Arc<TypedRunnableModel>,
}

impl OnnxFile {
    /// Loads the file and lets it answer once: what cannot work is refused at start.
    pub fn load(path: &Path) -> Result<Self, InferenceError> {
        let refuse = |problem: String| InferenceError::File {
            path: path.to_owned(),
            problem,
        };
        let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
        // The reader of a broken file may panic.
        catch_unwind(AssertUnwindSafe(|| Self::read(&bytes)))
            .unwrap_or_else(|_| Err("it cannot be read".to_owned()))
            .map_err(refuse)
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut model = onnx()
            .model_for_read(&mut &*bytes)
            .map_err(|error| format!("it is no ONNX model that can be read: {error:#}"))?;
        check_input(&model)?;
        let output = output(&model)?;
        let fact = f32::fact([1, FEATURE_COUNT]).into();
        let plan = model
            .set_input_fact(0, fact)
            .and_then(|()| model.select_output_outlets(&[output]))
            .and_then(|()| model.into_optimized())
            .and_then(TypedModel::into_runnable)
            .map_err(|error| format!("it cannot be run: {error:#}"))?;
        let mut file = Self { plan };
        file.predict(&[0.0; FEATURE_COUNT])?;
        Ok(file)
    }
}

impl Predictor for OnnxFile {
    fn predict(&mut self, features: &[f32]) -> Result<f64, String> {
        let words = |error: TractError| format!("{error:#}");
        let input = Tensor::from_shape(&[1, features.len()], features).map_err(words)?;
        let outputs = self.plan.run(tvec!(input.into())).map_err(words)?;
        let [output] = outputs.as_slice() else {
            return Err(format!("it gave {} outputs", outputs.len()));
        };
        let values = output.cast_to::<f64>().map_err(words)?;
        let values = values.to_plain_array_view::<f64>().map_err(words)?;
        let up = match values.shape() {
            [1] | [1, 1] => values.iter().next(),
            [1, 2] => values.iter().nth(1),
            shape => {
                return Err(format!(
                    "its output has the shape {shape:?}, not [1, 2], [1, 1] or [1]"
                ));
            }
        };
        up.copied().ok_or_else(|| "its output is empty".to_owned())
    }
}

/// One input, f32, of as many columns as there are features, as far as the file says.
fn check_input(model: &InferenceModel) -> Result<(), String> {
    let words = |error: TractError| format!("{error:#}");
    let inputs = model.input_outlets().map_err(words)?.len();
    if inputs != 1 {
        return Err(format!("it has {inputs} inputs, not one"));
    }
    let fact = model.input_fact(0).map_err(words)?;
    let kind = fact.datum_type.concretize();
    if kind.is_some_and(|kind| kind != f32::datum_type()) {
        return Err(format!("its input is not f32: {fact:?}"));
    }
    let dims: Vec<_> = fact.shape.dims().collect();
    let columns = match dims.as_slice() {
        // A shape that says nothing is seen when it runs.
        [] => None,
        [_, columns] => columns.concretize().and_then(|dim| dim.to_usize().ok()),
        _ => {
            return Err(format!(
                "its input does not have the shape [1, {FEATURE_COUNT}]: {fact:?}"
            ));
        }
    };
    match columns {
        Some(columns) if columns != FEATURE_COUNT => Err(format!(
            "its input has {columns} columns, not {FEATURE_COUNT}"
        )),
        _ => Ok(()),
    }
}

/// The output that is called probabilities, or the only one.
fn output(model: &InferenceModel) -> Result<OutletId, String> {
    let outputs = model
        .output_outlets()
        .map_err(|error| format!("{error:#}"))?;
    let named = outputs.iter().find(|outlet| {
        let label = model.outlet_label(**outlet);
        label.is_some_and(|label| label.to_lowercase().starts_with(PROBABILITIES))
    });
    match (named, outputs) {
        (Some(outlet), _) | (None, [outlet]) => Ok(*outlet),
        _ => Err(format!(
            "none of its {} outputs is called probabilities",
            outputs.len()
        )),
    }
}
