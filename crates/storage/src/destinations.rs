//! Queues and topics: their names, metadata and numbers. What is in them is `messages.rs`.

use std::sync::Arc;

use zaqar_model::{DestinationKind, Metadata, Page, PageRequest, ProjectId, Queue, QueueName};

use crate::StorageResult;

/// What `create` found.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// There was none; now there is this one.
    New(Arc<Queue>),
    /// There was one already; it is left as it was.
    Existing(Arc<Queue>),
}

impl Created {
    pub fn into_queue(self) -> Arc<Queue> {
        match self {
            Self::New(queue) | Self::Existing(queue) => queue,
        }
    }
}

/// Queues and topics of all projects. Both kinds have the same operations; they may share names.
#[async_trait::async_trait]
pub trait Destinations: Send + Sync {
    /// Makes a queue with a number that no other ever had, unless there is one of this name.
    ///
    /// May be repeated: a queue that the first attempt made is returned as an existing one.
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created>;

    /// Looks a queue up. It is asked for every message. Where that is a round trip, put
    /// [`CachedDestinations`](crate::CachedDestinations) over the store. The metadata may then be a second old; a queue that
    /// was made is found at once.
    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>>;

    /// Replaces the metadata if the queue still is what `seen` says: same number, same revision. The revision grows by one.
    /// `Conflict` if it was changed meanwhile, `NotFound` if it was deleted.
    ///
    /// May be repeated: then a `Conflict` may come from the first attempt. It does if the queue has the next revision and this
    /// metadata. Only a caller that repeats may conclude that: otherwise it was another's change to the same value.
    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>>;

    /// Removes a queue and returns what it was. Its messages are the message store's to drop.
    ///
    /// May be repeated: then it returns nothing if the first attempt has removed the queue.
    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>>;

    /// The project's queues in the order of their names, bytewise. A page is short only at the end. The cost does not grow
    /// with the number of queues before and behind the page.
    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>>;

    /// How many the project has. May cost in proportion to that number.
    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64>;
}
