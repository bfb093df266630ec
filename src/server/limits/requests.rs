//! How often an address, or a user, may ask: so many times at once after a rest, so many times a second in
//! the long run.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;

use super::MAX_KEPT;

/// The least time between two sweeps of a full table.
const PAUSE: Duration = Duration::from_secs(1);
/// Beyond it two turns would be no time apart.
const FASTEST: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Slot<K> {
    One(K),
    /// Whoever comes while the table is full.
    Others,
}

pub struct Requests<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<Slot<K>>,
    swept: Mutex<Option<Instant>>,
}

/// `per_s` in the long run, `burst` at once after a rest.
pub(super) fn quota(per_s: NonZeroU32, burst: NonZeroU32) -> Quota {
    Quota::per_second(per_s.min(FASTEST)).allow_burst(burst)
}

impl<K: Hash + Eq + Clone> Requests<K> {
    pub fn new(per_s: NonZeroU32, burst: NonZeroU32) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota(per_s, burst)),
            swept: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// It is one too many: how long until the next may come.
    pub fn check(&self, key: K) -> Result<(), Duration> {
        let slot = if self.limiter.len() < MAX_KEPT || self.make_room() {
            Slot::One(key)
        } else {
            Slot::Others
        };
        let checked = self.limiter.check_key(&slot);
        checked.map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }

    fn make_room(&self) -> bool {
        let mut swept = self.swept.lock();
        if swept.is_none_or(|then| then.elapsed() >= PAUSE) {
            self.sweep();
            *swept = Some(Instant::now());
        }
        self.limiter.len() < MAX_KEPT
    }

    /// Forgets who has rested.
    pub fn sweep(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::super::key::AddressKey;
    use super::*;

    fn requests(per_s: u32, burst: u32) -> Requests<AddressKey> {
        let count = |number| NonZeroU32::new(number).unwrap();
        Requests::new(count(per_s), count(burst))
    }

    fn key(number: u32) -> AddressKey {
        AddressKey::of(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    #[test]
    fn each_address_has_its_own_burst() {
        let requests = requests(1, 3);
        for number in 1..=2 {
            (0..3).for_each(|_| requests.check(key(number)).unwrap());
            let wait = requests.check(key(number)).unwrap_err();
            assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        }
    }

    #[test]
    fn the_table_is_bounded_and_the_others_share_a_rate() {
        // Nobody rests enough to be forgotten.
        let requests = requests(1, 1_000_000);
        let crowd = 2 * u32::try_from(MAX_KEPT).unwrap();
        for number in 0..crowd {
            let _ = requests.check(key(number));
        }
        assert!(requests.limiter.len() <= MAX_KEPT + 1);
        assert!(requests.check(key(crowd)).is_ok());
    }
}
