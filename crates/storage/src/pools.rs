//! Pools: the message stores that queues are spread over.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName};

use crate::StorageResult;

/// The registered pools. They belong to no project. There are tens of them, not thousands.
#[async_trait::async_trait]
pub trait Pools: Send + Sync {
    /// Registers a pool if there is none of its name (`seen` is `None`), or puts it in place of the one that was seen.
    /// `Conflict` if the pool of this name is not what was seen, or if another pool has this URI. To tell the two apart, read
    /// the pool again.
    ///
    /// May be repeated: nothing is done if the pool is registered like this already.
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()>;

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>>;

    /// In the order of their names, bytewise. A page is short only at the end.
    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>>;

    /// The pools of a flavor, or those of none, in the order of their names. A page is short only at the end. May cost in
    /// proportion to the number of all pools.
    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        page: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>>;

    /// Removes a pool. `Conflict` while a queue is assigned to it, or while a queue moves to or from it. Queues that were
    /// deleted do not count: after a crash the catalogue may still have them, so they are forgotten now. May cost in proportion
    /// to the number of queues in the catalogue. May be repeated.
    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()>;
}
