//! Deliveries: notifications that are owed, in all pools.

use std::sync::Arc;

use zaqar_model::{Delivery, DeliveryOutcome, LeaseId, Marker, SubscriptionId, Timestamp};
use zaqar_storage::{Deliveries, MessageStore, StorageError, StorageResult};

use crate::PooledMessageStore;

#[async_trait::async_trait]
impl Deliveries for PooledMessageStore {
    async fn lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>> {
        let mut stores = self.delivering().await?;
        // Another begins each time: a pool that owes much does not keep the others waiting.
        if let Ok(pools @ 1..) = u128::try_from(stores.len()) {
            stores.rotate_left(usize::try_from(lease.as_u128() % pools).unwrap_or_default());
        }
        let mut leased = Vec::new();
        let mut failure = None;
        for store in stores {
            if leased.len() >= limit {
                break;
            }
            match store.lease(lease, until, limit - leased.len(), now).await {
                Ok(deliveries) => leased.extend(deliveries),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            // What the other pools owe does not wait for the one that fails.
            Some(error) if leased.is_empty() => Err(error),
            _ => Ok(leased),
        }
    }

    async fn record(
        &self,
        lease: LeaseId,
        outcomes: Vec<(SubscriptionId, Marker, DeliveryOutcome)>,
        now: Timestamp,
    ) -> StorageResult<()> {
        let mut result = Ok(());
        // Each pool passes over what is not its own.
        for store in self.delivering().await? {
            result = result.and(store.record(lease, outcomes.clone(), now).await);
        }
        result
    }

    async fn next_due(&self, now: Timestamp) -> StorageResult<Option<Timestamp>> {
        let mut next = None;
        for store in self.delivering().await? {
            let due = store.next_due(now).await?;
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next)
    }
}

impl PooledMessageStore {
    /// The stores that keep deliveries. Those that cannot be opened now are left out: what they owe waits for them.
    async fn delivering(&self) -> StorageResult<Vec<Arc<dyn MessageStore>>> {
        let stores = self.pooled.all_stores().await?;
        if !self.pooled.capabilities().deliveries {
            return Err(StorageError::Unsupported("deliveries"));
        }
        Ok(stores.into_iter().flatten().filter(|store| store.capabilities().deliveries).collect())
    }
}
