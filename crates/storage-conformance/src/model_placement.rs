//! Stands in for what spreads queues over pools in the tests of other crates: it opens no store, and places nothing.

use parking_lot::Mutex;
use zaqar_model::{Destination, FlavorName, Pool, PoolName, Timestamp};
use zaqar_storage::{Capabilities, Health, OpenFault, Placement, StorageResult};

/// Knows stores of two schemes, `model://` and the less able `weak://`. A URI with `unreachable` in it is not reached.
#[derive(Debug, Default)]
pub struct ModelPlacement {
    forgotten: Mutex<Vec<PoolName>>,
}

impl ModelPlacement {
    pub fn new() -> Self {
        Self::default()
    }

    /// The pools that were forgotten since this was last asked.
    pub fn take_forgotten(&self) -> Vec<PoolName> {
        std::mem::take(&mut self.forgotten.lock())
    }
}

#[async_trait::async_trait]
impl Placement for ModelPlacement {
    fn capabilities_of(&self, uri: &str) -> Option<Capabilities> {
        let able = match uri.split_once("://")?.0 {
            "model" => true,
            "weak" => false,
            _ => return None,
        };
        Some(Capabilities {
            fifo: able,
            claims: true,
            durability: able,
            at_least_once: true,
            high_throughput: able,
            shared: true,
        })
    }

    async fn try_pool(&self, pool: &Pool) -> Result<Capabilities, OpenFault> {
        let Some(capabilities) = self.capabilities_of(&pool.uri) else {
            return Err(OpenFault::BadUri("No driver serves this.".to_owned()));
        };
        if pool.uri.contains("unreachable") {
            return Err(OpenFault::Unreachable("Nobody answers.".to_owned()));
        }
        Ok(capabilities)
    }

    async fn forget_pool(&self, name: &PoolName) {
        self.forgotten.lock().push(name.clone());
    }

    async fn vacate(&self, _pool: &Pool) -> StorageResult<()> {
        Ok(())
    }

    async fn health_of_pools(&self, _now: Timestamp) -> StorageResult<Vec<(PoolName, Health)>> {
        Ok(Vec::new())
    }

    async fn place(&self, _queue: &Destination, _flavor: Option<&FlavorName>) -> StorageResult<()> {
        Ok(())
    }
}
