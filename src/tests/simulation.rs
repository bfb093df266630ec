//! Client, network and server in one deterministic run, tens of thousands of times.
//!
//! [`draw`] makes from a seed the [`plan`] of what happens: publications, cuts, crashes, slow readers, and a network
//! that loses, doubles, delays and mixes. [`world`] carries it out in virtual time over the real
//! [`Follower`](plainsight::wire::Follower) ([`client`]) and the real hub and fan-out
//! ([`process`] as a [`server`] half), with real frames between them ([`network`]). [`shadow`] is the truth, kept apart from both.
//!
//! What must hold: at every step a replica that says where it stands holds what was true there; of
//! a log nothing comes twice, and nothing is left out without the client having been told; and when
//! the faults are over, everybody has everything. A run that fails is made smaller by [`shrink`].
//!
//! `PLAINSIGHT_SIM_RUNS=100000 cargo test simulation::every_client` runs more of them, on all cores;
//! with `PLAINSIGHT_SIM_SEED=n` it is one alone.

mod client;
mod counts;
mod draw;
mod network;
mod pipe;
mod plan;
mod process;
mod server;
mod shadow;
mod shrink;
mod world;
mod wrong;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use counts::Counts;
use plan::{Broken, Plan};
use world::World;

/// Runs of the ordinary test.
const RUNS: u64 = 2_000;
/// Seeds within which a broken rule must show.
const BROKEN_RUNS: u64 = 400;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: {text:?}")))
}

/// Takes the failing run apart and says all that is needed to look at it again.
fn report(plan: &Plan, how: String) -> String {
    let seed = plan.seed;
    let (small, _) = shrink::shrink(plan, how.clone());
    let lines = World::diary(&small).into_iter();
    let diary: Vec<String> = lines.map(|line| line.chars().take(200).collect()).collect();
    format!(
        "seed {seed} fails {how}\n\
         the smallest that fails: {small:?}\n{}\n\
         again: PLAINSIGHT_SIM_SEED={seed} cargo nextest run simulation::every_client",
        diary.join("\n")
    )
}

#[test]
fn every_client_has_the_truth_or_is_told() {
    let (from, count) = match number("PLAINSIGHT_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("PLAINSIGHT_SIM_RUNS").unwrap_or(RUNS)),
    };
    // More than usual is somebody's wish, and may have the whole machine.
    let threads = match std::thread::available_parallelism() {
        Ok(cores) if count > RUNS => cores.get() as u64,
        _ => 1,
    };
    let began = Instant::now();
    let mut sum = Counts::default();
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let failed = &failed;
        let run = move |first: u64| {
            let mut sum = Counts::default();
            for seed in (first..from + count).step_by(usize::try_from(threads).unwrap()) {
                if failed.load(Ordering::Relaxed) {
                    break;
                }
                let plan = Plan::from_seed(seed, None);
                match shrink::attempt(&plan) {
                    Ok(counts) => sum.add(&counts),
                    Err(how) => {
                        failed.store(true, Ordering::Relaxed);
                        panic!("{}", report(&plan, how));
                    }
                }
            }
            sum
        };
        let parts: Vec<_> = (from..from + threads)
            .map(|first| scope.spawn(move || run(first)))
            .collect();
        for part in parts {
            sum.add(&part.join().unwrap());
        }
    });
    let per_s = count as f64 / began.elapsed().as_secs_f64();
    println!("{count} runs, {per_s:.0} a second: {sum:?}");
    if count >= RUNS {
        let tried = [
            sum.pushes,
            sum.resumed,
            sum.resyncs,
            sum.lags,
            sum.gaps,
            sum.unknown,
            sum.connects,
            sum.backfills,
        ];
        assert!(tried.iter().all(|count| *count > 50), "{sum:?}");
    }
}

#[test]
fn the_same_seed_does_the_same() {
    for seed in 0..20 {
        let plan = Plan::from_seed(seed, None);
        assert_eq!(shrink::attempt(&plan), shrink::attempt(&plan));
    }
}

#[test]
fn a_broken_rule_is_found_and_made_small() {
    for broken in Broken::ALL {
        let mut plans = (0..BROKEN_RUNS).map(|seed| Plan::from_seed(seed, Some(broken)));
        let found = plans.find_map(|plan| shrink::attempt(&plan).err().map(|how| (plan, how)));
        let Some((plan, how)) = found else {
            panic!("{broken:?} is not found by {BROKEN_RUNS} seeds");
        };
        let (small, how) = shrink::shrink(&plan, how);
        println!("{broken:?}: seed {}: {how}\n{small:?}\n", plan.seed);
        assert!(small.steps.len() <= 10, "{broken:?}: {small:#?}");
        assert!(
            shrink::attempt(&Plan {
                broken: None,
                ..small
            })
            .is_ok()
        );
    }
}
