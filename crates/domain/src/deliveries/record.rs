//! Records how deliveries ended, and holds subscriptions back.

use zaqar_model::{
    ConfirmationAttempt, DeliveryReport, Destination, Excerpt, LeaseId, SubscriptionId, Suspension, Timestamp,
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
        until: Timestamp,
    ) -> StorageResult<()> {
        self.stores.messages.pause(source, subscription, until).await
    }

    /// Lets nothing be sent to a subscriber until somebody changes or confirms the subscription. `reason` is for the tenant.
    pub async fn suspend_subscription(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        reason: &str,
    ) -> StorageResult<()> {
        let now = self.now();
        let suspension = Suspension { since: now, reason: Excerpt::new(reason) };
        let change =
            SubscriptionChange { suspended: Some(Some(suspension)), ..SubscriptionChange::default() };
        self.stores.messages.update_subscription(source, subscription, change, now).await?;
        Ok(())
    }
}
