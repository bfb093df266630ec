//! The native protocol, v1: what goes over `/v1/ws`, shared by server and browser so that the two
//! cannot disagree. Pure: no sockets, no clock, no randomness.
//!
//! [`stream`] names topics, [`frame`] lists the frames, [`payload`] types what a push carries,
//! [`replica`] is a client's copy of one topic with the rule that keeps it exact, [`follow`] keeps
//! all of a client's replicas in step with the server, [`backoff`] says when to reconnect, [`close`] what a close code means, [`json`] writes and reads it all as JSON,
//! [`boot`] is what a server-rendered page hands over to the client, and [`form`] what the pages' forms
//! say.

pub mod backoff;
pub mod boot;
pub mod close;
pub mod follow;
pub mod form;
pub mod frame;
pub mod json;
pub mod payload;
pub mod replica;
pub mod stream;

pub use backoff::{Backoff, Next};
pub use boot::{Boot, BootTopic, ClientConfig, Desk, OrderDetail, StreamRate};
pub use close::CloseCode;
pub use follow::Follower;
pub use frame::{ClientFrame, Epoch, Position, Push, PushKind, ResyncReason, ServerFrame};
pub use payload::{Payload, publication};
pub use replica::{Applied, Replica};
pub use stream::{Class, Stream, Topic};
