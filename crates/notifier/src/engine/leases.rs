//! Which leases are under way: from before the store is asked until all that was leased is handed out.

use tokio::sync::watch;

/// Counts them. One begins only after the one before has ended.
#[derive(Debug, Default)]
pub(super) struct Leases(watch::Sender<Count>);

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    begun: u64,
    ended: u64,
}

/// A lease that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a Leases);

impl Leases {
    pub(super) fn begin(&self) -> UnderWay<'_> {
        self.0.send_modify(|count| count.begun += 1);
        UnderWay(self)
    }

    /// Waits until all that have begun are handed out. Holds up none that begins meanwhile.
    pub(super) async fn wait_for_those_under_way(&self) {
        let begun = self.0.borrow().begun;
        // The sender is here.
        let _ = self.0.subscribe().wait_for(|count| count.ended >= begun).await;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.ended = count.begun);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::Leases;

    #[tokio::test]
    async fn who_waits_does_not_wait_for_later_ones() {
        let leases = Leases::default();
        leases.wait_for_those_under_way().await;
        let first = leases.begin();
        let mut waiting = pin!(leases.wait_for_those_under_way());
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(waiting.as_mut().poll(&mut context), Poll::Pending);
        drop(first);
        let _second = leases.begin();
        waiting.await;
    }
}
