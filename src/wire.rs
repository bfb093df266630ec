//! The native protocol, v1: what goes over `/v1/ws`, shared by server and browser so that the two
//! cannot disagree. Pure: no sockets, no clock, no randomness.
//!
//! [`stream`] names topics, [`frame`] lists the frames, [`push`] is the one for publications, [`content`]
//! what it brings: a whole [`payload`] or a [`delta`]. [`replica`] is a client's copy of one topic with
//! the rule that keeps it exact, [`follow`] keeps all of a client's replicas in step with the server,
//! [`backoff`] says when to reconnect, [`close`] what a close code means. There are two ways to write
//! and read it all ([`encoding`], [`codec`]): as text, [`json`], and as bytes, [`postcard`], whose shape
//! [`schema`] tells apart. [`boot`] is what a server-rendered page hands over to the client,
//! its values [`packed`] and its [`part`]s drawn, and [`form`] what the pages' forms say.

pub mod backoff;
pub mod boot;
pub mod close;
pub mod codec;
pub mod content;
mod credential;
pub mod delta;
pub mod encoding;
pub mod follow;
pub mod form;
pub mod frame;
pub mod json;
mod packed;
pub mod part;
pub mod payload;
pub mod postcard;
pub mod push;
pub mod replica;
pub mod schema;
pub mod stream;

pub use backoff::{Backoff, Next};
pub use boot::{Boot, BootTopic, ClientConfig, Desk, OrderDetail, StreamRate};
pub use close::CloseCode;
pub use content::Content;
pub use credential::Credential;
pub use delta::Delta;
pub use encoding::{Echo, Encoding};
pub use follow::Follower;
pub use frame::{ClientFrame, Epoch, Position, ResyncReason, ServerFrame};
pub use part::{Decisions, Listed, Part};
pub use payload::{Payload, publication};
pub use push::{Push, PushKind};
pub use replica::{Applied, Replica};
pub use schema::schema_hash;
pub use stream::{Class, Stream, Topic};

#[cfg(test)]
mod fixtures;
