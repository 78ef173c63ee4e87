//! The catalogue: which pool holds which queue.

use std::collections::BTreeSet;

use zaqar_model::{
    Destination, DestinationNumber, Marker, Page, PageRequest, PoolName, QueueMove, ServerId, Timestamp,
};
use zaqar_storage::{Catalogue, StorageError, StorageResult, TakenMove};

use super::EmbeddedManagementStore;
use super::rows::assignment::{Assignment, At, key};
use super::rows::queue_move::{self, NotedMove};
use super::tables::Tables;

#[async_trait::async_trait]
impl Catalogue for EmbeddedManagementStore {
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>> {
        let (expected, to) = (expected.cloned(), to.cloned());
        self.write(move |staged| {
            let current = staged.tables().pool_of(queue);
            if current != expected {
                return Ok(current);
            }
            match &to {
                Some(to) if !staged.tables().has_pool(to) => return Err(StorageError::NotFound("pool")),
                Some(to) => drop(staged.put(Assignment { queue, at: At::Pool(to.clone()) })?),
                None => drop(staged.remove::<Assignment>(&key(queue))),
            }
            Ok(to)
        })
        .await
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.read(|tables| tables.pool_of(queue))
    }

    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        self.read(|tables| {
            // Keys are numbers, big endian: they come in order.
            let mut held: BTreeSet<DestinationNumber> = tables.queues_in(pool).into_iter().collect();
            if let Some(marker) = page.marker {
                held.retain(|number| *number > marker);
            }
            let queues = tables.queues.all().map(|queue| &queue.destination);
            let mut items: Vec<Destination> =
                queues.filter(|queue| held.contains(&queue.number)).cloned().collect();
            items.sort_unstable_by_key(|queue| queue.number);
            items.truncate(page.limit);
            Page { next: items.last().map(|queue| queue.number), items }
        })
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let from = from.clone();
        self.write(move |staged| {
            if staged.tables().left_at(queue) == Some(last) {
                return Ok(());
            }
            if staged.tables().pool_of(queue) != Some(from) {
                return Err(StorageError::Conflict("the queue is not assigned to this pool"));
            }
            staged.put(Assignment { queue, at: At::Left(last) }).map(drop)
        })
        .await
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        self.read(|tables| tables.left_at(queue))
    }

    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()> {
        let (noted, seen) = (noted.clone(), seen.cloned());
        self.write(move |staged| {
            let exists = |pool: &PoolName| staged.tables().has_pool(pool);
            if !noted.pools.iter().chain(&noted.to).all(exists) {
                return Err(StorageError::NotFound("pool"));
            }
            let current = staged.tables().moves.get(&queue_move::key(noted.queue.number));
            let current_move = current.as_ref().map(|row| &row.noted);
            if current_move == Some(&noted) {
                return Ok(());
            }
            if current_move != seen.as_ref() {
                return Err(StorageError::Conflict("the move was changed meanwhile"));
            }
            let owner = current.and_then(|row| row.owner);
            staged.put(NotedMove { noted, owner }).map(drop)
        })
        .await
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        self.read(|tables| move_of(tables, queue).map(|row| row.noted))
    }

    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>> {
        let marker = page.marker.map(queue_move::key);
        self.read(|tables| {
            let rows = tables.moves.page(b"", marker.as_ref().map(<[u8; 8]>::as_slice), page.limit);
            let items: Vec<QueueMove> = rows.iter().map(|row| row.noted.clone()).collect();
            Page { next: items.last().map(|noted| noted.queue.number), items }
        })
    }

    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove> {
        self.write(move |staged| {
            let Some(row) = move_of(staged.tables(), queue) else { return Ok(TakenMove::NoMove) };
            if row.owner.is_some_and(|(other, end)| other != owner && end > now) {
                return Ok(TakenMove::HeldByAnother);
            }
            let taken = TakenMove::Taken(row.noted.clone());
            if row.owner != Some((owner, until)) {
                staged.put(NotedMove { owner: Some((owner, until)), ..row })?;
            }
            Ok(taken)
        })
        .await
    }

    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool> {
        let (noted, from) = (noted.clone(), from.cloned());
        self.write(move |staged| {
            let queue = noted.queue.number;
            if move_of(staged.tables(), queue).is_none_or(|current| current.noted != noted) {
                return Ok(false);
            }
            let current = staged.tables().pool_of(queue);
            if current == noted.to || current != from {
                return Ok(current == noted.to);
            }
            match noted.to {
                Some(to) => drop(staged.put(Assignment { queue, at: At::Pool(to) })?),
                None => drop(staged.remove::<Assignment>(&key(queue))),
            }
            Ok(true)
        })
        .await
    }

    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool> {
        let noted = noted.clone();
        self.write(move |staged| {
            let queue = noted.queue.number;
            if move_of(staged.tables(), queue).is_some_and(|current| current.noted != noted) {
                return Ok(false);
            }
            staged.remove::<NotedMove>(&queue_move::key(queue));
            Ok(true)
        })
        .await
    }
}

fn move_of(tables: &Tables, queue: DestinationNumber) -> Option<NotedMove> {
    tables.moves.get(&queue_move::key(queue)).map(|row| (*row).clone())
}
