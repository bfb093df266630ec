//! Integration tests, one module for each capability. They drive the real server with real clients,
//! in this process or as the program itself, and only over 127.0.0.1.
//!
//! [`harness`] starts and stops it, [`program`] is its process, [`answer`] what it says over HTTP,
//! [`client`] speaks the native protocol, [`journal`] reads the data directory from outside,
//! [`market`] makes market data. [`simulation`] alone has neither sockets nor time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answer;
mod binance_standin;
mod client;
mod harness;
mod journal;
mod market;
mod metrics;
mod metrics_doc;
mod program;
mod recorded;

mod accounts;
mod architecture;
mod bad_frames;
mod binance;
mod binance_server;
mod clients;
mod crowd;
mod decisions;
mod deploy;
mod dialects;
mod documents;
mod doors;
mod forms;
mod fuzz_corpora;
mod heavy_binance_kill;
mod heavy_bracket;
mod heavy_disk;
mod heavy_kill;
mod heavy_replay;
mod ingest;
mod limits;
mod load_tool;
mod models;
mod orders;
mod origins;
mod pages;
mod protocol;
mod replay;
mod rest;
mod resume;
mod sealed;
mod simulation;
mod streams;
mod tls;
mod trading;
