//! How long whoever fails to sign in must wait. Failures are counted by address and by address and name,
//! never by name alone: strangers cannot lock anybody out. Pure; owned by `Accounts`.
//!
//! An attempt is counted before its password is looked at and taken back when it was right, so that many
//! at once gain nothing.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{TimeUs, UserName};

/// Failures without a wait, the longest wait, and the peace after which all is forgotten.
const FREE: u32 = 5;
const LONGEST: i64 = 5 * MINUTE;
const PEACE: i64 = 15 * MINUTE;
/// Counters that are kept; the one that was longest untouched is forgotten first.
const KEPT: usize = 100_000;

/// An address with no name, or with the one that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    /// Without a name: one that nobody can have.
    Pair(IpAddr, Option<UserName>),
}

#[derive(Debug)]
struct Count {
    failures: u32,
    last: TimeUs,
    /// Its place in `order`.
    touched: u64,
}

/// The failures of late.
#[derive(Debug, Default)]
pub struct Attempts {
    counts: HashMap<Key, Count>,
    /// The one that was longest untouched first.
    order: BTreeMap<u64, Key>,
    touches: u64,
}

impl Attempts {
    /// Counts an attempt as a failure, for the time being.
    ///
    /// # Errors
    /// Seconds to wait; such an attempt is not counted.
    pub fn begin(
        &mut self,
        address: IpAddr,
        name: Option<&UserName>,
        now: TimeUs,
    ) -> Result<(), u64> {
        let keys = keys(address, name);
        let wait = keys.iter().map(|key| self.wait(key, now)).max();
        if let Some(wait) = wait.filter(|wait| *wait > 0) {
            let seconds = wait.div_euclid(SECOND) + i64::from(wait % SECOND > 0);
            return Err(u64::try_from(seconds).unwrap_or_default());
        }
        for key in keys {
            self.count(key, now);
        }
        Ok(())
    }

    /// The password was right: the name's failures from this address are forgotten, the address's others
    /// are not.
    pub fn succeeded(&mut self, address: IpAddr, name: &UserName) {
        let [whole, pair] = keys(address, Some(name));
        self.take_one_back(&whole);
        self.forget(&pair);
    }

    /// The password was not looked at.
    pub fn take_back(&mut self, address: IpAddr, name: Option<&UserName>) {
        for key in keys(address, name) {
            self.take_one_back(&key);
        }
    }

    /// In µs; at most 0: none.
    fn wait(&self, key: &Key, now: TimeUs) -> i64 {
        let Some(count) = self.counts.get(key) else {
            return 0;
        };
        let over = count.failures.saturating_sub(FREE);
        if over == 0 {
            return 0;
        }
        let doubled = SECOND << (over - 1).min(20);
        doubled.min(LONGEST) - now.since(count.last)
    }

    fn count(&mut self, key: Key, now: TimeUs) {
        let before = self.forget(&key);
        let lately = before.filter(|count| now.since(count.last) < PEACE);
        let failures = lately.map_or(0, |count| count.failures);
        while self.counts.len() >= KEPT {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.counts.remove(&oldest);
        }
        self.touches += 1;
        self.order.insert(self.touches, key.clone());
        let count = Count {
            failures: failures.saturating_add(1),
            last: now,
            touched: self.touches,
        };
        self.counts.insert(key, count);
    }

    fn take_one_back(&mut self, key: &Key) {
        if let Some(count) = self.counts.get_mut(key) {
            count.failures -= 1;
            if count.failures == 0 {
                self.forget(key);
            }
        }
    }

    fn forget(&mut self, key: &Key) -> Option<Count> {
        let count = self.counts.remove(key)?;
        self.order.remove(&count.touched);
        Some(count)
    }
}

fn keys(address: IpAddr, name: Option<&UserName>) -> [Key; 2] {
    let network = network(address);
    [Key::Address(network), Key::Pair(network, name.cloned())]
}

