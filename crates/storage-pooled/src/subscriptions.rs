//! Subscriptions to queues and topics.

use zaqar_model::{Destination, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{StorageResult, SubscriptionChange, Subscriptions};

use crate::PooledMessageStore;
use crate::route::{forward, forward_writing};

#[async_trait::async_trait]
impl Subscriptions for PooledMessageStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        forward_writing!(self, &subscription.source, store => async {
            store.subscriptions_or_unsupported()?.subscribe(subscription.clone(), now).await
        })
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        forward!(self, source, None, store => async {
            store.subscriptions_or_unsupported()?.get_subscription(source, id, now).await
        })
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        forward!(self, source, None, store => async {
            store.subscriptions_or_unsupported()?.find_subscriber(source, subscriber, now).await
        })
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        forward!(self, source, Page::empty(), store => async {
            store.subscriptions_or_unsupported()?.list_subscriptions(source, page, now).await
        })
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        forward!(self, source, false, store => async {
            store.subscriptions_or_unsupported()?.update_subscription(source, id, change.clone(), now).await
        })
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        forward!(self, source, (), store => async {
            store.subscriptions_or_unsupported()?.unsubscribe(source, id).await
        })
    }
}
