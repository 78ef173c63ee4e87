//! Pools of embedded stores in one directory.

#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

pub mod restless;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::TempDir;
use zaqar_model::{
    FlavorName, IdSource, Metadata, PageRequest, Pool, PoolName, PoolWeight, QueueMove, RandomIds, ServerId,
};
use zaqar_storage::{Capabilities, ManagementStore, MessageStore, Placement, PoolFault};
use zaqar_storage_conformance::{ManualClock, RegisterPools};
use zaqar_storage_embedded::{
    DataDirectory, Durability, EmbeddedManagementStore, EmbeddedMessageStore, Options,
};
use zaqar_storage_faulty::{FalteringStore, FaultyStore};
use zaqar_storage_pooled::{PooledMessageStore, StoreOpener};

/// Opens `embedded://` and a directory.
#[derive(Debug)]
pub struct EmbeddedOpener;

#[async_trait::async_trait]
impl StoreOpener for EmbeddedOpener {
    fn scheme(&self) -> &'static str {
        "embedded"
    }

    fn capabilities(&self) -> Capabilities {
        EmbeddedMessageStore::capabilities_with(Durability::Fsync)
    }

    async fn open(&self, pool: &Pool) -> Result<Arc<dyn MessageStore>, PoolFault> {
        let directory = Path::new(pool.uri.strip_prefix("embedded://").unwrap()).to_owned();
        let options = Options { segment_size: 2 << 20, ..Options::default() };
        let opened = tokio::task::spawn_blocking(move || {
            EmbeddedMessageStore::open_alone(DataDirectory::lock(&directory)?, options)
        });
        match opened.await.unwrap() {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(PoolFault::Unreachable(error.to_string())),
        }
    }
}

/// Opens stores that fail at everything.
#[derive(Debug)]
pub struct FaultyOpener;

#[async_trait::async_trait]
impl StoreOpener for FaultyOpener {
    fn scheme(&self) -> &'static str {
        "faulty"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn open(&self, _: &Pool) -> Result<Arc<dyn MessageStore>, PoolFault> {
        Ok(Arc::new(FaultyStore))
    }
}

/// A site with pools of these names, whose management store stays open while the pools are closed and opened again.
pub struct PooledSite {
    pub site: Site,
    pools: &'static [&'static str],
    management: Mutex<Option<Arc<dyn ManagementStore>>>,
}

impl PooledSite {
    pub fn new(pools: &'static [&'static str]) -> Self {
        Self { site: Site::new(), pools, management: Mutex::default() }
    }

    pub async fn management(&self) -> Arc<dyn ManagementStore> {
        let opened = self.management.lock().clone();
        if let Some(management) = opened {
            return management;
        }
        let management = self.site.management();
        for name in self.pools {
            management.register_pool(self.site.pool(name, None)).await;
        }
        *self.management.lock() = Some(Arc::clone(&management));
        management
    }
}

/// Opens the one store, at any URI that begins with `faltering:`.
#[derive(Debug)]
pub struct FalteringOpener(pub Arc<FalteringStore>);

#[async_trait::async_trait]
impl StoreOpener for FalteringOpener {
    fn scheme(&self) -> &'static str {
        "faltering"
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn open(&self, _: &Pool) -> Result<Arc<dyn MessageStore>, PoolFault> {
        Ok(Arc::<FalteringStore>::clone(&self.0))
    }
}

/// A directory with a management store and pools.
pub struct Site {
    pub directory: TempDir,
    pub clock: Arc<ManualClock>,
}

impl Site {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), clock: Arc::default() }
    }

    pub fn management(&self) -> Arc<dyn ManagementStore> {
        let ids: Arc<dyn IdSource> = Arc::new(RandomIds);
        let directory = self.directory.path().join("management");
        std::fs::create_dir_all(&directory).unwrap();
        Arc::new(EmbeddedManagementStore::open(&directory, ids).unwrap())
    }

    pub fn pool(&self, name: &str, flavor: Option<&str>) -> Pool {
        Pool {
            name: PoolName::new(name).unwrap(),
            uri: format!("embedded://{}", self.directory.path().join(name).display()),
            weight: PoolWeight(1),
            flavor: flavor.map(|name| FlavorName::new(name).unwrap()),
            options: Metadata::default(),
        }
    }

    pub fn open(&self, management: &Arc<dyn ManagementStore>) -> PooledMessageStore {
        self.open_with(management, None)
    }

    pub fn open_with(
        &self,
        management: &Arc<dyn ManagementStore>,
        virtual_pool: Option<Arc<dyn MessageStore>>,
    ) -> PooledMessageStore {
        self.open_also(management, virtual_pool, None)
    }

    /// With one more kind of stores.
    pub fn open_also(
        &self,
        management: &Arc<dyn ManagementStore>,
        virtual_pool: Option<Arc<dyn MessageStore>>,
        opener: Option<Arc<dyn StoreOpener>>,
    ) -> PooledMessageStore {
        let mut openers: Vec<Arc<dyn StoreOpener>> = vec![Arc::new(EmbeddedOpener), Arc::new(FaultyOpener)];
        openers.extend(opener);
        let clock = Arc::clone(&self.clock);
        let server = ServerId::from_u128(RandomIds.next_u128());
        PooledMessageStore::new(Arc::clone(management), openers, virtual_pool, clock, server)
    }
}

pub async fn moves(management: &Arc<dyn ManagementStore>) -> Vec<QueueMove> {
    management.registry().list_moves(&PageRequest { marker: None, limit: 100 }).await.unwrap().items
}

pub fn flavor(name: &str) -> FlavorName {
    FlavorName::new(name).unwrap()
}

/// Places a queue and waits until it is where it belongs.
pub async fn move_to(store: &PooledMessageStore, queue: &zaqar_model::Destination, to: &str) {
    store.place(queue, Some(&flavor(to))).await.unwrap();
    store.moves_are_over().await;
}
