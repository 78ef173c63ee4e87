//! The rate limit of a connection.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The requests that were not used in the last second may be used at once.
const BURST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct RateLimit {
    /// The interval between requests. `None`: no limit.
    interval: Option<Duration>,
    /// When the next request would be due at an even rate.
    due: Instant,
}

impl RateLimit {
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        let interval = per_second.and_then(|count| Duration::from_secs(1).checked_div(count));
        Self { interval, due: Instant::now() }
    }

    /// Waits until the next request is allowed.
    pub(crate) async fn wait(&mut self) {
        let Some(interval) = self.interval else { return };
        let now = Instant::now();
        self.due = self.due.max(now.checked_sub(BURST).unwrap_or(now)) + interval;
        if self.due > now {
            sleep_until(self.due).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::RateLimit;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_served_at_once_and_the_rest_evenly() {
        advance(Duration::from_secs(10)).await;
        let mut rate_limit = RateLimit::new(Some(10));
        advance(Duration::from_secs(5)).await;
        let start = Instant::now();
        for _ in 0..10 {
            rate_limit.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            rate_limit.wait().await;
        }
        assert_eq!(start.elapsed().as_millis() / 100, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        let mut rate_limit = RateLimit::new(None);
        let start = Instant::now();
        for _ in 0..1000 {
            rate_limit.wait().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
