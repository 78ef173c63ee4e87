//! Pools: the message stores that queues are spread over.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName};
use zaqar_storage::{Pools, StorageError, StorageResult};

use super::{ModelStore, page_of};

#[async_trait::async_trait]
impl Pools for ModelStore {
    async fn put_pool(&self, pool: Pool) -> StorageResult<()> {
        let mut state = self.state()?;
        if state.pools.values().any(|other| other.name != pool.name && other.uri == pool.uri) {
            return Err(StorageError::Conflict("another pool has this URI"));
        }
        state.pools.insert(pool.name.clone(), pool);
        Ok(())
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        Ok(self.state()?.pools.get(name).cloned())
    }

    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        Ok(page_of(self.state()?.pools.values().cloned(), |pool| pool.name.clone(), page))
    }

    async fn pools_of_flavor(&self, flavor: Option<&FlavorName>) -> StorageResult<Vec<Pool>> {
        let state = self.state()?;
        Ok(state.pools.values().filter(|pool| pool.flavor.as_ref() == flavor).cloned().collect())
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        let mut state = self.state()?;
        if state.moves.values().any(|noted| noted.pools.contains(name) || noted.to.as_ref() == Some(name)) {
            return Err(StorageError::Conflict("a queue moves to or from the pool"));
        }
        if state.catalogue.values().any(|mapped| mapped == name) {
            return Err(StorageError::Conflict("a queue is mapped to this pool"));
        }
        state.pools.remove(name);
        Ok(())
    }
}
