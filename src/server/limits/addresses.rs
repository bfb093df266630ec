//! What each address has open, and what its sockets were closed for. A place is given back by dropping
//! it. An address without anything open is remembered while it has strikes or a ban, up to
//! [`MAX_KEPT`] of them.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::key::AddressKey;
use super::users::{UserKey, UserPlace, Users};
use super::{MAX_KEPT, Refusal};

/// In which strikes are added up.
const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub connections: usize,
    pub connections_per_address: NonZeroU32,
    pub sockets_per_address: NonZeroU32,
    /// Within a minute.
    pub strikes: NonZeroU32,
    pub ban: Duration,
}

#[derive(Debug, Default)]
struct Entry {
    connections: u32,
    sockets: u32,
    /// At most as many as there may be.
    strikes: VecDeque<Instant>,
    banned_until: Option<Instant>,
}

impl Entry {
    fn admit(&self, now: Instant) -> Result<(), Refusal> {
        match self.banned_until {
            Some(until) if now < until => Err(Refusal::Banned { retry: until - now }),
            _ => Ok(()),
        }
    }

    /// Whether there is something to remember of it.
    fn is_kept(&self, now: Instant) -> bool {
        let is_struck = |last: &Instant| now.saturating_duration_since(*last) < WINDOW;
        self.strikes.back().is_some_and(is_struck) || self.admit(now).is_err()
    }

    fn is_open(&self) -> bool {
        self.connections > 0 || self.sockets > 0
    }
}

#[derive(Debug, Default)]
struct Table {
    connections: usize,
    entries: HashMap<AddressKey, Entry>,
}

impl Table {
    fn sweep(&mut self, now: Instant) {
        self.entries
            .retain(|_, entry| entry.is_open() || entry.is_kept(now));
    }

    /// Gives something of an address back.
    fn release(&mut self, key: AddressKey, now: Instant, give: impl FnOnce(&mut Entry)) {
        let len = self.entries.len();
        let Slot::Occupied(mut slot) = self.entries.entry(key) else {
            return;
        };
        give(slot.get_mut());
        if slot.get().is_open() {
            return;
        }
        // Those with something open are bounded by the connections; the rest by this.
        if !slot.get().is_kept(now) || len > self.connections + MAX_KEPT {
            slot.remove();
        }
    }
}

pub struct Addresses {
    bounds: Bounds,
    table: Mutex<Table>,
}

/// One open connection.
pub struct ConnectionPlace {
    addresses: Arc<Addresses>,
    /// `None` of a proxy, which may have as many as all.
    key: Option<AddressKey>,
}

/// One open socket, and the connection that it is on.
pub struct SocketPlace {
    addresses: Arc<Addresses>,
    key: AddressKey,
    connection: Arc<ConnectionPlace>,
    /// `None` as long as nobody is known at its end.
    user: Mutex<Option<UserPlace>>,
}

impl Addresses {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            table: Mutex::default(),
        }
    }

    pub fn connection(
        self: &Arc<Self>,
        key: Option<AddressKey>,
        now: Instant,
    ) -> Result<ConnectionPlace, Refusal> {
        let mut table = self.table.lock();
        if let Some(entry) = key.and_then(|key| table.entries.get(&key)) {
            entry.admit(now)?;
            if entry.connections >= self.bounds.connections_per_address.get() {
                return Err(Refusal::AddressConnections);
            }
        }
        if table.connections >= self.bounds.connections {
            return Err(Refusal::Connections);
        }
        table.connections += 1;
        if let Some(key) = key {
            table.entries.entry(key).or_default().connections += 1;
        }
        drop(table);
        let addresses = Arc::clone(self);
        Ok(ConnectionPlace { addresses, key })
    }

    pub fn admit(&self, key: AddressKey, now: Instant) -> Result<(), Refusal> {
        let table = self.table.lock();
        table
            .entries
            .get(&key)
            .map_or(Ok(()), |entry| entry.admit(now))
    }

    pub fn socket(
        self: &Arc<Self>,
        key: AddressKey,
        connection: Arc<ConnectionPlace>,
    ) -> Result<SocketPlace, Refusal> {
        let mut table = self.table.lock();
        let entry = table.entries.entry(key).or_default();
        if entry.sockets >= self.bounds.sockets_per_address.get() {
            return Err(Refusal::Sockets);
        }
        entry.sockets += 1;
        drop(table);
        let addresses = Arc::clone(self);
        Ok(SocketPlace {
            addresses,
            key,
            connection,
            user: Mutex::default(),
        })
    }

    fn strike(&self, key: AddressKey, now: Instant) {
        let mut table = self.table.lock();
        let Some(entry) = table.entries.get_mut(&key) else {
            return;
        };
        entry
            .strikes
            .retain(|then| now.saturating_duration_since(*then) < WINDOW);
        entry.strikes.push_back(now);
        if entry.strikes.len() >= self.bounds.strikes.get() as usize {
            entry.strikes.clear();
            entry.banned_until = Some(now + self.bounds.ban);
            tracing::warn!(
                client.key = ?key,
                "an address is refused for a while: its connections were closed for abuse"
            );
        }
    }

    pub fn sweep(&self, now: Instant) {
        self.table.lock().sweep(now);
    }
}

