//! A pool that is about to be removed: queues that hold nothing leave it.
//!
//! They go to another pool that they could live in, or to the virtual one. Where there is none, they live nowhere until
//! there is. Wherever they are used next, their positions go on, so that markers stay good.

use zaqar_model::{
    Destination, DestinationNumber, ExportedItem, Marker, MoveId, PageRequest, Pool, PoolName, QueueMove,
    Timestamp,
};
use zaqar_storage::{ExportCursor, ImportStep, MessageStore, Migration, StorageError, StorageResult};

use crate::PooledMessageStore;
use crate::assignment::Assignment;
use crate::choice::choose;
use crate::pooled::Pooled;

/// How many queues of a pool are read at once.
const PAGE: usize = 1000;

impl PooledMessageStore {
    /// All of them leave, or the first that holds something keeps the pool.
    pub(crate) async fn vacate_pool(&self, pool: &Pool) -> StorageResult<()> {
        let pooled = &self.pooled;
        let store = pooled.store_of(&Assignment::Pool(pool.name.clone())).await?;
        let mut marker = None;
        loop {
            let queues = pooled.queues_of(pool, marker).await?;
            for queue in &queues {
                if !is_empty(&*store, queue, pooled.clock.now()).await? {
                    return Ok(());
                }
            }
            if queues.len() < PAGE {
                break;
            }
            marker = queues.last().map(|queue| queue.number);
        }
        // Those that have left are not found again.
        loop {
            let queues = pooled.queues_of(pool, None).await?;
            for queue in &queues {
                if !self.leave_pool(pool, queue).await? {
                    return Ok(());
                }
            }
            if queues.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Returns whether the queue lives there no more. What is posted to it meanwhile goes with it.
    async fn leave_pool(&self, pool: &Pool, queue: &Destination) -> StorageResult<bool> {
        let Some(refuge) = self.pooled.refuge(pool, queue).await? else {
            return self.pooled.leave_for_nowhere(pool, queue).await;
        };
        let to = refuge.pool().cloned();
        let pools = [Some(&pool.name), to.as_ref()].into_iter().flatten().cloned().collect();
        let noted = QueueMove { queue: queue.clone(), to, pools, attempt: None };
        match self.pooled.registry()?.put_move(&noted, None).await {
            // It is moving already.
            Err(StorageError::Conflict(_)) => return Ok(false),
            noted => noted?,
        }
        self.migrators.start(&self.pooled, queue.clone());
        self.migrators.is_over(queue.number).await;
        let assignment = self.pooled.assignment_now(queue.number).await?;
        Ok(assignment.as_ref().and_then(Assignment::pool) != Some(&pool.name))
    }
}

impl Pooled {
    async fn queues_of(
        &self,
        pool: &Pool,
        marker: Option<DestinationNumber>,
    ) -> StorageResult<Vec<Destination>> {
        let page = PageRequest { marker, limit: PAGE };
        Ok(self.registry()?.queues_of(&pool.name, &page).await?.items)
    }

    /// Where else a queue of this pool may live.
    async fn refuge(&self, pool: &Pool, queue: &Destination) -> StorageResult<Option<Assignment>> {
        let mut others = self.registry()?.all_pools_of_flavor(pool.flavor.as_ref()).await?;
        others.retain(|other| other.name != pool.name);
        let other = choose(queue.number, &others).map(|other| Assignment::Pool(other.name.clone()));
        let may_be_virtual = pool.flavor.is_none() && self.virtual_pool.is_some();
        Ok(other.or_else(|| may_be_virtual.then_some(Assignment::Virtual)))
    }

    /// An empty queue leaves its pool and lives nowhere: the catalogue keeps its last position. Returns whether it did.
    async fn leave_for_nowhere(&self, pool: &Pool, queue: &Destination) -> StorageResult<bool> {
        if pool.flavor.is_some() {
            return Ok(false);
        }
        let _planning = self.planning.lock().await;
        let registry = self.registry()?;
        if registry.get_move(queue.number).await?.is_some() {
            return Ok(false);
        }
        let store = self.store_of(&Assignment::Pool(pool.name.clone())).await?;
        let (migration, attempt) = (store.migration_or_unsupported()?, self.next_attempt(None));
        let last = match self.seal_if_empty(migration, queue, attempt).await {
            Ok(Some(last)) => last,
            outcome => {
                migration.abandon_export(queue, attempt, self.clock.now()).await?;
                return outcome.map(|_| false);
            }
        };
        registry.leave(queue.number, &pool.name, last).await?;
        match migration.leave(queue, attempt, self.clock.now()).await {
            // Another server has planned a move of it at this moment: it stays.
            Err(StorageError::Conflict(_)) => {
                registry.assign(queue.number, None, Some(&pool.name)).await?;
                Ok(false)
            }
            left => left.map(|()| true),
        }
    }

    /// The last position of a queue that is sealed and holds nothing.
    async fn seal_if_empty(
        &self,
        migration: &dyn Migration,
        queue: &Destination,
        attempt: MoveId,
    ) -> StorageResult<Option<Marker>> {
        migration.begin_export(queue, attempt, self.clock.now()).await?;
        migration.seal(queue, attempt, self.clock.now()).await?;
        let mut cursor = ExportCursor::default();
        loop {
            let page = migration.export(queue, attempt, &cursor, PAGE, self.clock.now()).await?;
            for item in &page.items {
                match item {
                    ExportedItem::Message(_) | ExportedItem::Subscription(_) => return Ok(None),
                    ExportedItem::End(last) => return Ok(Some(*last)),
                    _ => {}
                }
            }
            cursor = page.next;
        }
    }

    /// Assigns a queue that lives nowhere to a pool; returns the one that it is assigned to. Where it has left another
    /// before, its positions go on. `Conflict` if somebody else is just doing that.
    pub(crate) async fn assign_new(&self, queue: &Destination, pool: &Pool) -> StorageResult<PoolName> {
        let registry = self.registry()?;
        if let Some(last) = registry.left_at(queue.number).await? {
            return self.bring_back(queue, pool, last).await;
        }
        let assigned = registry.assign(queue.number, None, Some(&pool.name)).await?;
        assigned.ok_or(StorageError::Conflict("the queue is being assigned by others"))
    }

    /// This is a move from nowhere: so of several servers one makes it, and another ends it if that one dies.
    async fn bring_back(&self, queue: &Destination, pool: &Pool, last: Marker) -> StorageResult<PoolName> {
        let store = self.store_of(&Assignment::Pool(pool.name.clone())).await?;
        let (migration, attempt) = (store.migration_or_unsupported()?, self.next_attempt(None));
        let (to, pools) = (Some(pool.name.clone()), vec![pool.name.clone()]);
        let noted = QueueMove { queue: queue.clone(), to, pools, attempt: Some(attempt) };
        let registry = self.registry()?;
        registry.put_move(&noted, None).await?;
        let items = [ExportedItem::End(last)];
        migration.import(queue, attempt, ImportStep::Begin, &items, self.clock.now()).await?;
        migration.import(queue, attempt, ImportStep::End, &[], self.clock.now()).await?;
        if !registry.switch(&noted, None).await? {
            return Err(StorageError::Conflict("the queue is being assigned by others"));
        }
        migration.open(queue, attempt, self.clock.now()).await?;
        registry.end_move(&noted).await?;
        Ok(pool.name.clone())
    }
}

/// Whether a queue holds no message, for consumers or subscribers, and has no subscription.
async fn is_empty(store: &dyn MessageStore, queue: &Destination, now: Timestamp) -> StorageResult<bool> {
    if store.stats(queue, now).await?.total() > 0 || !store.dead_letters(queue, 1, now).await?.is_empty() {
        return Ok(false);
    }
    let one = PageRequest { marker: None, limit: 1 };
    match store.subscriptions() {
        None => Ok(true),
        Some(subscriptions) => Ok(subscriptions.list_subscriptions(queue, &one, now).await?.items.is_empty()),
    }
}
