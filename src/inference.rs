//! Runs models from ONNX files, outside the engine: what it asks comes here as a request, and what
//! came of it goes back as an [`Inference`], an input like any other.
//!
//! Whatever a file does, each request has exactly one answer, within the time-out: a worker thread
//! for each model computes, one more watches the time. A panic, a figure that is none and an answer
//! that comes too late are answers too.

mod desk;
mod onnx;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::domain::{Inference, InferenceRequest, InferenceResult, ModelId};
use desk::Desk;
pub use onnx::OnnxFile;
use worker::Worker;

/// Why the models cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    #[error("model {}: {problem}", .path.display())]
    File { path: PathBuf, problem: String },
    #[error("no thread for a model: {0}")]
    Thread(#[from] std::io::Error),
}

/// What computes the probability of "up" from features; the seam at which tests put in their own.
pub trait Predictor: Send {
    /// An error is words for the operator.
    fn predict(&mut self, features: &[f32]) -> Result<f64, String>;
}

/// Takes the answers. It is called on the threads of this module and, for what is refused at once, on
/// that of whoever asks: it must not block.
pub type Answers = Arc<dyn Fn(Inference) + Send + Sync>;

/// The running models.
pub struct Runner {
    workers: BTreeMap<ModelId, Worker>,
    desk: Arc<Desk>,
    answers: Answers,
}

impl Runner {
    /// Loads and checks each file, then starts its thread.
    pub fn start(
        models: &BTreeMap<ModelId, PathBuf>,
        timeout: Duration,
        answers: Answers,
    ) -> Result<Self, InferenceError> {
        let mut predictors: BTreeMap<ModelId, Box<dyn Predictor>> = BTreeMap::new();
        for (model, path) in models {
            predictors.insert(model.clone(), Box::new(OnnxFile::load(path)?));
        }
        Self::with(predictors, timeout, answers)
    }

    /// Runs whatever can predict.
    pub fn with(
        predictors: BTreeMap<ModelId, Box<dyn Predictor>>,
        timeout: Duration,
        answers: Answers,
    ) -> Result<Self, InferenceError> {
        let desk = Desk::open(timeout)?;
        let workers = predictors
            .into_iter()
            .map(|(model, predictor)| {
                let worker = Worker::start(&model, predictor, Arc::clone(&desk))?;
                Ok((model, worker))
            })
            .collect::<Result<_, InferenceError>>()?;
        Ok(Self {
            workers,
            desk,
            answers,
        })
    }

    /// Returns at once; the answer comes to `answers` within the time-out.
    pub fn ask(&self, request: InferenceRequest) {
        let answers = Arc::clone(&self.answers);
        let InferenceRequest {
            seq,
            model,
            symbol,
            features,
            ..
        } = request;
        let asked = model.clone();
        let began = Instant::now();
        let deliver = Box::new(move |result| {
            answers(Inference {
                request: seq,
                model,
                symbol,
                result,
                took_us: Some(micros(began)),
            });
        });
        self.hand_over(&asked, features, deliver);
    }

    /// Waits for the answer, at most the time-out: for a replay that has nobody else to wait for.
    pub fn answer(&self, request: &InferenceRequest) -> Inference {
        let (sender, receiver) = mpsc::channel();
        let deliver = Box::new(move |result| {
            // Whoever asked waits for it.
            let _ = sender.send(result);
        });
        self.hand_over(&request.model, request.features.clone(), deliver);
        // What it takes there is no matter of the market: nobody asks, and none is told.
        let result = receiver.recv().unwrap_or_else(|_| failed("it has ended"));
        Inference {
            request: request.seq,
            model: request.model.clone(),
            symbol: request.symbol.clone(),
            result,
            took_us: None,
        }
    }

    fn hand_over(&self, model: &ModelId, features: Vec<f32>, deliver: desk::Deliver) {
        let ticket = self.desk.note(deliver);
        let Some(worker) = self.workers.get(model) else {
            return self.desk.settle(ticket, failed("there is no such model"));
        };
        if let Err(problem) = worker.put(ticket, features) {
            self.desk.settle(ticket, failed(problem));
        }
    }
}

impl Drop for Runner {
    /// The threads end by themselves; one that is stuck in its model is not waited for.
    fn drop(&mut self) {
        self.desk.close();
    }
}

fn failed(message: &str) -> InferenceResult {
    InferenceResult::Failed {
        message: message.to_owned(),
    }
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}
