//! What the simulator needs of a server: frames in, frames out, time handed in, nothing else. One
//! value is one process; a killed server is dropped and another is made.

use plainsight::domain::Seq;
use plainsight::wire::{ClientFrame, Epoch, Topic};

use super::plan::Plan;
use super::shadow::Published;

/// A connection, for one server's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Whole,
    /// The connection takes no more at present.
    Blocked,
    Gone,
}

/// The way out of the server.
pub trait Wire {
    fn write(&mut self, conn: ConnId, text: &str) -> Written;
    /// The server ends the connection by itself.
    fn close(&mut self, conn: ConnId);
}

/// Publications `from + 1..=to` that memory has no more.
#[derive(Debug, Clone)]
pub struct BackfillRequest {
    pub conn: ConnId,
    pub topic: Topic,
    pub from: u64,
    pub to: u64,
}

/// A server, without I/O and without a clock of its own.
pub trait ServerHalf {
    /// A topic appears, at `head`; of a log, `past` ends there and is in memory.
    fn create(&mut self, topic: &Topic, epoch: Epoch, head: u64, past: Vec<Published>);

    /// What one batch of the engine led to.
    fn publish(&mut self, batch: Vec<Published>, seq: Seq, now_ms: u64);

    /// Memory keeps only the newest `keep` publications of a log.
    fn trim(&mut self, topic: &Topic, keep: usize);

    fn open(&mut self, now_ms: u64) -> ConnId;

    fn receive(&mut self, conn: ConnId, frame: ClientFrame, now_ms: u64);

    /// The connection is gone.
    fn close(&mut self, conn: ConnId);

    /// Time has passed.
    fn tick(&mut self, now_ms: u64);

    /// Writes what waits, as far as the connections take it.
    fn round(&mut self, now_ms: u64, wire: &mut dyn Wire);

    /// What is to be read from the journal since the last call.
    fn take_backfills(&mut self) -> Vec<BackfillRequest>;

    /// Answers one of them.
    fn backfilled(&mut self, request: &BackfillRequest, read: Vec<Published>);
}

/// A server for this run, which has published nothing yet.
pub fn start(plan: &Plan) -> Box<dyn ServerHalf> {
    Box::new(super::process::Process::new(plan))
}
