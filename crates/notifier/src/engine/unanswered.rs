//! Leases of which it is not known what they have taken: nobody else gets that before they end, so each is repeated until the
//! store says it.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};
use zaqar_domain::LeasedDeliveries;
use zaqar_storage::{LeaseRequest, SubscriptionKey};

use super::Engine;
use super::pauses::Pauses;

#[derive(Debug, Default)]
pub(super) struct Unanswered(Vec<Lease>);

#[derive(Debug)]
struct Lease {
    request: LeaseRequest,
    /// Capacity for all that it may have taken.
    capacity: OwnedSemaphorePermit,
    pauses: Pauses,
    next: Instant,
}

impl Unanswered {
    pub(super) fn add(&mut self, request: LeaseRequest, mut capacity: OwnedSemaphorePermit) {
        let share = request.share.first_attempts.saturating_add(request.share.retries);
        let most = request.subscriptions.iter().map(|(_, limit)| *limit.min(&share)).sum();
        // The rest is for others.
        let capacity = capacity.split(most).unwrap_or(capacity);
        self.0.push(Lease { request, capacity, pauses: Pauses::default(), next: Instant::now() });
    }

    /// Whether one of them may hold something of this subscription.
    pub(super) fn concern(&self, subscription: &SubscriptionKey) -> bool {
        let mut all = self.0.iter().flat_map(|lease| &lease.request.subscriptions);
        all.any(|(own, _)| own == subscription)
    }

    /// Waits until one of them is to be repeated.
    pub(super) async fn wait(&self) {
        match self.0.iter().map(|lease| lease.next).min() {
            Some(next) => sleep_until(next).await,
            None => pending().await,
        }
    }

    /// Repeats those whose time has come, and hands out what they have taken.
    pub(super) async fn repeat(&mut self, engine: &Arc<Engine>) {
        for mut lease in std::mem::take(&mut self.0) {
            if engine.now() >= lease.request.until {
                tracing::warn!("a lease has ended whose answer was lost; what it had taken is due again");
                continue;
            }
            if lease.next <= Instant::now() && lease.is_answered(engine).await {
                continue;
            }
            self.0.push(lease);
        }
    }
}

impl Lease {
    /// Repeats it. Returns whether it is known now what it has taken.
    async fn is_answered(&mut self, engine: &Arc<Engine>) -> bool {
        self.next = Instant::now() + self.pauses.next();
        let _under_way = engine.leases.begin();
        match engine.zaqar.lease_deliveries(&self.request).await {
            Ok(LeasedDeliveries { owed, again }) => {
                engine.dispatch_all(owed, (self.request.id, self.request.until), &mut self.capacity);
                let Some(again) = again else { return true };
                self.request = again;
                false
            }
            Err(error) => {
                tracing::debug!(%error, "it cannot be found out yet what a lease has taken");
                false
            }
        }
    }
}
