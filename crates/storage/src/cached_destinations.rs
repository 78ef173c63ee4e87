//! A management store whose look-ups are round trips, with a cache in front of the two that every message asks for.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zaqar_model::{
    Destination, DestinationKind, DestinationNumber, Flavor, FlavorName, Marker, Metadata, Page, PageRequest,
    Pool, PoolName, ProjectId, Queue, QueueMove, QueueName, ServerId, Timestamp,
};

use crate::read_through::{Now, ReadThrough};
use crate::{
    Catalogue, Created, Destinations, Flavors, ManagementStore, PoolRegistry, Pools, StorageResult, TakenMove,
};

/// How old a look-up may be: a second.
pub const CACHED_FOR: Duration = Duration::from_secs(1);
/// Maximum number of queues, and of assignments, that are kept.
const CAPACITY: usize = 10_000;

type QueueKey = (DestinationKind, ProjectId, QueueName);

/// Answers [`find`](Destinations::find) and [`pool_of`](Catalogue::pool_of) from memory for [`CACHED_FOR`]. All other calls
/// go to the store beneath.
///
/// * What this process changes, it sees at once. What another server changes, it sees within [`CACHED_FOR`]. That is safe
///   for a queue that was deleted or made again, since its number is never used again, and messages for the old number are
///   refused. Only metadata ages.
/// * Absence is not kept: clients make a queue and post to it through another server at once.
/// * Of many who miss the same key at the same time, one asks.
pub struct CachedDestinations {
    store: Arc<dyn ManagementStore>,
    queues: ReadThrough<QueueKey, Arc<Queue>>,
    assignments: ReadThrough<DestinationNumber, PoolName>,
}

impl CachedDestinations {
    #[allow(clippy::disallowed_methods, reason = "this is where the age of what is kept is measured")]
    pub fn over(store: Arc<dyn ManagementStore>) -> Self {
        Self::with_clock(store, Arc::new(Instant::now))
    }

    fn with_clock(store: Arc<dyn ManagementStore>, now: Now) -> Self {
        let queues = ReadThrough::new(CAPACITY, CACHED_FOR, Arc::clone(&now));
        Self { store, queues, assignments: ReadThrough::new(CAPACITY, CACHED_FOR, now) }
    }

    fn registry(&self) -> StorageResult<&dyn PoolRegistry> {
        self.store.pools_or_unsupported()
    }

    /// Forgets a queue when the change of it has ended, also when its caller gives it up halfway.
    fn changing(&self, kind: DestinationKind, project: &ProjectId, name: &QueueName) -> impl Drop + Send {
        let key = (kind, project.clone(), name.clone());
        AtTheEnd(move || self.queues.forget(&key))
    }

    fn assigning(&self, queue: DestinationNumber) -> impl Drop + Send {
        AtTheEnd(move || self.assignments.forget(&queue))
    }
}

struct AtTheEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtTheEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[async_trait::async_trait]
impl Destinations for CachedDestinations {
    async fn create(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
        metadata: Metadata,
    ) -> StorageResult<Created> {
        let _changing = self.changing(kind, project, name);
        self.store.create(kind, project, name, metadata).await
    }

    async fn find(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let key = (kind, project.clone(), name.clone());
        self.queues.get(&key, self.store.find(kind, project, name)).await
    }

    async fn set_metadata(&self, seen: &Queue, metadata: Metadata) -> StorageResult<Arc<Queue>> {
        let Destination { kind, project, name, .. } = &seen.destination;
        // A conflict shows that what was seen is old: it is not kept either.
        let _changing = self.changing(*kind, project, name);
        self.store.set_metadata(seen, metadata).await
    }

    async fn delete(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        name: &QueueName,
    ) -> StorageResult<Option<Arc<Queue>>> {
        let _changing = self.changing(kind, project, name);
        self.store.delete(kind, project, name).await
    }

    async fn list(
        &self,
        kind: DestinationKind,
        project: &ProjectId,
        page: &PageRequest<QueueName>,
    ) -> StorageResult<Page<Arc<Queue>, QueueName>> {
        self.store.list(kind, project, page).await
    }

    async fn count(&self, kind: DestinationKind, project: &ProjectId) -> StorageResult<u64> {
        self.store.count(kind, project).await
    }
}

