//! Subscriptions to queues and topics.

use serde_json::Value;

use crate::{Destination, Excerpt, Metadata, SubscriptionId, SubscriptionTtl, Timestamp};

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
    /// Whether the subscriber has said no. It is not asked before somebody subscribes it once more.
    pub declined: bool,
    /// Whether it is owed what is posted. Not the same as `confirmed`: where nobody is asked to confirm, a subscription
    /// is notified without.
    pub notified: bool,
    /// Nothing is sent to it until somebody lifts this. It is owed what is posted all the same.
    pub suspended: Option<Suspension>,
}

/// Why and since when nothing is sent to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub since: Timestamp,
    pub reason: Excerpt,
}

/// The name of the option by which a subscription waits for the delays of messages.
pub const RESPECT_DELAY: &str = "respect_delay";

impl Subscription {
    /// Whether a delayed message is owed to it only from the end of its delay on.
    pub fn respects_delay(&self) -> bool {
        respects_delay(&self.options)
    }
}

/// Whether these options of a subscription ask for the end of delays.
pub fn respects_delay(options: &Metadata) -> bool {
    options.get(RESPECT_DELAY) == Some(&Value::Bool(true))
}
