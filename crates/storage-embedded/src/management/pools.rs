//! Pools.

use zaqar_model::{FlavorName, Page, PageRequest, Pool, PoolName, QueueMove};
use zaqar_storage::{Pools, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::mapping::{self, Mapping};
use super::rows::pool::key;
use super::rows::queue_move;

#[async_trait::async_trait]
impl Pools for EmbeddedManagementStore {
    async fn put_pool(&self, pool: Pool) -> StorageResult<()> {
        self.write(move |staged| {
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

    async fn pools_of_flavor(&self, flavor: Option<&FlavorName>) -> StorageResult<Vec<Pool>> {
        self.read(|tables| {
            let of_flavor = tables.pools.all().filter(|pool| pool.flavor.as_ref() == flavor);
            of_flavor.map(|pool| (**pool).clone()).collect()
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
                staged.remove::<QueueMove>(&queue_move::key(deleted));
            }
            for deleted in held {
                staged.remove::<Mapping>(&mapping::key(deleted));
            }
            staged.remove::<Pool>(&key);
            Ok(())
        })
        .await
    }
}
