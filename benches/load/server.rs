//! `server`: the hub and the native socket as they are, with a synthetic topic and no limit of
//! connections. Ends with a signal, and then says on standard output what it did.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::Failure;
use crate::args::ServerArgs;
use crate::{pacer, wiring};

/// Serves until SIGINT or SIGTERM.
pub fn run(args: &ServerArgs) -> Result<(), Failure> {
    // All threads of one runtime: the server is measured on one core.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(Failure::io("runtime"))?;
    let stop = Arc::new(AtomicBool::new(false));
    let (mut publisher, serving) = runtime.block_on(wiring::start(args.port))?;
    let pacing = {
        let (stop, rate, pad) = (Arc::clone(&stop), args.rate, args.pad);
        std::thread::spawn(move || pacer::run(rate, pad, &stop, &mut publisher))
    };
    eprintln!("plainsight-load: serving on 127.0.0.1:{}", args.port);
    runtime.block_on(stopped())?;
    stop.store(true, Ordering::Relaxed);
    let published = pacing.join().unwrap_or_default();
    let mut figures = json!({ "published": published });
    if let (Value::Object(all), Value::Object(more)) = (&mut figures, serving.figures()) {
        all.extend(more);
    }
    println!("{figures}");
    Ok(())
}

async fn stopped() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).map_err(Failure::io("signal"))?;
    tokio::select! {
        _ = terminated.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Failure::io("signal")),
    }
}
