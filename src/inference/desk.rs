//! The open questions and their deadlines. Whoever settles a question first, the worker or the
//! clock, gives its answer; what comes later is dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::InferenceResult;

/// Gives an answer to whoever asked.
pub type Deliver = Box<dyn FnOnce(InferenceResult) + Send>;

struct Question {
    deadline: Instant,
    deliver: Deliver,
}

#[derive(Default)]
struct Questions {
    /// By ticket: the oldest first, and with one time-out for all the oldest is due first.
    open: BTreeMap<u64, Question>,
    tickets: u64,
    closed: bool,
}

pub struct Desk {
    timeout: Duration,
    questions: Mutex<Questions>,
    changed: Condvar,
}

impl Desk {
    /// With the thread that watches the deadlines.
    pub fn open(timeout: Duration) -> Result<Arc<Self>, std::io::Error> {
        let desk = Arc::new(Self {
            timeout,
            questions: Mutex::default(),
            changed: Condvar::new(),
        });
        let watched = Arc::clone(&desk);
        thread::Builder::new()
            .name("inference-clock".to_owned())
            .spawn(move || watched.watch())?;
        Ok(desk)
    }

    /// Notes a question; its time runs from now on.
    pub fn note(&self, deliver: Deliver) -> u64 {
        let mut questions = self.lock();
        questions.tickets += 1;
        let ticket = questions.tickets;
        // Under the lock, so that deadlines are in the order of tickets.
        let deadline = Instant::now() + self.timeout;
        questions
            .open
            .insert(ticket, Question { deadline, deliver });
        drop(questions);
        self.changed.notify_one();
        ticket
    }

    /// Whether an answer is still waited for.
    pub fn is_open(&self, ticket: u64) -> bool {
        self.lock().open.contains_key(&ticket)
    }

    /// Gives the answer, if there was none yet.
    pub fn settle(&self, ticket: u64, result: InferenceResult) {
        let question = self.lock().open.remove(&ticket);
        if let Some(question) = question {
            (question.deliver)(result);
        }
    }

    /// Nobody is answered any more.
    pub fn close(&self) {
        let mut questions = self.lock();
        questions.closed = true;
        questions.open.clear();
        drop(questions);
        self.changed.notify_one();
    }

    fn watch(&self) {
        while let Some(question) = self.next_overdue() {
            (question.deliver)(InferenceResult::TimedOut {
                after_ms: u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX),
            });
        }
    }

    /// Waits until a question is overdue and takes it; `None` when the desk was closed.
    fn next_overdue(&self) -> Option<Question> {
        let mut questions = self.lock();
        while !questions.closed {
            let now = Instant::now();
            let Some(first) = questions.open.first_entry() else {
                questions = self
                    .changed
                    .wait(questions)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = first.get().deadline.saturating_duration_since(now);
            if left.is_zero() {
                return Some(first.remove());
            }
            questions = self
                .changed
                .wait_timeout(questions, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        None
    }

    /// Nothing panics while it is held: deliveries are made without it.
    fn lock(&self) -> MutexGuard<'_, Questions> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
