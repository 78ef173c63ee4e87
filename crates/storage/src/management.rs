//! The management store as a whole: queues and topics, and the pools where it can keep them.

use zaqar_model::{FlavorName, PageRequest, Pool, PoolName};

use crate::{Catalogue, Destinations, Flavors, Pools, StorageError, StorageResult};

/// How many pools are read at once.
const PAGE: usize = 100;

/// Holds queues and topics and, where it can, pools, flavors and the catalogue.
#[async_trait::async_trait]
pub trait ManagementStore: Destinations + Send + Sync + std::fmt::Debug {
    /// Whether several servers can use the same store at the same time. Constant over its life, as is whether it has
    /// [pools](Self::pools).
    fn is_shared(&self) -> bool;

    /// A store without it serves a site whose queues all live in one message store.
    fn pools(&self) -> Option<&dyn PoolRegistry> {
        None
    }

    /// Whether the store can be reached right now. Cheap: it is asked at every `/v2/ping`.
    async fn is_alive(&self) -> bool;

    /// Waits for calls in progress and closes files and connections. Later calls return `Unavailable`.
    async fn close(&self) -> StorageResult<()>;
}

/// What a site with pools needs: the pools, their flavors, and which queue lives in which.
pub trait PoolRegistry: Pools + Flavors + Catalogue {}

impl<T: Pools + Flavors + Catalogue> PoolRegistry for T {}

/// What callers of any store share.
impl dyn ManagementStore + '_ {
    pub fn pools_or_unsupported(&self) -> StorageResult<&dyn PoolRegistry> {
        self.pools().ok_or(StorageError::Unsupported("pools"))
    }
}

impl dyn PoolRegistry + '_ {
    /// All pools, from as many [pages](Pools::list_pools) as that takes.
    pub async fn all_pools(&self) -> StorageResult<Vec<Pool>> {
        let mut all = Vec::new();
        loop {
            let next = behind(&all);
            let page = self.list_pools(&next).await?.items;
            let is_end = page.len() < PAGE;
            all.extend(page);
            if is_end {
                return Ok(all);
            }
        }
    }

    /// All pools of a flavor, or all of none, from as many [pages](Pools::pools_of_flavor) as that takes.
    pub async fn all_pools_of_flavor(&self, flavor: Option<&FlavorName>) -> StorageResult<Vec<Pool>> {
        let mut all = Vec::new();
        loop {
            let next = behind(&all);
            let page = self.pools_of_flavor(flavor, &next).await?.items;
            let is_end = page.len() < PAGE;
            all.extend(page);
            if is_end {
                return Ok(all);
            }
        }
    }
}

/// The page behind these pools.
fn behind(pools: &[Pool]) -> PageRequest<PoolName> {
    PageRequest { marker: pools.last().map(|pool| pool.name.clone()), limit: PAGE }
}