#[async_trait::async_trait]
impl Pools for CachedDestinations {
    async fn put_pool(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<()> {
        self.registry()?.put_pool(pool, seen).await
    }

    async fn get_pool(&self, name: &PoolName) -> StorageResult<Option<Pool>> {
        self.registry()?.get_pool(name).await
    }

    async fn list_pools(&self, page: &PageRequest<PoolName>) -> StorageResult<Page<Pool, PoolName>> {
        self.registry()?.list_pools(page).await
    }

    async fn pools_of_flavor(
        &self,
        flavor: Option<&FlavorName>,
        page: &PageRequest<PoolName>,
    ) -> StorageResult<Page<Pool, PoolName>> {
        self.registry()?.pools_of_flavor(flavor, page).await
    }

    async fn delete_pool(&self, name: &PoolName) -> StorageResult<()> {
        self.registry()?.delete_pool(name).await
    }
}

#[async_trait::async_trait]
impl Flavors for CachedDestinations {
    async fn put_flavor(&self, flavor: &Flavor, seen: Option<&Flavor>) -> StorageResult<()> {
        self.registry()?.put_flavor(flavor, seen).await
    }

    async fn get_flavor(&self, name: &FlavorName) -> StorageResult<Option<Flavor>> {
        self.registry()?.get_flavor(name).await
    }

    async fn list_flavors(&self, page: &PageRequest<FlavorName>) -> StorageResult<Page<Flavor, FlavorName>> {
        self.registry()?.list_flavors(page).await
    }

    async fn delete_flavor(&self, name: &FlavorName) -> StorageResult<()> {
        self.registry()?.delete_flavor(name).await
    }
}

#[async_trait::async_trait]
impl Catalogue for CachedDestinations {
    async fn assign(
        &self,
        queue: DestinationNumber,
        expected: Option<&PoolName>,
        to: Option<&PoolName>,
    ) -> StorageResult<Option<PoolName>> {
        let _assigning = self.assigning(queue);
        self.registry()?.assign(queue, expected, to).await
    }

    async fn pool_of(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        self.assignments.get(&queue, self.registry()?.pool_of(queue)).await
    }

    async fn pool_of_now(&self, queue: DestinationNumber) -> StorageResult<Option<PoolName>> {
        let _assigning = self.assigning(queue);
        self.registry()?.pool_of_now(queue).await
    }

    async fn queues_of(
        &self,
        pool: &PoolName,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<Destination, DestinationNumber>> {
        self.registry()?.queues_of(pool, page).await
    }

    async fn leave(&self, queue: DestinationNumber, from: &PoolName, last: Marker) -> StorageResult<()> {
        let _assigning = self.assigning(queue);
        self.registry()?.leave(queue, from, last).await
    }

    async fn left_at(&self, queue: DestinationNumber) -> StorageResult<Option<Marker>> {
        self.registry()?.left_at(queue).await
    }

    async fn put_move(&self, noted: &QueueMove, seen: Option<&QueueMove>) -> StorageResult<()> {
        self.registry()?.put_move(noted, seen).await
    }

    async fn get_move(&self, queue: DestinationNumber) -> StorageResult<Option<QueueMove>> {
        self.registry()?.get_move(queue).await
    }

    async fn list_moves(
        &self,
        page: &PageRequest<DestinationNumber>,
    ) -> StorageResult<Page<QueueMove, DestinationNumber>> {
        self.registry()?.list_moves(page).await
    }

    async fn take_move(
        &self,
        queue: DestinationNumber,
        owner: ServerId,
        until: Timestamp,
        now: Timestamp,
    ) -> StorageResult<TakenMove> {
        self.registry()?.take_move(queue, owner, until, now).await
    }

    async fn switch(&self, noted: &QueueMove, from: Option<&PoolName>) -> StorageResult<bool> {
        let _assigning = self.assigning(noted.queue.number);
        self.registry()?.switch(noted, from).await
    }

    async fn end_move(&self, noted: &QueueMove) -> StorageResult<bool> {
        self.registry()?.end_move(noted).await
    }
}

#[async_trait::async_trait]
impl ManagementStore for CachedDestinations {
    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn pools(&self) -> Option<&dyn PoolRegistry> {
        self.store.pools().map(|_| self as _)
    }

    async fn is_alive(&self) -> bool {
        self.store.is_alive().await
    }

    async fn close(&self) -> StorageResult<()> {
        let closed = self.store.close().await;
        self.queues.forget_all();
        self.assignments.forget_all();
        closed
    }
}

impl fmt::Debug for CachedDestinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedDestinations").field("store", &self.store).finish_non_exhaustive()
    }
}
