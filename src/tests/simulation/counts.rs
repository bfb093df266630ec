//! How much of what is to be tried was tried.

/// What clients went through, to see that a run tries what it is to try.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub pushes: u64,
    pub resumed: u64,
    pub resyncs: u64,
    pub lags: u64,
    pub gaps: u64,
    pub afresh: u64,
    pub unknown: u64,
    pub connects: u64,
    pub backfills: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.pushes += other.pushes;
        self.resumed += other.resumed;
        self.resyncs += other.resyncs;
        self.lags += other.lags;
        self.gaps += other.gaps;
        self.afresh += other.afresh;
        self.unknown += other.unknown;
        self.connects += other.connects;
        self.backfills += other.backfills;
    }
}
