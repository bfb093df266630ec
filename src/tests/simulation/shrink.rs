//! Takes a failing run apart: whatever can be left out while it still fails, is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::counts::Counts;
use super::plan::{Deed, Plan};
use super::world::World;

/// Runs that one shrinking may take.
const MOST_RUNS: usize = 600;

/// Runs a plan; a panic is a failure too.
pub fn attempt(plan: &Plan) -> Result<Counts, String> {
    catch_unwind(AssertUnwindSafe(|| World::run(plan))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("a panic: {}", text.unwrap_or("without words")))
    })
}

/// The smallest plan that was found to fail, and how.
pub fn shrink(failing: &Plan, how: String) -> (Plan, String) {
    let mut best = (failing.clone(), how);
    let mut left = MOST_RUNS;
    loop {
        let Some(smaller) = candidates(&best.0).find_map(|plan| {
            left = left.checked_sub(1)?;
            let how = attempt(&plan).err()?;
            Some((plan, how))
        }) else {
            return best;
        };
        best = smaller;
    }
}

/// Smaller plans, the much smaller ones first.
fn candidates(plan: &Plan) -> impl Iterator<Item = Plan> {
    let mut smaller = Vec::new();
    let count = plan.steps.len();
    let mut size = count.div_ceil(2);
    while size > 0 {
        for from in (0..count).step_by(size) {
            let mut less = plan.clone();
            let gone = less.steps.drain(from..(from + size).min(count));
            let gone_ms: u64 = gone.map(|step| step.wait_ms).sum();
            // The others stay when they were; in a second try they come sooner.
            smaller.push(less.clone());
            if let Some(next) = less.steps.get_mut(from) {
                next.wait_ms += gone_ms;
                smaller.push(less);
            }
        }
        size /= 2;
    }
    for gone in 0..plan.clients {
        if plan.clients > 1 {
            let mut less = plan.clone();
            less.clients -= 1;
            less.steps
                .retain_mut(|step| stays(step.deed.client(), gone));
            smaller.push(less);
        }
    }
    for gone in 0..plan.topics.len() {
        if plan.topics.len() > 1 {
            let mut less = plan.clone();
            less.topics.remove(gone);
            less.steps.retain_mut(|step| stays(step.deed.topic(), gone));
            smaller.push(less);
        }
    }
    for fault in &plan.faults {
        let mut less = plan.clone();
        less.faults.remove(fault);
        smaller.push(less);
    }
    for place in 0..count {
        if let Deed::Publish { count, .. } = plan.steps[place].deed
            && count > 1
        {
            let mut less = plan.clone();
            if let Deed::Publish { count, .. } = &mut less.steps[place].deed {
                *count /= 2;
            }
            smaller.push(less);
        }
    }
    smaller.into_iter()
}

/// Whether a deed is about others than the one that is gone; those behind it move up.
fn stays(place: Option<&mut usize>, gone: usize) -> bool {
    match place {
        Some(place) if *place > gone => {
            *place -= 1;
            true
        }
        Some(place) => *place != gone,
        None => true,
    }
}
