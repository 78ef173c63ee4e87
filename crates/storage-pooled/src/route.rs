//! How a call finds the store of its queue, also while the queue moves: it looks up where the queue lives and calls the
//! store. Where that one says that the queue lives elsewhere, it looks again, past any cache, and makes the same call there.

use std::sync::Arc;
use std::time::Duration;

use zaqar_model::{Destination, PoolName};
use zaqar_storage::{MessageStore, StorageError, StorageResult};

use crate::assignment::Assignment;
use crate::pooled::Pooled;

/// How long a call waits for a queue that is sealed: longer than a move takes for its last step.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The first pause and the longest one between two looks.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(100)];

/// Waits for a queue that moves, longer each time.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    has_asked: bool,
    pause: Duration,
    waited: Duration,
}

impl Patience {
    /// Whether the queue was elsewhere already, so that what is cached does not count.
    pub(crate) const fn has_asked(&self) -> bool {
        self.has_asked
    }

    /// Waits before the next look; not at all before the first, since what was looked up may only be old.
    pub(crate) async fn wait(&mut self) -> StorageResult<()> {
        if self.waited >= LONGEST_WAIT {
            return Err(StorageError::unavailable("the queue is moving to another pool"));
        }
        if self.has_asked {
            self.pause = (self.pause * 2).clamp(PAUSES[0], PAUSES[1]);
            tokio::time::sleep(self.pause).await;
            self.waited += self.pause;
        }
        self.has_asked = true;
        Ok(())
    }
}

/// The way of one call to the store of its queue.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    pooled: &'a Pooled,
    queue: &'a Destination,
    patience: Patience,
    /// The pool to which this call has assigned the queue.
    assigned: Option<PoolName>,
    /// How often the queue was found to be elsewhere, though it is assigned to that pool and does not move.
    contradictions: u8,
}

impl Pooled {
    pub(crate) fn route<'a>(&'a self, queue: &'a Destination) -> Route<'a> {
        Route { pooled: self, queue, patience: Patience::default(), assigned: None, contradictions: 0 }
    }
}

impl Route<'_> {
    /// The store in which the queue lives, if it lives anywhere.
    pub(crate) async fn store(&self) -> StorageResult<Option<Arc<dyn MessageStore>>> {
        self.pooled.pools.check_open()?;
        match self.pooled.assignment_of(self.queue.number, &self.patience).await? {
            Some(assignment) => self.pooled.store_of(&assignment).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same, to put something into the queue: one that lives nowhere yet gets a pool.
    pub(crate) async fn store_to_write(&mut self) -> StorageResult<Arc<dyn MessageStore>> {
        loop {
            if let Some(store) = self.store().await? {
                return Ok(store);
            }
            let pool = self.pooled.default_pool(self.queue).await?.ok_or_else(no_pool)?;
            match self.pooled.assign_new(self.queue, &pool).await {
                Err(StorageError::Conflict(_)) => self.moved().await?,
                pool => {
                    let pool = pool?;
                    self.assigned = Some(pool.clone());
                    return self.pooled.store_of(&Assignment::Pool(pool)).await;
                }
            }
        }
    }

    /// The queue was not in this store: prepares for the next look.
    pub(crate) async fn moved(&mut self) -> StorageResult<()> {
        self.check_for_tombstone().await?;
        self.wait().await
    }

    /// The same, where it may have been another queue of the call that was elsewhere.
    pub(crate) async fn wait(&mut self) -> StorageResult<()> {
        self.patience.wait().await
    }

    /// A queue that was dropped while it moved has left tombstones that say it is elsewhere. Whoever puts something into it too
    /// late assigns it anew, to a pool from which nobody moves it. That may be seen once by mistake, where others have moved
    /// it away and back meanwhile; so the call is made again before it counts.
    async fn check_for_tombstone(&mut self) -> StorageResult<()> {
        let Some(assigned) = &self.assigned else { return Ok(()) };
        let (registry, number) = (self.pooled.registry()?, self.queue.number);
        if registry.get_move(number).await?.is_some()
            || registry.pool_of_now(number).await?.as_ref() != Some(assigned)
        {
            self.contradictions = 0;
            return Ok(());
        }
        self.contradictions += 1;
        if self.contradictions > 1 {
            self.pooled.unassign(number, Some(assigned.clone())).await?;
            return Err(StorageError::NotFound("queue"));
        }
        Ok(())
    }

    /// The end of a call that has put something into the queue. One that was dropped is not kept in the catalogue for a
    /// message that came too late.
    pub(crate) async fn end<T>(self, result: StorageResult<T>) -> StorageResult<T> {
        if self.assigned.is_some() && matches!(result, Err(StorageError::NotFound(_))) {
            let assigned = self.pooled.registry()?.pool_of(self.queue.number).await?;
            self.pooled.unassign(self.queue.number, assigned).await?;
        }
        result
    }
}

/// The refusal of a queue that no pool takes.
fn no_pool() -> StorageError {
    StorageError::unavailable(
        "no pool without a flavor takes queues: register one with a weight above 0, \
         or set [pooling:catalog] enable_virtual_pool",
    )
}

/// Makes a call in the store of a queue; the result is `absent` if the queue lives nowhere. Every call of the contract may be
/// repeated, and a store that says `Moved` has done nothing.
macro_rules! forward {
    ($self:ident, $queue:expr, $absent:expr, $store:ident => $call:expr) => {{
        let mut route = $self.pooled.route($queue);
        loop {
            let Some($store) = route.store().await? else { break Ok($absent) };
            match $call.await {
                Err(::zaqar_storage::StorageError::Moved) => route.moved().await?,
                outcome => break outcome,
            }
        }
    }};
}

/// The same, for what puts something into the queue.
macro_rules! forward_writing {
    ($self:ident, $queue:expr, $store:ident => $call:expr) => {{
        let mut route = $self.pooled.route($queue);
        let outcome = loop {
            let $store = route.store_to_write().await?;
            match $call.await {
                Err(::zaqar_storage::StorageError::Moved) => route.moved().await?,
                outcome => break outcome,
            }
        };
        route.end(outcome).await
    }};
}

pub(crate) use {forward, forward_writing};
