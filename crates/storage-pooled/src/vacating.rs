//! A pool that is about to be removed: queues that hold nothing leave it.
//!
//! They go to another pool that they could live in, or to the virtual one. Where there is none, they live nowhere until
//! there is. Wherever they are used next, their positions go on, so that markers stay good.

use zaqar_model::{Destination, Marker, PageRequest, Pool};
use zaqar_storage::{MessageStore, StorageResult};

use crate::choice::choose;
use crate::home::Home;
use crate::pooled::Pooled;

impl Pooled {
    /// All of them leave, or the first that holds something keeps the pool.
    pub(crate) async fn vacate(&self, pool: &Pool) -> StorageResult<()> {
        let queues = self.management.queues_of(&pool.name).await?;
        let home = Home::Pool(pool.name.clone());
        for queue in &queues {
            if !is_empty(&*self.store_of(&home).await?, queue, self.clock.now()).await? {
                return Ok(());
            }
        }
        for queue in &queues {
            if !self.leave(pool, queue).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers whether the queue lives there no more.
    async fn leave(&self, pool: &Pool, queue: &Destination) -> StorageResult<bool> {
        let gate = self.approach(queue.number);
        let _alone = gate.alone().await;
        let home = Home::Pool(pool.name.clone());
        if self.home_of(queue.number).await?.as_ref() != Some(&home) {
            return Ok(true);
        }
        let (store, now) = (self.store_of(&home).await?, self.clock.now());
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
        if self.management.get_move(queue.number).await?.is_some() {
            return Ok(false);
        }
        match refuge {
            Some(Home::Pool(other)) => self.management.remap(queue.number, &pool.name, &other).await?,
            Some(Home::Virtual) => self.management.unmap(queue.number).await?,
            None if pool.flavor.is_none() => self.management.leave(queue.number, &pool.name, last).await?,
            None => return Ok(false),
        }
        self.note_switch();
        // Whoever waits for messages there looks for the queue again.
        store.drop_destination(queue).await?;
        Ok(true)
    }

    /// Where else a queue of this pool may live.
    async fn refuge(&self, pool: &Pool, queue: &Destination) -> StorageResult<Option<Home>> {
        let mut others = self.management.pools_of_flavor(pool.flavor.as_ref()).await?;
        others.retain(|other| other.name != pool.name);
        let other = choose(queue.number, &others).map(|other| Home::Pool(other.name.clone()));
        let may_be_virtual = pool.flavor.is_none() && self.virtual_pool.is_some();
        Ok(other.or_else(|| may_be_virtual.then_some(Home::Virtual)))
    }

    /// Maps a queue that lives nowhere to a pool; answers the one that it is mapped to. Where it has left another before,
    /// its positions go on.
    pub(crate) async fn map_new(
        &self,
        queue: &Destination,
        pool: &Pool,
    ) -> StorageResult<zaqar_model::PoolName> {
        if let Some(last) = self.management.left_at(queue.number).await? {
            let store = self.store_of(&Home::Pool(pool.name.clone())).await?;
            store.migration_or_unsupported()?.import(queue, Vec::new(), last, self.clock.now()).await?;
        }
        self.management.map(queue.number, &pool.name).await
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
