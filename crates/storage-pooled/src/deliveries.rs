//! Deliveries: notifications that are owed, in all pools. What is about one subscription goes to the pool of its queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, ConfirmationAttempt, Delivery, DeliveryReport, Destination,
    DestinationNumber, FailedDelivery, KeptAttempt, LeaseId, Marker, MessageId, Page, PageRequest, Paused,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{Deliveries, LeaseLimits, MessageStore, StorageResult, SubscriptionShare};

use crate::PooledMessageStore;
use crate::visit::Visit;

#[async_trait::async_trait]
impl Deliveries for PooledMessageStore {
    async fn lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limits: LeaseLimits,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        self.lease_from_all((lease, until), limits, now).await
    }

    async fn record(
        &self,
        lease: LeaseId,
        reports: Vec<DeliveryReport>,
        now: Timestamp,
    ) -> StorageResult<()> {
        // In the order of the numbers, as everybody does who stands at more than one gate.
        let mut by_source: BTreeMap<DestinationNumber, Vec<DeliveryReport>> = BTreeMap::new();
        for report in reports {
            by_source.entry(report.source.number).or_default().push(report);
        }
        let mut result = Ok(());
        let mut by_store: Vec<(Arc<dyn MessageStore>, Vec<DeliveryReport>)> = Vec::new();
        let mut visits: Vec<Visit> = Vec::new();
        for reports in by_source.into_values() {
            let mut visit = match self.pooled.visit(&reports[0].source).await {
                Ok(Some(visit)) => visit,
                Ok(None) => continue,
                // One pool that fails does not keep the others from it.
                Err(error) => {
                    result = result.and(Err(error));
                    continue;
                }
            };
            for report in &reports {
                visit.touch_delivery(report.subscription, report.position);
            }
            match by_store.iter_mut().find(|(store, _)| Arc::ptr_eq(store, &visit.store)) {
                Some((_, all)) => all.extend(reports),
                None => by_store.push((Arc::clone(&visit.store), reports)),
            }
            visits.push(visit);
        }
        for (store, reports) in by_store {
            result = result.and(store.record(lease, reports, now).await);
        }
        drop(visits);
        result
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let Some(mut visit) = self.pooled.visit(source).await? else { return Ok(()) };
        visit.touch_cursor(subscription);
        visit.store.record_confirmation(source, subscription, attempt, now).await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(()) };
        visit.store.pause(source, subscription, paused, until).await
    }

    async fn next_due(&self, share: SubscriptionShare, now: Timestamp) -> StorageResult<Option<Timestamp>> {
        self.first_due(share, now).await
    }

    async fn wait_for_owed(&self) -> StorageResult<()> {
        self.wait_for_any().await
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        message: MessageId,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(mut visit) = self.pooled.visit(source).await? else { return Ok(false) };
        visit.touch_cursor(subscription);
        visit.store.redeliver(source, subscription, message, now).await
    }

    async fn redeliver_failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        since: Timestamp,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let Some(mut visit) = self.pooled.visit(source).await? else { return Ok(0) };
        visit.touch_cursor(subscription);
        visit.store.redeliver_failed(source, subscription, since, now).await
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(Page::empty()) };
        visit.store.failed(source, subscription, page, now).await
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<KeptAttempt, AttemptNumber>> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(Page::empty()) };
        visit.store.attempts(source, subscription, filter, page, now).await
    }
}
