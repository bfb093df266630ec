//! The synchronous core: no I/O, no clock, no randomness of its own.

pub mod performance;