impl ConnectionPlace {
    /// The connection is closed for abuse.
    pub fn strike(&self) {
        if let Some(key) = self.key {
            self.addresses.strike(key, Instant::now());
        }
    }
}

impl SocketPlace {
    /// The socket is closed for abuse.
    pub fn strike(&self) {
        self.addresses.strike(self.key, Instant::now());
    }

    /// Counts it for this user instead of the one before.
    pub fn belong_to(&self, key: Option<UserKey>, users: &Arc<Users>) -> Result<(), Refusal> {
        let mut user = self.user.lock();
        let is_same = match (&*user, &key) {
            (Some(place), Some(key)) => place.is_of(key),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            *user = key.map(|key| users.socket(key)).transpose()?;
        }
        Ok(())
    }

    pub fn connection(&self) -> Arc<ConnectionPlace> {
        Arc::clone(&self.connection)
    }
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut table = self.addresses.table.lock();
        table.release(self.key, Instant::now(), |entry| entry.sockets -= 1);
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut table = self.addresses.table.lock();
        table.connections -= 1;
        if let Some(key) = self.key {
            table.release(key, Instant::now(), |entry| entry.connections -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Arc<Addresses> {
        let count = |number| NonZeroU32::new(number).unwrap();
        Arc::new(Addresses::new(Bounds {
            connections: 3,
            connections_per_address: count(2),
            sockets_per_address: count(1),
            strikes: count(2),
            ban: Duration::from_secs(30),
        }))
    }

    fn key(last: u8) -> AddressKey {
        AddressKey::of([10, 0, 0, last].into())
    }

    #[test]
    fn places_are_counted_until_they_are_dropped() {
        let (all, now) = (addresses(), Instant::now());
        let open = |last| all.connection(Some(key(last)), now);
        let first = Arc::new(open(1).unwrap_or_else(|_| panic!()));
        let second = open(1);
        assert_eq!(open(1).err(), Some(Refusal::AddressConnections));
        let third = open(2);
        assert!(second.is_ok() && third.is_ok());
        assert_eq!(open(3).err(), Some(Refusal::Connections));
        assert_eq!(
            all.connection(None, now).err(),
            Some(Refusal::Connections),
            "a proxy counts among all"
        );
        let socket = all.socket(key(1), Arc::clone(&first));
        assert_eq!(
            all.socket(key(1), Arc::clone(&first)).err(),
            Some(Refusal::Sockets)
        );
        // The socket keeps its connection.
        drop((first, second, third));
        assert_eq!(all.table.lock().connections, 1);
        drop(socket);
        let table = all.table.lock();
        assert!(table.connections == 0 && table.entries.is_empty());
    }

    #[test]
    fn strikes_end_in_a_ban_that_ends() {
        let (all, now) = (addresses(), Instant::now());
        let connection = all.connection(Some(key(1)), now);
        let connection = Arc::new(connection.unwrap_or_else(|_| panic!()));
        for _ in 0..2 {
            let socket = all.socket(key(1), Arc::clone(&connection));
            socket.unwrap_or_else(|_| panic!()).strike();
        }
        drop(connection);
        let banned = all.connection(Some(key(1)), now).err();
        assert!(matches!(banned, Some(Refusal::Banned { .. })), "{banned:?}");
        assert!(all.connection(Some(key(2)), now).is_ok());
        let later = now + Duration::from_secs(40);
        assert!(all.admit(key(1), later).is_ok());
        all.sweep(now);
        assert_eq!(all.table.lock().entries.len(), 1, "it is remembered");
        all.sweep(later + WINDOW);
        assert!(all.table.lock().entries.is_empty());
    }
}
