//! The connections of a session: one as a rule; two while one takes over from the other, so that
//! nothing is lost between them; none while it is down, and then tries with growing, drawn waits.
//!
//! Invariant: there is at most one connection that is not about to be replaced.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::health::LinkState;
use crate::feed::binance::config::{BinanceConfig, ms};
use crate::feed::binance::connection::{self, Heard, Plan};
use crate::feed::binance::link::Link;

struct Open {
    stop: CancellationToken,
    since: Instant,
    subscribed: bool,
    /// Whether it has said anything.
    has_data: bool,
    /// Another one takes over; from then on it is not needed.
    replaced: bool,
    close_at: Option<Instant>,
}

pub struct Links {
    url: String,
    streams: Vec<String>,
    silence: Duration,
    replace_after: Duration,
    overlap: Duration,
    backoff: Backoff,
    every: Duration,
    heard: mpsc::Sender<(u64, Heard)>,
    link: Link,
    open: BTreeMap<u64, Open>,
    next_number: u64,
    /// Tries since there was data.
    attempt: u32,
    next_try: Instant,
    last_try: Option<Instant>,
    /// Whether there has ever been data.
    ever: bool,
}

impl Links {
    pub fn new(
        config: &BinanceConfig,
        streams: Vec<String>,
        heard: mpsc::Sender<(u64, Heard)>,
        link: Link,
    ) -> Self {
        Self {
            url: format!("{}/stream", config.ws_url.trim_end_matches('/')),
            streams,
            silence: ms(config.silence_ms),
            replace_after: Duration::from_secs(config.reconnect_after_s.into()),
            overlap: ms(config.overlap_ms),
            backoff: Backoff {
                base: ms(config.backoff_ms),
                cap: ms(config.backoff_cap_ms),
            },
            every: ms(config.connect_every_ms),
            heard,
            link,
            open: BTreeMap::new(),
            next_number: 1,
            attempt: 0,
            next_try: Instant::now(),
            last_try: None,
            ever: false,
        }
    }

    /// How it is connected, and which try is under way.
    pub fn state(&self) -> (LinkState, u32) {
        if self.open.values().any(|open| open.has_data) {
            (LinkState::Connected, 0)
        } else if self.ever {
            (LinkState::Reconnecting, self.attempt)
        } else {
            (LinkState::Connecting, self.attempt)
        }
    }

    pub fn subscribed(&mut self, number: u64, now: Instant) {
        if let Some(open) = self.open.get_mut(&number) {
            open.subscribed = true;
        }
        self.hand_over(number, now);
    }

    /// A connection that has everything makes those that it replaces superfluous.
    fn hand_over(&mut self, number: u64, now: Instant) {
        let complete = self
            .open
            .get(&number)
            .is_some_and(|open| open.subscribed && open.has_data);
        if !complete {
            return;
        }
        for (other, open) in &mut self.open {
            if *other != number && open.replaced {
                open.close_at.get_or_insert(now + self.overlap);
            }
        }
    }

    /// A connection has said something. True for its first word.
    pub fn data(&mut self, number: u64, now: Instant) -> bool {
        let Some(open) = self.open.get_mut(&number) else {
            return false;
        };
        if open.has_data {
            return false;
        }
        open.has_data = true;
        self.attempt = 0;
        if std::mem::replace(&mut self.ever, true) {
            self.link.change(|link| link.reconnects += 1);
        }
        self.hand_over(number, now);
        true
    }

    /// A connection is about to go: another one must take over.
    pub fn replace(&mut self, number: u64) {
        if let Some(open) = self.open.get_mut(&number)
            && !open.replaced
        {
            open.replaced = true;
            self.next_try = Instant::now();
        }
    }

    /// A connection has ended. True where it was the last that said anything: now nothing comes.
    pub fn ended(&mut self, number: u64, now: Instant) -> bool {
        let Some(ended) = self.open.remove(&number) else {
            return false;
        };
        self.next_try = now + self.backoff.wait(self.attempt, rand::random());
        let others = self.open.values().any(|open| open.has_data);
        ended.has_data && !others
    }

    /// Opens and closes what is due.
    pub fn due(&mut self, now: Instant) {
        for open in self.open.values_mut() {
            if open.close_at.is_some_and(|at| at <= now) {
                open.stop.cancel();
            }
            if !open.replaced && now.duration_since(open.since) >= self.replace_after {
                open.replaced = true;
                self.next_try = now;
            }
        }
        let wanted = self.open.values().all(|open| open.replaced);
        let too_soon = self
            .last_try
            .is_some_and(|last| now.duration_since(last) < self.every);
        if wanted && !too_soon && now >= self.next_try {
            self.connect(now);
        }
    }

    fn connect(&mut self, now: Instant) {
        let number = self.next_number;
        self.next_number += 1;
        self.attempt += 1;
        self.last_try = Some(now);
        let stop = CancellationToken::new();
        let plan = Plan {
            number,
            url: self.url.clone(),
            streams: self.streams.clone(),
            silence: self.silence,
        };
        tokio::spawn(connection::run(plan, self.heard.clone(), stop.clone()));
        self.open.insert(
            number,
            Open {
                stop,
                since: now,
                subscribed: false,
                has_data: false,
                replaced: false,
                close_at: None,
            },
        );
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        for open in self.open.values() {
            open.stop.cancel();
        }
    }
}

/// Exponential backoff with full jitter.
struct Backoff {
    base: Duration,
    cap: Duration,
}

impl Backoff {
    /// The wait after the try `attempt` has failed; none after a connection that worked. `random`
    /// is drawn from 0 to 1.
    fn wait(&self, attempt: u32, random: f64) -> Duration {
        let Some(doublings) = attempt.checked_sub(1) else {
            return Duration::ZERO;
        };
        let bound = self
            .base
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(self.cap);
        bound.mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_are_drawn() {
        let backoff = Backoff {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
        };
        assert_eq!(backoff.wait(0, 1.0), Duration::ZERO);
        assert_eq!(backoff.wait(1, 1.0), Duration::from_millis(500));
        assert_eq!(backoff.wait(3, 1.0), Duration::from_secs(2));
        assert_eq!(backoff.wait(3, 0.25), Duration::from_millis(500));
        assert_eq!(backoff.wait(u32::MAX, 1.0), Duration::from_secs(30));
    }
}
