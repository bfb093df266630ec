//! Takes a failing run apart: whatever can be left out while it still fails, is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::client::Counts;
use super::plan::Plan;
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
        let before = left;
        let Some(smaller) = candidates(&best.0).find_map(|plan| {
            left = left.checked_sub(1)?;
            let how = attempt(&plan).err()?;
            Some((plan, how))
        }) else {
            return best;
        };
        best = smaller;
        if left == 0 || before == 0 {
            return best;
        }
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
            less.steps.drain(from..(from + size).min(count));
            smaller.push(less);
        }
        size /= 2;
    }
    if plan.clients > 1 {
        let mut less = plan.clone();
        less.clients -= 1;
        smaller.push(less);
    }
    for topic in 0..plan.topics.len() {
        if plan.topics.len() > 1 {
            let mut less = plan.clone();
            less.topics.remove(topic);
            smaller.push(less);
        }
    }
    for fault in &plan.faults {
        let mut less = plan.clone();
        less.faults.remove(fault);
        smaller.push(less);
    }
    smaller.into_iter()
}
