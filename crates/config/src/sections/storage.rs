//! `[storage]`: stages that requests pass on their way to the store.

use crate::section::section;

section! {
    /// Names of stages, in order, that requests pass before they reach the store.
    pub struct Storage;

    /// Stages for requests about queues.
    queue_pipeline: Vec<String> = &[];

    /// Stages for requests about messages.
    message_pipeline: Vec<String> = &[];

    /// Stages for requests about claims.
    claim_pipeline: Vec<String> = &[];

    /// Stages for requests about subscriptions.
    subscription_pipeline: Vec<String> = &[];

    /// Stages for requests about topics.
    topic_pipeline: Vec<String> = &[];
}
