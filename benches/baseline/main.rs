//! What the fan-out is compared with: a server as one would write it in an evening. A broadcast
//! channel, one task per client, the text cloned for each, default buffers. It speaks as much of the
//! protocol as the load tool needs, and resumes nobody.

mod plain;
mod room;
mod swift;

#[path = "../load/pacer.rs"]
mod pacer;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::routing::get;
use clap::Parser;

use room::Room;

#[derive(Debug, Parser)]
struct Args {
    /// Port on 127.0.0.1.
    #[arg(long, value_name = "PORT")]
    port: u16,
    /// Messages a second; 0 publishes nothing.
    #[arg(long, value_name = "R", default_value_t = 100.0)]
    rate: f64,
    /// Length of the text in each message; the rest of it is about 210 bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 8)]
    pad: usize,
    /// The same with the crate fastwebsockets instead of axum's own socket.
    #[arg(long)]
    fastwebsockets: bool,
}

#[tokio::main(worker_threads = 1)]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let room = Arc::new(Room::new());
    let publisher = Arc::clone(&room);
    std::thread::spawn(move || {
        let never = AtomicBool::new(false);
        pacer::run(args.rate, args.pad, &never, &mut |_: u64, data: &str| {
            publisher.publish(data);
        })
    });
    let route = if args.fastwebsockets {
        get(swift::upgrade)
    } else {
        get(plain::upgrade)
    };
    let router = Router::new().route("/v1/ws", route).with_state(room);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await?;
    axum::serve(listener, router).await
}
