//! `[storage]`: the pipelines of operations.

use crate::section::section;

section! {
    /// The names of the stages of each pipeline, in order. Operations pass them before they reach the stores.
    /// `zaqar.notification.notifier` is accepted and does nothing: subscribers are notified with or without it. Other
    /// stages come with a custom binary.
    pub struct Storage;

    /// Stages for operations on queues.
    queue_pipeline: Vec<String> = &[];

    /// Stages for operations on messages, of queues and of topics.
    message_pipeline: Vec<String> = &[];

    /// Stages for operations on claims.
    claim_pipeline: Vec<String> = &[];

    /// Stages for operations on subscriptions, to queues and to topics.
    subscription_pipeline: Vec<String> = &[];

    /// Stages for operations on topics.
    topic_pipeline: Vec<String> = &[];
}
