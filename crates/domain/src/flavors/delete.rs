//! Removes a flavor.

use zaqar_model::{Caller, FlavorName};
use zaqar_storage::StorageResult;

use super::give_flavor;
use crate::error::OrUnavailable;
use crate::permissions::Rule;
use crate::pools::Registry;
use crate::zaqar::to_the_end;
use crate::{Failure, Result, Zaqar};

impl Zaqar {
    /// No such flavor: nothing to do. Its pools and the queues in them stay; the pools have no flavor then.
    pub async fn delete_flavor(&self, caller: &Caller, name: &str) -> Result<()> {
        self.permit(caller, Rule::FlavorsDelete)?;
        let registry = self.registry()?;
        let Ok(name) = FlavorName::new(name) else { return Ok(()) };
        to_the_end(delete(registry, name)).await.or_unavailable(Failure::DeleteFlavor)
    }
}

async fn delete(registry: Registry, name: FlavorName) -> StorageResult<()> {
    let _changing = registry.changing.lock().await;
    let pools = registry.store.pools_of_flavor(Some(&name)).await?;
    give_flavor(&registry, pools, None).await?;
    registry.store.delete_flavor(&name).await
}
