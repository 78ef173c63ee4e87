//! Pools: the message stores that queues are spread over.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName, QueueMove};
use zaqar_storage::{Pools, StorageError, StorageResult};

use super::{ReferenceStore, State, page_of};

#[async_trait::async_trait]
impl Pools for ReferenceStore {
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()> {
        let mut state = self.state()?;
        let current = state.pools.get(&pool.name);
        if current == Some(pool) {
            return Ok(());
        }
        if current != seen {
            return Err(StorageError::Conflict("the pool was changed meanwhile"));
        }
        if state.pools.values().any(|other| other.name != pool.name && other.uri == pool.uri) {
            return Err(StorageError::Conflict("another pool has this URI"));
        }
        state.pools.insert(pool.name.clone(), pool.clone());
        Ok(())
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        Ok(self.state()?.pools.get(name).cloned())
    }

    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        Ok(page_of(self.state()?.pools.values().cloned(), |pool| pool.name.clone(), page))
    }

    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        page: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>> {
        let state = self.state()?;
        let pools = state.pools.values().filter(|pool| pool.flavor.as_ref() == flavor).cloned();
        Ok(page_of(pools, |pool| pool.name.clone(), page))
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        let mut state = self.state()?;
        let state = &mut *state;
        let needs = |noted: &QueueMove| noted.pools.contains(name) || noted.to.as_ref() == Some(name);
        let exists = |number| state.queues.values().any(|queue| queue.destination.number == number);
        if state.moves.iter().any(|(queue, noted)| needs(noted) && exists(*queue)) {
            return Err(StorageError::Conflict("a queue moves to or from the pool"));
        }
        if state.catalogue.iter().any(|(queue, assigned)| assigned == name && exists(*queue)) {
            return Err(StorageError::Conflict("a queue is assigned to this pool"));
        }
        state.moves.retain(|_, noted| !needs(noted));
        let State { moves, move_owners, .. } = state;
        move_owners.retain(|queue, _| moves.contains_key(queue));
        state.catalogue.retain(|_, assigned| assigned != name);
        state.pools.remove(name);
        Ok(())
    }
}
