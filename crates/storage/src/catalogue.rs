//! The catalogue: which pool holds which queue, and which queues are moving.

use zaqar_model::{DestinationNumber, PoolName, QueueMove};

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

    async fn unmap(&self, queue: DestinationNumber) -> StorageResult<()>;

    /// Notes that a queue is on its way to another pool, in place of what was noted of it before. `NotFound` if one of
    /// the pools does not exist. A pool that is part of a move is not deleted, as one that holds queues is not.
    async fn put_move(&self, noted: QueueMove) -> StorageResult<()>;

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>>;

    /// All moves that are under way, to take them up again.
    async fn list_moves(&self) -> StorageResult<Vec<QueueMove>>;

    async fn delete_move(&self, queue: DestinationNumber) -> StorageResult<()>;
}
