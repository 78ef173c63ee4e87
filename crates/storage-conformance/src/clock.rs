//! The clock of a test: it stands still until it is moved.

use std::sync::atomic::{AtomicU64, Ordering};

use zaqar_model::{Clock, Timestamp};

/// Time that passes when the test says so.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Stands at a moment in 2026, so that what a test does lies neither near zero nor near overflow.
    pub const fn new() -> Self {
        Self::at(Timestamp::from_secs(1_780_000_000))
    }

    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicU64::new(now.as_millis()))
    }

    pub fn advance_secs(&self, seconds: u64) {
        self.advance_millis(seconds * 1000);
    }

    pub fn advance_millis(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
