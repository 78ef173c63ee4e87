//! The activity of a connection, and its timeouts.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// From the first byte of a request until its head is complete. HTTP/1.1 only.
    pub(super) head: Duration,
    /// Between requests, and while the client does not read a response.
    pub(super) idle: Duration,
}

/// Tracks the activity of a connection. Times are milliseconds since the start, plus one; zero means never.
#[derive(Debug)]
pub(super) struct ActivityTimer {
    start: Instant,
    last: AtomicU64,
    head_started: AtomicU64,
    /// The number of requests in progress.
    active: AtomicU32,
    /// Whether received data counts as activity.
    input_counts: bool,
    has_unread_input: AtomicBool,
}

impl ActivityTimer {
    /// For an HTTP/1.1 connection.
    pub(super) fn http1() -> Self {
        Self::new(true)
    }

    /// For an HTTP/2 connection. Much of what a client sends there does not belong to a request, so it does not count
    /// as activity.
    pub(super) fn http2() -> Self {
        Self::new(false)
    }

    fn new(input_counts: bool) -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(1),
            head_started: AtomicU64::new(0),
            active: AtomicU32::new(0),
            input_counts,
            has_unread_input: AtomicBool::new(false),
        }
    }

    /// Records received data.
    pub(super) fn received(&self) {
        if !self.input_counts {
            return;
        }
        let now = self.now();
        self.last.store(now, Ordering::Relaxed);
        if self.active.load(Ordering::Relaxed) == 0 && self.head_started.load(Ordering::Relaxed) == 0 {
            self.head_started.store(now, Ordering::Relaxed);
        }
    }

    /// Records sent data.
    pub(super) fn sent(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    /// Starts a request, which ends when the guard is dropped. No timeout applies meanwhile.
    pub(super) fn begin_request(&self) -> ActiveRequest<'_> {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.head_started.store(0, Ordering::Relaxed);
        ActiveRequest(self)
    }

    pub(super) fn mark_unread_input(&self) {
        self.has_unread_input.store(true, Ordering::Relaxed);
    }

    pub(super) fn left_unread_input(&self) -> bool {
        self.has_unread_input.load(Ordering::Relaxed)
    }

    /// Completes when a timeout has expired.
    pub(super) async fn timed_out(&self, timeouts: Timeouts) {
        loop {
            let now = Instant::now();
            let deadline = self.deadline(timeouts);
            if deadline.is_some_and(|deadline| deadline <= now) {
                return;
            }
            // A request that starts meanwhile has at least this much time.
            let soonest = now + timeouts.head.min(timeouts.idle);
            tokio::time::sleep_until(deadline.map_or(soonest, |deadline| deadline.min(soonest))).await;
        }
    }

    fn deadline(&self, timeouts: Timeouts) -> Option<Instant> {
        if self.active.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let time = |millis: u64| self.start + Duration::from_millis(millis.saturating_sub(1));
        let idle = time(self.last.load(Ordering::Relaxed)) + timeouts.idle;
        match self.head_started.load(Ordering::Relaxed) {
            0 => Some(idle),
            since => Some(idle.min(time(since) + timeouts.head)),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// See [`ActivityTimer::begin_request`].
#[derive(Debug)]
pub(super) struct ActiveRequest<'a>(&'a ActivityTimer);

impl Drop for ActiveRequest<'_> {
    fn drop(&mut self) {
        self.0.sent();
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance, timeout};

    use super::{ActivityTimer, Timeouts};

    const TIMEOUTS: Timeouts = Timeouts { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    async fn seconds_until_timeout(activity: &ActivityTimer) -> u64 {
        let start = Instant::now();
        activity.timed_out(TIMEOUTS).await;
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_has_its_time() {
        assert_eq!(seconds_until_timeout(&ActivityTimer::http1()).await, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_must_be_complete_in_time_however_it_trickles() {
        let activity = ActivityTimer::http1();
        activity.received();
        let trickle = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                activity.received();
            }
        };
        let timed_out = tokio::select! {
            seconds = seconds_until_timeout(&activity) => seconds,
            () = trickle => 0,
        };
        assert_eq!(timed_out, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_served_has_all_time() {
        let activity = ActivityTimer::http1();
        activity.received();
        let request = activity.begin_request();
        assert!(timeout(Duration::from_secs(10_000), activity.timed_out(TIMEOUTS)).await.is_err());
        drop(request);
        advance(Duration::from_secs(59)).await;
        assert_eq!(seconds_until_timeout(&activity).await, 1);
    }
}
