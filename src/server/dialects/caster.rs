//! What happens, translated once for all clients of a dialect. A task looks at the logs and at what is due a
//! few times a second; connections read what was said at their own pace, and who falls behind further than
//! [`WAITING`] has lost something and is told so by being closed.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior};

use super::{View, keep};
use crate::domain::Symbol;
use crate::store::Range;
use crate::wire::{Payload, Topic, publication};

/// Messages that may wait for the slowest reader; they are shared by all.
const WAITING: usize = 1_024;
/// Between two looks: an event is said after half of it on average.
const LOOK: Duration = Duration::from_millis(50);

/// One thing said, for whoever listens to it.
#[derive(Debug, Clone)]
pub struct Said {
    /// The dialect's own name of the stream.
    pub stream: &'static str,
    /// Of streams that are listened to by symbol.
    pub symbol: Option<Symbol>,
    /// The dialect's own name of the message.
    pub event: &'static str,
    /// What it says, without the dialect's envelope.
    pub data: Value,
    /// The whole frame, written once; empty where the transport writes it.
    pub frame: Utf8Bytes,
}

/// Translates for one dialect; it may remember what it said last.
pub trait Voice: Send + 'static {
    /// The logs that it follows.
    fn logs(&self, view: &View) -> Vec<Topic>;
    /// How often [`Voice::beat`] is called, one for each number.
    fn beats(&self) -> Vec<Duration>;
    /// An entry of a log.
    fn entry(&mut self, view: &View, entry: &Payload, out: &mut Vec<Said>);
    /// It is time to look at what changes all the time.
    fn beat(&mut self, number: usize, view: &View, out: &mut Vec<Said>);
}

#[derive(Debug)]
pub struct Caster(broadcast::Sender<Arc<Said>>);

impl Caster {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }

    pub fn listen(&self) -> broadcast::Receiver<Arc<Said>> {
        self.0.subscribe()
    }

    /// Who listens now.
    pub fn listeners(&self) -> usize {
        self.0.receiver_count()
    }

    pub(super) fn start(&self, view: View, voice: impl Voice) {
        let state = view.state.clone();
        keep(&state, cast(self.0.clone(), view, voice));
    }
}

async fn cast(sender: broadcast::Sender<Arc<Said>>, view: View, mut voice: impl Voice) {
    let shutdown = view.state.shutdown.clone();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What nobody was there to hear is history.
    let at_head = |topic: Topic| {
        let head = view.news(&topic, u64::MAX).head;
        (topic, head)
    };
    let mut logs: Vec<(Topic, u64)> = voice.logs(&view).into_iter().map(at_head).collect();
    let beats = voice.beats();
    let mut due: Vec<Instant> = beats.iter().map(|_| Instant::now()).collect();
    let mut out = Vec::new();
    while shutdown.run_until_cancelled(look.tick()).await.is_some() {
        let is_heard = sender.receiver_count() > 0;
        for (topic, head) in &mut logs {
            let news = view.news(topic, *head);
            *head = news.head.max(*head);
            if !is_heard {
                continue;
            }
            if let Some((first, last)) = news.trimmed {
                missed(&view, topic, Range { first, last }, &mut voice, &mut out).await;
            }
            for publication in news.publications {
                if let Some(entry) = publication.push.data.payload() {
                    voice.entry(&view, entry, &mut out);
                }
            }
        }
        let now = Instant::now();
        for (number, (due, every)) in due.iter_mut().zip(&beats).enumerate() {
            if now >= *due {
                // On its own beat, unless whole ones were missed.
                *due = (*due + *every).max(now);
                // Also where nobody listens: what has changed since is told to who comes, not what changed before.
                voice.beat(number, &view, &mut out);
            }
        }
        for said in out.drain(..).filter(|_| is_heard) {
            let _ = sender.send(Arc::new(said));
        }
    }
}

/// Entries that memory has no more, as when a replay runs as fast as it can.
async fn missed(
    view: &View,
    topic: &Topic,
    range: Range,
    voice: &mut impl Voice,
    out: &mut Vec<Said>,
) {
    match view.state.reader.range(topic, range).await {
        Ok(logged) => {
            for (_, entry) in logged
                .iter()
                .filter_map(|logged| publication(&logged.record))
            {
                voice.entry(view, &entry, out);
            }
        }
        Err(error) => {
            tracing::error!(%error, %topic, "the journal could not be read for a dialect");
        }
    }
}
