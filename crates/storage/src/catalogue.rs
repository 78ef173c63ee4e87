//! The catalogue: which pool holds which queue.

use zaqar_model::{DestinationNumber, PoolName};

use crate::StorageResult;

/// Maps queues and topics, by their numbers, to pools.
#[async_trait::async_trait]
pub trait Catalogue: Send + Sync {
    /// Maps a queue that is not mapped yet; answers the pool that it is mapped to afterwards, which is another's
    /// choice if that came first. `NotFound` if there is no such pool.
    async fn map(&self, queue: DestinationNumber, pool: &PoolName) -> StorageResult<PoolName>;

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>>;

    /// Maps a queue to another pool, if it is still mapped to `from`; `Conflict` otherwise.
    async fn remap(&self, queue: DestinationNumber, from: &PoolName, to: &PoolName) -> StorageResult<()>;

    async fn unmap(&self, queue: DestinationNumber) -> StorageResult<()>;
}
