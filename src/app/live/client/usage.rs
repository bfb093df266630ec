//! Who uses which topic: a topic stays subscribed a little while after its last user left, so that
//! a change of page does not drop and fetch it again, and its last value is kept a good while
//! longer, to be resumed from. Pure: times are handed in.

use std::collections::HashMap;

use crate::wire::Topic;

#[derive(Debug, Default)]
struct Use {
    users: u32,
    /// Since when nobody uses it.
    free_since_ms: f64,
}

/// The counts.
#[derive(Debug)]
pub struct Usage {
    linger_ms: f64,
    keep_ms: f64,
    topics: HashMap<Topic, Use>,
}

impl Usage {
    pub fn new(linger_ms: u32, keep_ms: u32) -> Self {
        Self {
            linger_ms: linger_ms.into(),
            keep_ms: keep_ms.into(),
            topics: HashMap::new(),
        }
    }

    /// A topic that came with the page: kept, though nobody has asked for it yet.
    pub fn keep(&mut self, topic: Topic, now_ms: f64) {
        self.topics.entry(topic).or_insert(Use {
            users: 0,
            free_since_ms: now_ms,
        });
    }

    /// One user more.
    pub fn acquire(&mut self, topic: &Topic) {
        self.topics.entry(topic.clone()).or_default().users += 1;
    }

    /// One user less. What was never acquired stays as it is.
    pub fn release(&mut self, topic: &Topic, now_ms: f64) {
        if let Some(usage) = self.topics.get_mut(topic)
            && usage.users > 0
        {
            usage.users -= 1;
            if usage.users == 0 {
                usage.free_since_ms = now_ms;
            }
        }
    }

    pub fn users(&self, topic: &Topic) -> u32 {
        self.topics.get(topic).map_or(0, |usage| usage.users)
    }

    /// All that somebody uses, in a settled order.
    pub fn used(&self) -> Vec<Topic> {
        let mut used: Vec<Topic> = self
            .topics
            .iter()
            .filter(|(_, usage)| usage.users > 0)
            .map(|(topic, _)| topic.clone())
            .collect();
        used.sort();
        used
    }

    /// Whether the last user of `topic` left so long ago that it need not stay subscribed.
    pub fn is_left(&self, topic: &Topic, now_ms: f64) -> bool {
        self.topics
            .get(topic)
            .is_none_or(|usage| usage.users == 0 && now_ms - usage.free_since_ms >= self.linger_ms)
    }

    /// Forgets, and names, what nobody has used for so long that its value is not kept either.
    pub fn forget(&mut self, now_ms: f64) -> Vec<Topic> {
        let keep_ms = self.keep_ms;
        self.topics
            .extract_if(|_, usage| usage.users == 0 && now_ms - usage.free_since_ms >= keep_ms)
            .map(|(topic, _)| topic)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_lingers_then_is_left_then_forgotten() {
        let mut usage = Usage::new(5_000, 300_000);
        usage.acquire(&Topic::Health);
        usage.acquire(&Topic::Health);
        usage.release(&Topic::Health, 1_000.0);
        assert_eq!(usage.users(&Topic::Health), 1);
        assert!(!usage.is_left(&Topic::Health, 1e9), "one user is left");
        usage.release(&Topic::Health, 2_000.0);
        assert_eq!(usage.used(), []);
        assert!(!usage.is_left(&Topic::Health, 6_999.0));
        assert!(usage.is_left(&Topic::Health, 7_000.0));
        assert_eq!(usage.forget(301_999.0), []);
        assert_eq!(usage.forget(302_000.0), [Topic::Health]);
        assert!(usage.is_left(&Topic::Health, 0.0), "unknown");
    }

    #[test]
    fn whoever_comes_back_in_time_finds_it_as_it_was() {
        let mut usage = Usage::new(5_000, 300_000);
        usage.acquire(&Topic::Alerts);
        usage.release(&Topic::Alerts, 0.0);
        usage.acquire(&Topic::Alerts);
        assert!(!usage.is_left(&Topic::Alerts, 1e9));
        assert_eq!(usage.forget(1e9), []);
        assert_eq!(usage.used(), [Topic::Alerts]);
    }

    #[test]
    fn what_came_with_the_page_is_kept_but_not_used() {
        let mut usage = Usage::new(5_000, 300_000);
        usage.keep(Topic::Quality, 0.0);
        assert_eq!(usage.used(), []);
        usage.release(&Topic::Quality, 100.0);
        assert_eq!(usage.forget(300_000.0), [Topic::Quality]);
    }
}
