//! What an operator may set.

use std::time::Duration;

use super::health::BreakerOptions;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// So many deliveries are worked on at a time. One that waits for its endpoint longer than a moment is not counted.
    pub workers: usize,
    /// So many deliveries are under way or wait for their turn.
    pub waiting: usize,
    pub endpoint: Bounds,
    pub project: Bounds,
    pub breaker: BreakerOptions,
    /// No attempt takes longer: it is given up then.
    pub longest_attempt: Duration,
    /// How long the engine waits for deliveries that are under way when it is to stop.
    pub stop_time: Duration,
}

/// What one endpoint, or all endpoints of one project, may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many attempts at a time.
    pub concurrency: usize,
    /// So many attempts in a second; 0: any number.
    pub rate: u32,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            workers: 10,
            waiting: 4096,
            endpoint: Bounds { concurrency: 10, rate: 0 },
            project: Bounds { concurrency: 1000, rate: 0 },
            breaker: BreakerOptions::default(),
            longest_attempt: Duration::from_secs(60),
            stop_time: Duration::from_secs(10),
        }
    }
}
