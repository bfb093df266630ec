//! The one actor: takes inputs from the feed and from people, lets the engine process them, commits
//! what came of it, and only then publishes. It owns engine, journal and publisher.
//!
//! While the journal cannot be written the actor stands still: nothing is processed, nothing is
//! published but `health`, and the same batch is tried again each second.

mod settle;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::clock::monotonic_ns;
use super::feeder::{FeedBatch, Feeder};
use super::handle::{Answer, Call, Question, Request};
use super::monitor::{Counters, Monitor};
use super::projection::Projection;
use crate::domain::health::FeedState;
use crate::domain::{
    BotCommand, BotId, Inference, InferenceRequest, Input, MarketEvent, Rejection, Symbol, TimeUs,
};
use crate::engine::{Accepted, Engine};
use crate::feed::{Cursor, FeedItem};
use crate::hub::{Hub, Publisher};
use crate::store::{Batch, Entry, Journal, LogKey};
use crate::wire::{Class, Topic, publication};

/// Between two publications of `health`.
const HEALTH: Duration = Duration::from_secs(1);
/// Requests that are taken into one batch.
const REQUESTS: usize = 256;

/// What the driver works with.
pub struct Parts {
    pub engine: Engine,
    pub journal: Journal,
    pub publisher: Publisher,
    pub hub: Arc<Hub>,
    pub monitor: Arc<Monitor>,
    pub projection: Projection,
    pub feeder: Feeder,
    pub requests: mpsc::Receiver<Call>,
    /// Puts a question to a model outside the core.
    pub infer: Box<dyn Fn(InferenceRequest) + Send>,
    /// What such models said, with the wall time of its arrival: one answer for each question, of
    /// which the engine leaves only so many open.
    pub answers: mpsc::UnboundedReceiver<(Inference, TimeUs)>,
    pub snapshot_every: Duration,
    /// What heads of the sealed log are signed with, and how often.
    pub log_key: LogKey,
    pub head_every: Duration,
    /// Rows given and refused before this start.
    pub rows: (u64, u64),
    /// The feed cannot give again what it gave: its items are journalled.
    pub live: bool,
    /// Symbols of a live feed that have not been traded since the start.
    pub unseen: BTreeSet<Symbol>,
}

pub struct Driver {
    parts: Parts,
    rows: u64,
    rejected_rows: u64,
    last_snapshot: Instant,
    last_head: Instant,
    last_health: Option<Instant>,
    feed_ended: bool,
}

/// A batch in the making, with those who wait for its answers.
#[derive(Default)]
struct Gathered {
    batch: Batch,
    answers: Vec<(Answer, tokio::sync::oneshot::Sender<Answer>)>,
    /// To be answered when all of it is published.
    questions: Vec<Question>,
    /// To be put to models when all of it is journalled.
    asks: Vec<InferenceRequest>,
    /// Arrival of its oldest item.
    received: Option<TimeUs>,
    cursor: Option<Cursor>,
}

impl Driver {
    pub fn new(mut parts: Parts) -> Self {
        let (rows, rejected_rows) = parts.rows;
        parts.engine.set_stopwatch(monotonic_ns);
        // What was asked before a restart was never answered.
        parts.engine.unanswered().cloned().for_each(&parts.infer);
        Self {
            parts,
            rows,
            rejected_rows,
            last_snapshot: Instant::now(),
            last_head: Instant::now(),
            last_health: None,
            feed_ended: false,
        }
    }

