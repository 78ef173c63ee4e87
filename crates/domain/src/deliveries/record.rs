//! Records how deliveries ended, and holds subscriptions back.

use zaqar_model::{
    ConfirmationAttempt, DeliveryReport, Destination, Excerpt, LeaseId, Paused, SubscriptionId, Suspension,
    Timestamp,
};
use zaqar_storage::{StorageResult, SubscriptionChange};

use crate::Zaqar;
use crate::repeat::repeat;

impl Zaqar {
    /// See [`record`](zaqar_storage::Deliveries::record).
    pub async fn record_deliveries(&self, lease: LeaseId, reports: &[DeliveryReport]) -> StorageResult<()> {
        let (deliveries, now) = (self.stores.messages.deliveries_or_unsupported()?, self.now());
        repeat(|_| deliveries.record(lease, reports, now)).await
    }

    /// See [`record_confirmation`](zaqar_storage::Deliveries::record_confirmation).
    pub async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
    ) -> StorageResult<()> {
        let deliveries = self.stores.messages.deliveries_or_unsupported()?;
        deliveries.record_confirmation(source, subscription, attempt, self.now()).await
    }

    /// Lets nothing of a subscription be leased before `until`; see [`pause`](zaqar_storage::Deliveries::pause).
    pub async fn pause_deliveries(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let deliveries = self.stores.messages.deliveries_or_unsupported()?;
        repeat(|_| deliveries.pause(source, subscription, paused, until)).await
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
        let subscriptions = self.stores.messages.subscriptions_or_unsupported()?;
        let there = subscriptions.get_subscription(source, subscription, now).await?;
        if there.is_none_or(|there| there.suspended.is_some()) {
            return Ok(false);
        }
        let suspension = Suspension { since: now, reason: Excerpt::new(reason) };
        let change = SubscriptionChange {
            if_subscriber: Some(seen.to_owned()),
            suspended: Some(Some(suspension)),
            ..SubscriptionChange::default()
        };
        repeat(|_| subscriptions.update_subscription(source, subscription, change.clone(), now)).await
    }
}
