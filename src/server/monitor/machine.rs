//! How busy the whole machine is, beside this process.

use std::time::{Duration, Instant};

use sysinfo::System;

/// Sooner than this nothing is measured anew: a share of a shorter time says little.
const AGE: Duration = Duration::from_secs(1);

/// Percent of all processors' time since the look before, and of all memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine {
    /// `None` at the first look, which there is nothing before.
    pub cpu_percent: Option<f32>,
    pub memory_percent: Option<f64>,
}

#[derive(Debug, Default)]
pub(super) struct Gauge {
    looked: Option<Instant>,
    seen: Machine,
}

impl Gauge {
    pub fn look(&mut self, system: Option<&mut System>, now: Instant) -> Machine {
        let is_old = self.looked.is_none_or(|at| now.duration_since(at) >= AGE);
        if let Some(system) = system.filter(|_| is_old) {
            system.refresh_cpu_usage();
            system.refresh_memory();
            let (used, all) = (system.used_memory() as f64, system.total_memory() as f64);
            self.seen = Machine {
                cpu_percent: self.looked.map(|_| system.global_cpu_usage()),
                memory_percent: (all > 0.0).then(|| used / all * 100.0),
            };
            self.looked = Some(now);
        }
        self.seen
    }
}
