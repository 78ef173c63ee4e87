//! The stores of pools that were opened: each once, however many ask for it at the same time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::futures::Notified;
use tokio::sync::{Mutex as AsyncMutex, Notify, OnceCell};
use zaqar_model::{Pool, PoolName};
use zaqar_storage::{
    Capabilities, Driver, MessageStore, OpenFault, Site, StorageError, StorageResult, driver_of_uri,
};

use crate::pooled::is_same_store;

/// As many as there are registered pools, at most.
#[derive(Debug)]
pub(crate) struct OpenPools {
    drivers: Vec<Arc<dyn Driver>>,
    site: Site,
    opened: Mutex<HashMap<PoolName, Arc<OpenPool>>>,
    is_closed: AtomicBool,
    /// Held while stores are opened, tried and closed. Engines open every pool that they read of, and one that was changed
    /// meanwhile only for a moment: a trial of the store at its URI must not find it in use.
    pub(crate) turn: AsyncMutex<()>,
    /// There is another store to ask what is owed, or one less.
    changed: Notify,
    /// A store has failed to say when something is owed.
    has_failed_to_wait: AtomicBool,
}

/// A pool as it was registered when it was opened, and its store. A pool that could not be opened is tried again by the
/// next who needs it.
#[derive(Debug)]
struct OpenPool {
    pool: Pool,
    store: OnceCell<Arc<dyn MessageStore>>,
}

impl OpenPools {
    pub(crate) fn new(drivers: Vec<Arc<dyn Driver>>, site: Site) -> Self {
        Self {
            drivers,
            site,
            opened: Mutex::default(),
            is_closed: AtomicBool::new(false),
            turn: AsyncMutex::default(),
            changed: Notify::new(),
            has_failed_to_wait: AtomicBool::new(false),
        }
    }

    /// What stores of this URI's scheme can do.
    pub(crate) fn capabilities_of(&self, uri: &str) -> Option<Capabilities> {
        let driver = driver_of_uri(&self.drivers, uri).ok()?;
        Some(driver.capabilities(&self.site.config))
    }

    /// What the stores can do that may be opened: whatever one of them can.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let able = |ability: fn(Capabilities) -> bool| {
            let drivers = self.drivers.iter().filter(|driver| !driver.schemes().is_empty());
            drivers.map(|driver| driver.capabilities(&self.site.config)).any(ability)
        };
        Capabilities {
            fifo: able(|all| all.fifo),
            claims: able(|all| all.claims),
            durability: able(|all| all.durability),
            at_least_once: able(|all| all.at_least_once),
            high_throughput: able(|all| all.high_throughput),
            // That depends on all of them.
            shared: false,
        }
    }

    /// Whether several servers can use all stores that are open.
    pub(crate) fn are_shared(&self) -> bool {
        let opened = self.opened.lock();
        opened.values().filter_map(|slot| slot.store.get()).all(|store| store.capabilities().shared)
    }

    /// The store of a pool, if it was opened before.
    pub(crate) fn opened(&self, name: &PoolName) -> Option<Arc<dyn MessageStore>> {
        self.opened.lock().get(name)?.store.get().cloned()
    }

    /// Whether one of the open stores of pools with other names is like this.
    pub(crate) fn any_other(&self, name: &PoolName, is_like: impl Fn(&dyn MessageStore) -> bool) -> bool {
        let opened = self.opened.lock();
        let mut others = opened.iter().filter(|(other, _)| *other != name);
        others.any(|(_, slot)| slot.store.get().is_some_and(|store| is_like(&**store)))
    }

    /// Opens the store of a registered pool, unless it is open.
    pub(crate) async fn open(&self, pool: &Pool) -> StorageResult<Arc<dyn MessageStore>> {
        self.check_open()?;
        let slot = {
            let mut opened = self.opened.lock();
            let fresh = || Arc::new(OpenPool { pool: pool.clone(), store: OnceCell::new() });
            Arc::clone(opened.entry(pool.name.clone()).or_insert_with(fresh))
        };
        let store = slot.store.get_or_try_init(|| self.open_and_tell(&slot.pool)).await;
        let store = store.map_err(|fault| {
            StorageError::unavailable(format!("the pool {} cannot be opened: {fault}", pool.name))
        })?;
        Ok(Arc::clone(store))
    }

    async fn open_and_tell(&self, pool: &Pool) -> Result<Arc<dyn MessageStore>, OpenFault> {
        let opened = self.try_open(pool).await?;
        self.changed.notify_waiters();
        Ok(opened)
    }

    /// Opens a store that nobody else has: the caller closes it.
    pub(crate) async fn try_open(&self, pool: &Pool) -> Result<Arc<dyn MessageStore>, OpenFault> {
        driver_of_uri(&self.drivers, &pool.uri)?.open_messages(&self.site, Some(pool)).await
    }

    /// The store at this URI, if one is open or being opened there, under whatever name.
    pub(crate) async fn open_at(&self, uri: &str) -> Option<Result<Arc<dyn MessageStore>, OpenFault>> {
        let slot = self.opened.lock().values().find(|slot| slot.pool.uri == uri).cloned()?;
        let store = slot.store.get_or_try_init(|| self.open_and_tell(&slot.pool)).await;
        Some(store.cloned())
    }

    /// Closes the store of a pool, unless it is still the one of the pool as it is registered now.
    pub(crate) async fn forget(&self, name: &PoolName, registered: Option<&Pool>) {
        let slot = {
            let mut opened = self.opened.lock();
            let is_current = opened
                .get(name)
                .is_some_and(|slot| registered.is_some_and(|pool| is_same_store(&slot.pool, pool)));
            if is_current { None } else { opened.remove(name) }
        };
        self.changed.notify_waiters();
        if let Some(store) = slot.as_ref().and_then(|slot| slot.store.get())
            && let Err(error) = store.close().await
        {
            tracing::warn!(%error, pool = %name, "the store of a former pool was not closed in good order");
        }
    }

    pub(crate) fn check_open(&self) -> StorageResult<()> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(StorageError::unavailable("the message store is closed"));
        }
        Ok(())
    }

    /// Closes all; returns the first failure.
    pub(crate) async fn close(&self) -> StorageResult<()> {
        self.is_closed.store(true, Ordering::Release);
        self.changed.notify_waiters();
        let opened = std::mem::take(&mut *self.opened.lock());
        let mut result = Ok(());
        for store in opened.values().filter_map(|slot| slot.store.get()) {
            result = result.and(store.close().await);
        }
        result
    }

    /// Resolves when the stores to ask what is owed are not the same any more.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// The wait for a store that has failed is started again by [`retry_waits`](Self::retry_waits).
    pub(crate) fn note_failed_wait(&self) {
        self.has_failed_to_wait.store(true, Ordering::Release);
    }

    pub(crate) fn retry_waits(&self) {
        if self.has_failed_to_wait.swap(false, Ordering::AcqRel) {
            self.changed.notify_waiters();
        }
    }
}
