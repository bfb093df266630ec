//! `clients`: follows a topic with many clients and says what arrived and how late.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;
use crate::args::{ClientsArgs, FleetArgs};
use crate::fleet::Fleet;
use crate::process::{self, Sample};

/// How long the server's memory may settle once all clients are there.
const SETTLE: Duration = Duration::from_millis(500);
/// How long the slow ones are looked at in the end.
const LOOK: Duration = Duration::from_secs(2);

/// The server's processor time and memory at one moment; nothing when it was not named.
pub fn look(args: &FleetArgs) -> Result<Option<Sample>, Failure> {
    args.pid.map(process::sample).transpose()
}

/// Prints the figures, and the line for people where it is wanted.
pub fn print(args: &FleetArgs, figures: &Value, line: &str) {
    println!("{figures}");
    if !args.json {
        eprintln!("{line}");
    }
}

/// Opens the clients, measures the window, and prints what was seen.
pub fn run(args: &ClientsArgs) -> Result<(), Failure> {
    let common = &args.fleet;
    let mut fleet = Fleet::new(common, args.slow)?;
    let before = look(common)?;
    let opened_s = fleet.open_all()?;
    fleet.receive(SETTLE, || Ok(()))?;
    let connected = look(common)?;
    if !args.idle {
        fleet.receive(Duration::from_secs_f64(args.warmup), || Ok(()))?;
    }

    let start = look(common)?;
    let own = process::sample(std::process::id())?;
    let head = fleet.shared.tally(false).head;
    let mut peak = 0;
    fleet.shared.tally(false).measuring = true;
    let started = Instant::now();
    fleet.receive(Duration::from_secs_f64(args.seconds), || {
        let sample = look(common)?;
        peak = peak.max(sample.map_or(0, |sample| sample.resident));
        Ok(())
    })?;
    let seconds = started.elapsed().as_secs_f64();
    fleet.shared.tally(false).measuring = false;
    let end = look(common)?;
    let own = process::sample(std::process::id())?.cpu_us - own.cpu_us;
    let (live, behind) = (fleet.live(), fleet.behind());

    let tally = fleet.shared.tally(false);
    let deliveries = tally.deliveries;
    let mut figures = tally.figures(seconds);
    figures["clients"] = json!(common.clients);
    figures["seconds"] = json!(seconds);
    figures["opened_s"] = json!(opened_s);
    figures["live"] = json!(live);
    figures["behind"] = json!(behind);
    figures["offsets_per_s"] = json!((tally.head - head) as f64 / seconds);
    figures["client_cpu"] = json!(own as f64 / 1e6 / seconds);
    if let (Some(before), Some(connected), Some(start), Some(end)) = (before, connected, start, end)
    {
        let cpu_us = end.cpu_us - start.cpu_us;
        let grown = connected.resident.saturating_sub(before.resident);
        figures["server"] = json!({
            "cpu": cpu_us as f64 / 1e6 / seconds,
            "cpu_us_per_delivery": (deliveries > 0).then(|| cpu_us as f64 / deliveries as f64),
            "bytes_per_connection": grown / (common.clients.max(1) as u64),
            "resident_before": before.resident,
            "resident_connected": connected.resident,
            "resident_start": start.resident,
            "resident_end": end.resident,
            "resident_peak": peak.max(end.resident),
        });
    }
    if args.slow > 0 {
        let open = fleet.look_at_parked(LOOK)?;
        let tally = fleet.shared.tally(true);
        figures["slow"] = json!({
            "clients": args.slow,
            "still_open": open,
            "closes": tally.closes,
            "gaps": tally.gaps,
            "missed": tally.missed,
            "duplicates": tally.duplicates,
            "lags": tally.lags,
        });
    }
    print(common, &figures, &line(&figures));
    Ok(())
}

fn line(figures: &Value) -> String {
    format!(
        "{} clients: {} deliveries/s, p50/p90/p99/max {}/{}/{}/{} ms, {} gaps, {} duplicates, closes {}; server: {} µs/delivery, {} bytes/connection",
        figures["clients"],
        figures["deliveries_per_s"],
        figures["latency_ms"]["p50"],
        figures["latency_ms"]["p90"],
        figures["latency_ms"]["p99"],
        figures["latency_ms"]["max"],
        figures["gaps"],
        figures["duplicates"],
        figures["closes"],
        figures["server"]["cpu_us_per_delivery"],
        figures["server"]["bytes_per_connection"],
    )
}
