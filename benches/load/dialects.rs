//! `dialects`: clients of all five older protocols at once, for a while, and what each of them was told. What
//! they say and hear is in [`dialect`], one of them is a [`client`], what is counted is in [`tally`].

mod client;
mod dialect;
mod tally;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, LocalSet};
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::args::DialectsArgs;
use crate::process;
use client::Client;
use dialect::{Dialect, Wish};
use tally::Tally;

/// Connections that are opened at once.
const OPENING: usize = 64;
/// How long one may take until it is told something.
const OPEN_WITHIN: Duration = Duration::from_secs(20);
/// What clients are told for having come is over by then.
const SETTLE: Duration = Duration::from_secs(2);
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// The clients of one dialect together.
type Shared = Rc<RefCell<Tally>>;

/// Opens the clients, listens, and prints what they were told.
pub fn run(args: &DialectsArgs) -> Result<(), Failure> {
    process::allow_files(args.clients * Dialect::ALL.len())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("runtime"))?;
    let figures = LocalSet::new().block_on(&runtime, measure(args))?;
    println!("{figures}");
    if !args.json {
        eprint!("{}", lines(&figures));
    }
    Ok(())
}

async fn measure(args: &DialectsArgs) -> Result<Value, Failure> {
    let look = || args.pid.map(process::sample).transpose();
    let wish = Rc::new(Wish {
        server: args.url.clone(),
        token: std::env::var("PLAINSIGHT_TOKEN").ok(),
        symbols: args.symbols.clone(),
    });
    let tally = |dialect: Dialect| Shared::new(Tally::new(dialect.cadences(&wish)).into());
    let crowd = Dialect::ALL.map(|dialect| (dialect, tally(dialect)));
    let stop = CancellationToken::new();

    let before = look()?;
    let opening = Instant::now();
    // One of each in turn, so that all dialects are busy from the beginning.
    let openings = (0..args.clients)
        .flat_map(|_| &crowd)
        .map(|(dialect, tally)| join(*dialect, Rc::clone(tally), Rc::clone(&wish), stop.clone()));
    let listening: Vec<_> = futures::stream::iter(openings)
        .buffer_unordered(OPENING)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let opened_s = opening.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLE).await;

    let start = look()?;
    let own = process::sample(std::process::id())?;
    let started = Instant::now();
    for (_, tally) in &crowd {
        tally.borrow_mut().measure(started);
    }
    let until = started + Duration::from_secs_f64(args.seconds);
    let mut peak = 0;
    while Instant::now() < until {
        peak = peak.max(look()?.map_or(0, |sample| sample.resident));
        let left = until.saturating_duration_since(Instant::now());
        tokio::time::sleep(LOOK.min(left)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let end = look()?;
    let own = process::sample(std::process::id())?.cpu_us - own.cpu_us;
    stop.cancel();
    futures::future::join_all(listening).await;

    let told = crowd.iter().map(|(dialect, tally)| {
        let mut figures = tally.borrow().figures(seconds);
        figures["dialect"] = json!(dialect.name());
        figures
    });
    let mut figures = json!({
        "clients": args.clients,
        "seconds": seconds,
        "opened_s": opened_s,
        "client_cpu": own as f64 / 1e6 / seconds,
        "dialects": told.collect::<Vec<_>>(),
    });
    if let (Some(before), Some(start), Some(end)) = (before, start, end) {
        figures["server"] = json!({
            "cpu": (end.cpu_us - start.cpu_us) as f64 / 1e6 / seconds,
            "resident_before": before.resident,
            "resident_start": start.resident,
            "resident_peak": peak.max(end.resident),
            "resident_end": end.resident,
        });
    }
    Ok(figures)
}

/// Opens one client, which listens from then on until all stop; nothing where it was not let in.
async fn join(
    dialect: Dialect,
    tally: Shared,
    wish: Rc<Wish>,
    stop: CancellationToken,
) -> Option<JoinHandle<()>> {
    let opening = Client::open(dialect, wish, Rc::clone(&tally));
    match tokio::time::timeout(OPEN_WITHIN, opening).await {
        Ok(Ok(client)) => Some(tokio::task::spawn_local(client.listen(stop))),
        Ok(Err(why)) => {
            tally.borrow_mut().error(&why);
            None
        }
        Err(_) => {
            tally.borrow_mut().error("not told anything in time");
            None
        }
    }
}

/// A line for each dialect, for people.
fn lines(figures: &Value) -> String {
    let mut lines = String::new();
    for told in figures["dialects"].as_array().into_iter().flatten() {
        lines.push_str(&format!(
            "{}: {} connected, {} at the end, {} messages/s, {} to {} each, errors {}\n",
            told["dialect"].as_str().unwrap_or_default(),
            told["connected"],
            told["connected_at_the_end"],
            told["messages_per_s"],
            told["messages_of_a_client"]["least"],
            told["messages_of_a_client"]["most"],
            told["errors"],
        ));
        for gaps in told["gaps"].as_array().into_iter().flatten() {
            lines.push_str(&format!(
                "  {} every {} ms: {} ms on average, {} ms at most\n",
                gaps["event"].as_str().unwrap_or_default(),
                gaps["every_ms"],
                gaps["mean_ms"],
                gaps["longest_ms"],
            ));
        }
    }
    lines
}
