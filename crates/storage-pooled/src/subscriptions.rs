//! Subscriptions to queues and topics.

use zaqar_model::{Destination, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{StorageResult, SubscriptionChange, Subscriptions};

use crate::PooledMessageStore;

#[async_trait::async_trait]
impl Subscriptions for PooledMessageStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        let source = subscription.source.clone();
        let mut visit = self.pooled.visit_to_subscribe(&source).await?;
        visit.touch_subscription(subscription.id);
        let subscribing =
            async { visit.store.subscriptions_or_unsupported()?.subscribe(subscription, now).await };
        let result = subscribing.await;
        self.pooled.end(visit, &source, result).await
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(None) };
        visit.store.subscriptions_or_unsupported()?.get_subscription(source, id, now).await
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(None) };
        visit.store.subscriptions_or_unsupported()?.find_subscriber(source, subscriber, now).await
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        let Some(visit) = self.pooled.visit(source).await? else { return Ok(Page::empty()) };
        visit.store.subscriptions_or_unsupported()?.list_subscriptions(source, page, now).await
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(mut visit) = self.pooled.visit_subscriptions(source).await? else { return Ok(false) };
        visit.touch_subscription(id);
        visit.store.subscriptions_or_unsupported()?.update_subscription(source, id, change, now).await
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        let Some(mut visit) = self.pooled.visit_subscriptions(source).await? else { return Ok(()) };
        visit.touch_subscription(id);
        visit.store.subscriptions_or_unsupported()?.unsubscribe(source, id).await
    }
}
