//! Who gets in by which door, tried from outside: every address, page, frame and topic, by everybody who
//! may come. What is expected stands in [`expected`], in words of its own: it is not asked of the code that
//! is tried.

mod audit;
mod callers;
mod expected;
mod forms;
mod frames;
mod matrix;
pub mod people;
mod secrets;
mod sessions;
mod sockets;
