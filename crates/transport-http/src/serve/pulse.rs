//! When something last happened on a connection, and when that is too long ago.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// For how long nothing may happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// From the first byte of a request until its head is complete. Of HTTP/1.1 only.
    pub(super) head: Duration,
    /// Between requests, and while an answer is not taken off our hands.
    pub(super) idle: Duration,
}

/// Times are milliseconds since the start, plus one; zero is never.
#[derive(Debug)]
pub(super) struct Pulse {
    start: Instant,
    last: AtomicU64,
    head_since: AtomicU64,
    /// How many requests are being served.
    busy: AtomicU32,
    /// Whether what is received belongs to a request.
    input_counts: bool,
    unread_input: AtomicBool,
}

impl Pulse {
    /// Of a connection of HTTP/1.1.
    pub(super) fn start() -> Self {
        Self::counting_input(true)
    }

    /// Of a connection of HTTP/2. Much of what a client sends there is no request, nor part of one: it keeps nothing
    /// alive.
    pub(super) fn of_streams() -> Self {
        Self::counting_input(false)
    }

    fn counting_input(input_counts: bool) -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(1),
            head_since: AtomicU64::new(0),
            busy: AtomicU32::new(0),
            input_counts,
            unread_input: AtomicBool::new(false),
        }
    }

    /// Something was received.
    pub(super) fn received(&self) {
        if !self.input_counts {
            return;
        }
        let now = self.now();
        self.last.store(now, Ordering::Relaxed);
        if self.busy.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(now, Ordering::Relaxed);
        }
    }

    /// Something was sent.
    pub(super) fn sent(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    /// A request is being served, until the guard is dropped. Its time is not limited here.
    pub(super) fn busy(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        Busy(self)
    }

    pub(super) fn leaves_input_unread(&self) {
        self.unread_input.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_left_input_unread(&self) -> bool {
        self.unread_input.load(Ordering::Relaxed)
    }

    /// Completes when patience is lost.
    pub(super) async fn lost(&self, patience: Patience) {
        loop {
            let now = Instant::now();
            let deadline = self.deadline(patience);
            if deadline.is_some_and(|deadline| deadline <= now) {
                return;
            }
            // Whatever may begin meanwhile has at least so long.
            let soonest = now + patience.head.min(patience.idle);
            tokio::time::sleep_until(deadline.map_or(soonest, |deadline| deadline.min(soonest))).await;
        }
    }

    fn deadline(&self, patience: Patience) -> Option<Instant> {
        if self.busy.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let moment = |millis: u64| self.start + Duration::from_millis(millis.saturating_sub(1));
        let idle = moment(self.last.load(Ordering::Relaxed)) + patience.idle;
        match self.head_since.load(Ordering::Relaxed) {
            0 => Some(idle),
            since => Some(idle.min(moment(since) + patience.head)),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// See [`Pulse::busy`].
#[derive(Debug)]
pub(super) struct Busy<'a>(&'a Pulse);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.sent();
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance, timeout};

    use super::{Patience, Pulse};

    const PATIENCE: Patience = Patience { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    async fn seconds_until_lost(pulse: &Pulse) -> u64 {
        let start = Instant::now();
        pulse.lost(PATIENCE).await;
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_has_its_time() {
        assert_eq!(seconds_until_lost(&Pulse::start()).await, 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_must_be_complete_in_time_however_it_trickles() {
        let pulse = Pulse::start();
        pulse.received();
        let trickle = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                pulse.received();
            }
        };
        let lost = tokio::select! {
            seconds = seconds_until_lost(&pulse) => seconds,
            () = trickle => 0,
        };
        assert_eq!(lost, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_served_has_all_time() {
        let pulse = Pulse::start();
        pulse.received();
        let busy = pulse.busy();
        assert!(timeout(Duration::from_secs(10_000), pulse.lost(PATIENCE)).await.is_err());
        drop(busy);
        advance(Duration::from_secs(59)).await;
        assert_eq!(seconds_until_lost(&pulse).await, 1);
    }
}
