//! What comes out of a follower.

use crate::wire::{ClientFrame, Topic};

/// Something that the server said against a topic, or against a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub topic: Option<Topic>,
    pub code: String,
    pub message: String,
}

/// What the caller is to do.
#[derive(Debug, Default)]
pub struct Effects {
    /// To the server, in this order.
    pub send: Vec<ClientFrame>,
    pub complaints: Vec<Complaint>,
    /// Something waits to be laid over the replicas.
    pub waiting: bool,
    /// Something was found missing, and is asked for.
    pub gap: bool,
    /// Call [`Follower::want`](super::Follower::want) after this time, instead of any time named before.
    pub want_after_ms: Option<u32>,
    /// Lay over what waits and call [`Follower::check`](super::Follower::check) after this time.
    pub check_after_ms: Option<u32>,
}
