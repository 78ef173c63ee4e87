//! The catalogue: which pool holds which queue.

use zaqar_model::{
    Destination, DestinationNumber, Marker, Page, PageRequest, PoolName, QueueMove, ServerId, Timestamp,
};
use zaqar_storage::{Catalogue, StorageError, StorageResult, TakenMove};

use super::{ReferenceStore, page_of};

#[async_trait::async_trait]
impl Catalogue for ReferenceStore {
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>> {
        let mut state = self.state()?;
        let current = state.catalogue.get(&queue).cloned();
        if current.as_ref() != expected {
            return Ok(current);
        }
        if to.is_some_and(|to| !state.pools.contains_key(to)) {
            return Err(StorageError::NotFound("pool"));
        }
        state.left.remove(&queue);
        match to {
            Some(to) => state.catalogue.insert(queue, to.clone()),
            None => state.catalogue.remove(&queue),
        };
        Ok(to.cloned())
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        Ok(self.state()?.catalogue.get(&queue).cloned())
    }

    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        let state = self.state()?;
        let exists = |number: &DestinationNumber| {
            state.queues.values().map(|queue| &queue.destination).find(|queue| queue.number == *number)
        };
        let assigned = state.catalogue.iter().filter(|(_, assigned)| *assigned == pool);
        let queues = assigned.filter_map(|(number, _)| exists(number)).cloned();
        Ok(page_of(queues, |queue| queue.number, page))
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let mut state = self.state()?;
        let assigned = state.catalogue.get(&queue);
        if assigned.is_none() && state.left.get(&queue) == Some(&last) {
            return Ok(());
        }
        if assigned != Some(from) {
            return Err(StorageError::Conflict("the queue is not assigned to this pool"));
        }
        state.catalogue.remove(&queue);
        state.left.insert(queue, last);
        Ok(())
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        Ok(self.state()?.left.get(&queue).copied())
    }

    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()> {
        let mut state = self.state()?;
        if !noted.pools.iter().chain(&noted.to).all(|pool| state.pools.contains_key(pool)) {
            return Err(StorageError::NotFound("pool"));
        }
        let number = noted.queue.number;
        let current = state.moves.get(&number);
        if current != Some(noted) && current != seen {
            return Err(StorageError::Conflict("the move was changed meanwhile"));
        }
        state.moves.insert(number, noted.clone());
        Ok(())
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        Ok(self.state()?.moves.get(&queue).cloned())
    }

    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>> {
        Ok(page_of(self.state()?.moves.values().cloned(), |noted| noted.queue.number, page))
    }

    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove> {
        let mut state = self.state()?;
        let Some(noted) = state.moves.get(&queue).cloned() else { return Ok(TakenMove::NoMove) };
        if state.move_owners.get(&queue).is_some_and(|(other, end)| *other != owner && *end > now) {
            return Ok(TakenMove::HeldByAnother);
        }
        state.move_owners.insert(queue, (owner, until));
        Ok(TakenMove::Taken(noted))
    }

    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool> {
        let mut state = self.state()?;
        let number = noted.queue.number;
        if state.moves.get(&number) != Some(noted) {
            return Ok(false);
        }
        if state.catalogue.get(&number) == from {
            state.left.remove(&number);
            match noted.to.clone() {
                Some(to) => state.catalogue.insert(number, to),
                None => state.catalogue.remove(&number),
            };
        }
        Ok(state.catalogue.get(&number) == noted.to.as_ref())
    }

    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool> {
        let mut state = self.state()?;
        let number = noted.queue.number;
        if state.moves.get(&number).is_some_and(|current| current != noted) {
            return Ok(false);
        }
        state.moves.remove(&number);
        state.move_owners.remove(&number);
        Ok(true)
    }
}