    /// Runs until `shutdown`, then takes a last snapshot, signs a last head and closes the journal.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let mut gathered = Gathered::default();
            let pause = self.pause();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(call) = self.parts.requests.recv() => self.take_call(call, &mut gathered),
                Some((answer, received)) = self.parts.answers.recv() => {
                    self.take_inference(answer, received, &mut gathered);
                }
                batch = self.parts.feeder.batches.recv(), if !self.feed_ended => match batch {
                    Some(batch) => self.take_feed(batch, &mut gathered),
                    None => self.feed_died(),
                },
                () = tokio::time::sleep(pause) => {}
            }
            for _ in 0..REQUESTS {
                match self.parts.requests.try_recv() {
                    Ok(call) => self.take_call(call, &mut gathered),
                    Err(_) => break,
                }
            }
            let questions = std::mem::take(&mut gathered.questions);
            let asks = std::mem::take(&mut gathered.asks);
            if !self.settle(gathered, &shutdown).await {
                return self.abandon().await;
            }
            asks.into_iter().for_each(&self.parts.infer);
            for question in questions {
                question.answer(&self.parts.engine);
            }
            if self.last_head.elapsed() >= self.parts.head_every {
                self.sign_head().await;
            }
        }
        self.finish().await;
    }

    /// How long nothing may happen before something of our own is due.
    fn pause(&self) -> Duration {
        let now = Instant::now();
        let health = self.last_health.map_or(Duration::ZERO, |last| {
            (last + HEALTH).saturating_duration_since(now)
        });
        self.parts
            .projection
            .next_due(now)
            .map_or(health, |due| due.min(health))
    }

    fn take_feed(&mut self, batch: FeedBatch, gathered: &mut Gathered) {
        gathered.received.get_or_insert(batch.received);
        Counters::add(
            &self.parts.monitor.counters.inputs,
            batch.items.len() as u64,
        );
        let mut touched = BTreeSet::new();
        for item in batch.items {
            let input = match item {
                FeedItem::Market(event) => {
                    self.rows += 1;
                    if !touched.contains(event.symbol()) {
                        touched.insert(event.symbol().clone());
                    }
                    Input::Market(event)
                }
                FeedItem::Notice(notice) => {
                    self.rejected_rows += u64::from(notice.is_refusal());
                    Input::Notice(notice)
                }
            };
            // Market data is never refused.
            let _ = self.process(&input, batch.received, gathered);
            if let Input::Market(MarketEvent::Trade(trade)) = &input {
                self.parts.unseen.remove(&trade.symbol);
            }
            if self.parts.live {
                gathered.batch.inputs.push((self.parts.engine.seq(), input));
            }
        }
        for symbol in &touched {
            self.parts.projection.touch(symbol, batch.received);
        }
        self.feed_ended = batch.ended;
        gathered.cursor = batch.cursor;
        let (rows, rejected_rows) = (self.rows, self.rejected_rows);
        let market_time = self.parts.engine.now();
        let state = match (batch.ended, self.parts.unseen.is_empty()) {
            (true, _) => FeedState::Ended,
            (false, true) => FeedState::Running,
            (false, false) => FeedState::Warming,
        };
        self.parts.monitor.feed(|feed| {
            feed.rows = rows;
            feed.rejected_rows = rejected_rows;
            feed.market_time = Some(market_time);
            feed.received_at = Some(batch.received);
            feed.state = state;
        });
    }

    fn feed_died(&mut self) {
        self.feed_ended = true;
        if self.parts.feeder.has_panicked() {
            self.parts.monitor.task_panicked("feed");
        }
        self.parts.monitor.feed(|feed| {
            feed.state = FeedState::Halted;
            feed.problem = Some("its thread has ended".to_owned());
        });
    }

    fn take_call(&mut self, call: Call, gathered: &mut Gathered) {
        match call {
            Call::Commands(request) => self.take_request(request, gathered),
            Call::Question(question) => gathered.questions.push(question),
        }
    }

    fn take_request(&mut self, request: Request, gathered: &mut Gathered) {
        // Whoever asked was told that it cannot be done: then it must not be done later.
        if request.reply.is_closed() {
            return;
        }
        gathered.received.get_or_insert(request.received);
        let mut answers = Vec::with_capacity(request.commands.len());
        for command in request.commands {
            let kind = report_kind(&command);
            let input = Input::Bot {
                bot: request.bot.clone(),
                command: Box::new(command),
            };
            let answer = self.process(&input, request.received, gathered);
            let seq = self.parts.engine.seq();
            if let (Ok(Accepted::Recorded { id }), Some(kind)) = (&answer, kind) {
                gathered
                    .batch
                    .reports
                    .push((request.bot.to_string(), kind, id.clone()));
            }
            gathered.batch.commands.push((seq, request.received, input));
            answers.push(answer);
        }
        self.parts
            .projection
            .touch_bot(&request.bot, request.received);
        let answer = Answer {
            seq: self.parts.engine.seq(),
            results: answers,
        };
        gathered.answers.push((answer, request.reply));
    }

    /// A model's answer is journalled like a command: a replay does not run the model again.
    fn take_inference(&mut self, answer: Inference, received: TimeUs, gathered: &mut Gathered) {
        gathered.received.get_or_insert(received);
        let input = Input::Inference(answer);
        // There is nobody to tell what became of it but the log.
        let _ = self.process(&input, received, gathered);
        let seq = self.parts.engine.seq();
        gathered.batch.commands.push((seq, received, input));
        self.parts.projection.touch_bot(&BotId::paper(), received);
    }

    fn process(
        &mut self,
        input: &Input,
        received: TimeUs,
        gathered: &mut Gathered,
    ) -> Result<Accepted, Rejection> {
        let seq = self.parts.engine.seq().next();
        let processed = self.parts.engine.process(seq, input);
        gathered.asks.extend(processed.asks);
        gathered
            .batch
            .entries
            .extend(processed.records.into_iter().map(|record| Entry {
                published: publication(&record),
                received,
                record,
            }));
        processed.reply
    }

    /// Ends while a batch could not be written: nothing that came after it may be written either. The
    /// next start makes it again from the feed; nobody was told that a command of it was carried out.
    async fn abandon(mut self) {
        self.parts.feeder.stop();
        while self.parts.feeder.batches.recv().await.is_some() {}
        tracing::error!(
            "shut down with a journal that cannot be written; the next start makes up for it"
        );
    }

    /// Lets the feed end, takes what it has read, and leaves a snapshot behind which nothing needs to
    /// be replayed.
    async fn finish(mut self) {
        self.parts.feeder.stop();
        let mut gathered = Gathered::default();
        while let Some(batch) = self.parts.feeder.batches.recv().await {
            self.take_feed(batch, &mut gathered);
        }
        gathered.batch.head = self.parts.engine.seq();
        if let Some(cursor) = gathered.cursor.take() {
            gathered.batch.snapshot = self.snapshot(Some(cursor));
        }
        gathered.batch.topics = self.missing_topics();
        match self.parts.journal.append(&gathered.batch).await {
            Ok(places) => self.publish(gathered.batch, &places),
            Err(error) => {
                tracing::error!(%error, "the last batch could not be written; it will be made again");
            }
        }
        self.sign_head().await;
        if let Err(error) = self.parts.journal.close().await {
            tracing::error!(%error, "the journal could not be closed");
        }
    }
}

/// The log topics that an engine's events go to.
pub fn log_topics(engine: &Engine) -> impl Iterator<Item = Topic> {
    let of_bots = engine.bots().flat_map(Topic::of_bot);
    [Topic::Alerts, Topic::Quality]
        .into_iter()
        .chain(of_bots)
        .filter(|topic| topic.class() == Class::Log)
}

/// What a recorded command is remembered as, so that it is known however late it is repeated. The
/// state of an order may be told again and again under one id.
pub fn report_kind(command: &BotCommand) -> Option<&'static str> {
    match command {
        BotCommand::Decision(_) => Some("decision"),
        BotCommand::Fill(_) => Some("fill"),
        BotCommand::Position(_) => Some("position"),
        BotCommand::Deposit(_) => Some("deposit"),
        BotCommand::Note(_) => Some("note"),
        BotCommand::Order(_)
        | BotCommand::SubmitOrder(_)
        | BotCommand::SubmitOco(_)
        | BotCommand::AmendOrder { .. }
        | BotCommand::CancelOrder { .. }
        | BotCommand::CancelAll { .. }
        | BotCommand::ClosePosition { .. }
        | BotCommand::Kill
        | BotCommand::Pause
        | BotCommand::Resume => None,
    }
}
