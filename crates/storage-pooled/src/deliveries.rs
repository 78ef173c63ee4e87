//! Deliveries: notifications that are owed, in all pools. What is about one subscription goes to the pool of its queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use zaqar_model::{
    AttemptFilter, AttemptNumber, AttemptRecord, ConfirmationAttempt, DeliveryReport, Destination,
    FailedDelivery, LeaseId, Marker, Page, PageRequest, Paused, SubscriptionId, Timestamp,
};
use zaqar_storage::{
    Deliveries, Due, LeaseRequest, Leased, MessageStore, Redelivery, StorageError, StorageResult,
    SubscriptionShare,
};

use crate::PooledMessageStore;
use crate::route::{Patience, forward};

#[async_trait::async_trait]
impl Deliveries for PooledMessageStore {
    async fn due(&self, share: SubscriptionShare, limit: usize, now: Timestamp) -> StorageResult<Due> {
        self.due_in_all(share, limit, now).await
    }

    /// Of a queue that is moving nothing is leased until it has arrived.
    async fn lease(&self, request: &LeaseRequest, now: Timestamp) -> StorageResult<Leased> {
        let wanted = request.subscriptions.clone();
        let (by_store, mut result) =
            self.by_store(wanted, |(key, _)| &key.source, &Patience::default()).await;
        if request.is_repeated && result.is_err() {
            // Whatever a pool that cannot be reached has leased the first time is still unknown.
            return result.map(|()| Leased::default());
        }
        let leasing = by_store.into_iter().map(|(store, subscriptions)| async move {
            let request = LeaseRequest { subscriptions, ..*request };
            let leasing = async { store.deliveries_or_unsupported()?.lease(&request, now).await };
            (leasing.await, request.subscriptions)
        });
        let mut leased = Leased::default();
        for (outcome, subscriptions) in join_all(leasing).await {
            match outcome {
                Ok(own) => {
                    leased.deliveries.extend(own.deliveries);
                    leased.unknown.extend(own.unknown);
                }
                Err(error) if request.is_repeated || matches!(error, StorageError::OutcomeUnknown(_)) => {
                    tracing::debug!(%error, "it is not known what a pool has leased");
                    leased.unknown.extend(subscriptions);
                }
                Err(error) => result = result.and(Err(error)),
            }
        }
        if leased == Leased::default() { result.map(|()| leased) } else { Ok(leased) }
    }

    /// Where a queue has moved meanwhile, all reports that went with it are made again: each is recorded once.
    async fn record(&self, lease: LeaseId, reports: &[DeliveryReport], now: Timestamp) -> StorageResult<()> {
        let (mut waiting, mut patience, mut result) = (reports.to_vec(), Patience::default(), Ok(()));
        loop {
            let (by_store, found) = self
                .by_store(std::mem::take(&mut waiting), |report: &DeliveryReport| &report.source, &patience)
                .await;
            result = result.and(found);
            for (store, reports) in by_store {
                let recording =
                    async { store.deliveries_or_unsupported()?.record(lease, &reports, now).await };
                match recording.await {
                    Err(StorageError::Moved) => waiting.extend(reports),
                    outcome => result = result.and(outcome),
                }
            }
            if waiting.is_empty() {
                return result;
            }
            patience.wait().await?;
        }
    }

    async fn record_confirmation(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        attempt: ConfirmationAttempt,
        now: Timestamp,
    ) -> StorageResult<()> {
        forward!(self, source, (), store => async {
            let deliveries = store.deliveries_or_unsupported()?;
            deliveries.record_confirmation(source, subscription, attempt.clone(), now).await
        })
    }

    async fn pause(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        paused: Paused,
        until: Timestamp,
    ) -> StorageResult<()> {
        forward!(self, source, (), store => async {
            store.deliveries_or_unsupported()?.pause(source, subscription, paused, until).await
        })
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
        forward!(self, source, 0, store => async {
            store.deliveries_or_unsupported()?.redeliver(source, subscription, which, now).await
        })
    }

    async fn failed(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        page: &PageRequest<Marker>,
        now: Timestamp,
    ) -> StorageResult<Page<FailedDelivery, Marker>> {
        forward!(self, source, Page::empty(), store => async {
            store.deliveries_or_unsupported()?.failed(source, subscription, page, now).await
        })
    }

    async fn attempts(
        &self,
        source: &Destination,
        subscription: SubscriptionId,
        filter: &AttemptFilter,
        page: &PageRequest<AttemptNumber>,
        now: Timestamp,
    ) -> StorageResult<Page<AttemptRecord, AttemptNumber>> {
        forward!(self, source, Page::empty(), store => async {
            store.deliveries_or_unsupported()?.attempts(source, subscription, filter, page, now).await
        })
    }
}

/// What is asked of which store.
type ByStore<T> = Vec<(Arc<dyn MessageStore>, Vec<T>)>;

impl PooledMessageStore {
    /// Sorts what a call about several queues asks by the stores in which they live. One pool that fails does not keep the
    /// others from it.
    async fn by_store<T>(
        &self,
        all: Vec<T>,
        source_of: impl Fn(&T) -> &Destination,
        patience: &Patience,
    ) -> (ByStore<T>, StorageResult<()>) {
        let mut by_source: BTreeMap<_, Vec<T>> = BTreeMap::new();
        for one in all {
            by_source.entry(source_of(&one).number).or_default().push(one);
        }
        let (mut by_store, mut result): (ByStore<T>, _) = (Vec::new(), Ok(()));
        for (number, wanted) in by_source {
            let store = match self.pooled.assignment_of(number, patience).await {
                Ok(Some(assignment)) => self.pooled.store_of(&assignment).await,
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            match store {
                Ok(store) => match by_store.iter_mut().find(|(other, _)| Arc::ptr_eq(other, &store)) {
                    Some((_, all)) => all.extend(wanted),
                    None => by_store.push((store, wanted)),
                },
                Err(error) => result = result.and(Err(error)),
            }
        }
        (by_store, result)
    }
}
