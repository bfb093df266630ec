//! What was held and traded, as sums that grow by each sample: a window's share is the difference of
//! two of them.

use super::sums::defined;
use crate::domain::money::to_f64;
use crate::domain::{Activity, Decimal, EquityPoint, TimeUs};

/// Exposure is summed in this fixed point: the sum over a stretch is then exact, whatever came
/// before it, and a restart changes no digit.
const EXPOSURE_UNIT: f64 = 1e12;

/// From the first sample of all to one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sums {
    activity: Activity,
    /// ∫ Σ|position| / equity dt, in units × µs, over the µs in which there was equity.
    exposed: i128,
    measured_us: i64,
    /// Samples so far, with this one.
    count: usize,
}

/// What was held and traded in a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Time-weighted Σ|position| / equity: each sample stands until the next.
    pub exposure: Option<f64>,
    /// Σ|fill value| / equity at the end.
    pub turnover: Option<f64>,
    pub fees: Decimal,
    /// Samples in the window.
    pub samples: usize,
}

impl Sums {
    /// At the first sample of all.
    pub fn first(activity: Activity) -> Self {
        Self {
            activity,
            exposed: 0,
            measured_us: 0,
            count: 1,
        }
    }

    /// At the next sample; the exposure of `last` stood until then.
    pub fn next(&self, last: &EquityPoint, time: TimeUs, activity: Activity) -> Self {
        let (mut exposed, mut measured_us) = (self.exposed, self.measured_us);
        if last.equity > Decimal::ZERO {
            let share = to_f64(self.activity.invested) / to_f64(last.equity);
            let lasted = time.since(last.time);
            // A float that is too large becomes the largest integer.
            let share = (share * EXPOSURE_UNIT).round() as i128;
            exposed = exposed.saturating_add(share.saturating_mul(lasted.into()));
            measured_us = measured_us.saturating_add(lasted);
        }
        Self {
            activity,
            exposed,
            measured_us,
            count: self.count + 1,
        }
    }

    /// From `base` (`None`: from before the first sample) to this, when the account is worth `equity`
    /// and stands at `now`.
    pub fn since(&self, base: Option<&Self>, equity: Decimal, now: Activity) -> Usage {
        let spent = |now: Decimal, of: fn(&Activity) -> Decimal| {
            let before = base.map_or(Decimal::ZERO, |base| of(&base.activity));
            now.checked_sub(before).unwrap_or_default()
        };
        let (exposed, measured) = base.map_or((0, 0), |base| (base.exposed, base.measured_us));
        let lasted = self.measured_us.saturating_sub(measured) as f64;
        let exposed = self.exposed.saturating_sub(exposed) as f64;
        let traded = spent(now.traded, |activity| activity.traded);
        Usage {
            exposure: (lasted > 0.0)
                .then(|| exposed / EXPOSURE_UNIT / lasted)
                .and_then(defined),
            turnover: (equity > Decimal::ZERO)
                .then(|| to_f64(traded) / to_f64(equity))
                .and_then(defined),
            fees: spent(now.fees, |activity| activity.fees),
            samples: self.count + 1 - base.map_or(1, |base| base.count),
        }
    }
}
