//! The server: configuration, state, routes and the tasks that drive the engine.

pub mod access;
pub mod clock;
pub mod commands;
pub mod config;
pub mod driver;
pub mod error;
pub mod feeder;
pub mod forms;
pub mod handle;
pub mod ingest;
pub mod latency;
pub mod limits;
pub mod listen;
pub mod monitor;
pub mod network;
pub mod pages;
mod parts;
pub mod projection;
pub mod rest;
pub mod router;
pub mod serve;
pub mod socket;
pub mod startup;
pub mod state;
