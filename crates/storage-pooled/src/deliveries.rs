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
use crate::visit::Visit;

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
        let Entered { mut result, by_store, visits } = self.enter_all(wanted, |(key, _)| &key.source).await;
        let mut leased = Vec::new();
        for (store, subscriptions) in by_store {
            let request = LeaseRequest { subscriptions, ..*request };
            let leasing = async { store.deliveries_or_unsupported()?.lease(&request, now).await };
            match leasing.await {
                Ok(deliveries) => leased.extend(deliveries),
                Err(error) => result = result.and(Err(error)),
            }
        }
        drop(visits);
        if leased.is_empty() { result.map(|()| leased) } else { Ok(leased) }
    }

    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        let mut by_source = BTreeMap::new();
        for report in reports.iter().cloned() {
            by_source.entry(report.source.number).or_insert_with(Vec::new).push(report);
        }
        let Entered { mut result, by_store, mut visits } =
            self.enter_all(by_source, |report: &DeliveryReport| &report.source).await;
        for report in reports {
            if let Some(visit) = visits.get_mut(&report.source.number) {
                visit.touch_delivery(report.subscription, report.position);
            }
        }
        for (store, reports) in by_store {
            let recording = async { store.deliveries_or_unsupported()?.record(lease, &reports, now).await };
            result = result.and(recording.await);
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
        visit.store.deliveries_or_unsupported()?.record_confirmation(source, subscription, attempt, now).await
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(()) };
        visit.store.deliveries_or_unsupported()?.pause(source, subscription, paused, until).await
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
        let Some(mut visit) = self.pooled.visit(source).await? else { return Ok(0) };
        visit.touch_cursor(subscription);
        visit.store.deliveries_or_unsupported()?.redeliver(source, subscription, which, now).await
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(Page::empty()) };
        visit.store.deliveries_or_unsupported()?.failed(source, subscription, page, now).await
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
        visit.store.deliveries_or_unsupported()?.attempts(source, subscription, filter, page, now).await
    }
}

/// The queues that a call about several of them has entered, and what is asked of which store.
struct Entered<T> {
    /// One pool that fails does not keep the others from it.
    result: StorageResult<()>,
    by_store: Vec<(Arc<dyn MessageStore>, Vec<T>)>,
    visits: BTreeMap<DestinationNumber, Visit>,
}

impl PooledMessageStore {
    /// Enters queues in the order of their numbers, as everybody does who stands at more than one gate.
    async fn enter_all<T>(
        &self,
        by_source: BTreeMap<DestinationNumber, Vec<T>>,
        source_of: impl Fn(&T) -> &Destination,
    ) -> Entered<T> {
        let mut entered = Entered { result: Ok(()), by_store: Vec::new(), visits: BTreeMap::new() };
        for (number, wanted) in by_source {
            let visit = match self.pooled.visit(source_of(&wanted[0])).await {
                Ok(Some(visit)) => visit,
                Ok(None) => continue,
                Err(error) => {
                    entered.result = entered.result.and(Err(error));
                    continue;
                }
            };
            match entered.by_store.iter_mut().find(|(store, _)| Arc::ptr_eq(store, &visit.store)) {
                Some((_, all)) => all.extend(wanted),
                None => entered.by_store.push((Arc::clone(&visit.store), wanted)),
            }
            entered.visits.insert(number, visit);
        }
        entered
    }
}
