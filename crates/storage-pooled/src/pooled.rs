//! What all parts share: the catalogue and the open pools.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Mutex;
use zaqar_model::{
    Clock, Destination, DestinationNumber, IdSource, MessageId, MoveId, Pool, PoolName, ServerId,
};
use zaqar_storage::{ManagementStore, MessageStore, PoolRegistry, StorageError, StorageResult};

use crate::assignment::Assignment;
use crate::choice::choose;
use crate::pools::OpenPools;
use crate::route::Patience;

#[derive(Debug)]
pub(crate) struct Pooled {
    pub(crate) management: Arc<dyn ManagementStore>,
    pub(crate) pools: OpenPools,
    /// Takes the queues that are assigned to no pool, if there is one.
    pub(crate) virtual_pool: Option<Arc<dyn MessageStore>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    /// By which the catalogue knows whose moves are whose.
    pub(crate) server: ServerId,
    /// Of queues whose dead letters have arrived in another pool and could not be discarded yet: which.
    pub(crate) arrived: parking_lot::Mutex<HashMap<DestinationNumber, HashSet<MessageId>>>,
    /// Held while it is decided where a queue is to live: only the management store is asked under it.
    pub(crate) planning: Mutex<()>,
    pub(crate) last_attempt: parking_lot::Mutex<Option<MoveId>>,
    /// How often the pools were asked what is due.
    pub(crate) due_asked: AtomicUsize,
}

impl Pooled {
    pub(crate) fn registry(&self) -> StorageResult<&dyn PoolRegistry> {
        self.management.pools_or_unsupported()
    }

    /// The id of a new attempt to move a queue, greater than the last one that is noted and all of this process.
    pub(crate) fn next_attempt(&self, noted: Option<MoveId>) -> MoveId {
        let mut last = self.last_attempt.lock();
        let next = MoveId::after(noted.max(*last), self.clock.now(), &*self.ids);
        *last = Some(next);
        next
    }

    /// Where a queue lives; `None`: nowhere yet.
    pub(crate) async fn assignment_of(
        &self,
        queue: DestinationNumber,
        patience: &Patience,
    ) -> StorageResult<Option<Assignment>> {
        if patience.has_asked() {
            return self.assignment_now(queue).await;
        }
        Ok(self.assignment(self.registry()?.pool_of(queue).await?))
    }

    /// The same, past any cache.
    pub(crate) async fn assignment_now(&self, queue: DestinationNumber) -> StorageResult<Option<Assignment>> {
        Ok(self.assignment(self.registry()?.pool_of_now(queue).await?))
    }

    fn assignment(&self, assigned: Option<PoolName>) -> Option<Assignment> {
        assigned.map(Assignment::Pool).or_else(|| self.virtual_pool.is_some().then_some(Assignment::Virtual))
    }

    pub(crate) async fn store_of(&self, assignment: &Assignment) -> StorageResult<Arc<dyn MessageStore>> {
        self.pools.check_open()?;
        match (assignment, &self.virtual_pool) {
            (Assignment::Pool(name), _) => self.store_of_pool(name).await,
            (Assignment::Virtual, Some(store)) => Ok(Arc::clone(store)),
            (Assignment::Virtual, None) => {
                Err(StorageError::unavailable("there is no virtual pool any more"))
            }
        }
    }

    async fn store_of_pool(&self, name: &PoolName) -> StorageResult<Arc<dyn MessageStore>> {
        if let Some(store) = self.pools.opened(name) {
            return Ok(store);
        }
        match self.registry()?.get_pool(name).await? {
            Some(pool) => self.open(&pool).await,
            None => Err(unregistered(name)),
        }
    }

    /// Opens a registered pool. One that was changed or removed meanwhile does not stay open: whoever did that may have
    /// looked for an open store before there was one.
    pub(crate) async fn open(&self, pool: &Pool) -> StorageResult<Arc<dyn MessageStore>> {
        if let Some(store) = self.pools.opened(&pool.name) {
            return Ok(store);
        }
        let _in_turn = self.pools.turn.lock().await;
        let store = self.pools.open(pool).await?;
        let registered = self.registry()?.get_pool(&pool.name).await?;
        if registered.as_ref().is_some_and(|registered| is_same_store(registered, pool)) {
            return Ok(store);
        }
        self.pools.forget(&pool.name, registered.as_ref()).await;
        Err(unregistered(&pool.name))
    }

    /// Assigns a queue to no pool, whatever it is assigned to by then. Its last position is forgotten.
    pub(crate) async fn unassign(
        &self,
        queue: DestinationNumber,
        mut assigned: Option<PoolName>,
    ) -> StorageResult<()> {
        loop {
            assigned = self.registry()?.assign(queue, assigned.as_ref(), None).await?;
            if assigned.is_none() {
                return Ok(());
            }
        }
    }

    /// The pool that a new queue without a flavor goes to.
    pub(crate) async fn default_pool(&self, queue: &Destination) -> StorageResult<Option<Pool>> {
        let pools = self.registry()?.all_pools_of_flavor(None).await?;
        Ok(choose(queue.number, &pools).cloned())
    }

    /// The stores of all pools, the virtual one among them. What cannot be opened is its error.
    pub(crate) async fn all_stores(&self) -> StorageResult<Vec<StorageResult<Arc<dyn MessageStore>>>> {
        self.pools.check_open()?;
        let mut stores: Vec<_> = self.virtual_pool.iter().cloned().map(Ok).collect();
        for pool in self.registry()?.all_pools().await? {
            stores.push(self.open(&pool).await);
        }
        Ok(stores)
    }
}

pub(crate) fn is_same_store(one: &Pool, other: &Pool) -> bool {
    one.uri == other.uri && one.options == other.options
}

fn unregistered(name: &PoolName) -> StorageError {
    StorageError::unavailable(format!("the pool {name} is not registered any more"))
}
