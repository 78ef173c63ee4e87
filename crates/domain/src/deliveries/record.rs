//! Records how deliveries ended, and holds subscriptions back.

use zaqar_model::{
    ConfirmationAttempt, DeliveryReport, Destination, Excerpt, LeaseId, Paused, SubscriptionId, Suspension,
    Timestamp,
};
use zaqar_storage::{StorageResult, SubscriptionChange};

use crate::Zaqar;

impl Zaqar {
    /// See [`record`](zaqar_storage::Deliveries::record).
    pub async fn record_deliveries(&self, lease: LeaseId, reports: Vec<DeliveryReport>) -> StorageResult<()> {
        self.stores.messages.record(lease, reports, self.now()).await
    }

    /// See [`record_confirmation`](zaqar_storage::Deliveries::record_confirmation).
    pub async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
    ) -> StorageResult<()> {
        self.stores.messages.record_confirmation(source, subscription, attempt, self.now()).await
    }

    /// Lets nothing of a subscription be leased before `until`; see [`pause`](zaqar_storage::Deliveries::pause).
    pub async fn pause_deliveries(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        self.stores.messages.pause(source, subscription, paused, until).await
    }

    /// Lets nothing be sent to a subscriber until somebody changes or confirms the subscription. `reason` is for the tenant.
    /// Answers whether it is suspended by this: it may be already, or have another subscriber than the one that was `seen`.
    pub async fn suspend_subscription(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        seen: &str,
        reason: &str,
    ) -> StorageResult<bool> {
        let now = self.now();
        let there = self.stores.messages.get_subscription(source, subscription, now).await?;
        if there.is_none_or(|there| there.suspended.is_some()) {
            return Ok(false);
        }
        let suspension = Suspension { since: now, reason: Excerpt::new(reason) };
        let change = SubscriptionChange {
            if_subscriber: Some(seen.to_owned()),
            suspended: Some(Some(suspension)),
            ..SubscriptionChange::default()
        };
        self.stores.messages.update_subscription(source, subscription, change, now).await
    }
}
