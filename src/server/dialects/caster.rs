//! What happens, translated once for all clients of a dialect. A task looks at the logs and at what is due a
//! few times a second; connections read what was said at their own pace, and who falls behind further than
//! [`WAITING`] has lost something and is told so by being closed. Much at once is said in parts, as fast as the
//! listeners take it.

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
/// Entries of a log that are said in one go.
const PART: usize = 200;
/// How often, and how long each time, the next part waits for the slowest listener; then it comes all the same.
const PAUSES: usize = 40;
const PAUSE: Duration = Duration::from_millis(5);
/// How long the journal may take for a part: what needs longer is told to be late.
pub const PATIENCE: Duration = Duration::from_secs(3);

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
    /// Entries of a log, oldest first.
    fn entries(&mut self, view: &View, entries: &[Payload], out: &mut Vec<Said>);
    /// The journal does not give the next entries; they will come later.
    fn late(&mut self, _out: &mut Vec<Said>) {}
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
    let logs = voice.logs(&view).into_iter().map(|topic| Log {
        said: view.news(&topic, u64::MAX).head,
        topic,
        is_late: false,
    });
    let mut logs: Vec<Log> = logs.collect();
    let beats = voice.beats();
    let mut due: Vec<Instant> = beats.iter().map(|_| Instant::now()).collect();
    let mut out = Vec::new();
    while shutdown.run_until_cancelled(look.tick()).await.is_some() {
        for log in &mut logs {
            // What comes meanwhile has its turn after the other logs and what is due.
            let head = log.newest(&view);
            if sender.receiver_count() == 0 {
                // What nobody was there to hear is history.
                (log.said, log.is_late) = (head, false);
            }
            while log.said < head && !shutdown.is_cancelled() {
                match log.next(&view).await {
                    Ok(entries) => {
                        log.is_late = false;
                        voice.entries(&view, &entries, &mut out);
                        say(&sender, &mut out).await;
                    }
                    Err(why) => {
                        if !std::mem::replace(&mut log.is_late, true) {
                            tracing::error!(why, topic = %log.topic, "the journal could not be read for a dialect");
                            voice.late(&mut out);
                        }
                        break;
                    }
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
        say(&sender, &mut out).await;
    }
}

/// A log, and how far it has been said.
struct Log {
    topic: Topic,
    said: u64,
    /// The journal did not give what comes next; that was told.
    is_late: bool,
}

impl Log {
    fn newest(&self, view: &View) -> u64 {
        view.news(&self.topic, u64::MAX).head
    }

    /// The next part, or why it cannot be had now. What memory has no more, as when a replay runs as fast as it
    /// can, is in the journal.
    async fn next(&mut self, view: &View) -> Result<Vec<Payload>, String> {
        let news = view.news(&self.topic, self.said);
        let Some((first, last)) = news.trimmed else {
            let mut part = news.publications;
            part.truncate(PART);
            let last = part.last().map_or(news.head, |last| last.push.last);
            self.said = last.max(self.said);
            let entries = part.iter().filter_map(|entry| entry.push.data.payload());
            return Ok(entries.cloned().collect());
        };
        let last = last.min(first + PART as u64 - 1);
        let reading = view.state.reader.range(&self.topic, Range { first, last });
        let read = tokio::time::timeout(PATIENCE, reading).await;
        let read = read.map_err(|_| "it takes too long".to_owned())?;
        let read = read.map_err(|error| error.to_string())?;
        self.said = last;
        let entries = read.iter().filter_map(|row| publication(&row.record));
        Ok(entries.map(|(_, entry)| entry).collect())
    }
}

/// Hands it to all who listen. A few things are for nobody to wait for.
async fn say(sender: &broadcast::Sender<Arc<Said>>, out: &mut Vec<Said>) {
    let mut pauses = if out.len() < PART / 4 { 0 } else { PAUSES };
    for said in out.drain(..) {
        while pauses > 0 && sender.len() >= WAITING / 2 {
            pauses -= 1;
            tokio::time::sleep(PAUSE).await;
        }
        let _ = sender.send(Arc::new(said));
    }
}
