//! What a client is told of its own frames: replies and refusals, and when it has sent too much.

use std::time::Instant;

use super::{End, Flow, Session};
use crate::domain::Rejection;
use crate::server::limits::Verdict;
use crate::server::monitor::Counters;
use crate::wire::frame::ErrorReply;
use crate::wire::{CloseCode, ServerFrame};

impl Session {
    /// Counts a frame of the client.
    pub(super) fn verdict(&mut self) -> Verdict {
        self.shard.host.limits().command(&mut self.rate)
    }

    /// A frame came too soon after the others; it is not looked at.
    pub(super) fn too_much(&self, id: Option<u64>, verdict: Verdict) -> Flow {
        let Verdict::Refuse(wait) = verdict else {
            return Flow::Break(End::Close(CloseCode::RateLimited));
        };
        let rejection = Rejection::new("rate_limited", "this socket sends more than it may");
        let retry_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        self.error(id, rejection, Some(retry_ms.saturating_add(1)));
        Flow::Continue(())
    }

    pub(super) fn bad_frame(&mut self, id: Option<u64>, code: &str, message: &str) -> Flow {
        Counters::add(&self.shard.host.counters().bad_frames, 1);
        self.refuse(id, Rejection::new(code, message), false);
        if self.bad_frames.note(Instant::now()) {
            return Flow::Break(End::Close(CloseCode::BadFrame));
        }
        Flow::Continue(())
    }

    pub(super) fn refuse(&self, id: Option<u64>, rejection: Rejection, temporary: bool) {
        self.error(id, rejection, temporary.then_some(1_000));
    }

    /// With `retry_ms` it is worth trying again, then.
    fn error(&self, id: Option<u64>, rejection: Rejection, retry_ms: Option<u32>) {
        let Rejection {
            code,
            field,
            message,
        } = rejection;
        self.reply(&ServerFrame::Error(ErrorReply {
            id,
            code,
            field,
            message,
            temporary: retry_ms.is_some(),
            retry_ms,
        }));
    }

    pub(super) fn reply(&self, frame: &ServerFrame) {
        self.shard.with(|fanout, _| fanout.reply(self.id, frame));
    }
}
