//! Subscriptions: not kept by this version of the driver, and declared so in its capabilities.

use zaqar_model::{Destination, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult, SubscriptionChange, Subscriptions};

use crate::EmbeddedMessageStore;

pub(crate) const UNSUPPORTED: StorageError = StorageError::Unsupported("subscriptions");

#[async_trait::async_trait]
impl Subscriptions for EmbeddedMessageStore {
    async fn subscribe(&self, _: Subscription, _: Timestamp) -> StorageResult<()> {
        Err(UNSUPPORTED)
    }

    async fn get_subscription(
        &self,
        _: &Destination,
        _: SubscriptionId,
        _: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        Err(UNSUPPORTED)
    }

    async fn find_subscriber(
        &self,
        _: &Destination,
        _: &str,
        _: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        Err(UNSUPPORTED)
    }

    async fn list_subscriptions(
        &self,
        _: &Destination,
        _: &PageRequest<SubscriptionId>,
        _: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        Err(UNSUPPORTED)
    }

    async fn update_subscription(
        &self,
        _: &Destination,
        _: SubscriptionId,
        _: SubscriptionChange,
        _: Timestamp,
    ) -> StorageResult<bool> {
        Err(UNSUPPORTED)
    }

    async fn unsubscribe(&self, _: &Destination, _: SubscriptionId) -> StorageResult<()> {
        Err(UNSUPPORTED)
    }
}
