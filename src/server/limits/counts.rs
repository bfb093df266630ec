//! How often each limit was met, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Denied,
    Banned,
    Connections,
    AddressConnections,
    Sockets,
    UserSockets,
    Requests,
    UserRequests,
    /// Frames on sockets that were refused, and sockets that were closed for going on.
    Commands,
    CommandFlood,
    /// Headers that came too slowly, or were too many or too long.
    Headers,
    Body,
    /// TLS that did not come about.
    Handshake,
}

impl Why {
    pub const ALL: [Self; 13] = [
        Self::Denied,
        Self::Banned,
        Self::Connections,
        Self::AddressConnections,
        Self::Sockets,
        Self::UserSockets,
        Self::Requests,
        Self::UserRequests,
        Self::Commands,
        Self::CommandFlood,
        Self::Headers,
        Self::Body,
        Self::Handshake,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Banned => "banned",
            Self::Connections => "connections",
            Self::AddressConnections => "address_connections",
            Self::Sockets => "sockets",
            Self::UserSockets => "user_sockets",
            Self::Requests => "requests",
            Self::UserRequests => "user_requests",
            Self::Commands => "commands",
            Self::CommandFlood => "command_flood",
            Self::Headers => "headers",
            Self::Body => "body",
            Self::Handshake => "handshake",
        }
    }
}

#[derive(Debug, Default)]
pub struct Counts([AtomicU64; Why::ALL.len()]);

impl Counts {
    pub fn add(&self, why: Why) {
        self.0[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub fn all(&self) -> [(Why, u64); Why::ALL.len()] {
        Why::ALL.map(|why| (why, self.0[why as usize].load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_counter_of_its_own() {
        let counts = Counts::default();
        for (times, why) in Why::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| counts.add(why));
        }
        let counted = counts.all().map(|(_, count)| count);
        assert!(counted.into_iter().eq(0..Why::ALL.len() as u64));
    }
}
