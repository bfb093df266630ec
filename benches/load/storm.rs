//! `storm`: all clients are cut at once and come back at once.

use std::time::Duration;

use serde_json::json;

use crate::Failure;
use crate::args::StormArgs;
use crate::clients::{look, print};
use crate::fleet::Fleet;
use crate::tally::quantiles_ms;

/// Opens the clients, cuts them, and prints how they came back.
pub fn run(args: &StormArgs) -> Result<(), Failure> {
    let common = &args.fleet;
    let follow = Duration::from_secs_f64(args.seconds);
    let mut fleet = Fleet::new(common, 0)?;
    fleet.open_all()?;
    fleet.receive(follow, || Ok(()))?;
    let live = fleet.live();
    let start = look(common)?;
    let joins = fleet.cut_all(Duration::from_secs_f64(args.timeout))?;
    let end = look(common)?;
    let back = joins.len();
    fleet.receive(follow, || Ok(()))?;

    let (back_live, behind) = (fleet.live(), fleet.behind());
    let tally = fleet.shared.tally(false);
    let mut figures = json!({
        "clients": common.clients,
        "how": "cut with a reset, all connected again at once",
        "live_before": live,
        "back": back,
        "all_back_ms": (back == common.clients as u64).then(|| joins.max() as f64 / 1e3),
        "back_ms": quantiles_ms(&joins),
        "resumed": tally.resumed,
        "resyncs": tally.resyncs,
        "gaps": tally.gaps,
        "missed": tally.missed,
        "duplicates": tally.duplicates,
        "errors": tally.errors,
        "closes": tally.closes,
        "live_after": back_live,
        "behind": behind,
    });
    if let (Some(start), Some(end)) = (start, end) {
        figures["server"] = json!({
            "cpu_us_per_return": (end.cpu_us - start.cpu_us) as f64 / back.max(1) as f64,
            "resident_start": start.resident,
            "resident_end": end.resident,
        });
    }
    let line = format!(
        "{} clients cut: {back} back, all after {} ms; {} resumed, {} resynced, {} gaps, {} duplicates",
        common.clients,
        figures["all_back_ms"],
        figures["resumed"],
        figures["resyncs"],
        figures["gaps"],
        figures["duplicates"],
    );
    print(common, &figures, &line);
    Ok(())
}
