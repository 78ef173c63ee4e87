//! The store as a whole: made, asked how it fares, closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use tokio::sync::Mutex;
use zaqar_model::Timestamp;
use zaqar_storage::{
    Capabilities, Deliveries, Driver, Health, ManagementStore, MessageStore, Migration, Site, StorageResult,
    Subscriptions, Volume,
};

use crate::gates::Gates;
use crate::movers::Movers;
use crate::pooled::Pooled;
use crate::pools::OpenPools;

/// Forwards each queue to the pool that it lives in.
#[derive(Debug)]
pub struct PooledMessageStore {
    pub(crate) pooled: Arc<Pooled>,
    pub(crate) movers: Movers,
}

impl PooledMessageStore {
    /// Spreads queues over the pools that are registered in `management`, which the caller closes, and whose stores these
    /// drivers open. What is mapped to no
    /// pool goes to `virtual_pool`, which is closed with this store.
    pub fn new(
        management: Arc<dyn ManagementStore>,
        drivers: Vec<Arc<dyn Driver>>,
        site: Site,
        virtual_pool: Option<Arc<dyn MessageStore>>,
    ) -> Self {
        let clock = Arc::clone(&site.clock);
        let pooled = Pooled {
            management,
            pools: OpenPools::new(drivers, site),
            virtual_pool,
            gates: Arc::new(Gates::default()),
            clock,
            arrived: parking_lot::Mutex::default(),
            planning: Mutex::default(),
            switched: AtomicU64::new(0),
            due_asked: AtomicUsize::new(0),
        };
        Self { pooled: Arc::new(pooled), movers: Movers::default() }
    }

    /// Waits until no queue is moving in this process.
    pub async fn moves_are_over(&self) {
        self.movers.none_left().await;
    }
}

#[async_trait::async_trait]
impl MessageStore for PooledMessageStore {
    fn capabilities(&self) -> Capabilities {
        self.pooled.capabilities()
    }

    /// A pool whose store has none refuses them.
    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        Some(self)
    }

    fn deliveries(&self) -> Option<&dyn Deliveries> {
        Some(self)
    }

    fn migration(&self) -> Option<&dyn Migration> {
        Some(self)
    }

    /// All pools are.
    async fn is_alive(&self) -> bool {
        let Ok(stores) = self.pooled.all_stores().await else { return false };
        for store in stores {
            match store {
                Ok(store) if store.is_alive().await => {}
                _ => return false,
            }
        }
        true
    }

    async fn health(&self, now: Timestamp) -> StorageResult<Health> {
        let (mut reachable, mut all) = (true, Volume::default());
        for store in self.pooled.all_stores().await? {
            let health = match store {
                Ok(store) => store.health(now).await.unwrap_or_default(),
                Err(_) => Health::default(),
            };
            reachable &= health.reachable;
            let volume = health.volume.unwrap_or_default();
            all.claimed += volume.claimed;
            all.free += volume.free;
        }
        Ok(Health { reachable, volume: Some(all) })
    }

    /// Also takes up moves that were broken off, and waits again for pools that could not be waited for.
    async fn expire(&self, now: Timestamp) -> StorageResult<()> {
        for noted in self.pooled.management.list_moves().await? {
            self.movers.resume(&self.pooled, noted.queue);
        }
        self.pooled.pools.retry_waits();
        let mut result = Ok(());
        for store in self.pooled.all_stores().await? {
            let expired = match store {
                Ok(store) => store.expire(now).await,
                Err(error) => Err(error),
            };
            // One that fails does not keep the others from it.
            result = result.and(expired);
        }
        result
    }

    async fn close(&self) -> StorageResult<()> {
        self.movers.stop().await;
        let pools = self.pooled.pools.close().await;
        match &self.pooled.virtual_pool {
            Some(store) => pools.and(store.close().await),
            None => pools,
        }
    }
}

impl Pooled {
    /// What the stores can do that queues may live in: whatever one of them can. What the others cannot, they refuse.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let pools = self.pools.capabilities();
        let own = self.virtual_pool.as_ref().map(|store| store.capabilities()).unwrap_or_default();
        Capabilities {
            fifo: pools.fifo || own.fifo,
            claims: pools.claims || own.claims,
            durability: pools.durability || own.durability,
            at_least_once: pools.at_least_once || own.at_least_once,
            high_throughput: pools.high_throughput || own.high_throughput,
            // The gates of its queues are in this process.
            shared: false,
        }
    }
}
