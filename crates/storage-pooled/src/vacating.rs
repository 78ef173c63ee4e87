//! A pool that is about to be removed: queues that hold nothing leave it.
//!
//! They go to another pool that they could live in, or to the virtual one. Where there is none, they live nowhere until
//! there is. Wherever they are used next, their positions go on, so that markers stay good.

use zaqar_model::{Destination, DestinationNumber, Marker, PageRequest, Pool, PoolName};
use zaqar_storage::{MessageStore, StorageError, StorageResult};

use crate::assignment::Assignment;
use crate::choice::choose;
use crate::pooled::Pooled;

/// How many queues of a pool are read at once.
const PAGE: usize = 1000;

impl Pooled {
    /// All of them leave, or the first that holds something keeps the pool.
    pub(crate) async fn vacate(&self, pool: &Pool) -> StorageResult<()> {
        let assignment = Assignment::Pool(pool.name.clone());
        let mut marker = None;
        loop {
            let queues = self.queues_of(pool, marker).await?;
            for queue in &queues {
                if !is_empty(&*self.store_of(&assignment).await?, queue, self.clock.now()).await? {
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
            let queues = self.queues_of(pool, None).await?;
            for queue in &queues {
                if !self.leave(pool, queue).await? {
                    return Ok(());
                }
            }
            if queues.len() < PAGE {
                return Ok(());
            }
        }
    }

    async fn queues_of(
        &self,
        pool: &Pool,
        marker: Option<DestinationNumber>,
    ) -> StorageResult<Vec<Destination>> {
        let page = PageRequest { marker, limit: PAGE };
        Ok(self.registry()?.queues_of(&pool.name, &page).await?.items)
    }

    /// Returns whether the queue lives there no more.
    async fn leave(&self, pool: &Pool, queue: &Destination) -> StorageResult<bool> {
        let lock = self.lock_of(queue.number);
        let _exclusive = lock.exclusive().await;
        let assignment = Assignment::Pool(pool.name.clone());
        if self.assignment_of(queue.number).await?.as_ref() != Some(&assignment) {
            return Ok(true);
        }
        let (store, now) = (self.store_of(&assignment).await?, self.clock.now());
        if !is_empty(&*store, queue, now).await? {
            return Ok(false);
        }
        let last = self.end_of(&*store, queue).await?;
        let refuge = self.refuge(pool, queue).await?;
        if let Some(refuge) = &refuge {
            self.store_of(refuge)
                .await?
                .migration_or_unsupported()?
                .import(queue, Vec::new(), last, now)
                .await?;
        }
        let _planning = self.planning.lock().await;
        let registry = self.registry()?;
        if registry.get_move(queue.number).await?.is_some() {
            return Ok(false);
        }
        match refuge {
            Some(to) => {
                let assigned = registry.assign(queue.number, Some(&pool.name), to.pool()).await?;
                if assigned.as_ref() != to.pool() {
                    // Another server was faster.
                    return Ok(true);
                }
            }
            None if pool.flavor.is_none() => registry.leave(queue.number, &pool.name, last).await?,
            None => return Ok(false),
        }
        self.note_switch();
        // Those that wait for messages there look for the queue again.
        store.drop_destination(queue).await?;
        Ok(true)
    }

    /// Where else a queue of this pool may live.
    async fn refuge(&self, pool: &Pool, queue: &Destination) -> StorageResult<Option<Assignment>> {
        let mut others = self.registry()?.all_pools_of_flavor(pool.flavor.as_ref()).await?;
        others.retain(|other| other.name != pool.name);
        let other = choose(queue.number, &others).map(|other| Assignment::Pool(other.name.clone()));
        let may_be_virtual = pool.flavor.is_none() && self.virtual_pool.is_some();
        Ok(other.or_else(|| may_be_virtual.then_some(Assignment::Virtual)))
    }

    /// Assigns a queue that lives nowhere to a pool; returns the one that it is assigned to. Where it has left another
    /// before, its positions go on.
    pub(crate) async fn assign_new(&self, queue: &Destination, pool: &Pool) -> StorageResult<PoolName> {
        let registry = self.registry()?;
        if let Some(last) = registry.left_at(queue.number).await? {
            let store = self.store_of(&Assignment::Pool(pool.name.clone())).await?;
            store.migration_or_unsupported()?.import(queue, Vec::new(), last, self.clock.now()).await?;
        }
        let assigned = registry.assign(queue.number, None, Some(&pool.name)).await?;
        assigned.ok_or(StorageError::Conflict("the queue is being assigned by others"))
    }
}

/// Whether a queue holds no message, for consumers or subscribers, and has no subscription.
async fn is_empty(
    store: &dyn MessageStore,
    queue: &Destination,
    now: zaqar_model::Timestamp,
) -> StorageResult<bool> {
    if !store.migration_or_unsupported()?.export(queue, Marker::default(), 1, now).await?.is_empty() {
        return Ok(false);
    }
    let one = PageRequest { marker: None, limit: 1 };
    match store.subscriptions() {
        None => Ok(true),
        Some(subscriptions) => Ok(subscriptions.list_subscriptions(queue, &one, now).await?.items.is_empty()),
    }
}
