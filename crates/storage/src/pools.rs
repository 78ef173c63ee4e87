//! Pools: the message stores that queues are spread over.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName};

use crate::StorageResult;

/// The registered pools. They belong to no project.
#[async_trait::async_trait]
pub trait Pools: Send + Sync {
    /// Registers a pool, or replaces the one of this name. `Conflict` if another pool has its URI.
    async fn put_pool(&self, pool: Pool) -> StorageResult<()>;

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>>;

    /// In the order of their names.
    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>>;

    /// The pools of a flavor, or those of none, in the order of their names.
    async fn pools_of_flavor(&self, flavor: Option<&FlavorName>) -> StorageResult<Vec<Pool>>;

    /// Removes a pool. `Conflict` while the catalogue maps a queue to it, or while a queue moves to or from it.
    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()>;
}
