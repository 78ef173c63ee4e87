//! Subscriptions to queues and topics.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;
use zaqar_model::{Destination, Metadata, Page, PageRequest, Subscription, SubscriptionId, Timestamp};
use zaqar_storage::{StorageError, StorageResult, SubscriptionChange, Subscriptions};

use crate::EmbeddedMessageStore;
use crate::index::{StoredSubscription, respects_delay};
use crate::log::Record;
use crate::queues::{Locked, Queue};
use crate::writer::answer;

/// Another subscription has the subscriber.
struct Taken;

#[async_trait::async_trait]
impl Subscriptions for EmbeddedMessageStore {
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()> {
        self.writer.check_open()?;
        let queue =
            self.queues.find_or_create(&subscription.source).ok_or(StorageError::NotFound("queue"))?;
        let mut stored = stored(&subscription)?;
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            if locked.is_dropped {
                return Err(StorageError::NotFound("queue"));
            }
            let subscriptions = &locked.index.subscriptions;
            if subscriptions.get(stored.id).is_some() {
                // The same call once more.
                Ok(None)
            } else if subscriptions.find(&stored.subscriber).is_some() {
                Err(Taken)
            } else {
                stored.owed_from = subscription.notified.then_some(locked.index.next_sequence);
                // The identity of the queue comes first: its deliveries need it.
                self.log_identity(&queue, &mut locked)?;
                let record = Record::Subscribe { destination: queue.number, subscription: stored.record() };
                let receiver = self.log(&mut locked, &record)?;
                locked.index.subscribe(stored);
                Ok(Some(receiver))
            }
        };
        match receiver {
            Ok(receiver) => self.done(&queue, receiver).await,
            Err(Taken) => Err(self.taken(&queue).await),
        }
    }

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let Some(queue) = self.find(source)? else { return Ok(None) };
        let stored = self.queues.lock_at(&queue, now).here()?.index.subscriptions.get(id).cloned();
        stored.map(|stored| to_subscription(source, &stored)).transpose()
    }

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>> {
        let Some(queue) = self.find(source)? else { return Ok(None) };
        let stored = self.queues.lock_at(&queue, now).here()?.index.subscriptions.find(subscriber).cloned();
        stored.map(|stored| to_subscription(source, &stored)).transpose()
    }

    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>> {
        let Some(queue) = self.find(source)? else { return Ok(Page::empty()) };
        let stored: Vec<StoredSubscription> = {
            let locked = self.queues.lock_at(&queue, now).here()?;
            locked.index.subscriptions.iter_behind(page.marker).take(page.limit).cloned().collect()
        };
        let next = stored.last().map(|stored| stored.id);
        let items =
            stored.iter().map(|stored| to_subscription(source, stored)).collect::<StorageResult<_>>()?;
        Ok(Page { items, next })
    }

    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool> {
        let Some(queue) = self.find(source)? else { return Ok(false) };
        let options = change.options.as_ref().map(options_text).transpose()?;
        let receiver = {
            let mut locked = self.queues.lock_at(&queue, now).here()?;
            let subscriptions = &locked.index.subscriptions;
            let Some(mut stored) = subscriptions.get(id).cloned() else { return Ok(false) };
            if change.if_subscriber.is_some_and(|seen| *seen != *stored.subscriber) {
                return Ok(false);
            }
            let other = change.subscriber.as_deref().and_then(|subscriber| subscriptions.find(subscriber));
            if other.is_some_and(|other| other.id != id) {
                None
            } else {
                stored.subscriber = change.subscriber.map_or(stored.subscriber, Into::into);
                (stored.renewed, stored.ttl) =
                    change.ttl.map_or((stored.renewed, stored.ttl), |ttl| (now, ttl));
                stored.options = options.unwrap_or(stored.options);
                stored.respects_delay = respects_delay(&stored.options);
                stored.confirmed = change.confirmed.unwrap_or(stored.confirmed);
                stored.declined = change.declined.unwrap_or(stored.declined);
                stored.suspended = change.suspended.unwrap_or(stored.suspended);
                stored.owed_from = match change.notified {
                    None => stored.owed_from,
                    Some(false) => None,
                    Some(true) => stored.owed_from.or(Some(locked.index.next_sequence)),
                };
                let record = Record::Subscribe { destination: queue.number, subscription: stored.record() };
                let receiver = self.log(&mut locked, &record)?;
                locked.index.subscribe(stored);
                Some(receiver)
            }
        };
        match receiver {
            Some(receiver) => answer(receiver).await.map(|()| true),
            None => Err(self.taken(&queue).await),
        }
    }

    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()> {
        let Some(queue) = self.find(source)? else { return Ok(()) };
        let receiver = {
            let mut locked = self.queues.lock(&queue).here()?;
            if locked.index.subscriptions.get(id).is_some() {
                let record = Record::Unsubscribe { destination: queue.number, subscription: id };
                let receiver = self.log(&mut locked, &record)?;
                locked.index.unsubscribe(id);
                Some(receiver)
            } else {
                None
            }
        };
        self.done(&queue, receiver).await
    }
}

impl EmbeddedMessageStore {
    /// Logs the identity of a queue, unless the log has it.
    pub(crate) fn log_identity(&self, queue: &Queue, locked: &mut Locked<'_>) -> StorageResult<()> {
        let Some(identity) = queue.identity.get() else { return Ok(()) };
        if queue.identity_is_logged.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.log(locked, &Record::destination(identity))?;
        queue.identity_is_logged.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The refusal of a second subscription of a subscriber, once the first one is durable.
    async fn taken(&self, queue: &Queue) -> StorageError {
        let conflict = StorageError::Conflict("the subscriber has a subscription already");
        self.settled(queue).await.err().unwrap_or(conflict)
    }
}

pub(crate) fn stored(subscription: &Subscription) -> StorageResult<StoredSubscription> {
    Ok(StoredSubscription {
        id: subscription.id,
        renewed: subscription.renewed,
        ttl: subscription.ttl,
        confirmed: subscription.confirmed,
        declined: subscription.declined,
        owed_from: None,
        subscriber: subscription.subscriber.as_str().into(),
        options: options_text(&subscription.options)?,
        suspended: subscription.suspended.clone(),
        respects_delay: subscription.respects_delay(),
    })
}

pub(crate) fn to_subscription(
    source: &Destination,
    stored: &StoredSubscription,
) -> StorageResult<Subscription> {
    let options: Value = serde_json::from_str(&stored.options).map_err(StorageError::driver)?;
    let options = Metadata::from_value(options)
        .ok_or_else(|| StorageError::driver("the options are not a JSON object"))?;
    Ok(Subscription {
        id: stored.id,
        source: source.clone(),
        subscriber: stored.subscriber.to_string(),
        ttl: stored.ttl,
        renewed: stored.renewed,
        options,
        confirmed: stored.confirmed,
        declined: stored.declined,
        notified: stored.owed_from.is_some(),
        suspended: stored.suspended.clone(),
    })
}

fn options_text(options: &Metadata) -> StorageResult<Arc<str>> {
    serde_json::to_string(&options.clone().into_value()).map(Into::into).map_err(StorageError::driver)
}
