//! Bad frames are answered; the third in a minute ends the connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const ALLOWED: usize = 2;
const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct BadFrames(VecDeque<Instant>);

impl BadFrames {
    /// Notes one; true where it was one too many.
    pub fn note(&mut self, now: Instant) -> bool {
        self.0.retain(|then| now.duration_since(*then) < WINDOW);
        self.0.push_back(now);
        self.0.len() > ALLOWED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_a_minute_are_too_many() {
        let mut bad = BadFrames::default();
        let start = Instant::now();
        assert!(!bad.note(start));
        assert!(!bad.note(start + Duration::from_secs(40)));
        assert!(
            !bad.note(start + Duration::from_secs(61)),
            "the first is forgotten"
        );
        assert!(bad.note(start + Duration::from_secs(62)));
    }
}
