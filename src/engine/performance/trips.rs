//! The newest round trips, as far as statistics need them: read once when they close, not at each
//! look.

use std::collections::VecDeque;

use super::TRIPS_KEPT;
use crate::domain::money::to_f64;
use crate::domain::{Decimal, RoundTrip, TimeUs};

/// What one came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trip {
    pub closed_at: TimeUs,
    /// Net of fees.
    pub earned: Decimal,
    pub net_pnl: f64,
    pub holding_s: f64,
    pub mae: f64,
    pub mfe: f64,
}

impl From<&RoundTrip> for Trip {
    fn from(trip: &RoundTrip) -> Self {
        let earned = trip.net_pnl();
        Self {
            closed_at: trip.closed_at,
            earned,
            net_pnl: to_f64(earned),
            holding_s: trip.closed_at.since(trip.opened_at) as f64 / 1e6,
            mae: to_f64(trip.mae),
            mfe: to_f64(trip.mfe),
        }
    }
}

/// Bounded, oldest first. Refilled from the journal.
#[derive(Debug, Clone, Default)]
pub struct TripHistory {
    trips: VecDeque<Trip>,
}

impl TripHistory {
    pub fn push(&mut self, trip: &RoundTrip) {
        if self.trips.len() == TRIPS_KEPT {
            self.trips.pop_front();
        }
        self.trips.push_back(trip.into());
    }

    /// Those that closed at `since` or later, in the order of their closing.
    pub fn since(&self, since: TimeUs) -> Vec<Trip> {
        let within = |trip: &&Trip| trip.closed_at >= since;
        self.trips.iter().filter(within).copied().collect()
    }
}
