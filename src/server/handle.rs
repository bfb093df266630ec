//! The door to the engine for everybody who wants something of it: REST, sockets, ingest.

use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::{BotCommand, BotId, Rejection, Seq, TimeUs};
use crate::engine::{Accepted, Engine};

use super::clock::wall_time;

/// Commands of one bot that belong together, in their order.
#[derive(Debug)]
pub struct Request {
    pub bot: BotId,
    pub commands: Vec<BotCommand>,
    /// Wall time of arrival.
    pub received: TimeUs,
    pub reply: oneshot::Sender<Answer>,
}

/// What is asked of the engine.
#[derive(Debug)]
pub enum Call {
    Commands(Request),
    Question(Question),
}

/// A look at the engine that changes nothing. It is answered between two batches, when all that the
/// engine knows is journalled and published.
pub struct Question(Box<dyn FnOnce(&Engine) + Send>);

impl Question {
    pub fn answer(self, engine: &Engine) {
        (self.0)(engine);
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question")
    }
}

/// What became of the commands, in their order; all of it is in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The last input that was made of them.
    pub seq: Seq,
    pub results: Vec<Result<Accepted, Rejection>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Nothing is recorded while the journal cannot be written. A command that was under way when
    /// that began may still be carried out: ask again with the same id.
    #[error("the journal cannot be written; try again with the same ids")]
    Journal,
    #[error("too many commands are waiting")]
    Busy,
    #[error("the server is shutting down")]
    Stopped,
}

impl Unavailable {
    /// Stable, for programs: the same on every edge.
    pub fn code(self) -> &'static str {
        match self {
            Self::Journal => "journal_unavailable",
            Self::Busy => "busy",
            Self::Stopped => "shutting_down",
        }
    }
}

#[derive(Debug, Clone)]
pub struct EngineHandle {
    sender: mpsc::Sender<Call>,
    writable: watch::Receiver<bool>,
}

impl EngineHandle {
    pub fn new(sender: mpsc::Sender<Call>, writable: watch::Receiver<bool>) -> Self {
        Self { sender, writable }
    }

    /// Hands commands over and waits until they are carried out and journalled.
    pub async fn submit(
        &self,
        bot: BotId,
        commands: Vec<BotCommand>,
    ) -> Result<Answer, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            bot,
            commands,
            received: wall_time(),
            reply,
        };
        self.call(Call::Commands(request), answer).await
    }

    /// Reads something of the engine, with the seq that it is true at. Not while the journal cannot
    /// be written: the engine is ahead of it then, by what nobody may see yet.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<(Seq, T), Unavailable> {
        let (reply, answer) = oneshot::channel();
        let question = Question(Box::new(move |engine| {
            // Who no longer waits needs no answer.
            let _ = reply.send((engine.seq(), question(engine)));
        }));
        self.call(Call::Question(question), answer).await
    }

    async fn call<T>(&self, call: Call, answer: oneshot::Receiver<T>) -> Result<T, Unavailable> {
        let mut writable = self.writable.clone();
        if !*writable.borrow_and_update() {
            return Err(Unavailable::Journal);
        }
        self.sender.try_send(call).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Busy,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopped,
        })?;
        tokio::select! {
            answer = answer => answer.map_err(|_| Unavailable::Stopped),
            // Dropping the receiver takes back what was not begun.
            _ = writable.wait_for(|writable| !writable) => Err(Unavailable::Journal),
        }
    }
}
