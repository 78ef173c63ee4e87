//! Deliveries over a line that is cut.

use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, DeliveryReport, Destination,
    FailedDelivery, LeaseId, Marker, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, LeaseRequest, Leased, MessageStore, Redelivery, StorageResult, SubscriptionShare,
};

use super::{ALL, CutStore};

impl CutStore<dyn MessageStore> {
    fn owed(&self) -> &dyn Deliveries {
        self.store.deliveries().expect("the store has deliveries")
    }

    async fn count_failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<u64> {
        self.line.pass();
        let all = PageRequest { marker: None, limit: ALL };
        Ok(self.owed().failed(source, subscription, &all, now).await?.items.len() as u64)
    }
}

#[async_trait::async_trait]
impl Deliveries for CutStore<dyn MessageStore> {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        self.repeat("due", |_| self.owed().due(share, limit, now)).await
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        let lease = |again| async move {
            let is_repeated = again || request.is_repeated;
            self.owed().lease(&LeaseRequest { is_repeated, ..request.clone() }, now).await
        };
        self.repeat("lease", lease).await
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        self.repeat("record", |_| self.owed().record(lease, reports, now)).await
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let record = |_| self.owed().record_confirmation(source, subscription, attempt.clone(), now);
        self.repeat_unsent("record_confirmation", record).await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        self.repeat("pause", |_| self.owed().pause(source, subscription, paused, until)).await
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        self.owed().wait_for_due().await
    }

    /// What the first attempt owes once more, is not found among those that have failed when it is repeated.
    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let is_for_all = matches!(which, Redelivery::FailedSince(_));
        let before = if is_for_all { self.count_failed(source, subscription, now).await? } else { 0 };
        let redeliver = |_| self.owed().redeliver(source, subscription, which, now);
        let outcome = self.outcome("redeliver", redeliver).await;
        let owed = outcome.result?;
        if outcome.is_repeated && is_for_all {
            return Ok(before - self.count_failed(source, subscription, now).await?);
        }
        Ok(owed)
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        self.read("failed", self.owed().failed(source, subscription, page, now)).await
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
        self.read("attempts", self.owed().attempts(source, subscription, filter, page, now)).await
    }
}
