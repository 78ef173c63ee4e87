//! What is registered: pools and flavors. Each is changed by compare and set: what was read is handed over with the change,
//! and when another server was faster it is read again.
//!
//! What is checked before a change, such as what the other pools of a flavor can do, is as old as the reading: of two pools
//! that are registered at the same moment, both may pass.

use std::sync::Arc;

use zaqar_model::{Flavor, FlavorName, Pool, PoolName};
use zaqar_storage::{
    Capabilities, ManagementStore, OpenFault, Placement, PoolRegistry, StorageError, StorageResult,
};

use crate::repeat::repeat;
use crate::{Error, Result, Zaqar};

/// Between two tries somebody else's change has gone through.
const TRIES: usize = 100;

const URI_IN_USE: &str = "The database URI is in use by another pool.";

#[derive(Clone)]
pub(crate) struct Registry {
    store: Arc<dyn ManagementStore>,
    pub(crate) placement: Arc<dyn Placement>,
}

/// What became of a change of a pool.
enum Put {
    Done,
    /// The pool is not what was seen any more.
    Changed,
    UriInUse,
}

impl Zaqar {
    /// Whether queues are spread over pools.
    pub fn has_pools(&self) -> bool {
        self.stores.placement.is_some()
    }

    pub(crate) fn registry(&self) -> Result<Registry> {
        let placement = self.stores.placement.clone();
        let placement = placement.ok_or_else(|| Error::invalid("There are no pools: pooling is off."))?;
        Ok(Registry { store: Arc::clone(&self.stores.management), placement })
    }
}

impl Registry {
    pub(crate) fn store(&self) -> StorageResult<&dyn PoolRegistry> {
        self.store.pools_or_unsupported()
    }

    /// What the store of a pool can do, once it has been reached.
    pub(super) async fn try_pool(&self, pool: &Pool) -> Result<Capabilities> {
        let tried = self.placement.try_pool(pool).await;
        tried.map_err(|fault| match fault {
            OpenFault::InUse(_) => Error::Conflict(URI_IN_USE.into()),
            fault => Error::CannotConnect { uri: pool.shown_uri().into_owned(), fault },
        })
    }

    /// Changes the pool of this name, or registers one: `change` says what it is to be, given what it is now. `None`: it says
    /// that nothing is to be done. `tried`: what the store of the pool can do, if it may be another one than before.
    pub(super) async fn change_pool(
        &self,
        name: &PoolName,
        tried: Option<Capabilities>,
        change: impl Fn(Option<&Pool>) -> Option<Pool> + Send + Sync,
    ) -> StorageResult<Result<Option<Pool>>> {
        for _ in 0..TRIES {
            let seen = self.store()?.get_pool(name).await?;
            let Some(next) = change(seen.as_ref()) else { return Ok(Ok(None)) };
            if let Some(capabilities) = tried
                && !self.suits_flavor(&next, capabilities).await?
            {
                return Ok(Err(Error::PoolMismatch));
            }
            match self.put(&next, seen.as_ref()).await? {
                Put::Done => {
                    if seen.is_some_and(|seen| (&seen.uri, &seen.options) != (&next.uri, &next.options)) {
                        self.placement.forget_pool(name).await;
                    }
                    return Ok(Ok(Some(next)));
                }
                Put::UriInUse => {
                    return Ok(Err(Error::Conflict(URI_IN_USE.into())));
                }
                Put::Changed => {}
            }
        }
        let text = "The pool is being changed by others all the time. Please try again.";
        Ok(Err(Error::Conflict(text.into())))
    }

    async fn put(&self, pool: &Pool, seen: Option<&Pool>) -> StorageResult<Put> {
        let store = self.store()?;
        match repeat(|_| store.put_pool(pool, seen)).await {
            Err(StorageError::Conflict(_)) => {
                let now = store.get_pool(&pool.name).await?;
                Ok(if now.as_ref() == seen { Put::UriInUse } else { Put::Changed })
            }
            outcome => outcome.map(|()| Put::Done),
        }
    }

    /// Whether a store can do what the pools of its flavor can. They are all alike, so one stands for all.
    async fn suits_flavor(&self, pool: &Pool, capabilities: Capabilities) -> StorageResult<bool> {
        let others = self.store()?.all_pools_of_flavor(pool.flavor.as_ref()).await?;
        let known = others.iter().find_map(|other| self.placement.capabilities_of(&other.uri));
        Ok(known.is_none_or(|known| offered(known) == offered(capabilities)))
    }

    /// Moves a pool to a flavor, or out of any. One that was removed meanwhile stays so.
    pub(crate) async fn set_flavor(&self, pool: &PoolName, flavor: Option<&FlavorName>) -> StorageResult<()> {
        let moved = |seen: Option<&Pool>| seen.map(|pool| Pool { flavor: flavor.cloned(), ..pool.clone() });
        match self.change_pool(pool, None, moved).await? {
            Ok(_) => Ok(()),
            Err(_) => Err(StorageError::Conflict("the pool is being changed by others")),
        }
    }

    /// Changes the flavor of this name, or makes one: `change` says what it is to be, given what it is now. Returns whether it
    /// was to be anything.
    pub(crate) async fn change_flavor(
        &self,
        name: &FlavorName,
        change: impl Fn(Option<&Flavor>) -> Option<Flavor> + Send + Sync,
    ) -> StorageResult<bool> {
        let store = self.store()?;
        for _ in 0..TRIES {
            let seen = store.get_flavor(name).await?;
            let Some(next) = change(seen.as_ref()) else { return Ok(false) };
            match repeat(|_| store.put_flavor(&next, seen.as_ref())).await {
                Err(StorageError::Conflict(_)) => {}
                outcome => return outcome.map(|()| true),
            }
        }
        Err(StorageError::Conflict("the flavor is being changed by others"))
    }

    /// The pool of this name; `None` also for a text that is no name.
    pub(crate) async fn find_pool(&self, name: &str) -> StorageResult<Option<Pool>> {
        match PoolName::new(name) {
            Ok(name) => self.store()?.get_pool(&name).await,
            Err(_) => Ok(None),
        }
    }
}

/// What pools of one flavor have in common.
const fn offered(capabilities: Capabilities) -> [bool; 5] {
    let Capabilities { fifo, claims, durability, at_least_once, high_throughput, .. } = capabilities;
    [fifo, claims, durability, at_least_once, high_throughput]
}