/// Of IPv6 the first half: whoever has one address of it has all of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let half = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(half))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: TimeUs = TimeUs(1_000 * SECOND);

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    fn name(text: &str) -> UserName {
        text.parse().unwrap()
    }

    /// Fails as often as may be at once.
    fn exhaust(attempts: &mut Attempts, address: IpAddr, name: &UserName) {
        for _ in 0..=FREE {
            attempts.begin(address, Some(name), START).unwrap();
        }
    }

    #[test]
    fn the_wait_doubles_and_ends_with_peace() {
        let (mut attempts, here, ada) = (Attempts::default(), at("192.0.2.1"), name("ada"));
        exhaust(&mut attempts, here, &ada);
        let mut now = START;
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(attempts.begin(here, Some(&ada), now), Err(expected));
            let almost = now.plus(i64::try_from(expected).unwrap() * SECOND - 1);
            assert_eq!(attempts.begin(here, Some(&ada), almost), Err(1));
            now = almost.plus(1);
            assert_eq!(attempts.begin(here, Some(&ada), now), Ok(()));
        }
        now = now.plus(PEACE);
        for _ in 0..=FREE {
            assert_eq!(attempts.begin(here, Some(&ada), now), Ok(()));
        }
        assert_eq!(attempts.begin(here, Some(&ada), now), Err(1));
    }

    #[test]
    fn strangers_cannot_lock_the_owner_out() {
        let (mut attempts, ada) = (Attempts::default(), name("ada"));
        for stranger in 0..50 {
            exhaust(&mut attempts, at(&format!("198.51.100.{stranger}")), &ada);
        }
        assert_eq!(attempts.begin(at("192.0.2.1"), Some(&ada), START), Ok(()));
    }

    #[test]
    fn other_names_of_the_same_address_do_not_help() {
        let (mut attempts, here) = (Attempts::default(), at("192.0.2.1"));
        for number in 0..=FREE {
            let name = name(&format!("guess{number}"));
            attempts.begin(here, Some(&name), START).unwrap();
        }
        assert_eq!(attempts.begin(here, Some(&name("another")), START), Err(1));
        assert_eq!(attempts.begin(here, None, START), Err(1));
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let (mut attempts, ada) = (Attempts::default(), name("ada"));
        exhaust(&mut attempts, at("2001:db8:1:2:3::1"), &ada);
        let neighbour = at("2001:db8:1:2:ffff::9");
        assert_eq!(attempts.begin(neighbour, Some(&ada), START), Err(1));
        assert_eq!(
            attempts.begin(at("2001:db8:1:3::1"), Some(&ada), START),
            Ok(())
        );
        exhaust(&mut attempts, at("::ffff:192.0.2.9"), &ada);
        assert_eq!(attempts.begin(at("192.0.2.9"), Some(&ada), START), Err(1));
        assert_eq!(attempts.begin(at("192.0.2.8"), Some(&ada), START), Ok(()));
    }

    #[test]
    fn who_was_right_owes_nothing_and_a_refused_attempt_costs_nothing() {
        let (mut attempts, here, ada) = (Attempts::default(), at("192.0.2.1"), name("ada"));
        for _ in 0..100 {
            attempts.begin(here, Some(&ada), START).unwrap();
            attempts.succeeded(here, &ada);
            attempts.begin(here, None, START).unwrap();
            attempts.take_back(here, None);
        }
        assert!(attempts.counts.is_empty() && attempts.order.is_empty());
        // An account of one's own does not wash away what was tried on another.
        for _ in 0..FREE {
            attempts.begin(here, Some(&name("victim")), START).unwrap();
        }
        attempts.begin(here, Some(&ada), START).unwrap();
        attempts.succeeded(here, &ada);
        attempts.begin(here, Some(&name("victim")), START).unwrap();
        assert_eq!(attempts.begin(here, Some(&name("victim")), START), Err(1));
    }

    #[test]
    fn so_many_are_kept_and_the_oldest_is_forgotten() {
        let (mut attempts, ada) = (Attempts::default(), name("ada"));
        let first = at("192.0.2.1");
        exhaust(&mut attempts, first, &ada);
        for number in 0..u32::try_from(KEPT).unwrap() {
            let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            attempts.begin(address, Some(&ada), START).unwrap();
        }
        assert_eq!((attempts.counts.len(), attempts.order.len()), (KEPT, KEPT));
        assert_eq!(attempts.begin(first, Some(&ada), START), Ok(()));
    }
}
