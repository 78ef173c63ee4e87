//! Pools of embedded stores in one directory.

#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

pub mod restless;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::TempDir;
use zaqar_config::Config;
use zaqar_model::{
    FlavorName, IdSource, Metadata, PageRequest, Pool, PoolName, PoolWeight, QueueMove, RandomIds,
};
use zaqar_storage::{Capabilities, Driver, ManagementStore, MessageStore, OpenFault, Placement, Role};
use zaqar_storage_conformance::{ManualClock, ReferenceStore, RegisterPools};
use zaqar_storage_embedded::{
    DataDirectory, Durability, EmbeddedManagementStore, EmbeddedMessageStore, Options,
};
use zaqar_storage_faulty::{FaultyStore, FlakyStore};
use zaqar_storage_pooled::PooledMessageStore;

/// Opens the stores of pools, of one kind.
#[derive(Debug)]
pub struct Opener {
    pub store: Kind,
}

#[derive(Debug)]
pub enum Kind {
    /// In the directory of the URI.
    Embedded,
    Faulty,
    /// The one store, at any URI.
    Faltering(Arc<FlakyStore>),
    /// Stores that all servers share, one at each URI.
    Model(SharedModels),
}

/// Stores by their URIs.
#[derive(Clone, Debug, Default)]
pub struct SharedModels(Arc<Mutex<HashMap<String, ReferenceStore>>>);

impl SharedModels {
    /// Another handle on the store at this URI.
    pub fn open(&self, uri: &str) -> ReferenceStore {
        self.0.lock().entry(uri.to_owned()).or_default().reopen()
    }
}

#[async_trait::async_trait]
impl Driver for Opener {
    fn name(&self) -> &'static str {
        self.schemes()[0]
    }

    fn has(&self, role: Role) -> bool {
        role == Role::Messages
    }

    fn place(&self, _: &zaqar_storage::Site, _: Role) -> String {
        String::new()
    }

    fn schemes(&self) -> &'static [&'static str] {
        match self.store {
            Kind::Embedded => &["embedded"],
            Kind::Faulty => &["faulty"],
            Kind::Faltering(_) => &["faltering"],
            Kind::Model(_) => &["model"],
        }
    }

    fn capabilities(&self, _: &Config) -> Capabilities {
        match &self.store {
            Kind::Embedded => EmbeddedMessageStore::capabilities_with(Durability::Fsync),
            Kind::Faulty => Capabilities::default(),
            Kind::Faltering(store) => store.capabilities(),
            Kind::Model(_) => MessageStore::capabilities(&ReferenceStore::new()),
        }
    }

    async fn open_messages(
        &self,
        _: &zaqar_storage::Site,
        pool: Option<&Pool>,
    ) -> Result<Arc<dyn MessageStore>, OpenFault> {
        match &self.store {
            Kind::Embedded => open_embedded(&pool.unwrap().uri).await,
            Kind::Faulty => Ok(Arc::new(FaultyStore)),
            Kind::Faltering(store) => Ok(Arc::<FlakyStore>::clone(store)),
            Kind::Model(models) => Ok(Arc::new(models.open(&pool.unwrap().uri))),
        }
    }

    async fn open_management(&self, _: &zaqar_storage::Site) -> Result<Arc<dyn ManagementStore>, OpenFault> {
        unreachable!("pools hold messages")
    }
}

async fn open_embedded(uri: &str) -> Result<Arc<dyn MessageStore>, OpenFault> {
    let directory = Path::new(uri.strip_prefix("embedded://").unwrap()).to_owned();
    let options = Options { segment_size: 2 << 20, ..Options::default() };
    let opened = tokio::task::spawn_blocking(move || {
        EmbeddedMessageStore::open_in(Arc::new(DataDirectory::lock(&directory)?), options)
    });
    match opened.await.unwrap() {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(OpenFault::Unreachable(error.to_string())),
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
        driver: Option<Opener>,
    ) -> PooledMessageStore {
        let mut drivers: Vec<Arc<dyn Driver>> =
            vec![Arc::new(Opener { store: Kind::Embedded }), Arc::new(Opener { store: Kind::Faulty })];
        drivers.extend(driver.map(|driver| Arc::new(driver) as _));
        let (directory, clock) = (self.directory.path().to_owned(), Arc::<ManualClock>::clone(&self.clock));
        let site = zaqar_storage::Site::new(Arc::default(), directory, Arc::new(RandomIds), clock);
        PooledMessageStore::new(Arc::clone(management), drivers, site, virtual_pool)
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
