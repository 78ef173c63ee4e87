//! Pools.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName};
use zaqar_storage::{Pools, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::assignment::{self, Assignment};
use super::rows::pool::key;
use super::rows::queue_move::{self, NotedMove};

#[async_trait::async_trait]
impl Pools for EmbeddedManagementStore {
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()> {
        let (pool, seen) = (pool.clone(), seen.cloned());
        self.write(move |staged| {
            let current = staged.tables().pools.get(&key(&pool.name));
            if current.as_deref() == Some(&pool) {
                return Ok(());
            }
            if current.as_deref() != seen.as_ref() {
                return Err(StorageError::Conflict("the pool was changed meanwhile"));
            }
            let same_uri = |other: &Pool| other.uri == pool.uri && other.name != pool.name;
            if staged.tables().pools.all().any(|other| same_uri(other)) {
                return Err(StorageError::Conflict("another pool has this URI"));
            }
            staged.put(pool).map(drop)
        })
        .await
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        let key = key(name);
        self.read(|tables| tables.pools.get(&key).map(|pool| (*pool).clone()))
    }

    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        let marker = page.marker.as_ref().map(key);
        let pools = self.read(|tables| tables.pools.page(b"", marker.as_deref(), page.limit))?;
        let next = pools.last().map(|pool| pool.name.clone());
        Ok(Page { items: pools.iter().map(|pool| (**pool).clone()).collect(), next })
    }

    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        page: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>> {
        self.read(|tables| {
            let is_behind = |pool: &Pool| page.marker.as_ref().is_none_or(|marker| pool.name > *marker);
            let of_flavor = tables.pools.all().filter(|pool| pool.flavor.as_ref() == flavor);
            let items: Vec<Pool> = of_flavor
                .filter(|pool| is_behind(pool))
                .take(page.limit)
                .map(|pool| (**pool).clone())
                .collect();
            Page { next: items.last().map(|pool| pool.name.clone()), items }
        })
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        let (key, name) = (key(name), name.clone());
        self.write(move |staged| {
            let moving = staged.tables().moves_of(&name);
            if moving.iter().any(|queue| staged.has(*queue)) {
                return Err(StorageError::Conflict("a queue moves to or from the pool"));
            }
            let held = staged.tables().queues_in(&name);
            if held.iter().any(|queue| staged.has(*queue)) {
                return Err(StorageError::Conflict("the pool holds queues"));
            }
            for deleted in moving {
                staged.remove::<NotedMove>(&queue_move::key(deleted));
            }
            for deleted in held {
                staged.remove::<Assignment>(&assignment::key(deleted));
            }
            staged.remove::<Pool>(&key);
            Ok(())
        })
        .await
    }
}
