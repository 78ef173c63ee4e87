//! The catalogue: which pool holds which queue.

use std::collections::HashSet;

use zaqar_model::{Destination, DestinationNumber, Marker, PoolName, QueueMove};
use zaqar_storage::{Catalogue, StorageError, StorageResult};

use super::EmbeddedManagementStore;
use super::rows::mapping::{At, Mapping, key};
use super::rows::queue_move;
use super::staged::StagedTables;

/// Maps a queue to a pool, if there is such a pool.
fn put(staged: &mut StagedTables, queue: DestinationNumber, pool: PoolName) -> StorageResult<()> {
    if !staged.tables().has_pool(&pool) {
        return Err(StorageError::NotFound("pool"));
    }
    staged.put(Mapping { queue, at: At::Pool(pool) }).map(drop)
}

#[async_trait::async_trait]
impl Catalogue for EmbeddedManagementStore {
    async fn map(&self, queue: DestinationNumber, pool: &PoolName) -> StorageResult<PoolName> {
        let pool = pool.clone();
        self.write(move |staged| {
            if let Some(mapped) = staged.tables().pool_of(queue) {
                return Ok(mapped);
            }
            put(staged, queue, pool.clone())?;
            Ok(pool)
        })
        .await
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.read(|tables| tables.pool_of(queue))
    }

    async fn remap(&self, queue: DestinationNumber, from: &PoolName, to: &PoolName) -> StorageResult<()> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |staged| {
            if staged.tables().pool_of(queue) != Some(from) {
                return Err(StorageError::Conflict("the queue is not in this pool"));
            }
            put(staged, queue, to)
        })
        .await
    }

    async fn unmap(&self, queue: DestinationNumber) -> StorageResult<()> {
        self.write(move |staged| {
            staged.remove::<Mapping>(&key(queue));
            Ok(())
        })
        .await
    }

    async fn queues_of(&self, pool: &PoolName) -> StorageResult<Vec<Destination>> {
        self.read(|tables| {
            let held: HashSet<DestinationNumber> = tables.queues_in(pool).into_iter().collect();
            let queues = tables.queues.all().map(|queue| &queue.destination);
            queues.filter(|queue| held.contains(&queue.number)).cloned().collect()
        })
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let from = from.clone();
        self.write(move |staged| {
            if staged.tables().pool_of(queue) != Some(from) {
                return Err(StorageError::Conflict("the queue is not in this pool"));
            }
            staged.put(Mapping { queue, at: At::Left(last) }).map(drop)
        })
        .await
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        self.read(|tables| match tables.catalogue.get(&key(queue))?.at {
            At::Left(last) => Some(last),
            At::Pool(_) => None,
        })
    }

    async fn put_move(&self, noted: QueueMove) -> StorageResult<()> {
        self.write(move |staged| {
            let exists = |pool: &PoolName| staged.tables().has_pool(pool);
            if !noted.pools.iter().chain(&noted.to).all(exists) {
                return Err(StorageError::NotFound("pool"));
            }
            staged.put(noted).map(drop)
        })
        .await
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        self.read(|tables| tables.moves.get(&queue_move::key(queue)).map(|noted| (*noted).clone()))
    }

    async fn list_moves(&self) -> StorageResult<Vec<QueueMove>> {
        self.read(|tables| tables.moves.all().map(|noted| (**noted).clone()).collect())
    }

    async fn delete_move(&self, queue: DestinationNumber) -> StorageResult<()> {
        self.write(move |staged| {
            staged.remove::<QueueMove>(&queue_move::key(queue));
            Ok(())
        })
        .await
    }
}
