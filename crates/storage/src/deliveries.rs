//! Deliveries: notifications that are owed.

use zaqar_model::{Delivery, DeliveryOutcome, LeaseId, Marker, SubscriptionId, Timestamp};

use crate::StorageResult;

/// What is owed to the subscriptions of all queues and topics. A subscription is a cursor over its source's messages,
/// with the deliveries that are set aside for another try beside it; so a post costs the same with a thousand
/// subscriptions as with one. A message stays for its subscribers until every cursor has passed it or its time to live
/// ends, also when a consumer has deleted it meanwhile.
#[async_trait::async_trait]
pub trait Deliveries: Send + Sync {
    /// Takes deliveries that are due, for this lease alone until `until`: then, unless recorded, they are due again.
    /// First attempts of one subscription come in the order of posting.
    async fn lease(
        &self,
        lease: LeaseId,
        until: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> StorageResult<Vec<Delivery>>;

    /// Records how attempts ended. What another lease has taken over meanwhile is passed over.
    async fn record(
        &self,
        lease: LeaseId,
        outcomes: Vec<(SubscriptionId, Marker, DeliveryOutcome)>,
        now: Timestamp,
    ) -> StorageResult<()>;

    /// When the next delivery will be due; `None` while nothing is owed.
    async fn next_due(&self, now: Timestamp) -> StorageResult<Option<Timestamp>>;
}
