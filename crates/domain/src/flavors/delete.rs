//! Removes a flavor.

use zaqar_model::{Caller, FlavorName};
use zaqar_storage::{StorageError, StorageResult};

use super::give_flavor;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pools::Registry;
use crate::repeat::repeat;
use crate::zaqar::run_detached;
use crate::{Failure, Result, Zaqar};

/// How often it is tried while pools join the flavor.
const TRIES: usize = 10;

impl Zaqar {
    /// No such flavor: nothing to do. Its pools and the queues in them stay; the pools have no flavor then.
    pub async fn delete_flavor(&self, caller: &Caller, name: &str) -> Result<()> {
        self.permit(caller, Rule::FlavorsDelete)?;
        let registry = self.registry()?;
        let Ok(name) = FlavorName::new(name) else { return Ok(()) };
        run_detached(delete(registry, name)).await.or_unavailable(Failure::DeleteFlavor)
    }
}

async fn delete(registry: Registry, name: FlavorName) -> StorageResult<()> {
    for _ in 1..TRIES {
        match leave_and_delete(&registry, &name).await {
            // A pool has joined the flavor meanwhile.
            Err(StorageError::Conflict(_)) => {}
            outcome => return outcome,
        }
    }
    leave_and_delete(&registry, &name).await
}

async fn leave_and_delete(registry: &Registry, name: &FlavorName) -> StorageResult<()> {
    let store = registry.store()?;
    let pools = store.all_pools_of_flavor(Some(name)).await?;
    give_flavor(registry, pools, None).await?;
    repeat(|_| store.delete_flavor(name)).await
}
