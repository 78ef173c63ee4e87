//! Subscriptions to queues and topics.

use zaqar_model::{Destination, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult, SubscriptionChange, Subscriptions};

use super::{ReferenceStore, page_of};

#[async_trait::async_trait]
impl Subscriptions for ReferenceStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        let mut contents = self.live_contents(&subscription.source)?;
        if contents.subscription(subscription.id, now).is_some() {
            return Ok(());
        }
        if contents.subscriber(&subscription.subscriber, now).is_some() {
            return Err(StorageError::Conflict("the subscriber has a subscription already"));
        }
        contents.subscriptions.insert(subscription.id, subscription);
        Ok(())
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        Ok(self.contents(source)?.subscription(id, now).cloned())
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        Ok(self.contents(source)?.subscriber(subscriber, now).cloned())
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        let contents = self.contents(source)?;
        let live = contents.subscriptions.keys().filter_map(|id| contents.subscription(*id, now)).cloned();
        Ok(page_of(live, |subscription| subscription.id, page))
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let mut contents = self.contents(source)?;
        let Some(mut subscription) = contents.subscription(id, now).cloned() else { return Ok(false) };
        if change.if_subscriber.is_some_and(|seen| seen != subscription.subscriber) {
            return Ok(false);
        }
        let mut resumes = false;
        if let Some(subscriber) = change.subscriber {
            if contents.subscriber(&subscriber, now).is_some_and(|other| other.id != id) {
                return Err(StorageError::Conflict("the subscriber has another subscription"));
            }
            resumes = subscription.subscriber != subscriber;
            subscription.subscriber = subscriber;
        }
        if let Some(ttl) = change.ttl {
            subscription.ttl = ttl;
            subscription.renewed = now;
        }
        if let Some(options) = change.options {
            subscription.options = options;
        }
        if let Some(confirmed) = change.confirmed {
            subscription.confirmed = confirmed;
        }
        if let Some(declined) = change.declined {
            subscription.declined = declined;
        }
        if let Some(notified) = change.notified {
            subscription.notified = notified;
            if !notified {
                contents.ledger.owed.retain(|owed| owed.subscription != id);
                contents.ledger.held_back.remove(&id);
            }
        }
        if let Some(suspended) = change.suspended {
            resumes |= subscription.suspended.is_some() && suspended.is_none();
            subscription.suspended = suspended;
        }
        contents.subscriptions.insert(id, subscription);
        if resumes {
            contents.hasten(id);
        }
        self.owed.notify_one();
        Ok(true)
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        let mut contents = self.contents(source)?;
        contents.subscriptions.remove(&id);
        contents.ledger.retain(|other| other != id);
        Ok(())
    }
}
