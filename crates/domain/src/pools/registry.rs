//! What is registered: pools and flavors. They are changed by one caller at a time, because what a change depends on is
//! read before it is written.

use std::sync::Arc;

use tokio::sync::Mutex;
use zaqar_model::{FlavorName, Pool, PoolName};
use zaqar_storage::{Capabilities, ManagementStore, Placement, StorageError, StorageResult};

use crate::{Error, Result, Zaqar};

#[derive(Clone)]
pub(crate) struct Registry {
    pub(crate) store: Arc<dyn ManagementStore>,
    pub(crate) placement: Arc<dyn Placement>,
    /// Held by whoever changes something.
    pub(crate) changing: Arc<Mutex<()>>,
}

impl Zaqar {
    /// Whether queues are spread over pools.
    pub fn has_pools(&self) -> bool {
        self.stores.placement.is_some()
    }

    pub(crate) fn registry(&self) -> Result<Registry> {
        let placement = self.stores.placement.clone();
        let placement = placement.ok_or_else(|| Error::invalid("There are no pools: pooling is off."))?;
        let store = Arc::clone(&self.stores.management);
        Ok(Registry { store, placement, changing: Arc::clone(&self.registering) })
    }
}

impl Registry {
    /// What the store of a pool can do, once it has been reached.
    pub(super) async fn try_pool(&self, pool: &Pool) -> Result<Capabilities> {
        let tried = self.placement.try_pool(pool).await;
        tried.map_err(|fault| Error::CannotConnect { uri: pool.shown_uri().into_owned(), fault })
    }

    /// Registers a pool whose store was tried.
    pub(super) async fn put_tried(
        &self,
        pool: Pool,
        capabilities: Capabilities,
    ) -> StorageResult<Result<Pool>> {
        if !self.suits_flavor(&pool, capabilities).await? {
            return Ok(Err(Error::PoolMismatch));
        }
        let former = self.store.get_pool(&pool.name).await?;
        let put = self.put(pool).await?;
        if let (Ok(pool), Some(former)) = (&put, former)
            && (&pool.uri, &pool.options) != (&former.uri, &former.options)
        {
            self.placement.forget_pool(&pool.name).await;
        }
        Ok(put)
    }

    /// Registers a pool.
    pub(super) async fn put(&self, pool: Pool) -> StorageResult<Result<Pool>> {
        match self.store.put_pool(pool.clone()).await {
            Err(StorageError::Conflict(_)) => {
                Ok(Err(Error::Conflict("The database URI is in use by another pool.".into())))
            }
            outcome => outcome.map(|()| Ok(pool)),
        }
    }

    /// Whether a store can do what the pools of its flavor can. They are all alike, so one stands for all.
    async fn suits_flavor(&self, pool: &Pool, capabilities: Capabilities) -> StorageResult<bool> {
        let others = self.store.pools_of_flavor(pool.flavor.as_ref()).await?;
        let known = others.iter().find_map(|other| self.placement.capabilities_of(&other.uri));
        Ok(known.is_none_or(|known| offered(known) == offered(capabilities)))
    }

    /// Moves a pool to a flavor, or out of any.
    pub(crate) async fn set_flavor(&self, pool: Pool, flavor: Option<FlavorName>) -> StorageResult<()> {
        if pool.flavor == flavor { Ok(()) } else { self.store.put_pool(Pool { flavor, ..pool }).await }
    }

    /// The pool of this name; `None` also for a text that is no name.
    pub(crate) async fn find_pool(&self, name: &str) -> StorageResult<Option<Pool>> {
        match PoolName::new(name) {
            Ok(name) => self.store.get_pool(&name).await,
            Err(_) => Ok(None),
        }
    }
}

/// What pools of one flavor have in common.
const fn offered(capabilities: Capabilities) -> [bool; 5] {
    let Capabilities { fifo, claims, durability, at_least_once, high_throughput, .. } = capabilities;
    [fifo, claims, durability, at_least_once, high_throughput]
}
