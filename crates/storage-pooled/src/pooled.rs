//! What all parts share: the catalogue, the open pools, the gates.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Mutex;
use zaqar_model::{Clock, Destination, DestinationNumber, Marker, MessageId, PageRequest, Pool, PoolName};
use zaqar_storage::{ListStart, ManagementStore, MessageStore, StorageError, StorageResult};

use crate::choice::choose;
use crate::gates::{AtGate, Gates};
use crate::home::Home;
use crate::pools::OpenPools;

/// How many pools are read from the management store at once.
const PAGE: usize = 100;

#[derive(Debug)]
pub(crate) struct Pooled {
    pub(crate) management: Arc<dyn ManagementStore>,
    pub(crate) pools: OpenPools,
    /// Takes the queues that are mapped to no pool, if there is one.
    pub(crate) virtual_pool: Option<Arc<dyn MessageStore>>,
    pub(crate) gates: Arc<Gates>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Of queues whose dead letters have arrived in another pool and could not be discarded yet: which.
    pub(crate) arrived: parking_lot::Mutex<HashMap<DestinationNumber, HashSet<MessageId>>>,
    /// Held while it is decided where a queue is to live: only the management store is asked under it.
    pub(crate) planning: Mutex<()>,
    /// How many queues have gone to another store so far.
    pub(crate) switched: AtomicU64,
    /// How often the pools were asked what is due.
    pub(crate) due_asked: AtomicUsize,
}

impl Pooled {
    pub(crate) fn approach(&self, queue: DestinationNumber) -> AtGate {
        Gates::approach(&self.gates, queue)
    }

    /// Changes whenever a queue has gone to another store.
    pub(crate) fn switches(&self) -> u64 {
        self.switched.load(Ordering::Acquire)
    }

    /// The last position that a queue of this store has given out.
    pub(crate) async fn end_of(
        &self,
        store: &dyn MessageStore,
        queue: &Destination,
    ) -> StorageResult<Marker> {
        store.place_of(queue, ListStart::End, self.clock.now()).await
    }

    pub(crate) fn note_switch(&self) {
        self.switched.fetch_add(1, Ordering::AcqRel);
    }

    /// Where a queue lives; `None`: nowhere yet. The management store is asked each time, so that no one goes by a
    /// mapping that has changed: a driver for which that is not cheap keeps what it has read itself.
    pub(crate) async fn home_of(&self, queue: DestinationNumber) -> StorageResult<Option<Home>> {
        let mapped = self.management.pool_of(queue).await?;
        Ok(mapped.map(Home::Pool).or_else(|| self.virtual_pool.is_some().then_some(Home::Virtual)))
    }

    pub(crate) async fn store_of(&self, home: &Home) -> StorageResult<Arc<dyn MessageStore>> {
        self.pools.check_open()?;
        match (home, &self.virtual_pool) {
            (Home::Pool(name), _) => self.store_of_pool(name).await,
            (Home::Virtual, Some(store)) => Ok(Arc::clone(store)),
            (Home::Virtual, None) => Err(StorageError::unavailable("there is no virtual pool any more")),
        }
    }

    async fn store_of_pool(&self, name: &PoolName) -> StorageResult<Arc<dyn MessageStore>> {
        if let Some(store) = self.pools.opened(name) {
            return Ok(store);
        }
        match self.management.get_pool(name).await? {
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
        let registered = self.management.get_pool(&pool.name).await?;
        if registered.as_ref().is_some_and(|registered| is_same_store(registered, pool)) {
            return Ok(store);
        }
        self.pools.forget(&pool.name, registered.as_ref()).await;
        Err(unregistered(&pool.name))
    }

    /// The pool that a new queue without a flavor goes to.
    pub(crate) async fn default_pool(&self, queue: &Destination) -> StorageResult<Option<Pool>> {
        let pools = self.management.pools_of_flavor(None).await?;
        Ok(choose(queue.number, &pools).cloned())
    }

    pub(crate) async fn all_pools(&self) -> StorageResult<Vec<Pool>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let page = self.management.list_pools(&PageRequest { marker, limit: PAGE }).await?;
            let is_last = page.items.len() < PAGE;
            all.extend(page.items);
            if is_last {
                return Ok(all);
            }
            marker = page.next;
        }
    }

    /// The stores of all pools, the virtual one among them. What cannot be opened is its error.
    pub(crate) async fn all_stores(&self) -> StorageResult<Vec<StorageResult<Arc<dyn MessageStore>>>> {
        self.pools.check_open()?;
        let mut stores: Vec<_> = self.virtual_pool.iter().cloned().map(Ok).collect();
        for pool in self.all_pools().await? {
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
