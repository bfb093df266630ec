//! What is known of the connection, shared between the session that works and whoever shows it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::domain::health::{LinkHealth, LinkState};

/// Messages a second are counted over so long.
const RATE_OVER: Duration = Duration::from_secs(5);
/// Parts of it that are counted apart.
const PART: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
struct State {
    health: LinkHealth,
    last_message: Option<Instant>,
    /// Beginning and messages of each part of the last seconds.
    recent: VecDeque<(Instant, u64)>,
    /// Since when nothing comes.
    lost_since: Option<Instant>,
}

/// The connection of a live feed. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Link(Arc<Mutex<State>>);

impl Link {
    /// Everything as of `now`.
    pub fn health(&self, now: Instant) -> LinkHealth {
        let mut state = self.0.lock();
        state.forget(now);
        let recent: u64 = state.recent.iter().map(|(_, count)| count).sum();
        let mut health = state.health.clone();
        health.messages_per_s = recent as f64 / RATE_OVER.as_secs_f64();
        health.last_message_age_ms = state.last_message.map(|last| {
            let age = now.saturating_duration_since(last);
            u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
        });
        health
    }

    /// How long there has been no connection.
    pub fn lost_for(&self, now: Instant) -> Option<Duration> {
        let since = self.0.lock().lost_since?;
        Some(now.saturating_duration_since(since))
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut LinkHealth)) {
        change(&mut self.0.lock().health);
    }

    pub(super) fn message(&self, now: Instant) {
        let mut state = self.0.lock();
        state.health.messages += 1;
        state.last_message = Some(now);
        match state.recent.back_mut() {
            Some((began, count)) if now.saturating_duration_since(*began) < PART => *count += 1,
            _ => {
                state.forget(now);
                state.recent.push_back((now, 1));
            }
        }
    }

    pub(super) fn state(&self, link: LinkState, attempt: u32, now: Instant) {
        let mut state = self.0.lock();
        state.health.state = link;
        state.health.attempt = attempt;
        match link {
            LinkState::Connected | LinkState::Backfilling => state.lost_since = None,
            LinkState::Connecting | LinkState::Reconnecting => {
                state.lost_since.get_or_insert(now);
            }
        }
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        while let Some((began, _)) = self.recent.front()
            && now.saturating_duration_since(*began) >= RATE_OVER
        {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let link = Link::default();
        let now = Instant::now();
        for n in 0..100 {
            link.message(now + Duration::from_millis(n * 10));
        }
        let health = link.health(now + Duration::from_millis(1_500));
        assert_eq!((health.messages, health.messages_per_s), (100, 20.0));
        assert_eq!(health.last_message_age_ms, Some(510));
        let later = link.health(now + Duration::from_secs(10));
        assert_eq!((later.messages, later.messages_per_s), (100, 0.0));
    }

    #[test]
    fn a_lost_connection_is_as_old_as_its_first_failure() {
        let link = Link::default();
        let now = Instant::now();
        link.state(LinkState::Reconnecting, 1, now);
        link.state(LinkState::Reconnecting, 2, now + RATE_OVER);
        assert_eq!(link.lost_for(now + 2 * RATE_OVER), Some(2 * RATE_OVER));
        link.state(LinkState::Connected, 0, now + 2 * RATE_OVER);
        assert_eq!(link.lost_for(now + 2 * RATE_OVER), None);
    }
}
