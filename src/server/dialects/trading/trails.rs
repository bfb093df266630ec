//! How far trailing stops have come, as the hub's rows of `working` say it. A row goes with its order, so the last
//! one is kept for the order's last words.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::words::Trail;
use crate::domain::{Order, OrderId, OrderType, TimeUs};
use crate::server::dialects::view::View;

/// How long a row is kept after it has gone.
const KEPT: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Trails(BTreeMap<OrderId, Known>);

struct Known {
    trail: Trail,
    /// Market time of it.
    time: TimeUs,
    /// What was said last.
    said: Option<Trail>,
    /// The order as it was told last.
    order: Option<Order>,
    seen: Instant,
}

impl Trails {
    /// Takes in where they are now.
    pub fn look(&mut self, view: &View) {
        let now = Instant::now();
        for row in view.working() {
            let trail = Trail {
                stop_price: row.trigger_price,
                peak: row.peak,
            };
            let known = self.0.entry(row.order).or_insert(Known {
                trail,
                time: row.time,
                said: None,
                order: None,
                seen: now,
            });
            (known.trail, known.time, known.seen) = (trail, row.time, now);
        }
        self.0.retain(|_, known| now - known.seen < KEPT);
    }

    /// Of a trailing stop where it is, to be said now. The stop that has fired is the order's own; what it followed
    /// is known where its row had come as far.
    pub fn of(&mut self, order: &Order) -> Option<Trail> {
        if order.order_type != OrderType::TrailingStop {
            return None;
        }
        let known = self.0.get_mut(&order.id);
        let last = known.as_ref().map(|known| known.trail).unwrap_or_default();
        let trail = match &order.trigger {
            Some(fired) => {
                let stop_price = Some(fired.stop_price);
                Trail {
                    stop_price,
                    peak: last.peak.filter(|_| last.stop_price == stop_price),
                }
            }
            None => last,
        };
        if let Some(known) = known {
            (known.said, known.order) = (Some(trail), Some(order.clone()));
        }
        Some(trail)
    }

    /// Those that have moved since they were said, with market time: an order itself says nothing of it.
    pub fn moved(&mut self, view: &View) -> Vec<(Order, Trail, TimeUs)> {
        let moved = self.0.iter_mut().filter_map(|(id, known)| {
            if known.said == Some(known.trail) {
                return None;
            }
            known.said = Some(known.trail);
            // One that memory has no more has not changed since it was told.
            let order = view.order(id).or_else(|| known.order.clone())?;
            let is_at_work = !order.status.is_final() && order.trigger.is_none();
            is_at_work.then_some((order, known.trail, known.time))
        });
        moved.collect()
    }
}
