//! The catalogue: which pool holds which queue, and which queues are moving.

use zaqar_model::{Destination, DestinationNumber, Marker, PoolName, QueueMove};

use crate::StorageResult;

/// Maps queues and topics, by their numbers, to pools.
#[async_trait::async_trait]
pub trait Catalogue: Send + Sync {
    /// Maps a queue that is not mapped yet; answers the pool that it is mapped to afterwards, which is another's
    /// choice if that came first. `NotFound` if there is no such pool.
    async fn map(&self, queue: DestinationNumber, pool: &PoolName) -> StorageResult<PoolName>;

    /// The pool that a queue is mapped to. On the path of every message: cheap.
    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>>;

    /// Maps a queue to another pool, if it is still mapped to `from`; `Conflict` otherwise.
    async fn remap(&self, queue: DestinationNumber, from: &PoolName, to: &PoolName) -> StorageResult<()>;

    /// Forgets a queue: nothing is left of it, or it lives in no pool.
    async fn unmap(&self, queue: DestinationNumber) -> StorageResult<()>;

    /// The queues and topics that are mapped to a pool, deleted ones not among them. May cost in proportion to all that
    /// there are: asked when a pool is removed.
    async fn queues_of(&self, pool: &PoolName) -> StorageResult<Vec<Destination>>;

    /// Unmaps a queue that holds nothing, if it is still mapped to `from`; `Conflict` otherwise. Until it is mapped again,
    /// the last position in it is kept, so that what is posted later stands behind the markers that clients have.
    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()>;

    /// The last position in a queue that has [left](Self::leave) its pool, and is mapped to none.
    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>>;

    /// Notes that a queue is on its way to another pool, in place of what was noted of it before. `NotFound` if one of
    /// the pools does not exist. A pool that is part of a move is not deleted, as one that holds queues is not.
    async fn put_move(&self, noted: QueueMove) -> StorageResult<()>;

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>>;

    /// All moves that are under way, to take them up again.
    async fn list_moves(&self) -> StorageResult<Vec<QueueMove>>;

    async fn delete_move(&self, queue: DestinationNumber) -> StorageResult<()>;
}
