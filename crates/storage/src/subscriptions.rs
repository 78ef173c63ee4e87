//! Subscriptions to queues and topics.

use zaqar_model::{
    Destination, Metadata, Page, PageRequest, Subscription, SubscriptionId, SubscriptionTtl, Suspension,
    Timestamp,
};

use crate::StorageResult;

/// The subscriptions of all queues and topics. An expired one counts as absent everywhere.
#[async_trait::async_trait]
pub trait Subscriptions: Send + Sync {
    /// Stores a new subscription: from now on it is owed every message that is posted to its source, if it is to be
    /// notified (see [`Deliveries`](crate::Deliveries)). `Conflict` if its source has another one with the same subscriber.
    /// May be repeated: one that is there already under its id is left as it is.
    async fn subscribe(&self, subscription: Subscription, now: Timestamp) -> StorageResult<()>;

    async fn get_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>>;

    async fn find_subscriber(
        &self,
        source: &Destination,
        subscriber: &str,
        now: Timestamp,
    ) -> StorageResult<Option<Subscription>>;

    /// In the order of their ids.
    async fn list_subscriptions(
        &self,
        source: &Destination,
        page: &PageRequest<SubscriptionId>,
        now: Timestamp,
    ) -> StorageResult<Page<Subscription, SubscriptionId>>;

    /// Changes what is given. A new time to live counts from now. One that is to be notified from now on is owed what is
    /// posted from now on; one that is no longer, nothing. Returns whether it was changed; `Conflict` if the new
    /// subscriber has another subscription to the same source. May be repeated.
    async fn update_subscription(
        &self,
        source: &Destination,
        id: SubscriptionId,
        change: SubscriptionChange,
        now: Timestamp,
    ) -> StorageResult<bool>;

    /// Ends a subscription and forgets what is owed to it, what failed, and its attempts. May be repeated.
    async fn unsubscribe(&self, source: &Destination, id: SubscriptionId) -> StorageResult<()>;
}

/// What of a subscription is to change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscriptionChange {
    /// It changes only while this is its subscriber.
    pub if_subscriber: Option<String>,
    /// What waits, and whatever holds it back, was about the subscriber before: it is due at once.
    pub subscriber: Option<String>,
    pub ttl: Option<SubscriptionTtl>,
    pub options: Option<Metadata>,
    pub confirmed: Option<bool>,
    pub declined: Option<bool>,
    pub notified: Option<bool>,
    /// `Some(None)` lifts a suspension: what waited is due at once.
    pub suspended: Option<Option<Suspension>>,
}
