//! `flood`: everything at once that a server must not be troubled by, for a while, and what came of it. Each
//! kind of abuser comes from addresses of its own in 127.0.0.0/8, and comes back whenever it was thrown out.
//! What one of them does is in [`abuser`], what is counted in [`outcome`].

mod abuser;
mod outcome;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use crate::Failure;
use crate::args::FloodArgs;
use crate::process;
use abuser::{Abuser, Kind};
use outcome::Outcomes;

/// Abusers that share an address.
const PER_ADDRESS: usize = 50;
/// Between being thrown out and coming back.
const PAUSE: Duration = Duration::from_millis(500);
/// All of them begin within this.
const SPREAD: Duration = Duration::from_secs(1);

/// Floods until the time is over, and prints what was done about it.
pub fn run(args: &FloodArgs) -> Result<(), Failure> {
    let crowd = [
        (Kind::Silent, args.silent),
        (Kind::Dripping, args.dripping),
        (Kind::Shouting, args.shouting),
        (Kind::Deaf, args.deaf),
    ];
    process::allow_files(crowd.iter().map(|(_, count)| count).sum())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("runtime"))?;
    let until = Instant::now() + Duration::from_secs_f64(args.seconds);
    let found = tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut kinds = Vec::new();
        for (kind, count) in crowd {
            let outcomes = Rc::new(RefCell::new(Outcomes::default()));
            let abusers: Vec<_> = (0..count)
                .map(|index| {
                    let abuser = Abuser::new(kind, index / PER_ADDRESS, &args.url);
                    let wait = SPREAD.mul_f64(index as f64 / count as f64);
                    tokio::task::spawn_local(abuse(abuser, wait, until, Rc::clone(&outcomes)))
                })
                .collect();
            kinds.push((kind, count, outcomes, abusers));
        }
        let mut found = Map::new();
        for (kind, count, outcomes, abusers) in kinds {
            futures::future::join_all(abusers).await;
            let mut figures = outcomes.borrow().figures();
            figures["abusers"] = json!(count);
            figures["addresses"] = json!(count.div_ceil(PER_ADDRESS));
            found.insert(kind.name().to_owned(), figures);
        }
        found
    });
    println!("{}", json!(found));
    Ok(())
}

/// One abuser, again and again.
async fn abuse(abuser: Abuser, wait: Duration, until: Instant, outcomes: Rc<RefCell<Outcomes>>) {
    tokio::time::sleep(wait).await;
    let mut returns = false;
    while Instant::now() < until {
        let left = until.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, abuser.attempt()).await {
            Ok(outcome) => outcomes.borrow_mut().add(returns, outcome),
            // It is still in when the time is over.
            Err(_) => outcomes.borrow_mut().stayed += 1,
        }
        returns = true;
        tokio::time::sleep(PAUSE).await;
    }
}
