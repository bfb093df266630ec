//! The server: configuration, state, routes and the tasks that drive the engine.

pub mod config;
