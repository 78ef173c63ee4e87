//! Deliveries: notifications that are owed, in all pools. What is about one subscription goes to the pool of its queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use zaqar_model::{
    AttemptFilter, AttemptNumber, ConfirmationAttempt, Delivery, DeliveryReport, Destination,
    DestinationNumber, FailedDelivery, KeptAttempt, LeaseId, Marker, Page, PageRequest, Paused,
    SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, LeaseRequest, MessageStore, Redelivery, StorageResult, SubscriptionShare,
};

use crate::PooledMessageStore;
use crate::queue_access::QueueAccess;

#[async_trait::async_trait]
impl Deliveries for PooledMessageStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        self.due_in_all(share, limit, now).await
    }

    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Vec<Delivery>> {
        let mut wanted = BTreeMap::new();
        for one in &request.subscriptions {
            wanted.entry(one.0.source.number).or_insert_with(Vec::new).push(one.clone());
        }
        let Entered { mut result, by_store, accesses } = self.enter_all(wanted, |(key, _)| &key.source).await;
        let mut leased = Vec::new();
        for (store, subscriptions) in by_store {
            let request = LeaseRequest { subscriptions, ..*request };
            let leasing = async { store.deliveries_or_unsupported()?.lease(&request, now).await };
            match leasing.await {
                Ok(deliveries) => leased.extend(deliveries),
                Err(error) => result = result.and(Err(error)),
            }
        }
        drop(accesses);
        if leased.is_empty() { result.map(|()| leased) } else { Ok(leased) }
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        let mut by_source = BTreeMap::new();
        for report in reports.iter().cloned() {
            by_source.entry(report.source.number).or_insert_with(Vec::new).push(report);
        }
        let Entered { mut result, by_store, mut accesses } =
            self.enter_all(by_source, |report: &DeliveryReport| &report.source).await;
        for report in reports {
            if let Some(access) = accesses.get_mut(&report.source.number) {
                access.touch_delivery(report.subscription, report.position);
            }
        }
        for (store, reports) in by_store {
            let recording = async { store.deliveries_or_unsupported()?.record(lease, &reports, now).await };
            result = result.and(recording.await);
        }
        drop(accesses);
        result
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        let Some(mut access) = self.pooled.access(source).await? else { return Ok(()) };
        access.touch_cursor(subscription);
        access
            .store
            .deliveries_or_unsupported()?
            .record_confirmation(source, subscription, attempt, now)
            .await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let Some(access) = self.pooled.access(source).await? else { return Ok(()) };
        access.store.deliveries_or_unsupported()?.pause(source, subscription, paused, until).await
    }

    async fn wait_for_due(&self) -> StorageResult<()> {
        self.wait_for_any().await
    }

    async fn redeliver(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        which: Redelivery,
        now: Timestamp,
    ) -> StorageResult<u64> {
        let Some(mut access) = self.pooled.access(source).await? else { return Ok(0) };
        access.touch_cursor(subscription);
        access.store.deliveries_or_unsupported()?.redeliver(source, subscription, which, now).await
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let Some(access) = self.pooled.access(source).await? else { return Ok(Page::empty()) };
        access.store.deliveries_or_unsupported()?.failed(source, subscription, page, now).await
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<KeptAttempt, AttemptNumber>> {
        let Some(access) = self.pooled.access(source).await? else { return Ok(Page::empty()) };
        access.store.deliveries_or_unsupported()?.attempts(source, subscription, filter, page, now).await
    }
}

/// The queues that a call about several of them has entered, and what is asked of which store.
struct Entered<T> {
    /// One pool that fails does not keep the others from it.
    result: StorageResult<()>,
    by_store: Vec<(Arc<dyn MessageStore>, Vec<T>)>,
    accesses: BTreeMap<DestinationNumber, QueueAccess>,
}

impl PooledMessageStore {
    /// Enters queues in the order of their numbers, as everybody does who stands at more than one lock.
    async fn enter_all<T>(
        &self,
        by_source: BTreeMap<DestinationNumber, Vec<T>>,
        source_of: impl Fn(&T) -> &Destination,
    ) -> Entered<T> {
        let mut entered = Entered { result: Ok(()), by_store: Vec::new(), accesses: BTreeMap::new() };
        for (number, wanted) in by_source {
            let access = match self.pooled.access(source_of(&wanted[0])).await {
                Ok(Some(access)) => access,
                Ok(None) => continue,
                Err(error) => {
                    entered.result = entered.result.and(Err(error));
                    continue;
                }
            };
            match entered.by_store.iter_mut().find(|(store, _)| Arc::ptr_eq(store, &access.store)) {
                Some((_, all)) => all.extend(wanted),
                None => entered.by_store.push((Arc::clone(&access.store), wanted)),
            }
            entered.accesses.insert(number, access);
        }
        entered
    }
}
