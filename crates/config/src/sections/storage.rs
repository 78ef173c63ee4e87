//! `[storage]`: stages that operations pass on their way to the stores.

use crate::section::section;

section! {
    /// Names of stages, in order, that operations pass before they reach the stores. `zaqar.notification.notifier` is
    /// known and does nothing: subscribers are told with or without it. Other stages come with a site's own binary.
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
