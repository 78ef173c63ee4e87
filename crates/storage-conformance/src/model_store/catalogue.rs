//! The catalogue: which pool holds which queue.

use zaqar_model::{Destination, DestinationNumber, Marker, PoolName, QueueMove};
use zaqar_storage::{Catalogue, StorageError, StorageResult};

use super::ModelStore;

#[async_trait::async_trait]
impl Catalogue for ModelStore {
    async fn map(&self, queue: DestinationNumber, pool: &PoolName) -> StorageResult<PoolName> {
        let mut state = self.state()?;
        if let Some(mapped) = state.catalogue.get(&queue) {
            return Ok(mapped.clone());
        }
        if !state.pools.contains_key(pool) {
            return Err(StorageError::NotFound("pool"));
        }
        state.left.remove(&queue);
        state.catalogue.insert(queue, pool.clone());
        Ok(pool.clone())
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        Ok(self.state()?.catalogue.get(&queue).cloned())
    }

    async fn remap(&self, queue: DestinationNumber, from: &PoolName, to: &PoolName) -> StorageResult<()> {
        let mut state = self.state()?;
        if state.catalogue.get(&queue) != Some(from) {
            return Err(StorageError::Conflict("the queue is mapped to another pool"));
        }
        if !state.pools.contains_key(to) {
            return Err(StorageError::NotFound("pool"));
        }
        state.catalogue.insert(queue, to.clone());
        Ok(())
    }

    async fn unmap(&self, queue: DestinationNumber) -> StorageResult<()> {
        let mut state = self.state()?;
        state.catalogue.remove(&queue);
        state.left.remove(&queue);
        Ok(())
    }

    async fn queues_of(&self, pool: &PoolName) -> StorageResult<Vec<Destination>> {
        let state = self.state()?;
        let all = state.queues.values().map(|queue| &queue.destination);
        Ok(all.filter(|queue| state.catalogue.get(&queue.number) == Some(pool)).cloned().collect())
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let mut state = self.state()?;
        if state.catalogue.get(&queue) != Some(from) {
            return Err(StorageError::Conflict("the queue is mapped to another pool"));
        }
        state.catalogue.remove(&queue);
        state.left.insert(queue, last);
        Ok(())
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        Ok(self.state()?.left.get(&queue).copied())
    }

    async fn put_move(&self, noted: QueueMove) -> StorageResult<()> {
        let mut state = self.state()?;
        if !noted.pools.iter().chain(&noted.to).all(|pool| state.pools.contains_key(pool)) {
            return Err(StorageError::NotFound("pool"));
        }
        state.moves.insert(noted.queue.number, noted);
        Ok(())
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        Ok(self.state()?.moves.get(&queue).cloned())
    }

    async fn list_moves(&self) -> StorageResult<Vec<QueueMove>> {
        Ok(self.state()?.moves.values().cloned().collect())
    }

    async fn delete_move(&self, queue: DestinationNumber) -> StorageResult<()> {
        self.state()?.moves.remove(&queue);
        Ok(())
    }
}
