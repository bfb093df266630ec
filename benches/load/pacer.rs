//! Publishes evenly: message n is due n / rate seconds after the start, however long the earlier
//! ones took. What is late is made up for, so that a server that cannot keep up is not spared.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// No sleep is longer, so that a stop is soon seen; none is shorter, so that a high rate comes in
/// batches instead of keeping the core busy.
const LONGEST: Duration = Duration::from_millis(50);
const SHORTEST: Duration = Duration::from_micros(200);

/// Who takes the messages.
pub trait Publish {
    /// Publishes one message under its offset, which counts from 1.
    fn publish(&mut self, offset: u64, data: &str);

    /// What was due at this moment has been published.
    fn flush(&mut self) {}
}

impl<F: FnMut(u64, &str)> Publish for F {
    fn publish(&mut self, offset: u64, data: &str) {
        self(offset, data);
    }
}

/// Publishes `rate` messages a second of `pad` characters each until `stop` is set; gives their
/// number. Takes a thread of its own: it sleeps between them.
pub fn run(rate: f64, pad: usize, stop: &AtomicBool, publisher: &mut impl Publish) -> u64 {
    let data = "x".repeat(pad);
    let started = Instant::now();
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = due(started.elapsed(), rate);
        if due > done {
            while done < due {
                done += 1;
                publisher.publish(done, &data);
            }
            publisher.flush();
        }
        let next = due_at(done + 1, rate).saturating_sub(started.elapsed());
        thread::sleep(next.clamp(SHORTEST, LONGEST));
    }
    done
}

/// How many messages are due after this time.
fn due(elapsed: Duration, rate: f64) -> u64 {
    (elapsed.as_secs_f64() * rate) as u64
}

/// When message `number` is due.
fn due_at(number: u64, rate: f64) -> Duration {
    if rate > 0.0 {
        Duration::try_from_secs_f64(number as f64 / rate).unwrap_or(Duration::MAX)
    } else {
        Duration::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_due_when_its_time_has_come() {
        assert_eq!(due(Duration::from_millis(99), 10.0), 0);
        assert_eq!(due(Duration::from_millis(101), 10.0), 1);
        assert_eq!(due_at(3, 10.0), Duration::from_millis(300));
        assert_eq!(due(Duration::from_secs(3600), 0.0), 0);
        assert_eq!(due_at(1, 0.0), Duration::MAX);
    }

    #[test]
    fn offsets_are_contiguous_and_none_is_lost_at_a_high_rate() {
        let stop = AtomicBool::new(false);
        let started = Instant::now();
        let mut next = 1;
        let done = run(20_000.0, 3, &stop, &mut |offset: u64, data: &str| {
            assert_eq!((offset, data), (next, "xxx"));
            next += 1;
            stop.store(offset >= 2_000, Ordering::Relaxed);
        });
        assert!(done >= 2_000 && next == done + 1);
        assert!(started.elapsed() >= Duration::from_millis(100), "too early");
    }
}
