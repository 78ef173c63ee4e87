//! Subscriptions over a line that is cut.

use zaqar_model::{Destination, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{MessageStore, StorageResult, SubscriptionChange, Subscriptions};

use super::CutStore;

impl CutStore<dyn MessageStore> {
    fn subscribers(&self) -> &dyn Subscriptions {
        self.store.subscriptions().expect("the store has subscriptions")
    }
}

#[async_trait::async_trait]
impl Subscriptions for CutStore<dyn MessageStore> {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        self.repeat("subscribe", |_| self.subscribers().subscribe(subscription.clone(), now)).await
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        self.read("get_subscription", self.subscribers().get_subscription(source, id, now)).await
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        self.read("find_subscriber", self.subscribers().find_subscriber(source, subscriber, now)).await
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        self.read("list_subscriptions", self.subscribers().list_subscriptions(source, page, now)).await
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let update = |_| self.subscribers().update_subscription(source, id, change.clone(), now);
        self.repeat("update_subscription", update).await
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        self.repeat("unsubscribe", |_| self.subscribers().unsubscribe(source, id)).await
    }
}
