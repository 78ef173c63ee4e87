//! Subscriptions, and the deliveries that are owed to them.

use crate::{Destination, Marker, Metadata, StoredMessage, SubscriptionId, SubscriptionTtl, Timestamp};

/// Someone who is told of every message that is posted to a queue or topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    pub id: SubscriptionId,
    /// What is subscribed to.
    pub source: Destination,
    /// The URI that notifications go to. Unique among the subscriptions of its source.
    pub subscriber: String,
    pub ttl: SubscriptionTtl,
    /// When it was created or last updated: age and expiry count from here.
    pub renewed: Timestamp,
    pub options: Metadata,
    /// Whether the subscriber has agreed to be notified.
    pub confirmed: bool,
}

/// A notification that is owed: one message for one subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub subscription: Subscription,
    pub message: StoredMessage,
    /// Where the message stands in its queue.
    pub position: Marker,
    /// How often it has been tried so far.
    pub attempts: u32,
}

/// How an attempt at a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The subscriber has it: the delivery is done.
    Delivered,
    /// It failed and is to be tried again at this time; it does not hold up the deliveries behind it.
    RetryAt(Timestamp),
    /// It failed for good: the reason, for the record.
    Exhausted(String),
}
