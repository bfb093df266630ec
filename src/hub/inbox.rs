//! What waits for one fan-out: publications of the channels that it listens to, in the order in
//! which they were published. Bounded by bytes: beyond that it is emptied and says so, and the
//! fan-out brings its connections up to date from the topics themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Channel, Publication, TopicId};

/// What may wait, in bytes of publications.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What was fetched from an inbox.
#[derive(Debug, Default)]
pub struct Arrived {
    pub(in crate::hub) publications: Vec<(Channel, Arc<Publication>)>,
    /// Topics that are new in the hub.
    pub(in crate::hub) appeared: Vec<TopicId>,
    /// Publications were thrown away.
    pub(in crate::hub) overflowed: bool,
    bytes: usize,
    urgent: bool,
}

#[derive(Debug, Default)]
pub struct Inbox {
    arrived: Mutex<Arrived>,
    wake: Notify,
    /// Something waits that was not waited for: spares a wake-up for each publication of a batch.
    is_full: AtomicBool,
}

impl Inbox {
    /// Waits until there is something to fetch.
    pub async fn wait(&self) {
        self.wake.notified().await;
    }

    /// Whether an alert waits: it is not held back to be gathered with others.
    pub fn is_urgent(&self) -> bool {
        self.arrived.lock().urgent
    }

    pub(in crate::hub) fn put(&self, channel: Channel, publication: &Arc<Publication>) {
        let mut arrived = self.arrived.lock();
        arrived.bytes += publication.size();
        if arrived.bytes > MAX_BYTES {
            arrived.overflowed = true;
            arrived.publications = Vec::new();
            arrived.bytes = 0;
        }
        if !arrived.overflowed {
            arrived
                .publications
                .push((channel, Arc::clone(publication)));
        }
        arrived.urgent |= publication.is_alert();
        self.is_full.store(true, Ordering::Release);
    }

    pub(in crate::hub) fn put_topic(&self, topic: TopicId) {
        self.arrived.lock().appeared.push(topic);
        self.is_full.store(true, Ordering::Release);
    }

    /// Wakes those who have something to fetch.
    pub(in crate::hub) fn wake_all(inboxes: &[Arc<Self>]) {
        for inbox in inboxes {
            if inbox.is_full.swap(false, Ordering::AcqRel) {
                inbox.wake.notify_one();
            }
        }
    }

    /// Fetches all that waits. Under the hub's lock this is exactly what came before the state that
    /// the lock shows.
    pub(in crate::hub) fn take(&self) -> Arrived {
        std::mem::take(&mut *self.arrived.lock())
    }
}
