//! The store as a whole: made, asked how it fares, closed.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Mutex;
use zaqar_model::{PageRequest, Timestamp};
use zaqar_storage::{
    Capabilities, Deliveries, Driver, Health, ManagementStore, MessageStore, Site, StorageResult,
    Subscriptions, Volume,
};

use crate::active_migrations::Migrators;
use crate::pooled::Pooled;
use crate::pools::OpenPools;

/// How many moves are read at once.
const MOVES: usize = 1000;

/// Forwards each queue to the pool that it lives in.
#[derive(Debug)]
pub struct PooledMessageStore {
    pub(crate) pooled: Arc<Pooled>,
    pub(crate) migrators: Migrators,
}

impl PooledMessageStore {
    /// Spreads queues over the pools that are registered in `management`, which the caller closes, and whose stores these
    /// drivers open. What is assigned to no pool goes to `virtual_pool`, which is closed with this store.
    pub fn new(
        management: Arc<dyn ManagementStore>,
        drivers: Vec<Arc<dyn Driver>>,
        site: Site,
        virtual_pool: Option<Arc<dyn MessageStore>>,
    ) -> Self {
        let (clock, ids, server) = (Arc::clone(&site.clock), Arc::clone(&site.ids), site.server);
        let pooled = Pooled {
            management,
            pools: OpenPools::new(drivers, site),
            virtual_pool,
            clock,
            ids,
            server,
            arrived: parking_lot::Mutex::default(),
            planning: Mutex::default(),
            last_attempt: parking_lot::Mutex::default(),
            due_asked: AtomicUsize::new(0),
        };
        Self { pooled: Arc::new(pooled), migrators: Migrators::default() }
    }

    /// Waits until no queue is moving in this process.
    pub async fn moves_are_over(&self) {
        self.migrators.none_left().await;
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
        let mut marker = None;
        loop {
            let page = PageRequest { marker, limit: MOVES };
            let page = self.pooled.registry()?.list_moves(&page).await?;
            let is_end = page.items.len() < MOVES;
            page.items.into_iter().for_each(|noted| self.migrators.resume(&self.pooled, noted.queue));
            if is_end {
                break;
            }
            marker = page.next;
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
        self.migrators.stop().await;
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
            // A queue's store refuses it when it has moved, whoever has moved it.
            shared: self.management.is_shared()
                && self.virtual_pool.as_ref().is_none_or(|_| own.shared)
                && self.pools.are_shared(),
        }
    }
}
