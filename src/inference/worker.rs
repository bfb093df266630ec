//! The thread of one model: it computes one question after the other and survives what the model
//! does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use super::Predictor;
use super::desk::Desk;
use crate::domain::{InferenceResult, ModelId};

/// Questions that may wait for one model.
const QUEUE: usize = 1_024;

struct Job {
    ticket: u64,
    features: Vec<f32>,
}

/// The way to a model's thread; the thread ends when this is dropped.
pub struct Worker {
    jobs: SyncSender<Job>,
}

impl Worker {
    pub fn start(
        model: &ModelId,
        predictor: Box<dyn Predictor>,
        desk: Arc<Desk>,
    ) -> Result<Self, std::io::Error> {
        let (jobs, waiting) = sync_channel(QUEUE);
        thread::Builder::new()
            .name(format!("model-{model}"))
            .spawn(move || work(predictor, &waiting, &desk))?;
        Ok(Self { jobs })
    }

    /// Puts a question into the queue, or says why not.
    pub fn put(&self, ticket: u64, features: Vec<f32>) -> Result<(), &'static str> {
        self.jobs
            .try_send(Job { ticket, features })
            .map_err(|error| match error {
                TrySendError::Full(_) => "too many questions wait for it",
                TrySendError::Disconnected(_) => "its thread has ended",
            })
    }
}

fn work(mut predictor: Box<dyn Predictor>, waiting: &Receiver<Job>, desk: &Desk) {
    for Job { ticket, features } in waiting {
        // What timed out in the queue costs the next question no time.
        if desk.is_open(ticket) {
            desk.settle(ticket, predict(predictor.as_mut(), &features));
        }
    }
}

fn predict(predictor: &mut dyn Predictor, features: &[f32]) -> InferenceResult {
    // What a panic leaves half done is the model's own; the engine asks it no more.
    match catch_unwind(AssertUnwindSafe(|| predictor.predict(features))) {
        Ok(Ok(probability)) if probability.is_finite() => InferenceResult::Probability(probability),
        Ok(Ok(_)) => InferenceResult::NotANumber,
        Ok(Err(message)) => InferenceResult::Failed { message },
        Err(panic) => InferenceResult::Panicked {
            message: panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "without words".to_owned()),
        },
    }
}
