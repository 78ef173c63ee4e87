//! Subscriptions to queues and topics.

use zaqar_model::{Destination, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{StorageResult, SubscriptionChange, Subscriptions};

use crate::PooledMessageStore;

#[async_trait::async_trait]
impl Subscriptions for PooledMessageStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        let source = subscription.source.clone();
        let mut access = self.pooled.access_to_subscribe(&source).await?;
        access.touch_subscription(subscription.id);
        let subscribing =
            async { access.store.subscriptions_or_unsupported()?.subscribe(subscription, now).await };
        let result = subscribing.await;
        self.pooled.end(access, &source, result).await
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let Some(access) = self.pooled.access(source).await? else { return Ok(None) };
        access.store.subscriptions_or_unsupported()?.get_subscription(source, id, now).await
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let Some(access) = self.pooled.access(source).await? else { return Ok(None) };
        access.store.subscriptions_or_unsupported()?.find_subscriber(source, subscriber, now).await
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        let Some(access) = self.pooled.access(source).await? else { return Ok(Page::empty()) };
        access.store.subscriptions_or_unsupported()?.list_subscriptions(source, page, now).await
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(mut access) = self.pooled.access_subscriptions(source).await? else { return Ok(false) };
        access.touch_subscription(id);
        access.store.subscriptions_or_unsupported()?.update_subscription(source, id, change, now).await
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        let Some(mut access) = self.pooled.access_subscriptions(source).await? else { return Ok(()) };
        access.touch_subscription(id);
        access.store.subscriptions_or_unsupported()?.unsubscribe(source, id).await
    }
}
